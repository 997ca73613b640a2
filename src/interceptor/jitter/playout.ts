import type { Instant } from '../../core/index.ts';
import { Unwrapper } from '../../rtp/index.ts';
import { BASE_WINDOW_MS, MARGIN_MS } from './constants.ts';
import type { ResolvedJitterBufferConfig } from './config.ts';
import { DelayHistogram } from './delay-histogram.ts';

/** Samples between two looks at the histogram. */
const LOOK_EVERY = 16;

/**
 * When packets of a steady stream go on: as long after each other as their timestamps say, late enough for nearly all of them. The
 * shortest way of the last seconds is the base, and what others took beyond it the jitter.
 */
export class Playout {
  readonly #config: ResolvedJitterBufferConfig;
  readonly #clockRateHz: number;
  readonly #timestamps: Unwrapper = new Unwrapper(32);
  readonly #jitter: DelayHistogram;
  #baseMs = Infinity;
  #nextBaseMs = Infinity;
  #windowAt: Instant = -Infinity;
  #targetMs: number;
  #samples = 0;

  constructor(config: ResolvedJitterBufferConfig, clockRateHz: number) {
    this.#config = config;
    this.#clockRateHz = clockRateHz;
    this.#jitter = new DelayHistogram(config.maxDelayMs);
    this.#targetMs = config.minDelayMs;
  }

  /** How much longer than the base packets take until they go on, in ms. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Takes a packet that arrived, and returns what {@link Playout.at} wants. */
  arrived(timestamp: number, at: Instant): number {
    const madeMs = (this.#timestamps.unwrap(timestamp) * 1000) / this.#clockRateHz;
    const wayMs = at - madeMs;
    // A clock that jumped: what was known of the way says nothing.
    if (Math.abs(wayMs - this.#baseMs) > this.#config.maxDelayMs + BASE_WINDOW_MS) this.#restart(wayMs, at);
    if (at - this.#windowAt >= BASE_WINDOW_MS) {
      this.#baseMs = Math.min(this.#nextBaseMs, wayMs);
      this.#nextBaseMs = wayMs;
      this.#windowAt = at;
    }
    this.#baseMs = Math.min(this.#baseMs, wayMs);
    this.#nextBaseMs = Math.min(this.#nextBaseMs, wayMs);
    this.#jitter.add(wayMs - this.#baseMs);
    if (this.#samples++ % LOOK_EVERY === 0) this.#look();
    return madeMs;
  }

  /** When a packet goes on: no later than the longest delay after it arrived. */
  at(madeMs: number, arrivedAt: Instant): Instant {
    return Math.min(this.#baseMs + madeMs + this.#targetMs, arrivedAt + this.#config.maxDelayMs);
  }

  #look(): void {
    const { minDelayMs, maxDelayMs, quantile } = this.#config;
    const jitterMs = this.#jitter.quantile(quantile);
    this.#targetMs = Math.min(Math.max(jitterMs === undefined ? minDelayMs : jitterMs + MARGIN_MS, minDelayMs), maxDelayMs);
  }

  #restart(wayMs: number, at: Instant): void {
    this.#baseMs = wayMs;
    this.#nextBaseMs = wayMs;
    this.#windowAt = at;
  }
}
