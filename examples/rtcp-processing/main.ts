// npm run example rtcp-processing
import { type TrackRemote, TrackLocalStaticSample } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { fileOf, play, whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';
import { describe } from './describe.ts';

const { port } = optionsOf();
const file = fileOf('picture.vp8.ivf');
/** Ten a second and more: these are counted, but not printed. */
const FREQUENT: ReadonlySet<string> = new Set(['transport-feedback']);

await serve(import.meta.url, port, async (page) => {
  const picture = new TrackLocalStaticSample({ codec: 'video/VP8' });
  const seen = new Map<string, { count: number; last: string }>();
  let camera: TrackRemote | undefined;
  let keyframes = 0;
  const pc = await connect(page, {
    handler: {
      async onTrack({ track }) {
        camera = track;
        pc.addTransceiverFromTrack(picture, { direction: 'sendonly' });
        void play(file, picture, whileOpen(page));
        for await (const { keyframe } of track.frames()) if (keyframe) keyframes++;
      },
      onRtcp(packets) {
        for (const packet of packets) {
          const entry = seen.get(packet.type) ?? { count: 0, last: '' };
          seen.set(packet.type, { count: entry.count + 1, last: describe(packet, Date.now()) });
          if (!FREQUENT.has(packet.type)) console.log(`${packet.type.padEnd(6)}${describe(packet, Date.now())}`);
        }
      },
    },
    onWord({ ask }) {
      if (ask === 'request') camera?.requestKeyframe();
      else if (ask === 'pli' && camera?.ssrc !== undefined) pc.writeRtcp([{ type: 'pli', mediaSsrc: camera.ssrc }]);
    },
  });
  const timer = setInterval(() => page.send({ keyframes, rows: [...seen].map(([type, { count, last }]) => [type, count, last]) }), 500);
  page.onEnd(() => clearInterval(timer));
});
