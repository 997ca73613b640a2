// npm run example rtp-forwarder -- --to=5004 --sdp=stream.sdp
import { MediaEngine, type TrackRemote } from 'sansrtc';
import { InterceptorRegistry, intervalKeyframes } from 'sansrtc/interceptor';
import { connect } from '../shared/connect.ts';
import { writeText } from '../shared/files.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';
import type { Signal } from '../shared/signal.ts';
import { openUdp } from '../shared/udp.ts';

const { port, to, sdp } = optionsOf({
  to: { default: 5004, least: 1, most: 65_532, help: 'the UDP port for the picture; the sound goes to the next but one' },
  sdp: { default: 'stream.sdp', help: 'the file that tells a player of both' },
});
const ports = { video: to, audio: to + 2 };

// One codec for each kind, with the payload types that the file names.
const mediaEngine = new MediaEngine()
  .registerDefaultHeaderExtensions()
  .registerCodec({ mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96 })
  .registerCodec({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111 });
const interceptors = new InterceptorRegistry().registerDefaults().register(intervalKeyframes({ intervalMs: 2000 }));

writeText(sdp, `v=0
o=- 0 0 IN IP4 127.0.0.1
s=rtp-forwarder
c=IN IP4 127.0.0.1
t=0 0
m=video ${ports.video} RTP/AVP 96
a=rtpmap:96 VP8/90000
m=audio ${ports.audio} RTP/AVP 111
a=rtpmap:111 opus/48000/2
`);
console.log(`picture to UDP port ${ports.video}, sound to ${ports.audio}; ffplay -protocol_whitelist file,udp,rtp ${sdp}`);

const socket = await openUdp(0);
let latest: Signal | undefined;

await serve(import.meta.url, port, async (page) => {
  latest = page;
  const counts = { video: 0, audio: 0 };
  const forward = ({ kind }: TrackRemote, bytes: Uint8Array): void => {
    if (page !== latest) return;
    counts[kind]++;
    socket.send(bytes, ports[kind], '127.0.0.1', () => {}); // whether anybody listens is not our business
  };
  const pc = await connect(page, { mediaEngine, interceptors });
  for (const kind of ['video', 'audio'] as const) {
    const { track } = pc.addTransceiverFromKind(kind, { direction: 'recvonly' }).receiver;
    track.handler = { onRtp: ({ bytes }) => forward(track, bytes) };
  }
  const timer = setInterval(() => page.send({ counts, ports, sdp, isSent: page === latest }), 500);
  page.onEnd(() => clearInterval(timer));
});
