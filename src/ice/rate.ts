import type { Instant } from '../core/index.ts';

/** At most so many events in any second. */
export class RateLimit {
  /** A ring; short until so many events happened. */
  #times: Instant[] = [];
  readonly #perSecond: number;
  #next = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** When the next event may happen; not after now when it may at once. */
  nextAt(): Instant {
    const oldest = this.#times[this.#next];
    return oldest === undefined ? -Infinity : oldest + 1000;
  }

  /** One event happened. */
  take(now: Instant): void {
    if (this.#next === this.#times.length) this.#times = this.#times.concat(now); // of the right size, unlike a list that grows
    else this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#perSecond;
  }
}
