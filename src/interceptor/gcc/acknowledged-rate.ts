import type { Instant } from '../../core/index.ts';
import { FIRST_RATE_WINDOW_MS, RATE_WINDOW_MS } from './constants.ts';

/** How uncertain a sample is, in relation to its distance from the estimate; more when the application limits the rate. */
const UNCERTAINTY = 10;
const UNCERTAINTY_LIMITED = 20;
/** What the uncertainty of the estimate grows by with each sample, in (kbit/s)². */
const VARIANCE_STEP = 5;
const FIRST_VARIANCE = 50;

/**
 * What arrives at the peer, in bit/s: rates of short windows, each believed the less the further it lies from the estimate (a
 * Kalman filter whose noise follows the sample).
 */
export class AcknowledgedRate {
  #estimateKbps = -Infinity;
  /** `undefined` for that of the beginning. */
  #variance: number | undefined;
  #windowBytes = 0;
  #windowAt: Instant = NaN;

  /** `undefined` until the first window is over. */
  get bps(): number | undefined {
    return this.#estimateKbps < 0 ? undefined : this.#estimateKbps * 1000;
  }

  /** Bytes arrived since the last ones, at times that are not known. */
  addUntold(sizeBytes: number): void {
    this.#windowBytes += sizeBytes;
  }

  /** Bytes arrived at a time of the receiver's clock. */
  add(sizeBytes: number, receivedAt: number, isApplicationLimited: boolean): void {
    const windowMs = this.#estimateKbps < 0 ? FIRST_RATE_WINDOW_MS : RATE_WINDOW_MS;
    const elapsed = receivedAt - this.#windowAt;
    // A clock that went back, or a long silence, says nothing of the rate.
    if (!(elapsed >= -windowMs && elapsed < 10 * FIRST_RATE_WINDOW_MS)) {
      this.#windowAt = receivedAt;
      this.#windowBytes = 0;
    } else if (elapsed >= windowMs) {
      this.#sample((this.#windowBytes * 8) / elapsed, isApplicationLimited);
      this.#windowAt = receivedAt;
      this.#windowBytes = 0;
    }
    this.#windowBytes += sizeBytes;
  }

  /** The rate may have changed at once: the next sample counts as much as a first one. */
  expectChange(): void {
    this.#variance = (this.#variance ?? FIRST_VARIANCE) + 200;
  }

  reset(): void {
    this.#estimateKbps = -Infinity;
    this.#variance = undefined;
    this.#windowAt = NaN;
    this.#windowBytes = 0;
  }

  #sample(kbps: number, isApplicationLimited: boolean): void {
    if (this.#estimateKbps < 0) {
      this.#estimateKbps = kbps;
      return;
    }
    const scale = isApplicationLimited && kbps < this.#estimateKbps ? UNCERTAINTY_LIMITED : UNCERTAINTY;
    const uncertainty = (scale * Math.abs(this.#estimateKbps - kbps)) / (this.#estimateKbps + kbps);
    const noise = uncertainty * uncertainty;
    const predicted = (this.#variance ?? FIRST_VARIANCE) + VARIANCE_STEP;
    this.#estimateKbps = Math.max(1, (noise * this.#estimateKbps + predicted * kbps) / (noise + predicted));
    this.#variance = (noise * predicted) / (noise + predicted);
  }
}
