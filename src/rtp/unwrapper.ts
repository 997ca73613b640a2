import { RtcError } from '../core/index.ts';

/**
 * Turns numbers that wrap into ones that do not, each taken for the nearest to the highest seen: sequence numbers (16 bits),
 * timestamps (32), send times and feedback times (24), picture ids (15, 7).
 *
 * @example
 * const sequence = new Unwrapper(16);
 * sequence.unwrap(65_535); // 65535
 * sequence.unwrap(0); // 65536
 */
export class Unwrapper {
  readonly #space: number;
  #highest: number | undefined;

  /** @param bits - 1 to 32, otherwise {@link RtcError} `ERR_INVALID_ARGUMENT` */
  constructor(bits: number) {
    if (!(Number.isInteger(bits) && bits >= 1 && bits <= 32)) throw new RtcError('ERR_INVALID_ARGUMENT', `a number of ${bits} bits`);
    this.#space = 2 ** bits;
  }

  /** The highest number so far, or `undefined` before the first. */
  get highest(): number | undefined {
    return this.#highest;
  }

  /**
   * The number that `value` stands for, kept if it is the highest. It is negative when it comes before a wrap that the first
   * value had just passed.
   */
  unwrap(value: number): number {
    const unwrapped = this.peek(value);
    if (this.#highest === undefined || unwrapped > this.#highest) this.#highest = unwrapped;
    return unwrapped;
  }

  /** As {@link Unwrapper.unwrap}, but nothing is kept: for a packet that is not authenticated yet. */
  peek(value: number): number {
    const highest = this.#highest;
    if (highest === undefined) return value;
    const space = this.#space;
    // The remainder of a negative number is negative, so it is brought into [0, space) first.
    const ahead = (((value - highest) % space) + space) % space;
    // Exactly half the space counts as behind (RFC 1982 leaves it open), so that one packet cannot jump that far ahead.
    return ahead < space / 2 ? highest + ahead : highest + ahead - space;
  }

  /** Forgets everything, as when a stream starts anew. */
  reset(): void {
    this.#highest = undefined;
  }
}
