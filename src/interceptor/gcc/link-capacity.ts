import { CAPACITY_DEVIATIONS, CAPACITY_SMOOTHING } from './constants.ts';

/** Bounds of the normalized variance, in kbit/s. */
const LEAST_DEVIATION = 1;
const MOST_DEVIATION = 2.5;

/** What the link carried when it was overused, and how much that varies. Rates in bit/s. */
export class LinkCapacity {
  #meanKbps = -1;
  #deviation = LEAST_DEVIATION;

  /** The capacity; `undefined` while it is not known. */
  get bps(): number | undefined {
    return this.#meanKbps < 0 ? undefined : this.#meanKbps * 1000;
  }

  /** The most that may belong to this link; Infinity while nothing is known. */
  get upperBps(): number {
    return this.#meanKbps < 0 ? Infinity : (this.#meanKbps + CAPACITY_DEVIATIONS * this.#spread()) * 1000;
  }

  /** The least that may belong to this link. */
  get lowerBps(): number {
    return this.#meanKbps < 0 ? 0 : Math.max(0, this.#meanKbps - CAPACITY_DEVIATIONS * this.#spread()) * 1000;
  }

  /** What arrived while the link was overused. */
  overused(bps: number): void {
    this.#update(bps / 1000, CAPACITY_SMOOTHING);
  }

  /** What a probe found. */
  probed(bps: number): void {
    this.#update(bps / 1000, 0.5);
  }

  /** The link changed. */
  reset(): void {
    this.#meanKbps = -1;
  }

  #update(kbps: number, alpha: number): void {
    this.#meanKbps = this.#meanKbps < 0 ? kbps : (1 - alpha) * this.#meanKbps + alpha * kbps;
    // The variance is taken in relation to the mean, so that its bounds fit slow and fast links.
    const error = this.#meanKbps - kbps;
    const deviation = (1 - alpha) * this.#deviation + (alpha * error * error) / Math.max(this.#meanKbps, 1);
    this.#deviation = Math.min(Math.max(deviation, LEAST_DEVIATION), MOST_DEVIATION);
  }

  #spread(): number {
    return Math.sqrt(this.#deviation * this.#meanKbps);
  }
}
