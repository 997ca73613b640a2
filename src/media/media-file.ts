import { concat, DecodeError, RtcError } from '../core/index.ts';
import { AnnexBReader, type ByteStreamConfig } from './annexb.ts';
import { SNIFF_BYTES } from './constants.ts';
import { type Container, sniffContainer } from './container.ts';
import type { MediaFormat, MediaFrame } from './frame.ts';
import { bytesOf, isReusable, type MediaInput, replay } from './input.ts';
import { IvfReader } from './ivf.ts';
import { ObuReader } from './obu-stream.ts';
import { OggReader } from './ogg-reader.ts';
import { openWithMediabunny } from './player.ts';
import type { MediaReader } from './reader.ts';
import { WavReader, type WavReaderConfig } from './wav-reader.ts';

/** One track of a file. */
export interface MediaFileTrack extends AsyncIterable<MediaFrame> {
  readonly format: MediaFormat;
  /**
   * The frames in decoding order, as fast as they are taken. From the beginning each time it is called, which a loop can use; what came
   * from a stream can only be read once, and a second call then throws `ERR_INVALID_STATE`. A file that is no such file throws
   * `DecodeError`.
   */
  frames(): AsyncGenerator<MediaFrame, void, void>;
}

/** A file that is open for reading. */
export interface MediaFile extends AsyncDisposable {
  readonly container: Container;
  /** Tracks of codecs that this library knows. */
  readonly tracks: readonly MediaFileTrack[];
  /** Ends reading and lets go of the input. */
  close(): Promise<void>;
}

/** What readers of media files can be told. */
export interface ReaderConfig extends ByteStreamConfig, WavReaderConfig {
  /** What the file is. Default: found out from its first bytes. */
  readonly container?: Container;
}

/** A reader for files of one track. Throws `ERR_NOT_SUPPORTED` for other containers. */
export function createPushReader(container: Container, config: ReaderConfig = {}): MediaReader {
  switch (container) {
    case 'ivf':
      return new IvfReader();
    case 'ogg':
      return new OggReader();
    case 'wav':
      return new WavReader(config);
    case 'h264':
      return new AnnexBReader('H264', config);
    case 'h265':
      return new AnnexBReader('H265', config);
    case 'obu':
      return new ObuReader(config);
    case 'rtpdump':
      throw new RtcError('ERR_NOT_SUPPORTED', 'rtpdump files hold packets, not frames: use RtpdumpReader');
    case 'webm':
    case 'mp4':
      throw new RtcError('ERR_NOT_SUPPORTED', `${container} files are read with createReader`);
    default:
      return container satisfies never;
  }
}

/**
 * Opens a media file of any kind.
 *
 * @throws DecodeError - it is none, or is broken at its beginning
 * @throws RtcError - `ERR_NOT_SUPPORTED` for WebM and MP4 where `mediabunny` is not installed, and for rtpdump
 * @example
 * const file = await createReader(createReadStream('film.webm'));
 * for (const track of file.tracks) {
 *   for await (const frame of track) console.log(track.format.codec, frame.timestamp / track.format.clockHz);
 * }
 */
export async function createReader(input: MediaInput, config: ReaderConfig = {}): Promise<MediaFile> {
  const source = bytesOf(input);
  const first: Uint8Array[] = [];
  try {
    const container = config.container ?? (await sniff(source, first));
    if (container === undefined) throw new DecodeError('media', 'this is no media file that is known');
    const whole = replay(first, source);
    if (container !== 'webm' && container !== 'mp4') return await SingleTrackFile.open(container, input, whole, config);
    if (!isReusable(input)) return await openWithMediabunny(container, whole);
    await source.return();
    return await openWithMediabunny(container, input);
  } catch (error) {
    await source.return();
    throw error;
  }
}

/** Reads as much as is needed to know what a file is. */
async function sniff(source: AsyncGenerator<Uint8Array, void, void>, first: Uint8Array[]): Promise<Container | undefined> {
  let bytes = 0;
  for (let next = 0; bytes < SNIFF_BYTES; ) {
    const { done, value } = await source.next();
    if (done === true) break;
    first.push(value);
    bytes += value.length;
    if (bytes < next) continue;
    // Looked at again when there is twice as much, so that a stream of tiny pieces costs no more than another.
    next = 2 * bytes;
    const container = sniffContainer(concat(...first));
    if (container !== undefined) return container;
  }
  return sniffContainer(concat(...first));
}

/** Takes frames out of a source of bytes. */
class Pump {
  readonly reader: MediaReader;
  readonly #source: AsyncGenerator<Uint8Array, void, void>;
  #ended = false;

  constructor(reader: MediaReader, source: AsyncGenerator<Uint8Array, void, void>) {
    this.reader = reader;
    this.#source = source;
  }

  async next(): Promise<MediaFrame | undefined> {
    for (;;) {
      const frame = this.reader.next();
      if (frame !== undefined || this.#ended) return frame;
      const { done, value } = await this.#source.next();
      if (done === true) {
        this.#ended = true;
        this.reader.end();
      } else this.reader.push(value);
    }
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#source.return();
  }
}

class SingleTrackFile implements MediaFile, MediaFileTrack {
  readonly container: Container;
  readonly format: MediaFormat;
  readonly tracks: readonly MediaFileTrack[] = [this];
  readonly #input: MediaInput;
  readonly #config: ReaderConfig;
  readonly #pumps = new Set<Pump>();
  /** What was read to learn the format. */
  #first: { readonly pump: Pump; readonly frame: MediaFrame | undefined } | undefined;
  #closed = false;

  private constructor(container: Container, input: MediaInput, config: ReaderConfig, pump: Pump, frame: MediaFrame | undefined, format: MediaFormat) {
    this.container = container;
    this.format = format;
    this.#input = input;
    this.#config = config;
    this.#first = { pump, frame };
    this.#pumps.add(pump);
  }

  static async open(container: Container, input: MediaInput, source: AsyncGenerator<Uint8Array, void, void>, config: ReaderConfig): Promise<SingleTrackFile> {
    const pump = new Pump(createPushReader(container, config), source);
    const frame = await pump.next();
    const { format } = pump.reader;
    if (format === undefined) throw new DecodeError(`media.${container}`, 'it ends before its first frame');
    return new SingleTrackFile(container, input, config, pump, frame, format);
  }

  [Symbol.asyncIterator](): AsyncGenerator<MediaFrame, void, void> {
    return this.frames();
  }

  frames(): AsyncGenerator<MediaFrame, void, void> {
    if (this.#closed) throw new RtcError('ERR_CLOSED', 'the file is closed');
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined && !isReusable(this.#input)) throw new RtcError('ERR_INVALID_STATE', 'a stream can only be read once');
    const pump = first?.pump ?? new Pump(createPushReader(this.container, this.#config), bytesOf(this.#input));
    this.#pumps.add(pump);
    return this.#framesOf(pump, first?.frame);
  }

  async *#framesOf(pump: Pump, first: MediaFrame | undefined): AsyncGenerator<MediaFrame, void, void> {
    try {
      for (let frame = first ?? (await pump.next()); frame !== undefined && !this.#closed; frame = await pump.next()) yield frame;
    } finally {
      this.#pumps.delete(pump);
      await pump.close();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#pumps].map((pump) => pump.close()));
    this.#pumps.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
