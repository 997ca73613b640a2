import type { Instant } from '../core/index.ts';

/** At most so many events in any second. */
export class RateLimit {
  readonly #times: Float64Array;
  #next = 0;

  constructor(perSecond: number) {
    this.#times = new Float64Array(perSecond).fill(-Infinity);
  }

  /** When the next event may happen; not after now when it may at once. */
  nextAt(): Instant {
    return (this.#times[this.#next] as number) + 1000;
  }

  /** One event happened. */
  take(now: Instant): void {
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#times.length;
  }
}
