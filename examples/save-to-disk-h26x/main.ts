// npm run example save-to-disk-h26x -- --codec=H265 --into=recordings
import { AnnexBWriter } from 'sansrtc/media';
import { connect } from '../shared/connect.ts';
import { createFile, folderOf } from '../shared/files.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, codec, into } = optionsOf({
  codec: { default: 'H264', choices: ['H264', 'H265'], help: 'what the page is asked for' },
  into: { default: 'recordings', help: 'the folder for the files' },
});
const folder = folderOf(into);

await serve(import.meta.url, port, async (page) => {
  await connect(page, {
    handler: {
      async onTrack({ track }) {
        const writer = new AnnexBWriter(codec);
        const file = await createFile(folder, codec.toLowerCase());
        let [frames, keyframes] = [0, 0];
        for await (const frame of track.frames()) {
          await file.write(writer.write(frame));
          frames++;
          if (frame.keyframe && ++keyframes === 1) console.log(`saving ${frame.codec.name}`);
        }
        console.log(`${file.path}: ${frames} frames, ${keyframes} of them keyframes`);
        await file.finish(writer.finish());
      },
    },
  });
  page.send({ codec: `video/${codec}` });
});
