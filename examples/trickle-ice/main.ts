// npm run example trickle-ice -- --stun=stun:stun.example.org:3478
import { createPeerConnection } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';
import { stop } from '../shared/stop.ts';

const { port, stun } = optionsOf({ stun: { default: '', help: 'a STUN server, as in stun:host:3478; none by default' } });
const configuration = stun === '' ? {} : { iceServers: [{ urls: stun }] };

// A URL that is none is better told now than to the first page.
await createPeerConnection({ configuration }).then(
  (pc) => pc.close(),
  (error: Error) => stop(`--stun=${stun}: ${error.message}`),
);

await serve(import.meta.url, port, async (page) => {
  // `connect` sends each candidate as it is found, and a null after the last one.
  const pc = await connect(page, {
    configuration,
    handler: {
      onIceCandidate: (candidate) => console.log(candidate?.candidate ?? 'no more candidates'),
      onIceCandidateError: ({ url, errorText }) => page.send({ problem: `${url}: ${errorText}` }),
      onConnectionStateChange: (state) => console.log(`connection: ${state}`),
    },
  });
  pc.createDataChannel('anything');
});
