import { DecodeError } from './errors.ts';

/** No bytes. */
export const EMPTY: Uint8Array = new Uint8Array(0);

/** Joins byte strings into a new one. Not for the packet path: there a packet is built once, in its final buffer. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += (parts[i] as Uint8Array).length;
  const out = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Uint8Array;
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whether two byte strings are the same, in time that depends on their lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && standsAt(a, b, 0);
}

/** Whether `bytes`, which has room for it, has the same as `a` from `at` on, in time that depends on the length of `a` only. */
export function standsAt(a: Uint8Array, bytes: Uint8Array, at: number): boolean {
  let difference = 0;
  let i = 0;
  // Four at a time: where it is not compiled yet, the steps of the loop take half of its time.
  for (; i + 4 <= a.length; i += 4) {
    difference |= (a[i] as number) ^ (bytes[at + i] as number);
    difference |= (a[i + 1] as number) ^ (bytes[at + i + 1] as number);
    difference |= (a[i + 2] as number) ^ (bytes[at + i + 2] as number);
    difference |= (a[i + 3] as number) ^ (bytes[at + i + 3] as number);
  }
  for (; i < a.length; i++) difference |= (a[i] as number) ^ (bytes[at + i] as number);
  return difference === 0;
}

const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return hexOfBytes(bytes).join('');
}

/** The two digits of each byte, in lower case. */
export function hexOfBytes(bytes: Uint8Array): string[] {
  const out = new Array<string>(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = HEX_OF_BYTE[bytes[i] as number] as string;
  return out;
}

/** The bytes of a hexadecimal string. Throws {@link DecodeError} on anything else. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0) throw new DecodeError('hex', 'odd length');
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = (hexDigit(hex.charCodeAt(2 * i)) << 4) | hexDigit(hex.charCodeAt(2 * i + 1));
  return out;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  if (letter >= 97 && letter <= 102) return letter - 87;
  throw new DecodeError('hex', 'not a hexadecimal digit');
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING: number = '='.charCodeAt(0);
const NO_DIGIT = -1;
/** What a character stands for, by its code. */
const BASE64_DIGITS: Int8Array = new Int8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < BASE64.length; digit++) BASE64_DIGITS[BASE64.charCodeAt(digit)] = digit;

/** What base64 text stands for (RFC 4648 4), with its padding or without; `undefined` when it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  const digits = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (digits % 4 === 1 || (digits !== text.length && text.length % 4 !== 0)) return undefined;
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4));
  let i = 0;
  let at = 0;
  for (; i + 4 <= digits; i += 4) {
    const group =
      ((BASE64_DIGITS[text.charCodeAt(i)] ?? NO_DIGIT) << 18) |
      ((BASE64_DIGITS[text.charCodeAt(i + 1)] ?? NO_DIGIT) << 12) |
      ((BASE64_DIGITS[text.charCodeAt(i + 2)] ?? NO_DIGIT) << 6) |
      (BASE64_DIGITS[text.charCodeAt(i + 3)] ?? NO_DIGIT);
    if (group < 0) return undefined;
    bytes[at++] = group >> 16;
    bytes[at++] = group >> 8;
    bytes[at++] = group;
  }
  if (i < digits) {
    const third = i + 2 < digits ? (BASE64_DIGITS[text.charCodeAt(i + 2)] ?? NO_DIGIT) : 0;
    const group = ((BASE64_DIGITS[text.charCodeAt(i)] ?? NO_DIGIT) << 18) | ((BASE64_DIGITS[text.charCodeAt(i + 1)] ?? NO_DIGIT) << 12) | (third << 6);
    if (group < 0) return undefined;
    bytes[at] = group >> 16;
    bytes[at + 1] = group >> 8; // nothing, where there is no second byte
  }
  return bytes;
}

/** Base64 with padding (RFC 4648 4). */
export function toBase64(bytes: Uint8Array): string {
  const out = new Array<string>(Math.ceil(bytes.length / 3));
  for (let i = 0; i < out.length; i++) {
    const at = 3 * i;
    const group = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const third = at + 1 < bytes.length ? BASE64.charCodeAt((group >> 6) & 63) : PADDING;
    const fourth = at + 2 < bytes.length ? BASE64.charCodeAt(group & 63) : PADDING;
    out[i] = String.fromCharCode(BASE64.charCodeAt(group >> 18), BASE64.charCodeAt((group >> 12) & 63), third, fourth);
  }
  return out.join(''); // added up, it would be a tree of strings for as long as it lives
}

export function readU16(b: Uint8Array, at: number): number {
  return ((b[at] as number) << 8) | (b[at + 1] as number);
}

export function readU24(b: Uint8Array, at: number): number {
  return ((b[at] as number) << 16) | ((b[at + 1] as number) << 8) | (b[at + 2] as number);
}

export function readU32(b: Uint8Array, at: number): number {
  return (((b[at] as number) << 24) | ((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number)) >>> 0;
}

/** An unsigned 48-bit number, exact in a double. */
export function readU48(b: Uint8Array, at: number): number {
  const low = (((b[at + 2] as number) << 24) | ((b[at + 3] as number) << 16) | ((b[at + 4] as number) << 8) | (b[at + 5] as number)) >>> 0;
  return readU16(b, at) * 0x1_0000_0000 + low;
}

export function writeU16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}

export function writeU24(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 16;
  b[at + 1] = value >>> 8;
  b[at + 2] = value;
}

export function writeU32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}

export function writeU48(b: Uint8Array, at: number, value: number): void {
  writeU16(b, at, Math.floor(value / 0x1_0000_0000));
  writeU32(b, at + 2, value % 0x1_0000_0000);
}

