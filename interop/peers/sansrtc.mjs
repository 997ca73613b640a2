// This library as a peer program, for tests where both ends must be processes of their own.
// Options: --ice=…
import { createPeerConnection } from 'sansrtc';
import { options, say, serve } from './lib/serve.mjs';

const opts = options();
const count = { dataMessages: 0, dataBytes: 0 };
const channels = [];

const pc = await createPeerConnection({
  configuration: opts.config,
  handler: { onConnectionStateChange: (state) => say({ type: 'state', state }), onDataChannel: watch },
});

function watch(channel) {
  channels.push(channel);
  channel.handler = {
    onMessage(data) {
      count.dataMessages++;
      count.dataBytes += data.length;
      if (!opts.sink) return channel.send(data);
    },
  };
}

async function local(description) {
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 5));
  return { type: description, sdp: pc.localDescription.sdp };
}

const show = ({ address, port, type }) => `${type} ${address}:${port}`;

await serve(
  async (msg) => {
    switch (msg.type) {
      case 'offer':
        await pc.setRemoteDescription(msg);
        return local('answer');
      case 'make-offer':
        watch(pc.createDataChannel('peer', msg.channel));
        return local('offer');
      case 'answer':
        await pc.setRemoteDescription(msg);
        return undefined;
      case 'ping':
        void channels[0].opened.then(() => channels[0].send(msg.text));
        return undefined;
      case 'close-channel':
        void channels.find(({ label }) => label === msg.label).close();
        return undefined;
      case 'hang-up':
        await pc.close();
        return { type: 'hung-up' };
      case 'stats': {
        const pair = pc.selectedCandidatePair;
        return {
          type: 'stats',
          ...count,
          state: pc.connectionState,
          ...(pair && { pair: `${show(pair.local)} → ${show(pair.remote)}` }),
          channels: channels.map(({ label, readyState, ordered, maxRetransmits, protocol }) => ({ label, state: readyState, ordered, maxRetransmits, protocol })),
        };
      }
      default:
        throw new Error(`unknown request ${msg.type}`);
    }
  },
  () => pc.close(),
);
