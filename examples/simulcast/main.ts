// npm run example simulcast
import { TrackForwarder } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port } = optionsOf();

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page, {
    handler: {
      onTrack({ track }) {
        console.log(`encoding ${track.rid}`);
        pc.addTransceiverFromTrack(new TrackForwarder(track, { id: `encoding-${track.rid}`, streamId: `encoding-${track.rid}` }), { direction: 'sendonly' });
      },
    },
  });
});
