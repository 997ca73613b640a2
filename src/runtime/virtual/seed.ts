import type { RandomSource } from '../../core/index.ts';

/** Chances from a seed: the same seed gives the same world. Not for keys. (sfc32, a chaotic counter of four words.) */
export class Chances {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param name - two names give two independent streams of one seed */
  constructor(seed: number, name = '') {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = hash;
    for (let i = 0; i < 15; i++) this.u32();
  }

  /** 32 random bits. */
  u32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** Whether something of this probability happens. Nothing is drawn for 0, so an option that is off changes no other. */
  hit(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** Fills buffers, as `Runtime.random` does. */
  readonly fill: RandomSource = (into) => {
    for (let i = 0; i < into.length; i++) into[i] = this.u32() >>> 11;
  };
}
