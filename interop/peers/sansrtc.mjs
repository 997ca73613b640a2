// This library as a peer program, for tests where both ends must be processes of their own.
// Options: --send (gives received RTP back), --codec=…, --acodec=…, --ice=…
import { createPeerConnection, TrackLocalStaticRtp } from 'sansrtc';
import { options, say, serve } from './lib/serve.mjs';

const opts = options();
const count = { dataMessages: 0, dataBytes: 0 };
const channels = [];
const inbound = [];
const echoes = {
  audio: new TrackLocalStaticRtp({ codec: `audio/${opts.acodec ?? 'opus'}` }),
  video: new TrackLocalStaticRtp({ codec: `video/${opts.codec ?? 'VP8'}` }),
};

const pc = await createPeerConnection({
  configuration: opts.config,
  handler: { onConnectionStateChange: (state) => say({ type: 'state', state }), onDataChannel: watch, onTrack: echo },
});

function echo({ track }) {
  const entry = { kind: track.kind, packetsReceived: 0 };
  inbound.push(entry);
  track.handler = {
    onRtp(packet) {
      entry.packetsReceived++;
      if (opts.send) echoes[track.kind].writeRtp(packet);
    },
  };
}

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
        if (opts.send) for (const { kind } of pc.getTransceivers()) pc.addTrack(echoes[kind]);
        return local('answer');
      case 'make-offer':
        if (msg.data ?? true) watch(pc.createDataChannel('peer', msg.channel));
        for (const kind of ['audio', 'video'].filter((k) => msg[k])) {
          if (opts.send) pc.addTrack(echoes[kind]);
          else pc.addTransceiver(kind, { direction: 'recvonly' });
        }
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
          inbound,
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
