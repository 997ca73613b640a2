import { createPeerConnection, type PeerConnection, type PeerConnectionOptions } from 'sansrtc';
import type { Message, Signal } from './signal.ts';
import { complain } from './stop.ts';

export interface ConnectOptions extends PeerConnectionOptions {
  /** Takes the page's own words, those that are not about the connection. */
  readonly onWord?: (message: Message) => void;
}

/**
 * A connection to a page, with candidates as they are found and either side free to offer at any time. When both offer at
 * once the page gives way: the example perfect-negotiation shows how that works.
 */
export async function connect(signal: Signal, { onWord, ...options }: ConnectOptions = {}): Promise<PeerConnection> {
  const { handler = {} } = options;
  let [isOffering, isIgnoring] = [false, false];
  const pc = await createPeerConnection({
    ...options,
    handler: {
      ...handler,
      async onNegotiationNeeded() {
        isOffering = true;
        try {
          await pc.setLocalDescription();
          signal.send({ description: pc.localDescription });
        } finally {
          isOffering = false;
        }
      },
      onIceCandidate(candidate) {
        signal.send({ candidate });
        return handler.onIceCandidate?.(candidate);
      },
      onError: complain,
    },
  });
  signal.onEnd(() => pc.close());
  const take = async (message: Message): Promise<void> => {
    const { description, candidate } = message;
    if (description) {
      isIgnoring = description.type === 'offer' && (isOffering || pc.signalingState !== 'stable');
      if (isIgnoring) return;
      await pc.setRemoteDescription(description);
      if (description.type !== 'offer') return;
      await pc.setLocalDescription();
      signal.send({ description: pc.localDescription });
    } else if (candidate === undefined) onWord?.(message);
    else if (!isIgnoring) await pc.addIceCandidate(candidate);
  };
  void (async () => {
    // A candidate that is of no use here does no harm: the others are tried.
    for await (const message of signal) await take(message).catch((error: Error) => signal.send({ note: error.message }));
  })();
  return pc;
}
