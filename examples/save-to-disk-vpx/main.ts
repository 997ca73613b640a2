// npm run example save-to-disk-vpx -- --codec=VP9 --into=recordings
import type { TrackRemote } from 'sansrtc';
import { createWriter } from 'sansrtc/media';
import { connect } from '../shared/connect.ts';
import { createFile, folderOf } from '../shared/files.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, codec, into } = optionsOf({
  codec: { default: 'VP8', choices: ['VP8', 'VP9'], help: 'what the page is asked for' },
  into: { default: 'recordings', help: 'the folder for the files' },
});
const folder = folderOf(into);

/** Writes what comes until it ends. */
async function save(track: TrackRemote): Promise<void> {
  track.requestKeyframe();
  const isVideo = track.kind === 'video';
  const file = await createFile(folder, isVideo ? 'ivf' : 'ogg');
  const writer = isVideo ? createWriter('ivf', codec) : createWriter('ogg', 'opus');
  let frames = 0;
  for await (const frame of track.frames()) {
    await file.write(writer.write(frame));
    frames++;
  }
  await file.finish(writer.finish());
  console.log(`${file.path}: ${frames} frames`);
}

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page, {
    handler: { onTrack: ({ track }) => save(track) },
    onWord: ({ stop }) => stop === true && pc.close(),
  });
  page.send({ codec: `video/${codec}` });
});
