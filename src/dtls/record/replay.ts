import { REPLAY_WINDOW_RECORDS } from '../constants.ts';

/** The sliding window of RFC 6347 4.1.2.6. It must be told of authenticated records only. */
export class ReplayWindow {
  readonly #bits: Uint32Array = new Uint32Array(REPLAY_WINDOW_RECORDS / 32);
  #latest = -1;

  /** Whether a record number is new, as far as the window knows. */
  isNew(sequence: number): boolean {
    if (sequence > this.#latest) return true;
    if (this.#latest - sequence >= REPLAY_WINDOW_RECORDS) return false;
    const slot = sequence % REPLAY_WINDOW_RECORDS;
    return ((this.#bits[slot >> 5] as number) & (1 << (slot & 31))) === 0;
  }

  /** Marks an authenticated record as received. */
  accept(sequence: number): void {
    const ahead = sequence - this.#latest;
    if (ahead >= REPLAY_WINDOW_RECORDS) this.#bits.fill(0);
    // The ring is indexed by number modulo width, so the numbers that were skipped must be cleared one by one.
    else for (let skipped = 1; skipped < ahead; skipped++) this.#clear((sequence - skipped) % REPLAY_WINDOW_RECORDS);
    if (ahead > 0) this.#latest = sequence;
    const slot = sequence % REPLAY_WINDOW_RECORDS;
    this.#bits[slot >> 5] = (this.#bits[slot >> 5] as number) | (1 << (slot & 31));
  }

  #clear(slot: number): void {
    this.#bits[slot >> 5] = (this.#bits[slot >> 5] as number) & ~(1 << (slot & 31));
  }
}
