import { FLOAT_ZERO, type Instant } from '../../core/index.ts';
import { FEEDBACK_FRACTION, FEEDBACK_PACKET_BYTES, MAX_FEEDBACK_INTERVAL_MS, MIN_FEEDBACK_INTERVAL_MS } from './constants.ts';

/** The shortest time over which a rate is taken, in ms. */
const LEAST_MEASURE_MS = 100;

/**
 * How often feedback goes: so that it takes 5 % of the rate, within 50 to 250 ms. The rate is that of our own congestion control
 * once it is known, since feedback shares the way with what we send, and until then that of what arrives.
 */
export class FeedbackInterval {
  #targetBps: number = FLOAT_ZERO;
  #receivedBps: number = FLOAT_ZERO;
  #bytes = 0;
  #since: Instant = -Infinity;

  /** What the path from here carries. */
  setTarget(bps: number): void {
    this.#targetBps = bps;
  }

  /** Counts what arrived. */
  received(sizeBytes: number): void {
    this.#bytes += sizeBytes;
  }

  /** The time until the next feedback, in ms; to be asked when one is sent. */
  next(now: Instant): number {
    const elapsed = now - this.#since;
    if (this.#since < 0 || elapsed >= LEAST_MEASURE_MS) {
      if (this.#since >= 0) this.#receivedBps = (this.#bytes * 8000) / elapsed;
      this.#bytes = 0;
      this.#since = now;
    }
    const rate = this.#targetBps > 0 ? this.#targetBps : this.#receivedBps;
    if (rate <= 0) return (MIN_FEEDBACK_INTERVAL_MS + MAX_FEEDBACK_INTERVAL_MS) / 2;
    const interval = (FEEDBACK_PACKET_BYTES * 8000) / (FEEDBACK_FRACTION * rate);
    return Math.min(MAX_FEEDBACK_INTERVAL_MS, Math.max(MIN_FEEDBACK_INTERVAL_MS, interval));
  }
}
