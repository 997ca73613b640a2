// npm run example perfect-negotiation -- --polite --delay=100
import { createPeerConnection, type PeerConnection } from 'sansrtc';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';
import type { Message, Signal } from '../shared/signal.ts';

const { port, polite, delay } = optionsOf({
  polite: { default: false, help: 'the program gives way when both offer at once; else the page does' },
  delay: { default: 100, help: 'milliseconds that each of our messages takes, so that offers cross', least: 0 },
});

/** The pattern of W3C WebRTC 10.7, with counters. */
async function negotiate(page: Signal): Promise<PeerConnection> {
  const counts = { offers: 0, collisions: 0, ignored: 0, answers: 0 };
  let [isOffering, isIgnoring] = [false, false];
  const send = (message: Message): void => void setTimeout(() => page.send({ ...message, counts }), delay);

  const pc = await createPeerConnection({
    handler: {
      async onNegotiationNeeded() {
        isOffering = true;
        try {
          await pc.setLocalDescription();
          counts.offers++;
          send({ description: pc.localDescription });
        } finally {
          isOffering = false;
        }
      },
      onIceCandidate: (candidate) => send({ candidate }),
      onDataChannel: async (channel) => {
        for await (const message of channel) await channel.send(message);
      },
    },
  });

  async function take({ description, candidate, go }: Message): Promise<void> {
    if (go === true) return pc.restartIce(); // an offer is due
    if (description) {
      const isCollision = description.type === 'offer' && (isOffering || pc.signalingState !== 'stable');
      isIgnoring = isCollision && !polite;
      if (isCollision) counts.collisions++;
      if (isIgnoring) return void counts.ignored++;
      await pc.setRemoteDescription(description); // rolls our own offer back if there is one
      if (description.type === 'offer') {
        await pc.setLocalDescription();
        counts.answers++;
        send({ description: pc.localDescription });
      } else send({});
    } else if (candidate !== undefined) {
      await pc.addIceCandidate(candidate).catch((error: unknown) => {
        if (!isIgnoring) throw error; // it belongs to the offer that was ignored
      });
    }
  }

  page.onEnd(() => pc.close());
  void (async () => {
    for await (const message of page) await take(message).catch((error: Error) => console.error(`the program: ${error.message}`));
  })();
  return pc;
}

await serve(import.meta.url, port, async (page) => {
  page.send({ isPagePolite: !polite, delay });
  await negotiate(page);
});