/** Reads big-endian fields in order and never past the end: a field that is not there throws {@link DecodeError}. */
export class Reader {
  readonly bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  readonly #what: string;

  /** @param what - names the structure in errors, as in `dtls.handshake` */
  constructor(bytes: Uint8Array, what: string, start = 0, end: number = bytes.length) {
    if (!(start >= 0 && start <= end && end <= bytes.length)) throw new DecodeError(what, `[${start}, ${end}) of ${bytes.length} bytes`);
    this.bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#what = what;
  }

  /** The position of the next byte in {@link Reader.bytes}. */
  get at(): number {
    return this.#at;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  // Each field is checked and read in one step: a handshake reads and writes hundreds, and what runs that seldom pays for every call.
  u8(): number {
    const at = this.#at;
    if (at >= this.#end) this.#tooShort(1);
    this.#at = at + 1;
    return this.bytes[at] as number;
  }

  u16(): number {
    const at = this.#at;
    if (at + 2 > this.#end) this.#tooShort(2);
    this.#at = at + 2;
    const { bytes } = this;
    return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }

  u24(): number {
    const at = this.#at;
    if (at + 3 > this.#end) this.#tooShort(3);
    this.#at = at + 3;
    const { bytes } = this;
    return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  }

  u32(): number {
    const at = this.#at;
    if (at + 4 > this.#end) this.#tooShort(4);
    this.#at = at + 4;
    const { bytes } = this;
    return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0;
  }

  u48(): number {
    const at = this.#at;
    if (at + 6 > this.#end) this.#tooShort(6);
    this.#at = at + 6;
    return readU48(this.bytes, at);
  }

  /** A view of the next `length` bytes; not a copy. */
  view(length: number): Uint8Array {
    const at = this.#at;
    if (!(length >= 0 && length <= this.#end - at)) this.#tooShort(length);
    this.#at = at + length;
    return this.bytes.subarray(at, at + length);
  }

  /** A vector with a one-byte length, as TLS writes `<0..2^8-1>`. */
  vector8(): Uint8Array {
    return this.view(this.u8());
  }

  /** A vector with a two-byte length. */
  vector16(): Uint8Array {
    return this.view(this.u16());
  }

  /** A vector with a three-byte length. */
  vector24(): Uint8Array {
    return this.view(this.u24());
  }

  skip(length: number): void {
    // A length that was computed from fields may be negative, and stepping back would let a loop run for ever.
    if (!(length >= 0 && length <= this.#end - this.#at)) this.#tooShort(length);
    this.#at += length;
  }

  /** Throws unless everything was read. */
  done(): void {
    if (this.#at !== this.#end) throw new DecodeError(this.#what, `${this.left} bytes too many`);
  }

  #tooShort(length: number): never {
    throw new DecodeError(this.#what, `${length} bytes wanted at ${this.#at}, ${this.left} left`);
  }
}

/** Writes big-endian fields into a buffer that grows. For control messages; data packets are built in place. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#length;
    if (at + 1 > this.#bytes.length) this.#grow(1);
    this.#length = at + 1;
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#length;
    if (at + 2 > this.#bytes.length) this.#grow(2);
    this.#length = at + 2;
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u24(value: number): this {
    const at = this.#length;
    if (at + 3 > this.#bytes.length) this.#grow(3);
    this.#length = at + 3;
    writeU24(this.#bytes, at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#length;
    if (at + 4 > this.#bytes.length) this.#grow(4);
    this.#length = at + 4;
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    return this;
  }

  u48(value: number): this {
    const at = this.#length;
    if (at + 6 > this.#bytes.length) this.#grow(6);
    this.#length = at + 6;
    writeU48(this.#bytes, at, value);
    return this;
  }

  append(bytes: Uint8Array): this {
    const at = this.#length;
    const count = bytes.length;
    if (at + count > this.#bytes.length) this.#grow(count);
    this.#length = at + count;
    this.#bytes.set(bytes, at);
    return this;
  }

  zeros(count: number): this {
    if (this.#length + count > this.#bytes.length) this.#grow(count);
    this.#length += count; // the buffer is new, so its bytes are zero
    return this;
  }

  /** Appends bytes behind their length in one byte, as {@link Reader.vector8} reads them. */
  vector8(bytes: Uint8Array): this {
    return this.u8(checkLength(bytes.length, 1)).append(bytes);
  }

  /** Likewise with a two-byte length. */
  vector16(bytes: Uint8Array): this {
    return this.u16(checkLength(bytes.length, 2)).append(bytes);
  }

  /** Likewise with a three-byte length. */
  vector24(bytes: Uint8Array): this {
    return this.u24(checkLength(bytes.length, 3)).append(bytes);
  }

  /** Writes what `body` writes, behind its length in `size` bytes. */
  vector(size: 1 | 2 | 3, body: (writer: this) => void): this {
    const at = this.#length;
    this.zeros(size);
    body(this);
    const length = checkLength(this.#length - at - size, size);
    for (let i = 0; i < size; i++) this.#bytes[at + i] = length >>> (8 * (size - 1 - i));
    return this;
  }

  /** Overwrites two bytes that were written before. */
  patchU16(at: number, value: number): void {
    writeU16(this.#bytes, at, value);
  }

  /** What was written, as a view. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(count: number): void {
    const bytes = new Uint8Array(Math.max(this.#length + count, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

/** Throws unless a length fits into so many bytes. */
function checkLength(length: number, size: number): number {
  if (length >= 2 ** (8 * size)) throw new RangeError(`${length} bytes do not fit a vector with a ${size}-byte length`);
  return length;
}
