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
  /** The bits of the numbers, as an operand of 32 bits. */
  readonly #mask: number;
  #highest: number | undefined;

  /** @param bits - 1 to 32, otherwise {@link RtcError} `ERR_INVALID_ARGUMENT` */
  constructor(bits: number) {
    if (!(Number.isInteger(bits) && bits >= 1 && bits <= 32)) throw new RtcError('ERR_INVALID_ARGUMENT', `a number of ${bits} bits`);
    this.#mask = (-1 >>> (32 - bits)) | 0;
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
    // The operator takes the low 32 bits of a difference of up to 53.
    const ahead = ((value - highest) & this.#mask) >>> 0;
    // Exactly half the space counts as behind (RFC 1982 leaves it open), so that one packet cannot jump that far ahead.
    return ahead <= this.#mask >>> 1 ? highest + ahead : highest - (((highest - value) & this.#mask) >>> 0);
  }

  /** Forgets everything, as when a stream starts anew. */
  reset(): void {
    this.#highest = undefined;
  }
}
