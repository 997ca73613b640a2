// npm run example bandwidth-estimation-from-disk
import { setTimeout as sleep } from 'node:timers/promises';
import { TrackLocalStaticSample } from 'sansrtc';
import { InterceptorRegistry, pacer } from 'sansrtc/interceptor';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';
import { NarrowPath } from './narrow-path.ts';
import { load, type Quality } from './qualities.ts';

const { port, narrow } = optionsOf({ narrow: { default: 100, least: 60, help: 'what the narrow path carries, in kbit/s' } });
const FRAME_MS = 40;
/** Room for headers, and for keyframes. */
const MARGIN = 1.2;

// The small one first. They have the same length, and keyframes at the same places.
const qualities = await Promise.all([load('small', 'picture-low.vp8.ivf'), load('middle', 'picture.vp8.ivf'), load('large', 'picture-high.vp8.ivf')]);

/** The best that the path carries; the smallest when nothing fits. */
function choose(targetBps: number): Quality {
  return qualities.findLast(({ bitrateBps }) => bitrateBps * MARGIN <= targetBps) ?? (qualities[0] as Quality);
}

await serve(import.meta.url, port, async (page) => {
  const path = new NarrowPath();
  const interceptors = new InterceptorRegistry().registerDefaults().register(pacer()).register(path.factory);
  const pc = await connect(page, {
    interceptors,
    handler: { onTargetBitrate: (targetBps) => console.log(`the path carries ${Math.round(targetBps / 1000)} kbit/s`) },
    onWord({ isNarrow }) {
      if (typeof isNarrow !== 'boolean') return;
      path.rateBps = isNarrow ? narrow * 1000 : Infinity;
      console.log(isNarrow ? `a narrow path: ${narrow} kbit/s` : 'a wide path');
    },
  });
  const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
  pc.addTransceiverFromTrack(track, { direction: 'sendonly' });
  await pc.connected();

  let quality = choose(pc.targetBitrateBps ?? 0);
  let sentBytes = 0;
  const tell = setInterval(() => {
    const sentBps = sentBytes * 16; // in half a second
    sentBytes = 0;
    page.send({ narrow, estimateBps: pc.targetBitrateBps ?? null, sentBps, quality: quality.name, lost: path.lost });
  }, 500);
  page.onEnd(() => clearInterval(tell));

  const signal = whileOpen(page);
  const startMs = performance.now();
  for (let i = 0; !signal.aborted; i++) {
    const at = i % quality.frames.length;
    if (quality.frames[at]?.keyframe) {
      const before = quality;
      quality = choose(pc.targetBitrateBps ?? 0);
      if (quality !== before) console.log(`the ${quality.name} picture from here on`);
    }
    const { data } = quality.frames[at]!;
    track.writeSample({ data, durationMs: FRAME_MS });
    sentBytes += data.length;
    await sleep(startMs + i * FRAME_MS - performance.now(), undefined, { signal }).catch(() => {});
  }
});
