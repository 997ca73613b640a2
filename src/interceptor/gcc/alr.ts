import { FLOAT_ZERO, type Instant } from '../../core/index.ts';
import { ALR_BANDWIDTH_FACTOR, ALR_START_LEVEL, ALR_STOP_LEVEL, ALR_WINDOW_MS } from './constants.ts';

/**
 * Whether the application limits the rate: a budget fills at a part of the target, and packets take from it. While most of it stays
 * unused, what arrives says nothing of what the path carries.
 */
export class ApplicationLimit {
  #bytesPerMs: number = FLOAT_ZERO;
  /** Unused bytes, from minus to plus a window's. */
  #budget: number = FLOAT_ZERO;
  #at: Instant = -Infinity;
  #isLimited = false;

  get isLimited(): boolean {
    return this.#isLimited;
  }

  setTarget(bps: number): void {
    this.#bytesPerMs = (bps * ALR_BANDWIDTH_FACTOR) / 8000;
  }

  sent(sizeBytes: number, now: Instant): void {
    const most = this.#bytesPerMs * ALR_WINDOW_MS;
    if (most <= 0) return;
    const filled = this.#at < 0 ? 0 : (now - this.#at) * this.#bytesPerMs;
    this.#at = now;
    this.#budget = Math.max(Math.min(this.#budget + filled, most) - sizeBytes, -most);
    const level = this.#budget / most;
    if (level > ALR_START_LEVEL) this.#isLimited = true;
    else if (level < ALR_STOP_LEVEL) this.#isLimited = false;
  }
}
