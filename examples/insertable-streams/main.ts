// npm run example insertable-streams
import { TrackLocalStaticSample, type TrackRemote } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';
import { FrameCipher } from './frame-cipher.ts';

const { port } = optionsOf();

await serve(import.meta.url, port, async (page) => {
  const counts = { decrypted: 0, refused: 0 };
  let cipher: FrameCipher | undefined;

  /** Frames in, decrypted, encrypted with an IV of their own, and out. */
  async function sendBack(track: TrackRemote, back: TrackLocalStaticSample): Promise<void> {
    let isWhole = false;
    for await (const frame of track.frames()) {
      const plain = cipher?.open(frame.data);
      if (cipher === undefined || plain === undefined) {
        if (counts.refused++ === 0) console.log('frames come that cannot be decrypted');
        isWhole = false;
        continue;
      }
      if (counts.decrypted++ === 0) console.log(`decrypted the first frame of ${track.codec?.name}`);
      // After a frame that is missing only a keyframe can be decoded.
      if (frame.keyframe) isWhole = true;
      else if (!isWhole || frame.discontinuity) {
        isWhole = false;
        track.requestKeyframe();
        continue;
      }
      back.writeSample({ data: cipher.seal(plain), timestamp: frame.timestamp });
    }
    console.log(`${counts.decrypted} frames decrypted, ${counts.refused} refused`);
  }

  await connect(page, {
    onWord({ key }) {
      if (typeof key === 'string') cipher = new FrameCipher(Buffer.from(key, 'base64').subarray(0, 16));
    },
    handler: {
      async onTrack({ track, transceiver }) {
        const back = new TrackLocalStaticSample({ codec: 'video/VP8' });
        back.onkeyframerequest = () => track.requestKeyframe();
        await transceiver.sender.replaceTrack(back);
        transceiver.direction = 'sendrecv';
        await sendBack(track, back);
      },
    },
  });
  const timer = setInterval(() => page.send({ counts }), 500);
  page.onEnd(() => clearInterval(timer));
});
