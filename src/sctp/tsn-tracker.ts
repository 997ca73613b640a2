import { add32, distance32 } from '../core/index.ts';
import { writeU16 } from '../core/bytes.ts';

const WORDS = 2048; // 65,536 TSNs, as far as gap blocks reach

/** Which TSNs arrived: the cumulative one, and a ring of bits for those ahead of it, made when the first gap appears. */
export class TsnTracker {
  /** The last TSN before which none is missing. */
  cumulative: number;
  #highest: number;
  #bits: Uint32Array | undefined;

  constructor(cumulativeTsn: number) {
    this.cumulative = cumulativeTsn;
    this.#highest = cumulativeTsn;
  }

  /** Whether TSNs ahead of a missing one arrived. */
  get hasGaps(): boolean {
    return this.#highest !== this.cumulative;
  }

  /** The TSN after the cumulative one arrived. */
  next(): void {
    if (this.#highest === this.cumulative) this.#highest = add32(this.#highest, 1);
    this.cumulative = add32(this.cumulative, 1);
    if (this.#bits !== undefined) this.#clear(this.cumulative);
  }

  /** Whether a TSN ahead of the cumulative one arrived. */
  has(tsn: number): boolean {
    const bits = this.#bits;
    return bits !== undefined && ((bits[(tsn >>> 5) & (WORDS - 1)] as number) & (1 << (tsn & 31))) !== 0;
  }

  /** A TSN ahead of the cumulative one arrived, at most 65,535 ahead. */
  add(tsn: number): void {
    const bits = (this.#bits ??= new Uint32Array(WORDS));
    const word = (tsn >>> 5) & (WORDS - 1);
    bits[word] = (bits[word] as number) | (1 << (tsn & 31));
    if (distance32(tsn, this.#highest) > 0) this.#highest = tsn;
  }

  /** Writes gap blocks (RFC 9260 3.3.4), at most `max`; returns how many. */
  writeGaps(into: Uint8Array, at: number, max: number): number {
    const span = distance32(this.#highest, this.cumulative);
    let count = 0;
    for (let i = 2; i <= span && count < max; ) {
      i = this.#skip(i, span, false);
      if (i > span) break;
      const end = this.#skip(i, span, true);
      writeU16(into, at, i);
      writeU16(into, at + 2, end - 1);
      at += 4;
      count++;
      i = end;
    }
    return count;
  }

  /** The first offset from `i` on whose bit is not `value`, a word at a time where it can. */
  #skip(i: number, span: number, value: boolean): number {
    const bits = this.#bits as Uint32Array;
    const whole = value ? 0xffff_ffff : 0;
    while (i <= span) {
      const tsn = add32(this.cumulative, i);
      const word = bits[(tsn >>> 5) & (WORDS - 1)] as number;
      if ((tsn & 31) === 0 && word === whole) i += 32;
      else if (((word & (1 << (tsn & 31))) !== 0) === value) i++;
      else break;
    }
    return Math.min(i, span + 1);
  }

  #clear(tsn: number): void {
    const bits = this.#bits as Uint32Array;
    const word = (tsn >>> 5) & (WORDS - 1);
    bits[word] = (bits[word] as number) & ~(1 << (tsn & 31));
  }
}
