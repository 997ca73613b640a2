import { DecodeError, RtcError } from '../core/index.ts';
import { MAX_FRAME_BYTES, opusDuration } from '../codec/index.ts';
import type { EncodedPacket, Input, InputAudioTrack, InputTrack, InputVideoTrack, Source } from 'mediabunny';
import { MAX_STREAM_CACHE_BYTES } from './constants.ts';
import { type AudioCodec, audioFormat, type MediaFormat, type MediaFrame, type VideoCodec, videoFormat } from './frame.ts';
import type { RandomAccess } from './input.ts';
import type { MediaFile, MediaFileTrack } from './media-file.ts';
import { loadMediabunny, type Mediabunny } from './mediabunny.ts';
import { annexBOf, decodeAvcConfig, decodeHevcConfig, type NalConfig } from './nal-config.ts';
import { withoutDelimiter } from './temporal-unit.ts';
import { intactBytes, intactFile, intactStream } from './webm-structure.ts';

const VIDEO: ReadonlyMap<string, VideoCodec> = new Map<string, VideoCodec>([['vp8', 'VP8'], ['vp9', 'VP9'], ['av1', 'AV1'], ['avc', 'H264'], ['hevc', 'H265']]);
const AUDIO: ReadonlyMap<string, AudioCodec> = new Map<string, AudioCodec>([['opus', 'opus'], ['ulaw', 'PCMU'], ['alaw', 'PCMA'], ['pcm-s16', 'pcm16']]);

/** How far in seconds a timestamp may be from what it was before it was rounded, with what rounding adds to the one before. */
const ROUNDING_SECONDS = 0.002;

type Stream = AsyncGenerator<Uint8Array, void, void>;

/** Opens a WebM (or Matroska) or MP4 file. What can be read anywhere can be read again and again; a stream once. */
export async function openWithMediabunny(container: 'webm' | 'mp4', whole: Uint8Array | RandomAccess | Stream): Promise<MediaFile> {
  const library = await loadMediabunny();
  const source = container === 'webm' ? await intactOf(whole) : whole;
  const once = !(source instanceof Uint8Array) && Symbol.asyncIterator in source;
  const input = new library.Input({ source: sourceOf(library, source), formats: container === 'webm' ? [library.WEBM, library.MATROSKA] : [library.MP4, library.QTFF] });
  try {
    const tracks: PlayerTrack[] = [];
    const found = await input.getTracks();
    if (found.length === 0) throw new DecodeError(`media.${container}`, 'no track');
    for (const track of found) {
      const description = await describe(track);
      if (description !== undefined) tracks.push(new PlayerTrack(library, container, track, description, once));
    }
    return new PlayerFile(container, input, tracks, once ? source : undefined);
  } catch (error) {
    input.dispose();
    if (once) await source.return();
    throw asDecodeError(container, error);
  }
}

/** A WebM file of which only what is intact can be read. */
async function intactOf(source: Uint8Array | RandomAccess | Stream): Promise<RandomAccess | Stream> {
  if (source instanceof Uint8Array) return await intactBytes(source);
  return Symbol.asyncIterator in source ? intactStream(source) : intactFile(source);
}

function sourceOf(library: Mediabunny, source: Uint8Array | RandomAccess | Stream): Source {
  if (source instanceof Uint8Array) return new library.BufferSource(source);
  if (!(Symbol.asyncIterator in source)) {
    return new library.CustomSource({ getSize: () => source.size, read: (start, end) => source.read(start, end - start), handleUnhandledError: () => undefined });
  }
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await source.return();
    },
  });
  return new library.ReadableStreamSource(stream, { maxCacheSize: MAX_STREAM_CACHE_BYTES });
}

/** Whatever the library complains of while it reads is the file's fault. */
function asDecodeError(container: string, error: unknown): Error {
  if (error instanceof DecodeError || error instanceof RtcError) return error;
  return new DecodeError(`media.${container}`, error instanceof Error ? error.message : String(error));
}

interface Description {
  readonly format: MediaFormat;
  /** How the NAL units of samples stand; absent where samples are frames as they are. */
  readonly nal: NalConfig | undefined;
}

/** What a track holds; `undefined` when this library does not know its codec. */
async function describe(track: InputTrack): Promise<Description | undefined> {
  if (track.isVideoTrack()) return await describeVideo(track);
  return track.isAudioTrack() ? await describeAudio(track) : undefined;
}

