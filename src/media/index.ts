export { AnnexBReader, AnnexBWriter, type ByteStreamConfig } from './annexb.ts';
export { describeKeyframe, type KeyframeInfo } from './bitstream/describe.ts';
export { type Container, sniffContainer } from './container.ts';
export { createWriter, type WriterConfig } from './create-writer.ts';
export {
  type AudioCodec,
  type AudioFormat,
  audioFormat,
  type MediaFormat,
  type MediaFrame,
  type VideoCodec,
  type VideoFormat,
  videoFormat,
  type WritableFrame,
} from './frame.ts';
export type { MediaInput, RandomAccess } from './input.ts';
export { IvfReader, IvfWriter } from './ivf.ts';
export { createPushReader, createReader, type MediaFile, type MediaFileTrack, type ReaderConfig } from './media-file.ts';
export { ObuReader, ObuWriter } from './obu-stream.ts';
export { OggReader } from './ogg-reader.ts';
export { OggWriter, type OggWriterConfig } from './ogg-writer.ts';
export type { OpusHead } from './opus-head.ts';
export { type MediaReader, PushReader } from './reader.ts';
export {
  createRecorder,
  type RecordableFrame,
  type RecordedTrack,
  type Recorder,
  type RecorderConfig,
  type RecorderSink,
  type RecorderTrack,
  type RecorderTrackStats,
} from './recorder.ts';
export { type DumpedPacket, type RtpdumpHeader, RtpdumpReader, RtpdumpWriter, type RtpdumpWriterConfig } from './rtpdump.ts';
export { type SaveOptions, saveFrames } from './save.ts';
export { BufferSink, type MediaSink } from './sink.ts';
export { pcm16Data, pcm16Samples, WavReader, type WavReaderConfig } from './wav-reader.ts';
export { WavWriter, type WavWriterConfig } from './wav-writer.ts';
export type { ClockReport } from './timeline.ts';
export type { FileEnd, MediaWriter, Patch } from './writer.ts';
