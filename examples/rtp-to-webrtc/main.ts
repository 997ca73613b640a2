// npm run example rtp-to-webrtc -- --rtp=5004
import { TrackLocalStaticRtp } from 'sansrtc';
import { isRtp, RtpPacket } from 'sansrtc/rtp';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { isTaken } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';
import { openUdp } from '../shared/udp.ts';

const { port, rtp, codec } = optionsOf({
  rtp: { default: 5004, most: 65_535, help: 'the UDP port where RTP comes' },
  codec: { default: 'VP8', choices: ['VP8', 'VP9', 'H264'], help: 'what comes' },
});
const track = new TrackLocalStaticRtp({ codec: `video/${codec}` });
const socket = await openUdp(rtp);
let [packets, ssrc] = [0, -1];

/** Anybody may send anything to a port. */
function decode(bytes: Uint8Array): RtpPacket | undefined {
  try {
    return RtpPacket.decode(bytes);
  } catch {
    return undefined;
  }
}

socket.on('message', (bytes) => {
  const packet = isRtp(bytes) && decode(bytes);
  if (!packet) return;
  packets++;
  if (packet.header.ssrc !== ssrc) {
    ssrc = packet.header.ssrc;
    track.beginSource(); // its numbers and times are joined to those of before
    console.log(`a stream comes, SSRC ${ssrc}`);
  }
  track.writeRtp(packet);
});
console.log(`RTP with ${codec} is expected on UDP port ${socket.address().port}`);

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  const sender = pc.addTrack(track);
  const timer = setInterval(() => page.send({ packets, bound: socket.address().port }), 500);
  page.onEnd(() => clearInterval(timer));
  await isTaken(page, pc, sender);
});
