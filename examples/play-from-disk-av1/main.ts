// npm run example play-from-disk-av1 -- --video=picture.av1.obu
import { TrackLocalStaticSample } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { isTaken, mediaOf, play, whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';

const { port, video } = optionsOf({ video: { default: 'picture.av1.ivf', help: 'a file of AV1' } });
const { path } = await mediaOf(video, 'video', 'AV1');

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  const track = new TrackLocalStaticSample({ codec: 'video/AV1' });
  const { sender } = pc.addTransceiverFromTrack(track, { direction: 'sendonly' });
  if (!(await isTaken(page, pc, sender))) return;
  console.log('playing AV1');
  await play(path, track, whileOpen(page));
});
