import { readU32 } from '../core/bytes.ts';
import { DecodeError } from '../core/index.ts';
import { MAX_PARAMETER_SET_BYTES } from './constants.ts';
import { refuseFrame } from './payload-format.ts';

// What H.264 and H.265 share: access units as NAL units behind start codes (Annex B of both).

/** Start code with zero_byte: before the first NAL unit of an access unit and before parameter sets (H.264 B.1.2). */
export const LONG_START_CODE: Uint8Array = Uint8Array.of(0, 0, 0, 1);

/** Start code of all other NAL units. */
export const SHORT_START_CODE: Uint8Array = Uint8Array.of(0, 0, 1);

/** How NAL units stand in a frame: behind start codes, or each behind its length in four bytes (ISO/IEC 14496-15). */
export type NalFormat = 'annexb' | 'length-prefixed';

/** The position of the next `00 00 01` at or after `from`, or -1. */
function findStartCode(bytes: Uint8Array, from: number): number {
  for (let one = bytes.indexOf(1, from + 2); one >= 0; one = bytes.indexOf(1, one + 1)) {
    if (bytes[one - 1] === 0 && bytes[one - 2] === 0) return one - 2;
  }
  return -1;
}

/**
 * Calls `visit` with each NAL unit of an Annex B byte stream, as a view without the zero bytes that may follow it, until
 * it returns false. Bytes before the first start code are passed over.
 */
export function visitNalUnits(stream: Uint8Array, visit: (unit: Uint8Array) => boolean): void {
  let at = findStartCode(stream, 0);
  while (at >= 0) {
    const start = at + 3;
    at = findStartCode(stream, start);
    let end = at < 0 ? stream.length : at;
    while (end > start && stream[end - 1] === 0) end--;
    if (end > start && !visit(stream.subarray(start, end))) return;
  }
}

/** The NAL units of an Annex B byte stream, as views. */
export function splitNalUnits(stream: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  visitNalUnits(stream, (unit) => units.push(unit) > 0);
  return units;
}

/** The NAL units of a frame in either format. Throws `ERR_INVALID_ARGUMENT` when there is none or a length is wrong. */
export function nalUnitsOf(frame: Uint8Array, format: NalFormat): Uint8Array[] {
  const units = format === 'annexb' ? splitNalUnits(frame) : splitLengthPrefixed(frame);
  return units.length > 0 ? units : refuseFrame('no NAL unit in the frame');
}

function splitLengthPrefixed(frame: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let at = 0; at < frame.length; ) {
    const start = at + 4;
    const length = start <= frame.length ? readU32(frame, at) : 0;
    if (length === 0 || length > frame.length - start) refuseFrame(`NAL unit of ${length} bytes at ${at}`);
    units.push(frame.subarray(start, start + length));
    at = start + length;
  }
  return units;
}

/** Copies of parameter sets from signalling, behind start codes. Throws `ERR_INVALID_ARGUMENT` when they are too long. */
export function parameterSetPieces(sets: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (const set of sets) {
    length += set.length;
    if (set.length === 0 || length > MAX_PARAMETER_SET_BYTES) refuseFrame(`${length} bytes of parameter sets`);
    pieces.push(LONG_START_CODE, set.slice());
  }
  return pieces;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * The parameter sets of an `fmtp` value: NAL units in base64 behind commas (`sprop-parameter-sets`, RFC 6184 8.1;
 * `sprop-vps`, `sprop-sps`, `sprop-pps`, RFC 7798 7.1). Throws {@link DecodeError}.
 */
export function decodeParameterSets(value: string): Uint8Array[] {
  if (value.length > 2 * MAX_PARAMETER_SET_BYTES) throw new DecodeError('codec.parameter-sets', 'too long');
  return value.split(',').filter((part) => part !== '').map(fromBase64);
}

function fromBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  const out = new Uint8Array(Math.floor((digits * 3) / 4));
  let bits = 0;
  let held = 0;
  let to = 0;
  for (let i = 0; i < digits; i++) {
    const digit = BASE64.indexOf(text.charAt(i));
    if (digit < 0) throw new DecodeError('codec.parameter-sets', 'not base64');
    bits = ((bits << 6) | digit) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[to++] = bits >> held;
    }
  }
  return out;
}
