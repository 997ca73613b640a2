// npm run example play-from-disk-vpx -- --video=picture.vp9.ivf
import { TrackLocalStaticSample } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { checkCodec, codecOf, connected, fileOf, play, whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';

const { port, video, audio } = optionsOf({
  video: { default: 'picture.vp8.ivf', help: 'a file of VP8 or VP9' },
  audio: { default: 'tone.ogg', help: 'a file of Opus' },
});
const pictureFile = fileOf(video);
const soundFile = fileOf(audio);
const codec = await codecOf(pictureFile, 'video');

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  const picture = new TrackLocalStaticSample({ codec: `video/${codec}` });
  const sound = new TrackLocalStaticSample({ codec: 'audio/opus' });
  const sender = pc.addTrack(picture); // which asks for a negotiation
  pc.addTrack(sound);
  await connected(pc);
  checkCodec(page, sender);
  console.log(`playing ${codec} and opus`);
  const signal = whileOpen(page);
  await Promise.all([play(pictureFile, picture, { signal }), play(soundFile, sound, { signal })]);
  console.log('the page is gone');
});
