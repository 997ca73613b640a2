/** Which packet indices were seen (RFC 3711 3.3.2). It must be told of authenticated packets only. */
export class ReplayWindow {
  readonly #bits: Uint32Array;
  readonly #width: number;
  #highest = -1;

  /** @param width - packets that it looks back on; a power of two, at least 32 */
  constructor(width: number) {
    this.#width = width;
    this.#bits = new Uint32Array(width / 32);
  }

  /** The highest index so far, −1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether an index lies so far back that the window cannot tell. */
  isOld(index: number): boolean {
    return this.#highest - index >= this.#width;
  }

  /** Whether an index is new for certain. */
  isNew(index: number): boolean {
    if (index > this.#highest) return true;
    if (this.isOld(index)) return false;
    // The operator takes the low 32 bits of a double, which is right for every index of 48 bits.
    const slot = index & (this.#width - 1);
    return ((this.#bits[slot >> 5] as number) & (1 << (slot & 31))) === 0;
  }

  /** Marks an index as seen. */
  accept(index: number): void {
    const ahead = index - this.#highest;
    const mask = this.#width - 1;
    if (ahead >= this.#width) this.#bits.fill(0);
    // The ring is indexed by number modulo width, so the numbers that were skipped must be cleared one by one.
    else for (let skipped = 1; skipped < ahead; skipped++) this.#clear((index - skipped) & mask);
    if (ahead > 0) this.#highest = index;
    const slot = index & mask;
    this.#bits[slot >> 5] = (this.#bits[slot >> 5] as number) | (1 << (slot & 31));
  }

  #clear(slot: number): void {
    this.#bits[slot >> 5] = (this.#bits[slot >> 5] as number) & ~(1 << (slot & 31));
  }
}
