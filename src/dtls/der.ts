import { concat, DecodeError } from '../core/index.ts';

/** Tags of the DER values that certificates are made of (X.690 8). */
export const Tag = {
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
} as const;

/**
 * Reads DER values one after the other: low tag numbers, definite lengths, shortest form (X.690 10.1). It never descends
 * by itself, so nesting costs nothing.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Length of the contents of the value that was read last. */
  #contentBytes = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The tag of the next value, or −1 at the end. */
  get tag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  /** The contents of the next value, which must have this tag. */
  value(tag: number): Uint8Array {
    if (this.tag !== tag) throw new DecodeError('dtls.der', `tag ${tag} wanted, ${this.tag} found`);
    const whole = this.any();
    return whole.subarray(whole.length - this.#contentBytes);
  }

  /** A reader of the contents of the next value. */
  enter(tag: number): DerReader {
    return new DerReader(this.value(tag));
  }

  /** The next value whole, with tag and length. */
  any(): Uint8Array {
    const at = this.#at;
    const length = this.#length();
    this.#at += length;
    this.#contentBytes = length;
    return this.#bytes.subarray(at, this.#at);
  }

  /** Throws unless everything was read. */
  done(): void {
    if (this.left !== 0) throw new DecodeError('dtls.der', `${this.left} bytes too many`);
  }

  /** Reads tag and length; the position is then at the contents. */
  #length(): number {
    if ((this.#byte() & 0x1f) === 0x1f) throw new DecodeError('dtls.der', 'a high tag number');
    let length = this.#byte();
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 3) throw new DecodeError('dtls.der', 'an indefinite or huge length');
      length = 0;
      for (let i = 0; i < count; i++) length = (length << 8) | this.#byte();
      if (length < 0x80 || (count > 1 && length < 2 ** (8 * (count - 1)))) throw new DecodeError('dtls.der', 'not the shortest length');
    }
    if (length > this.left) throw new DecodeError('dtls.der', 'a value reaches past the end');
    return length;
  }

  #byte(): number {
    if (this.left === 0) throw new DecodeError('dtls.der', 'cut off');
    return this.#bytes[this.#at++] as number;
  }
}

/** A DER value with these contents. */
export function derValue(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  const length = body.length;
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : length < 0x1_0000 ? [tag, 0x82, length >> 8, length & 255] : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255];
  return concat(Uint8Array.from(header), body);
}

export function derSequence(...contents: readonly Uint8Array[]): Uint8Array {
  return derValue(Tag.sequence, ...contents);
}

/** A BIT STRING of whole bytes. */
export function derBitString(bytes: Uint8Array): Uint8Array {
  return derValue(Tag.bitString, Uint8Array.of(0), bytes);
}

/** The bytes of a BIT STRING that has no unused bits. */
export function bitStringBytes(content: Uint8Array): Uint8Array {
  if (content[0] !== 0) throw new DecodeError('dtls.der', 'a bit string with unused bits');
  return content.subarray(1);
}

/** Checks that an INTEGER is in its shortest form and not negative; returns its magnitude without the leading zero. */
export function unsignedInteger(content: Uint8Array): Uint8Array {
  const first = content[0];
  if (first === undefined || first >= 0x80) throw new DecodeError('dtls.der', 'an integer that is empty or negative');
  if (first !== 0) return content;
  if (content.length > 1 && (content[1] as number) < 0x80) throw new DecodeError('dtls.der', 'not the shortest integer');
  return content.subarray(1);
}
