import { FLOAT_ZERO } from '../../core/index.ts';
import { MAX_TREND_DELTAS, TREND_GAIN, TREND_SMOOTHING, TREND_WINDOW } from './constants.ts';

/**
 * The slope of the one-way delay over the last groups, by least squares: what it grows by in each ms. Rising means that a queue fills.
 */
export class Trendline {
  readonly #times: Float64Array = new Float64Array(TREND_WINDOW);
  readonly #delays: Float64Array = new Float64Array(TREND_WINDOW);
  #count = 0;
  #firstAt: number = FLOAT_ZERO;
  #accumulatedMs: number = FLOAT_ZERO;
  #smoothedMs: number = FLOAT_ZERO;
  #slope: number = FLOAT_ZERO;

  /** Groups that were compared, without bound. */
  get count(): number {
    return this.#count;
  }

  /** In ms per ms; 0 until the window is full. */
  get slope(): number {
    return this.#slope;
  }

  /** The slope, scaled as the threshold wants it: less while few groups were compared. */
  get scaled(): number {
    return Math.min(this.#count, MAX_TREND_DELTAS) * this.#slope * TREND_GAIN;
  }

  /** Adds how much longer a group was on its way than the one before, in ms. */
  add(deltaMs: number, receivedAt: number): void {
    if (this.#count === 0) this.#firstAt = receivedAt;
    this.#accumulatedMs += deltaMs;
    this.#smoothedMs = TREND_SMOOTHING * this.#smoothedMs + (1 - TREND_SMOOTHING) * this.#accumulatedMs;
    const slot = this.#count % TREND_WINDOW;
    this.#times[slot] = receivedAt - this.#firstAt;
    this.#delays[slot] = this.#smoothedMs;
    this.#count++;
    if (this.#count >= TREND_WINDOW) this.#fit();
  }

  #fit(): void {
    let meanTime = 0;
    let meanDelay = 0;
    for (let i = 0; i < TREND_WINDOW; i++) {
      meanTime += this.#times[i] as number;
      meanDelay += this.#delays[i] as number;
    }
    meanTime /= TREND_WINDOW;
    meanDelay /= TREND_WINDOW;
    let covariance = 0;
    let variance = 0;
    for (let i = 0; i < TREND_WINDOW; i++) {
      const time = (this.#times[i] as number) - meanTime;
      covariance += time * ((this.#delays[i] as number) - meanDelay);
      variance += time * time;
    }
    if (variance > 0) this.#slope = covariance / variance;
  }
}
