import { FLOAT_ZERO, type Instant } from '../../core/index.ts';
import { QUEUE_BASE_WINDOW_MS } from './constants.ts';

/**
 * How long packets wait on their way: what they take beyond the shortest way of the last while. The trend cannot see a queue that is
 * full, as that does not grow.
 */
export class QueueDelay {
  #baseMs = Infinity;
  #nextBaseMs = Infinity;
  #windowAt: Instant = -Infinity;
  #ms: number = FLOAT_ZERO;

  /** In ms, of the last packet. */
  get ms(): number {
    return this.#ms;
  }

  add(sentAt: Instant, receivedAt: number, now: Instant): void {
    const wayMs = receivedAt - sentAt;
    if (now - this.#windowAt >= QUEUE_BASE_WINDOW_MS) {
      this.#baseMs = this.#nextBaseMs;
      this.#nextBaseMs = Infinity;
      this.#windowAt = now;
    }
    this.#nextBaseMs = Math.min(this.#nextBaseMs, wayMs);
    this.#baseMs = Math.min(this.#baseMs, wayMs);
    this.#ms = wayMs - this.#baseMs;
  }
}
