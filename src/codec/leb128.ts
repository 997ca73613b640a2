import { DecodeError } from '../core/index.ts';

/** Longest encoding of a value in bytes (AV1 specification 4.10.5). */
const MAX_LEB128_BYTES = 8;

/** Largest value (AV1 specification 4.10.5). */
const MAX_LEB128 = 0xffff_ffff;

/** A number as it was read, with its length. */
export interface Leb128 {
  readonly value: number;
  /** How many bytes it takes. */
  readonly length: number;
}

/** Reads an unsigned LEB128 number (AV1 specification 4.10.5). Throws {@link DecodeError}. */
export function decodeLeb128(bytes: Uint8Array, at = 0, end: number = bytes.length): Leb128 {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < MAX_LEB128_BYTES && at + i < end; i++) {
    const byte = bytes[at + i] as number;
    value += (byte & 0x7f) * scale; // a double, as shifts would lose what lies above 2³¹
    scale *= 128;
    if (byte < 0x80) {
      if (value > MAX_LEB128) throw new DecodeError('codec.leb128', 'value above 2^32-1');
      return { value, length: i + 1 };
    }
  }
  throw new DecodeError('codec.leb128', 'no last byte');
}

/** How many bytes a value takes. */
export function leb128Length(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes a value of 0 to 2³²−1 in the fewest bytes; returns the position after it. */
export function writeLeb128(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[to++] = (rest % 128) | 0x80;
  bytes[to++] = rest;
  return to;
}
