import { concat, EMPTY, encodeUtf8 } from '../core/index.ts';
import { MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MAX_SILENCE_SECONDS } from './constants.ts';
import type { AudioCodec, WritableFrame } from './frame.ts';
import { UNKNOWN_LENGTH, WaveFormat } from './wav-reader.ts';
import { type FileEnd, FrameClock, type MediaWriter, refuse, refuseLate } from './writer.ts';

/** What a WAV file holds. */
export interface WavWriterConfig {
  /** Default 1. */
  readonly channels?: number;
  /** In Hz, which is also the clock of the frames' timestamps. Default 8000 for G.711, 48,000 for `pcm16`. */
  readonly sampleRate?: number;
}

const TAG: Readonly<Record<Exclude<AudioCodec, 'opus'>, number>> = { pcm16: WaveFormat.pcm, PCMU: WaveFormat.mulaw, PCMA: WaveFormat.alaw };
/** Octets of silence (ITU-T G.711). */
const SILENCE: Readonly<Record<Exclude<AudioCodec, 'opus'>, number>> = { pcm16: 0, PCMU: 0xff, PCMA: 0xd5 };

/** Gaps below this are jitter of timestamps that were rounded, in seconds. */
const LEAST_GAP_SECONDS = 0.01;

/**
 * Writes WAV files. Gaps between frames are filled with silence; gaps of more than 60 s are left out. `finish` patches the sizes into
 * the header, which until then says that they are not known.
 */
export class WavWriter implements MediaWriter {
  readonly #codec: Exclude<AudioCodec, 'opus'>;
  readonly #channels: number;
  readonly #sampleRate: number;
  readonly #blockBytes: number;
  readonly #clock: FrameClock;
  #headerBytes = 0;
  #dataBytes = 0;
  /** Ticks of gaps that were left out. */
  #leftOut = 0;
  #finished = false;

  constructor(codec: Exclude<AudioCodec, 'opus'>, config: WavWriterConfig = {}) {
    const { channels = 1, sampleRate = codec === 'pcm16' ? 48_000 : 8000 } = config;
    const sound = Number.isInteger(channels) && channels >= 1 && channels <= MAX_CHANNELS && sampleRate >= 1 && sampleRate <= MAX_SAMPLE_RATE_HZ;
    if (!sound) refuse(`${channels} channels at ${sampleRate} Hz`);
    this.#codec = codec;
    this.#channels = channels;
    this.#sampleRate = sampleRate;
    this.#blockBytes = channels * (codec === 'pcm16' ? 2 : 1);
    this.#clock = new FrameClock(sampleRate);
  }

  write(frame: WritableFrame): Uint8Array {
    if (this.#finished) refuseLate();
    const { data } = frame;
    if (data.length % this.#blockBytes !== 0) refuse(`${data.length} bytes are no whole number of samples`);
    const head = this.#headerBytes === 0 ? this.#header() : EMPTY;
    const duration = data.length / this.#blockBytes;
    const gap = this.#clock.ticks({ ...frame, duration }) - this.#dataBytes / this.#blockBytes - this.#leftOut;
    let silence = EMPTY;
    if (gap > MAX_SILENCE_SECONDS * this.#sampleRate || gap < 0) this.#leftOut += gap;
    else if (gap >= LEAST_GAP_SECONDS * this.#sampleRate) silence = new Uint8Array(gap * this.#blockBytes).fill(SILENCE[this.#codec]);
    this.#dataBytes += silence.length + data.length;
    return concat(head, silence, data);
  }

  finish(): FileEnd {
    if (this.#finished) refuseLate();
    this.#finished = true;
    const head = this.#headerBytes === 0 ? this.#header() : EMPTY;
    const pad = this.#dataBytes % 2;
    const riffBytes = this.#headerBytes - 8 + this.#dataBytes + pad;
    const patches = [
      { position: 4, bytes: u32(Math.min(riffBytes, UNKNOWN_LENGTH)) },
      { position: this.#headerBytes - 4, bytes: u32(Math.min(this.#dataBytes, UNKNOWN_LENGTH)) },
    ];
    // The number of samples, which a format other than PCM must tell.
    if (this.#codec !== 'pcm16') patches.push({ position: this.#headerBytes - 12, bytes: u32(this.#dataBytes / this.#blockBytes) });
    return { bytes: concat(head, new Uint8Array(pad)), patches };
  }

  #header(): Uint8Array {
    const linear = this.#codec === 'pcm16';
    const format = new DataView(new ArrayBuffer(linear ? 16 : 18));
    format.setUint16(0, TAG[this.#codec], true);
    format.setUint16(2, this.#channels, true);
    format.setUint32(4, this.#sampleRate, true);
    format.setUint32(8, this.#sampleRate * this.#blockBytes, true);
    format.setUint16(12, this.#blockBytes, true);
    format.setUint16(14, linear ? 16 : 8, true);
    const chunk = (name: string, content: Uint8Array): Uint8Array[] => [encodeUtf8(name), u32(content.length), content];
    const header = concat(
      encodeUtf8('RIFF'),
      u32(UNKNOWN_LENGTH),
      encodeUtf8('WAVE'),
      ...chunk('fmt ', new Uint8Array(format.buffer)),
      ...(linear ? [] : chunk('fact', u32(0))),
      encodeUtf8('data'),
      u32(UNKNOWN_LENGTH),
    );
    this.#headerBytes = header.length;
    return header;
  }
}

function u32(value: number): Uint8Array {
  const fields = new DataView(new ArrayBuffer(4));
  fields.setUint32(0, value, true);
  return new Uint8Array(fields.buffer);
}
