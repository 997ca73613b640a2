// Google's libwebrtc through npm '@roamhq/wrtc', as a peer without a browser.
// Options: --send (test picture and tone), --codec=VP8|VP9|AV1 (no H264), --acodec=…, --sink, --ice=…, --relay
import wrtc from '@roamhq/wrtc';
import { options, serve } from './lib/serve.mjs';

const { RTCPeerConnection, RTCRtpReceiver, nonstandard } = wrtc;
const { RTCAudioSource, RTCAudioSink, RTCVideoSource, RTCVideoSink } = nonstandard;
const opts = options();
const count = { dataMessages: 0, dataBytes: 0 };
const frames = { audio: 0, video: 0 };
const keep = [];
const channels = {};
const pc = new RTCPeerConnection(opts.config);

function watch(channel) {
  channels[channel.label] = channel;
  channel.binaryType = 'arraybuffer';
  channel.onmessage = ({ data }) => {
    count.dataMessages++;
    count.dataBytes += typeof data === 'string' ? data.length : data.byteLength;
    if (!opts.sink) channel.send(data);
  };
}

function testVideo() {
  const source = new RTCVideoSource();
  const [width, height] = [640, 360];
  const data = new Uint8ClampedArray((width * height * 3) / 2).fill(128);
  let n = 0;
  const timer = setInterval(() => {
    data.fill((n * 5) % 256, 0, width * height);
    data.fill(235, width * (n % height), width * (n % height) + width);
    n++;
    source.onFrame({ width, height, data });
  }, 1000 / 15);
  keep.push(timer);
  return source.createTrack();
}

function testAudio() {
  const source = new RTCAudioSource();
  const samples = new Int16Array(480);
  let n = 0;
  keep.push(
    setInterval(() => {
      for (let i = 0; i < 480; i++) samples[i] = 8000 * Math.sin((2 * Math.PI * 440 * n++) / 48000);
      source.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
    }, 10),
  );
  return source.createTrack();
}

const test = { audio: testAudio, video: testVideo };

pc.ondatachannel = ({ channel }) => watch(channel);
pc.ontrack = ({ track }) => {
  const sink = track.kind === 'video' ? new RTCVideoSink(track) : new RTCAudioSink(track);
  keep.push(sink);
  if (track.kind === 'video') sink.onframe = () => frames.video++;
  else sink.ondata = () => frames.audio++;
};

function prefer(transceiver, kind) {
  const wanted = opts[kind === 'video' ? 'codec' : 'acodec'];
  if (!wanted || !transceiver.setCodecPreferences) return;
  const all = RTCRtpReceiver.getCapabilities(kind).codecs;
  const is = (c) => c.mimeType.toLowerCase() === `${kind}/${wanted}`.toLowerCase();
  transceiver.setCodecPreferences([...all.filter(is), ...all.filter((c) => !is(c))]);
}

async function local(description) {
  await pc.setLocalDescription(description);
  while (pc.iceGatheringState !== 'complete') await new Promise((r) => setTimeout(r, 10));
  return { type: pc.localDescription.type, sdp: pc.localDescription.sdp };
}

async function stats() {
  const report = [...(await pc.getStats()).values()];
  const by = (id) => report.find((r) => r.id === id);
  const transport = report.find((r) => r.type === 'transport');
  const pair = by(transport?.selectedCandidatePairId);
  const side = (c) => c && { candidateType: c.candidateType, protocol: c.protocol, address: c.address ?? c.ip };
  return {
    type: 'stats',
    state: pc.connectionState,
    ...count,
    sinkFrames: frames,
    channels: Object.values(channels).map((c) => ({ label: c.label, id: c.id, state: c.readyState, ordered: c.ordered, maxRetransmits: c.maxRetransmits === 65535 ? null : c.maxRetransmits, protocol: c.protocol })),
    inbound: report
      .filter((r) => r.type === 'inbound-rtp')
      .map((r) => ({ kind: r.kind, codec: by(r.codecId)?.mimeType, packetsReceived: r.packetsReceived, ...(r.kind === 'video' && { framesDecoded: r.framesDecoded, frameWidth: r.frameWidth, freezeCount: r.freezeCount, keyFramesDecoded: r.keyFramesDecoded, nackCount: r.nackCount, pliCount: r.pliCount }) })),
    outbound: report
      .filter((r) => r.type === 'outbound-rtp')
      .map((r) => ({ kind: r.kind, codec: by(r.codecId)?.mimeType, packetsSent: r.packetsSent, framesEncoded: r.framesEncoded, encoderImplementation: r.encoderImplementation, pliCount: r.pliCount })),
    remoteInbound: report.filter((r) => r.type === 'remote-inbound-rtp').map((r) => ({ kind: r.kind, roundTripTime: r.roundTripTime, packetsLost: r.packetsLost })),
    transport: transport && { tlsVersion: transport.tlsVersion, dtlsCipher: transport.dtlsCipher, srtpCipher: transport.srtpCipher },
    pair: pair && { local: side(by(pair.localCandidateId)), remote: side(by(pair.remoteCandidateId)) },
  };
}

await serve(
  async (msg) => {
    switch (msg.type) {
      case 'offer':
        await pc.setRemoteDescription(msg);
        for (const t of pc.getTransceivers()) {
          const { kind } = t.receiver.track;
          if (opts.send) {
            await t.sender.replaceTrack(test[kind]());
            t.direction = 'sendrecv';
          }
          prefer(t, kind);
        }
        return local(await pc.createAnswer());
      case 'make-offer':
        if (msg.data ?? true) watch(pc.createDataChannel('peer', msg.channel ?? {}));
        for (const kind of ['audio', 'video'].filter((k) => msg[k])) {
          prefer(pc.addTransceiver(opts.send ? test[kind]() : kind, { direction: opts.send ? 'sendrecv' : 'recvonly' }), kind);
        }
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
        pc.close();
        return { type: 'hung-up' };
      case 'stats':
        return stats();
      default:
        throw new Error(`unknown request ${msg.type}`);
    }
  },
  async () => pc.close(),
);
