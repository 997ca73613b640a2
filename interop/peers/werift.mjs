// werift, a WebRTC stack in TypeScript, as a data-channel peer.
// Options: --sink, --ice=…, --relay
import { RTCPeerConnection } from 'werift';
import { options, serve } from './lib/serve.mjs';

const opts = options();
const count = { dataMessages: 0, dataBytes: 0 };
const channels = {};
const pc = new RTCPeerConnection(opts.config);

function watch(channel) {
  channels[channel.label] = channel;
  channel.onMessage.subscribe((data) => {
    count.dataMessages++;
    count.dataBytes += data.length;
    if (!opts.sink) channel.send(data);
  });
}

pc.onDataChannel.subscribe(watch);

async function local(description) {
  // It resolves when gathering is complete. Host candidates are there at once, but without servers it asks a default
  // STUN server, in vain here, for 5 s.
  await Promise.race([pc.setLocalDescription(description), new Promise((r) => setTimeout(r, 300))]);
  return { type: pc.localDescription.type, sdp: pc.localDescription.sdp };
}

await serve(
  async (msg) => {
    switch (msg.type) {
      case 'offer':
        await pc.setRemoteDescription(msg);
        return local(await pc.createAnswer());
      case 'make-offer':
        watch(pc.createDataChannel('peer', msg.channel ?? {}));
        return local(await pc.createOffer());
      case 'answer':
        await pc.setRemoteDescription(msg);
        return undefined;
      case 'candidate':
        await pc.addIceCandidate(msg.candidate);
        return undefined;
      case 'close-channel':
        channels[msg.label].close();
        return undefined;
      case 'hang-up':
        await pc.close();
        return { type: 'hung-up' };
      case 'stats':
        return {
          type: 'stats',
          state: pc.connectionState,
          ...count,
          channels: Object.values(channels).map((c) => ({ label: c.label, id: c.id, state: c.readyState, ordered: c.ordered, maxRetransmits: c.maxRetransmits, protocol: c.protocol })),
        };
      default:
        throw new Error(`unknown request ${msg.type}`);
    }
  },
  async () => pc.close(),
);
