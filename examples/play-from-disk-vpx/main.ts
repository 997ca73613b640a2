// npm run example play-from-disk-vpx -- --video=picture.vp9.ivf
import { TrackLocalStaticSample } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { isTaken, mediaOf, play, whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';

const { port, video, audio } = optionsOf({
  video: { default: 'picture.vp8.ivf', help: 'a file of VP8 or VP9' },
  audio: { default: 'tone.ogg', help: 'a file of Opus' },
});
const { path: pictureFile, codec } = await mediaOf(video, 'video', 'VP8', 'VP9');
const { path: soundFile } = await mediaOf(audio, 'audio', 'opus');

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  const picture = new TrackLocalStaticSample({ codec: `video/${codec}` });
  const sound = new TrackLocalStaticSample({ codec: 'audio/opus' });
  const sender = pc.addTrack(picture); // which asks for a negotiation
  pc.addTrack(sound);
  if (!(await isTaken(page, pc, sender))) return;
  console.log(`playing ${codec} and opus`);
  const signal = whileOpen(page);
  await Promise.all([play(pictureFile, picture, signal), play(soundFile, sound, signal)]);
  console.log('the page is gone');
});
