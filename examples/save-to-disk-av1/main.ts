// npm run example save-to-disk-av1 -- --into=recordings
import { MediaEngine, type TrackRemote } from 'sansrtc';
import { IvfWriter } from 'sansrtc/media';
import { connect } from '../shared/connect.ts';
import { createFile, folderOf } from '../shared/files.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, into } = optionsOf({ into: { default: 'recordings', help: 'the folder for the files' } });
const folder = folderOf(into);

async function save(track: TrackRemote): Promise<void> {
  const ivf = new IvfWriter('AV1');
  const file = await createFile(folder, 'ivf');
  let frames = 0;
  for await (const frame of track.frames()) {
    if (frames++ === 0) console.log(`saving ${frame.codec.name}`);
    await file.write(ivf.write(frame));
  }
  await file.finish(ivf.finish());
  console.log(`${file.path}: ${frames} frames`);
}

// The page may offer what it likes; AV1 is all that is taken here.
const mediaEngine = new MediaEngine().registerCodec({ mimeType: 'video/AV1', clockRate: 90_000 }).registerDefaultHeaderExtensions();
await serve(import.meta.url, port, (page) => connect(page, { mediaEngine, handler: { onTrack: ({ track }) => save(track) } }));
