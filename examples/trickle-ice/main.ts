// npm run example trickle-ice -- --stun=stun:stun.example.org:3478
import { RtcError } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, stun } = optionsOf({ stun: { default: '', help: 'a STUN server, as in stun:host:3478; none by default' } });

await serve(import.meta.url, port, async (page) => {
  // `connect` sends each candidate as it is found, and a null after the last one.
  const pc = await connect(page, {
    configuration: stun === '' ? {} : { iceServers: [{ urls: stun }] },
    handler: {
      onIceCandidate: (candidate) => console.log(candidate?.candidate ?? 'no more candidates'),
      onIceCandidateError: ({ url, errorText }) => page.send({ problem: `${url}: ${errorText}` }),
      onConnectionStateChange: (state) => console.log(`connection: ${state}`),
    },
  }).catch((error: unknown) => {
    if (error instanceof RtcError) throw new Error(`--stun=${stun}: ${error.message}`); // a URL that is none
    throw error;
  });
  pc.createDataChannel('anything');
});
