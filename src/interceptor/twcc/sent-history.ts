import type { Instant } from '../../core/index.ts';
import { HISTORY_MS, HISTORY_PACKETS, LEAST_HISTORY_PACKETS, LOST_HISTORY_MS } from './constants.ts';

/** What is known of a packet that was sent. */
export const Fate = {
  none: 0,
  /** Nothing was told of it. */
  pending: 1,
  received: 2,
  lost: 3,
  /** The feedback that told of it got lost. */
  untold: 4,
} as const;

/**
 * The packets that were sent lately, by a number that counts them and never wraps: when, how large, and in which probe. A ring
 * in typed arrays that grows, up to a bound, while packets of the last seconds would fall out of it of which something may still be told.
 * So it mostly holds what is on its way: with fifty connections, longer rings do not fit in the processor's caches.
 */
export class SentHistory {
  #mask = -1;
  #sentAt: Float64Array = new Float64Array(0);
  #sizes: Uint16Array = new Uint16Array(0);
  #probes: Uint16Array = new Uint16Array(0);
  #fates: Uint8Array = new Uint8Array(0);
  #next = 0;
  #oldest = 0;

  /** The number of the next packet. */
  get next(): number {
    return this.#next;
  }

  /** The number of the oldest packet that is remembered. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Remembers a packet and returns its number. `probe` is 0 outside of probes. */
  record(sizeBytes: number, probe: number, now: Instant): number {
    const number = this.#next++;
    if (number - this.#oldest > this.#mask) this.#makeRoom(now);
    const at = number & this.#mask;
    this.#sentAt[at] = now;
    this.#sizes[at] = Math.min(sizeBytes, 0xffff);
    this.#probes[at] = probe & 0xffff;
    this.#fates[at] = Fate.pending;
    return number;
  }

  /** A {@link Fate}; `none` for what is not, or no longer, remembered. */
  fate(number: number): number {
    return number < this.#oldest || number >= this.#next ? Fate.none : (this.#fates[number & this.#mask] as number);
  }

  setFate(number: number, fate: number): void {
    this.#fates[number & this.#mask] = fate;
  }

  // Of packets that are remembered only.

  sentAt(number: number): Instant {
    return this.#sentAt[number & this.#mask] as number;
  }

  sizeBytes(number: number): number {
    return this.#sizes[number & this.#mask] as number;
  }

  probe(number: number): number {
    return this.#probes[number & this.#mask] as number;
  }

  /** Whether nothing is to be told of the oldest packet any more. */
  #isOldestSettled(now: Instant): boolean {
    const fate = this.fate(this.#oldest);
    return fate === Fate.received || now - this.sentAt(this.#oldest) >= (fate === Fate.lost ? LOST_HISTORY_MS : HISTORY_MS);
  }

  #makeRoom(now: Instant): void {
    const slots = this.#mask + 1;
    if (slots > 0 && (slots >= HISTORY_PACKETS || this.#isOldestSettled(now))) {
      this.#oldest++;
      return;
    }
    const grown = slots === 0 ? LEAST_HISTORY_PACKETS : slots * 2;
    const sentAt = new Float64Array(grown);
    const sizes = new Uint16Array(grown);
    const probes = new Uint16Array(grown);
    const fates = new Uint8Array(grown);
    for (let number = this.#oldest; number < this.#next - 1; number++) {
      const to = number & (grown - 1);
      sentAt[to] = this.sentAt(number);
      sizes[to] = this.sizeBytes(number);
      probes[to] = this.probe(number);
      fates[to] = this.#fates[number & this.#mask] as number;
    }
    this.#sentAt = sentAt;
    this.#sizes = sizes;
    this.#probes = probes;
    this.#fates = fates;
    this.#mask = grown - 1;
  }
}
