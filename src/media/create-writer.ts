import { RtcError } from '../core/index.ts';
import { AnnexBWriter } from './annexb.ts';
import type { Container } from './container.ts';
import type { AudioCodec, VideoCodec } from './frame.ts';
import { IvfWriter } from './ivf.ts';
import { ObuWriter } from './obu-stream.ts';
import { OggWriter, type OggWriterConfig } from './ogg-writer.ts';
import { WavWriter, type WavWriterConfig } from './wav-writer.ts';
import type { MediaWriter } from './writer.ts';

/** Settings of writers; each uses those that concern it. */
export interface WriterConfig extends OggWriterConfig, WavWriterConfig {}

/** Containers of one track that can be written, with the codecs that each can hold. */
export const WRITABLE: Readonly<Record<Exclude<Container, 'rtpdump' | 'webm' | 'mp4'>, readonly (VideoCodec | AudioCodec)[]>> = {
  ivf: ['VP8', 'VP9', 'AV1', 'H264', 'H265'],
  ogg: ['opus'],
  wav: ['pcm16', 'PCMU', 'PCMA'],
  h264: ['H264'],
  h265: ['H265'],
  obu: ['AV1'],
};

/**
 * A writer of files with one track. WebM and MP4 are made by `createRecorder`.
 *
 * @throws RtcError - `ERR_NOT_SUPPORTED` when the container cannot hold the codec
 * @example
 * const writer = createWriter('ogg', 'opus');
 * for await (const sample of samples) stream.write(writer.write(sample));
 * stream.end(writer.finish().bytes);
 */
export function createWriter(container: keyof typeof WRITABLE, codec: VideoCodec | AudioCodec, config: WriterConfig = {}): MediaWriter {
  if (!Object.hasOwn(WRITABLE, container) || !WRITABLE[container].includes(codec)) throw new RtcError('ERR_NOT_SUPPORTED', `${codec} in ${container}`);
  switch (codec) {
    case 'opus':
      return new OggWriter(config);
    case 'pcm16':
    case 'PCMU':
    case 'PCMA':
      return new WavWriter(codec, config);
    default:
      if (container === 'ivf') return new IvfWriter(codec);
      return codec === 'H264' || codec === 'H265' ? new AnnexBWriter(codec) : new ObuWriter();
  }
}
