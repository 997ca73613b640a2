// werift, a WebRTC stack in TypeScript. It has no codecs: --send gives received RTP back.
// Options: --sink, --send, --codec=VP8|VP9|H264|AV1, --acodec=opus|PCMU, --ice=…, --relay
import { MediaStreamTrack, RTCPeerConnection, useAV1, useH264, useOPUS, usePCMU, useVP8, useVP9 } from 'werift';
import { options, serve } from './lib/serve.mjs';

const opts = options();
const count = { dataMessages: 0, dataBytes: 0 };
const channels = {};
const inbound = {};
const CODECS = { VP8: useVP8, VP9: useVP9, H264: useH264, AV1: useAV1, opus: useOPUS, PCMU: usePCMU };
const pc = new RTCPeerConnection({ ...opts.config, codecs: { video: [CODECS[opts.codec ?? 'VP8']()], audio: [CODECS[opts.acodec ?? 'opus']()] } });

/** What a kind gives back; made when it is first needed. */
const echoes = {};
const echo = (kind) => (echoes[kind] ??= new MediaStreamTrack({ kind }));

pc.onTrack.subscribe((track) => {
  const entry = (inbound[track.kind] = { kind: track.kind, codec: track.codec?.mimeType, packetsReceived: 0, packetsSent: 0, reports: 0 });
  track.onReceiveRtp.subscribe((packet) => {
    entry.packetsReceived++;
    if (opts.send) echo(track.kind).writeRtp(packet);
  });
  track.onReceiveRtcp.subscribe(() => entry.reports++);
});

function addMedia(kinds) {
  for (const kind of kinds) pc.addTransceiver(opts.send ? echo(kind) : kind, { direction: opts.send ? 'sendrecv' : 'recvonly' });
}

async function giveBack() {
  if (!opts.send) return;
  for (const t of pc.getTransceivers()) {
    await t.sender.replaceTrack(echo(t.kind));
    t.setDirection('sendrecv');
  }
}

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
        await giveBack();
        return local(await pc.createAnswer());
      case 'make-offer':
        if (msg.data ?? true) watch(pc.createDataChannel('peer', msg.channel ?? {}));
        addMedia(['audio', 'video'].filter((kind) => msg[kind]));
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
          inbound: Object.values(inbound),
          channels: Object.values(channels).map((c) => ({ label: c.label, id: c.id, state: c.readyState, ordered: c.ordered, maxRetransmits: c.maxRetransmits, protocol: c.protocol })),
        };
      default:
        throw new Error(`unknown request ${msg.type}`);
    }
  },
  async () => pc.close(),
);
