// npm run example play-from-disk-h26x -- --video=picture.h265
import { TrackLocalStaticSample } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { isTaken, mediaOf, play, whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';

const { port, video } = optionsOf({ video: { default: 'picture.h264', help: 'a file of H.264 or H.265' } });
const { path, codec } = await mediaOf(video, 'video', 'H264', 'H265');

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  const track = new TrackLocalStaticSample({ codec: `video/${codec}`, packetizer: { maxPayloadBytes: 1100 } });
  const sender = pc.addTrack(track);
  if (!(await isTaken(page, pc, sender))) return;
  console.log(`playing ${codec}, as ${sender.getParameters().codecs.find(({ name }) => name === codec)?.parameters.get('profile-level-id') ?? 'any profile'}`);
  await play(path, track, whileOpen(page));
});
