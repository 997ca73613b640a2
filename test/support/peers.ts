import { createPeerConnection, type DataChannel, type DataChannelInit, type PeerConnection, type PeerConnectionOptions } from '../../src/api/index.ts';

const LOOPBACK: PeerConnectionOptions = { udpAddrs: ['127.0.0.1:0'] };

export interface ConnectedPair {
  readonly a: PeerConnection;
  readonly b: PeerConnection;
  /** The channel as its maker and as its receiver see it, both open. */
  readonly channelA: DataChannel;
  readonly channelB: DataChannel;
  close(): Promise<void>;
}

/** Lets two connections exchange candidates as they come. */
export async function trickle(from: PeerConnection, to: PeerConnection): Promise<void> {
  for await (const event of from.events()) {
    if (event.type === 'icecandidate') await to.addIceCandidate(event.candidate).catch(() => {});
  }
}

/** One round of offer and answer, with candidates trickled. */
export async function negotiate(offerer: PeerConnection, answerer: PeerConnection): Promise<void> {
  await offerer.setLocalDescription();
  await answerer.setRemoteDescription(offerer.localDescription!);
  await answerer.setLocalDescription();
  await offerer.setRemoteDescription(answerer.localDescription!);
}

/** Rejects when something takes longer than a test should wait. */
export async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Two connections over loopback with one open channel. */
export async function connectPair(
  options: { readonly a?: PeerConnectionOptions; readonly b?: PeerConnectionOptions; readonly channel?: DataChannelInit; readonly label?: string } = {},
): Promise<ConnectedPair> {
  let onChannel: (channel: DataChannel) => void = () => {};
  const incoming = new Promise<DataChannel>((resolve) => {
    onChannel = resolve;
  });
  const a = await createPeerConnection({ ...LOOPBACK, ...options.a });
  const b = await createPeerConnection({
    ...LOOPBACK,
    ...options.b,
    handler: {
      ...options.b?.handler,
      onDataChannel: (channel) => {
        onChannel(channel);
        return options.b?.handler?.onDataChannel?.(channel);
      },
    },
  });
  void trickle(a, b);
  void trickle(b, a);
  const channelA = a.createDataChannel(options.label ?? 'test', options.channel);
  const incomingOrOwn = options.channel?.negotiated ? Promise.resolve(b.createDataChannel(options.label ?? 'test', options.channel)) : incoming;
  await negotiate(a, b);
  const channelB = await within(incomingOrOwn, 10_000, 'the incoming channel');
  await within(Promise.all([channelA.opened, channelB.opened]), 10_000, 'opening the channel');
  return {
    a,
    b,
    channelA,
    channelB,
    async close() {
      await Promise.all([a.close(), b.close()]);
    },
  };
}
