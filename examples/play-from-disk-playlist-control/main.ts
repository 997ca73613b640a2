// npm run example play-from-disk-playlist-control -- --files=picture.vp8.ivf,picture-and-tone.webm
import { type DataChannel, TrackLocalStaticSample } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { mediaOf, play } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';

const { port, files } = optionsOf({ files: { default: 'picture.vp8.ivf,picture-and-tone.webm', help: 'files of VP8, with commas between them' } });
const names = files.split(',');
const media = await Promise.all(names.map((name) => mediaOf(name, 'video', 'VP8')));

await serve(import.meta.url, port, async (page) => {
  const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
  let playing = new AbortController();
  const stop = (): void => playing.abort();
  page.onEnd(stop);

  function choose(channel: DataChannel, index: number): void {
    stop();
    playing = new AbortController();
    const path = media[index]?.path;
    const name = path === undefined ? null : names[index];
    if (path !== undefined) play(path, track, playing.signal).catch((error: Error) => page.send({ error: error.message }));
    channel.trySend(JSON.stringify({ playing: name }));
    console.log(name === null ? 'paused' : `playing ${name}`);
  }

  const pc = await connect(page);
  pc.addTrack(track);
  const control = pc.createDataChannel('control');
  await control.opened;
  control.trySend(JSON.stringify({ names }));
  choose(control, 0);
  for await (const index of control) choose(control, Number(index));
});
