// npm run example swap-tracks -- --every=3000
import { TrackForwarder, type TrackRemote } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, every } = optionsOf({ every: { default: 3000, help: 'milliseconds from one change to the next', least: 500 } });

await serve(import.meta.url, port, async (page) => {
  const sources: TrackRemote[] = [];
  let forwarder: TrackForwarder | undefined;
  const pc = await connect(page, {
    handler: {
      onTrack({ track }) {
        sources.push(track);
        if (forwarder) return;
        forwarder = new TrackForwarder(track, { id: 'one-of-two' });
        pc.addTransceiverFromTrack(forwarder, { direction: 'sendonly' });
      },
    },
  });
  let turn = 0;
  const timer = setInterval(() => {
    const next = sources[++turn % sources.length];
    if (!next) return;
    forwarder?.switchTo(next);
    page.send({ now: turn % sources.length });
    console.log(`sending picture ${turn % sources.length}`);
  }, every);
  page.onEnd(() => clearInterval(timer));
});
