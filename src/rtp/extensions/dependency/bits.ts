import { DecodeError } from '../../../core/index.ts';

/** Reads bits, most significant first, and never past the end: what is not there throws {@link DecodeError}. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  /** Reads `bytes[start, end)`. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start * 8;
    this.#end = end * 8;
  }

  /** How many bits are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** An unsigned number of up to 32 bits. */
  bits(count: number): number {
    if (count > this.#end - this.#at) throw new DecodeError('rtp.dependency', `${count} bits wanted, ${this.left} left`);
    let value = 0;
    for (let left = count; left > 0; ) {
      const offset = this.#at & 7;
      const taken = Math.min(left, 8 - offset);
      const byte = this.#bytes[this.#at >> 3] as number;
      value = value * 2 ** taken + ((byte >> (8 - offset - taken)) & ((1 << taken) - 1));
      this.#at += taken;
      left -= taken;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** A number below `count` in as few bits as it takes: `ns(n)` of the AV1 specification, 4.10.7. */
  nonSymmetric(count: number): number {
    const width = bitWidth(count);
    const short = 2 ** width - count;
    const value = this.bits(width - 1);
    return value < short ? value : value * 2 - short + this.bits(1);
  }
}

/** Collects bits, most significant first. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #length = 0;

  bits(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) {
      if ((this.#length & 7) === 0) this.#bytes.push(0);
      const last = this.#bytes.length - 1;
      const bit = Math.floor(value / 2 ** i) % 2;
      this.#bytes[last] = (this.#bytes[last] as number) | (bit << (7 - (this.#length & 7)));
      this.#length++;
    }
  }

  flag(value: boolean): void {
    this.bits(value ? 1 : 0, 1);
  }

  nonSymmetric(value: number, count: number): void {
    const width = bitWidth(count);
    const short = 2 ** width - count;
    if (value < short) this.bits(value, width - 1);
    else this.bits(value + short, width);
  }

  /** What was written, filled up with zero bits. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** How many bits the number takes: 0 for 0, 1 for 1, 2 for 2 and 3. */
function bitWidth(value: number): number {
  return 32 - Math.clz32(value);
}
