import { DecodeError, type Reader } from '../../core/index.ts';
import { writeU32 } from '../../core/bytes.ts';
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
  // Five fields in three words, which is how they lie.
  const typeAndLength = reader.u32();
  const sequenceAndOffset = reader.u32();
  const offsetAndCount = reader.u32();
  const length = typeAndLength & 0xff_ffff;
  const offset = ((sequenceAndOffset & 0xffff) << 8) | (offsetAndCount >>> 24);
  const bytes = reader.view(offsetAndCount & 0xff_ffff);
  if (offset + bytes.length > length) throw new DecodeError('dtls.fragment', 'reaches past the end of its message');
  return { type: typeAndLength >>> 24, length, sequence: sequenceAndOffset >>> 16, offset, bytes };
}

/** Writes the header of a fragment of `count` bytes at `at`. */
export function writeFragmentHeader(into: Uint8Array, at: number, type: number, length: number, sequence: number, offset: number, count: number): void {
  writeU32(into, at, (type << 24) | length);
  writeU32(into, at + 4, (sequence << 16) | (offset >>> 8));
  writeU32(into, at + 8, (offset << 24) | count);
}

/** A message as it enters the transcript hash: as if it had come in one fragment (RFC 6347 4.2.6). */
export function unfragmented(type: number, sequence: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HANDSHAKE_HEADER_BYTES + body.length);
  writeFragmentHeader(out, 0, type, body.length, sequence, 0, body.length);
  out.set(body, HANDSHAKE_HEADER_BYTES);
  return out;
}
