// npm run example reflect
import { TrackForwarder } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port } = optionsOf();

await serve(import.meta.url, port, (page) =>
  connect(page, {
    handler: {
      async onTrack({ track, transceiver }) {
        await transceiver.sender.replaceTrack(new TrackForwarder(track));
        transceiver.direction = 'sendrecv';
        console.log(`${track.kind} goes back`);
      },
    },
  }),
);
