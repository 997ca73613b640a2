import { DecodeError, type Reader } from '../../core/index.ts';
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
  into[at] = type;
  into[at + 1] = length >>> 16;
  into[at + 2] = length >>> 8;
  into[at + 3] = length;
  into[at + 4] = sequence >>> 8;
  into[at + 5] = sequence;
  into[at + 6] = offset >>> 16;
  into[at + 7] = offset >>> 8;
  into[at + 8] = offset;
  into[at + 9] = count >>> 16;
  into[at + 10] = count >>> 8;
  into[at + 11] = count;
}

/** A message as it enters the transcript hash: as if it had come in one fragment (RFC 6347 4.2.6). */
export function unfragmented(type: number, sequence: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HANDSHAKE_HEADER_BYTES + body.length);
  writeFragmentHeader(out, 0, type, body.length, sequence, 0, body.length);
  out.set(body, HANDSHAKE_HEADER_BYTES);
  return out;
}
