import { type RandomSource, randomU32 } from '../core/index.ts';

/** Who decides, and the number that settles a conflict about it (RFC 8445 7.3.1.1, 16.1). */
export class Role {
  controlling: boolean;
  tieBreaker: bigint;
  readonly #random: RandomSource;

  constructor(controlling: boolean, random: RandomSource, tieBreaker?: bigint) {
    this.controlling = controlling;
    this.#random = random;
    this.tieBreaker = tieBreaker ?? this.#draw();
  }

  /** Draws another number, as RFC 8445 7.2.5.1 asks of whoever gave way: equal numbers must not meet again. */
  redraw(): void {
    this.tieBreaker = this.#draw();
  }

  /**
   * What a request means: no conflict, one that we lose, or one that the peer loses.
   *
   * @param tieBreaker - of a peer that names our own role for itself
   */
  judge(tieBreaker: bigint | undefined): 'agreed' | 'switch' | 'refuse' {
    if (tieBreaker === undefined) return 'agreed';
    return this.tieBreaker >= tieBreaker === this.controlling ? 'refuse' : 'switch';
  }

  #draw(): bigint {
    return (BigInt(randomU32(this.#random)) << 32n) | BigInt(randomU32(this.#random));
  }
}
