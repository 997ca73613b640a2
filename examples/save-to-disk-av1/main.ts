// npm run example save-to-disk-av1 -- --into=recordings
import { IvfWriter } from 'sansrtc/media';
import { connect } from '../shared/connect.ts';
import { createFile, folderOf } from '../shared/files.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, into } = optionsOf({ into: { default: 'recordings', help: 'the folder for the files' } });
const folder = folderOf(into);

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  const { receiver } = pc.addTransceiverFromKind('video', { direction: 'recvonly' });
  page.onEnd(() => console.log('the page is gone'));
  const ivf = new IvfWriter('AV1');
  const file = await createFile(folder, 'ivf');
  let frames = 0;
  for await (const frame of receiver.track.frames()) {
    if (frames++ === 0) console.log(`saving ${frame.codec.name}`);
    await file.write(ivf.write(frame));
  }
  await file.finish(ivf.finish());
  console.log(`${file.path}: ${frames} frames`);
});
