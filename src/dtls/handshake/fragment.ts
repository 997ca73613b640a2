import { DecodeError, type Reader } from '../../core/index.ts';
import { writeU16, writeU24 } from '../../core/bytes.ts';
import { HANDSHAKE_HEADER_BYTES } from '../constants.ts';

/** A piece of a handshake message (RFC 6347 4.2.2). */
export interface Fragment {
  readonly type: number;
  /** The length of the whole message. */
  readonly length: number;
  readonly sequence: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Reads the next fragment of a handshake record. Throws {@link DecodeError}. */
export function decodeFragment(reader: Reader): Fragment {
  const type = reader.u8();
  const length = reader.u24();
  const sequence = reader.u16();
  const offset = reader.u24();
  const bytes = reader.vector24();
  if (offset + bytes.length > length) throw new DecodeError('dtls.fragment', 'reaches past the end of its message');
  return { type, length, sequence, offset, bytes };
}

/** Writes the header of a fragment of `count` bytes at `at`. */
export function writeFragmentHeader(into: Uint8Array, at: number, type: number, length: number, sequence: number, offset: number, count: number): void {
  into[at] = type;
  writeU24(into, at + 1, length);
  writeU16(into, at + 4, sequence);
  writeU24(into, at + 6, offset);
  writeU24(into, at + 9, count);
}

/** A message as it enters the transcript hash: as if it had come in one fragment (RFC 6347 4.2.6). */
export function unfragmented(type: number, sequence: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HANDSHAKE_HEADER_BYTES + body.length);
  writeFragmentHeader(out, 0, type, body.length, sequence, 0, body.length);
  out.set(body, HANDSHAKE_HEADER_BYTES);
  return out;
}