async function describeVideo(track: InputVideoTrack): Promise<Description | undefined> {
  const codec = VIDEO.get((await track.getCodec()) ?? '');
  if (codec === undefined) return undefined;
  const [width, height] = [await track.getCodedWidth(), await track.getCodedHeight()];
  const record = bytesOfRecord((await track.getDecoderConfig())?.description);
  const nal = record === undefined ? undefined : codec === 'H264' ? decodeAvcConfig(record) : codec === 'H265' ? decodeHevcConfig(record) : undefined;
  return { format: width > 0 && height > 0 ? videoFormat(codec, width, height) : videoFormat(codec), nal };
}

async function describeAudio(track: InputAudioTrack): Promise<Description | undefined> {
  const codec = AUDIO.get((await track.getCodec()) ?? '');
  if (codec === undefined) return undefined;
  return { format: audioFormat(codec, await track.getNumberOfChannels(), await track.getSampleRate()), nal: undefined };
}

function bytesOfRecord(record: ArrayBufferLike | ArrayBufferView | undefined): Uint8Array | undefined {
  if (record === undefined) return undefined;
  return ArrayBuffer.isView(record) ? new Uint8Array(record.buffer, record.byteOffset, record.byteLength) : new Uint8Array(record);
}

class PlayerTrack implements MediaFileTrack {
  readonly format: MediaFormat;
  readonly #library: Mediabunny;
  readonly #container: string;
  readonly #track: InputTrack;
  readonly #nal: NalConfig | undefined;
  readonly #once: boolean;
  #started = false;

  constructor(library: Mediabunny, container: string, track: InputTrack, { format, nal }: Description, once: boolean) {
    this.#library = library;
    this.#container = container;
    this.#track = track;
    this.format = format;
    this.#nal = nal;
    this.#once = once;
  }

  [Symbol.asyncIterator](): AsyncGenerator<MediaFrame, void, void> {
    return this.frames();
  }

  frames(): AsyncGenerator<MediaFrame, void, void> {
    if (this.#once && this.#started) throw new RtcError('ERR_INVALID_STATE', 'a stream can only be read once');
    this.#started = true;
    return this.#read();
  }

  async *#read(): AsyncGenerator<MediaFrame, void, void> {
    try {
      let end = NaN;
      for await (const packet of new this.#library.EncodedPacketSink(this.#track).packets()) {
        const frame = this.#frameOf(packet, end);
        end = frame.timestamp + frame.duration;
        yield frame;
      }
    } catch (error) {
      if (error instanceof this.#library.InputDisposedError) throw new RtcError('ERR_CLOSED', 'the file is closed');
      throw asDecodeError(this.#container, error);
    }
  }

  /** @param expected - where the frame before ends; not a number before the first one */
  #frameOf({ data, timestamp, duration, type }: EncodedPacket, expected: number): MediaFrame {
    if (data.length > MAX_FRAME_BYTES) throw new DecodeError(`media.${this.#container}`, `frame of ${data.length} bytes`);
    const { clockHz, codec, kind } = this.format;
    const keyframe = type === 'key';
    const exact = Math.round(timestamp * clockHz);
    // WebM rounds to milliseconds, which sound that goes on without a gap must not jump about with.
    const ticks = kind === 'audio' && Math.abs(exact - expected) <= clockHz * ROUNDING_SECONDS ? expected : exact;
    const frame = { timestamp: ticks, duration: Math.round(duration * clockHz), keyframe };
    if (codec === 'opus') return { ...frame, data: data.slice(), duration: opusDuration(data) };
    if (codec === 'AV1') return { ...frame, data: withoutDelimiter(data).slice() };
    return { ...frame, data: this.#nal === undefined ? data.slice() : annexBOf(data, this.#nal, keyframe) };
  }
}

class PlayerFile implements MediaFile {
  readonly container: 'webm' | 'mp4';
  readonly tracks: readonly MediaFileTrack[];
  readonly #input: Input;
  readonly #stream: Stream | undefined;

  constructor(container: 'webm' | 'mp4', input: Input, tracks: readonly MediaFileTrack[], stream: Stream | undefined) {
    this.container = container;
    this.tracks = tracks;
    this.#input = input;
    this.#stream = stream;
  }

  async close(): Promise<void> {
    this.#input.dispose();
    await this.#stream?.return();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
