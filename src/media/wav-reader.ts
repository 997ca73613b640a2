import { DecodeError } from '../core/index.ts';
import { DEFAULT_WAV_FRAME_MS, MAX_CHANNELS, MAX_SAMPLE_RATE_HZ } from './constants.ts';
import { type AudioCodec, type AudioFormat, audioFormat, type MediaFrame } from './frame.ts';
import { type MediaReader, PushReader } from './reader.ts';
import { refuse } from './writer.ts';

// RIFF WAVE: chunks behind a name and a length each. All numbers are little-endian.

/** Format tags of WAVE (RFC 2361). */
export const WaveFormat = { pcm: 1, alaw: 6, mulaw: 7, extensible: 0xfffe } as const;

/** A length that says that nobody knew it when the header was written. */
export const UNKNOWN_LENGTH = 0xffff_ffff;

const MAX_FORMAT_BYTES = 4096;
const LEAST_FORMAT_BYTES = 16;
/** Where the sub-format of WAVE_FORMAT_EXTENSIBLE stands in the `fmt ` chunk; its first two bytes are a format tag. */
const SUB_FORMAT_AT = 24;

/** How a {@link WavReader} cuts samples into frames. */
export interface WavReaderConfig {
  /** Milliseconds of sound in a frame. Default 20. */
  readonly frameMs?: number;
}

/**
 * Reads WAV files with linear sound of 16 bits, μ-law or A-law, in frames of 20 ms. Chunks other than format and sound are passed
 * over. What comes of `pcm16` is what `encodePcmu` takes, with {@link pcm16Samples}.
 */
export class WavReader extends PushReader<MediaFrame> implements MediaReader {
  readonly #frameMs: number;
  #format: AudioFormat | undefined;
  /** Bytes of one sample of every channel. */
  #blockBytes = 0;
  #frameTicks = 0;
  /** Bytes of the present chunk that are passed over, or of sound that are still to come. */
  #skip = 12;
  #dataLeft: number | undefined;
  #position = 0;
  #riffSeen = false;

  constructor(config: WavReaderConfig = {}) {
    super();
    this.#frameMs = config.frameMs ?? DEFAULT_WAV_FRAME_MS;
    if (!(this.#frameMs > 0 && this.#frameMs <= 1000)) refuse(`frameMs ${this.#frameMs}`);
  }

  get format(): AudioFormat | undefined {
    return this.#format;
  }

  protected read(): MediaFrame | undefined {
    while (this.#dataLeft === undefined) if (!this.#readChunk()) return this.#atEnd();
    const wanted = Math.min(this.#frameTicks * this.#blockBytes, this.#dataLeft);
    const whole = this.input.length >= wanted ? wanted : this.ended ? this.input.length : 0;
    const length = whole - (whole % this.#blockBytes);
    if (length === 0) return this.#atEnd();
    const duration = length / this.#blockBytes;
    const timestamp = this.#position;
    this.#position += duration;
    this.#dataLeft -= length;
    return { data: this.input.take(length), timestamp, duration, keyframe: true };
  }

  #atEnd(): undefined {
    // What stands behind the sound is of no interest, and must not pile up.
    if (this.#dataLeft === 0) this.input.skip(this.input.length);
    if (this.ended && this.#format === undefined) throw new DecodeError('media.wav', 'no format');
    return this.truncate();
  }

  /** Reads or passes over the next chunk; false when more bytes are needed. */
  #readChunk(): boolean {
    const head = this.input.view();
    if (!this.#riffSeen) {
      if (head.length < 12) return false;
      if (text(head, 0) !== 'RIFF' || text(head, 8) !== 'WAVE') throw new DecodeError('media.wav', 'no RIFF WAVE');
      this.#riffSeen = true;
    }
    const skipped = Math.min(this.#skip, head.length);
    this.input.skip(skipped);
    this.#skip -= skipped;
    const chunk = this.input.view();
    if (this.#skip > 0 || chunk.length < 8) return false;
    const name = text(chunk, 0);
    const length = new DataView(chunk.buffer, chunk.byteOffset, 8).getUint32(4, true);
    if (name === 'data') {
      if (this.#format === undefined) throw new DecodeError('media.wav', 'sound before its format');
      this.#dataLeft = length === 0 || length === UNKNOWN_LENGTH ? Infinity : length - (length % this.#blockBytes);
      this.input.skip(8);
      return true;
    }
    // Chunks are padded to an even length.
    const padded = length + (length % 2);
    if (name === 'fmt ') {
      if (length < LEAST_FORMAT_BYTES || length > MAX_FORMAT_BYTES) throw new DecodeError('media.wav', `format of ${length} bytes`);
      if (chunk.length < 8 + padded) return false;
      this.#readFormat(chunk.subarray(8, 8 + length));
    }
    this.#skip = 8 + padded;
    return true;
  }

  #readFormat(chunk: Uint8Array): void {
    const fields = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const plain = fields.getUint16(0, true);
    const tag = plain === WaveFormat.extensible && chunk.length >= SUB_FORMAT_AT + 2 ? fields.getUint16(SUB_FORMAT_AT, true) : plain;
    const channels = fields.getUint16(2, true);
    const sampleRate = fields.getUint32(4, true);
    const bits = fields.getUint16(14, true);
    const codec = codecOf(tag, bits);
    if (codec === undefined) throw new DecodeError('media.wav', `format ${tag} of ${bits} bits`);
    if (channels < 1 || channels > MAX_CHANNELS || sampleRate < 1 || sampleRate > MAX_SAMPLE_RATE_HZ) {
      throw new DecodeError('media.wav', `${channels} channels at ${sampleRate} Hz`);
    }
    this.#blockBytes = channels * (codec === 'pcm16' ? 2 : 1);
    if (fields.getUint16(12, true) !== this.#blockBytes) throw new DecodeError('media.wav', `blocks of ${fields.getUint16(12, true)} bytes`);
    this.#frameTicks = Math.max(1, Math.round((sampleRate * this.#frameMs) / 1000));
    this.#format = audioFormat(codec, channels, sampleRate);
  }
}

function codecOf(tag: number, bits: number): AudioCodec | undefined {
  if (tag === WaveFormat.pcm && bits === 16) return 'pcm16';
  if (tag === WaveFormat.mulaw && bits === 8) return 'PCMU';
  return tag === WaveFormat.alaw && bits === 8 ? 'PCMA' : undefined;
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** The samples of a `pcm16` frame. */
export function pcm16Samples(data: Uint8Array): Int16Array {
  const fields = new DataView(data.buffer, data.byteOffset, data.length);
  return Int16Array.from({ length: data.length >> 1 }, (_, i) => fields.getInt16(2 * i, true));
}

/** A `pcm16` frame of samples, interleaved where there are several channels. */
export function pcm16Data(samples: Int16Array): Uint8Array {
  const fields = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, i) => fields.setInt16(2 * i, sample, true));
  return new Uint8Array(fields.buffer);
}
