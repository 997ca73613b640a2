import { DecodeError } from '../core/index.ts';

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
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  /** The tag of the next value, or −1 at the end. */
  get tag(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] as number) : -1;
  }

  /** The contents of the next value, which must have this tag. */
  value(tag: number): Uint8Array {
    const start = this.#enter(tag);
    return this.#bytes.subarray(start, this.#at);
  }

  /** A reader of the contents of the next value. */
  enter(tag: number): DerReader {
    const start = this.#enter(tag);
    return new DerReader(this.#bytes, start, this.#at);
  }

  /** The next value whole, with tag and length. */
  any(): Uint8Array {
    const at = this.#at;
    this.#pass();
    return this.#bytes.subarray(at, this.#at);
  }

  /** Passes over the next value. */
  skip(): void {
    this.#pass();
  }

  /** Throws unless everything was read. */
  done(): void {
    if (this.#at !== this.#end) throw new DecodeError('dtls.der', `${this.left} bytes too many`);
  }

  #enter(tag: number): number {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== tag) throw new DecodeError('dtls.der', `tag ${tag} wanted, ${this.tag} found`);
    return this.#pass();
  }

  /** Passes over the next value; returns where its contents begin. */
  #pass(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    if (end - at < 2) throw new DecodeError('dtls.der', 'cut off');
    if (((bytes[at] as number) & 0x1f) === 0x1f) throw new DecodeError('dtls.der', 'a high tag number');
    let length = bytes[at + 1] as number;
    at += 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 3) throw new DecodeError('dtls.der', 'an indefinite or huge length');
      if (end - at < count) throw new DecodeError('dtls.der', 'cut off');
      length = 0;
      for (let i = 0; i < count; i++) length = (length << 8) | (bytes[at++] as number);
      if (length < 0x80 || (count > 1 && length < 2 ** (8 * (count - 1)))) throw new DecodeError('dtls.der', 'not the shortest length');
    }
    if (length > end - at) throw new DecodeError('dtls.der', 'a value reaches past the end');
    this.#at = at + length;
    return at;
  }
}

const NO_UNUSED_BITS: Uint8Array = Uint8Array.of(0);

/** A DER value with these contents. */
export function derValue(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (let i = 0; i < contents.length; i++) length += (contents[i] as Uint8Array).length;
  const lengthBytes = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 3;
  const out = new Uint8Array(2 + lengthBytes + length);
  out[0] = tag;
  out[1] = lengthBytes === 0 ? length : 0x80 | lengthBytes;
  for (let i = 0; i < lengthBytes; i++) out[2 + i] = (length >> (8 * (lengthBytes - 1 - i))) & 255;
  for (let i = 0, at = 2 + lengthBytes; i < contents.length; i++) {
    const part = contents[i] as Uint8Array;
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function derSequence(...contents: readonly Uint8Array[]): Uint8Array {
  return derValue(Tag.sequence, ...contents);
}

/** A BIT STRING of whole bytes. */
export function derBitString(bytes: Uint8Array): Uint8Array {
  return derValue(Tag.bitString, NO_UNUSED_BITS, bytes);
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
