// npm run example record-webm -- --into=recordings
import { createRecorder, type RecorderTrack } from 'sansrtc/media';
import type { TrackRemote } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { createSink, folderOf } from '../shared/files.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, into } = optionsOf({ into: { default: 'recordings', help: 'the folder for the files' } });
const folder = folderOf(into);

async function copy(from: TrackRemote, to: RecorderTrack | undefined): Promise<void> {
  for await (const frame of from.frames()) await to?.write(frame);
}

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page, { onWord: ({ stop }) => stop === true && pc.close() });
  const video = pc.addTransceiverFromKind('video', { direction: 'recvonly' }).receiver.track;
  const audio = pc.addTransceiverFromKind('audio', { direction: 'recvonly' }).receiver.track;
  const sink = await createSink(folder, 'webm');
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }, { codec: 'opus' }], { onKeyframeNeeded: () => video.requestKeyframe() });
  console.log('recording');
  await Promise.all([copy(video, recorder.tracks[0]), copy(audio, recorder.tracks[1])]);
  await recorder.finish();
  console.log(`${sink.path} is finished`);
});
