// npm run example ice-restart
import type { PeerConnection } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, every } = optionsOf({ every: { default: 50, help: 'milliseconds from one pulse to the next', least: 1 } });

/** Counts, over the same data channel, while the ground under it is changed. */
function pulse(pc: PeerConnection): void {
  const channel = pc.createDataChannel('pulse');
  let count = 0;
  const timer = setInterval(() => channel.readyState === 'open' && channel.trySend(String(++count)), every);
  void channel.closed.then(() => clearInterval(timer));
}

await serve(import.meta.url, port, async (page) => {
  const pc: PeerConnection = await connect(page, {
    // The next offer has new credentials, and is due at once. The old path carries the data until the new one is found.
    onWord: ({ restart }) => restart === true && pc.restartIce(),
    handler: {
      onIceConnectionStateChange: (state) => page.send({ iceState: state }),
      onConnectionStateChange: (state) => console.log(`connection: ${state}`),
    },
  });
  pulse(pc);
});
