import type { Instant } from '../../core/index.ts';

/**
 * Lets one request pass per stretch of time. A request in between is not lost but due when the stretch ends: the keyframe that
 * answered the first may have been lost as well.
 */
export class Throttle {
  readonly #gapMs: number;
  #lastAt: Instant = -Infinity;
  /** When a request that waits is due; `Infinity` for none. */
  dueAt: Instant = Infinity;

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  /** Whether a request may pass now; if not, it waits. */
  request(now: Instant): boolean {
    // The same sum as is told as the deadline: a difference may be rounded otherwise.
    const free = this.#lastAt + this.#gapMs;
    if (now < free) {
      this.dueAt = free;
      return false;
    }
    this.#lastAt = now;
    this.dueAt = Infinity;
    return true;
  }
}
