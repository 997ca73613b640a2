import type { Instant } from '../../core/index.ts';

const WINDOW_MS = 500;
/** Windows whose highest rate counts: feedback tells of what was sent a while ago. */
const WINDOWS = 5;

/** The highest rate at which packets left lately: the peer cannot have got more than that, whatever it says. */
export class SentRate {
  readonly #bytes: Float64Array = new Float64Array(WINDOWS);
  #window = -1;
  #firstAt: Instant = -Infinity;

  add(sizeBytes: number, now: Instant): void {
    const window = Math.floor(now / WINDOW_MS);
    if (this.#window < 0) this.#firstAt = now;
    if (window !== this.#window) {
      const from = Math.max(this.#window, window - WINDOWS);
      for (let i = from + 1; i <= window; i++) this.#bytes[i % WINDOWS] = 0;
      this.#window = window;
    }
    this.#bytes[window % WINDOWS] = (this.#bytes[window % WINDOWS] as number) + sizeBytes;
  }

  /** In bit/s; Infinity until a whole window has passed. */
  highestBps(now: Instant): number {
    if (this.#firstAt < 0 || now - this.#firstAt < 2 * WINDOW_MS) return Infinity;
    let most = 0;
    for (let i = 0; i < WINDOWS; i++) most = Math.max(most, this.#bytes[i] as number);
    return (most * 8000) / WINDOW_MS;
  }
}
