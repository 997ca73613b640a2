import type { RtpHeader } from '../../rtp/index.ts';
import { DEFAULT_AUDIO_MS, MAX_AUDIO_MS } from './constants.ts';

/** Counts what went on, as W3C statistics have it: in frames of video, in samples of audio. */
export class Emitted {
  readonly #isVideo: boolean;
  readonly #clockRateHz: number;
  #delaySeconds = 0;
  #targetSeconds = 0;
  #count = 0;
  #sequence = -1;
  #timestamp = -1;
  /** Samples in the last packet of audio whose length is known. */
  #samples: number;
  /** The longest wait of the frame that goes on: that of its first packet, as a rule. */
  #frameDelayMs = -1;

  constructor(kind: 'audio' | 'video', clockRateHz: number) {
    this.#isVideo = kind === 'video';
    this.#clockRateHz = clockRateHz;
    this.#samples = (clockRateHz * DEFAULT_AUDIO_MS) / 1000;
  }

  get stats(): { readonly jitterBufferDelay: number; readonly jitterBufferTargetDelay: number; readonly jitterBufferEmittedCount: number } {
    return { jitterBufferDelay: this.#delaySeconds, jitterBufferTargetDelay: this.#targetSeconds, jitterBufferEmittedCount: this.#count };
  }

  /** A packet went on that had waited so long, in ms. */
  add(header: RtpHeader, delayMs: number, targetMs: number): void {
    if (this.#isVideo) this.#addVideo(header, delayMs, targetMs);
    else this.#addAudio(header, delayMs, targetMs);
    this.#sequence = header.sequenceNumber;
    this.#timestamp = header.timestamp;
  }

  #addVideo({ marker, timestamp }: RtpHeader, delayMs: number, targetMs: number): void {
    // A frame ends with its marker, or where another begins because its end got lost.
    if (this.#frameDelayMs >= 0 && timestamp !== this.#timestamp) this.#tally(1, this.#frameDelayMs, targetMs);
    if (timestamp !== this.#timestamp) this.#frameDelayMs = -1;
    this.#frameDelayMs = Math.max(this.#frameDelayMs, delayMs);
    if (!marker) return;
    this.#tally(1, this.#frameDelayMs, targetMs);
    this.#frameDelayMs = -1;
  }

  #addAudio({ sequenceNumber, timestamp }: RtpHeader, delayMs: number, targetMs: number): void {
    const samples = (timestamp - this.#timestamp) >>> 0;
    const isNext = this.#sequence >= 0 && sequenceNumber === ((this.#sequence + 1) & 0xffff);
    if (isNext && samples > 0 && samples <= (this.#clockRateHz * MAX_AUDIO_MS) / 1000) this.#samples = samples;
    this.#tally(this.#samples, delayMs, targetMs);
  }

  #tally(units: number, delayMs: number, targetMs: number): void {
    this.#count += units;
    this.#delaySeconds += (units * delayMs) / 1000;
    this.#targetSeconds += (units * targetMs) / 1000;
  }
}
