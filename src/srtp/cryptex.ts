import { readU32, writeU16, writeU32 } from '../core/bytes.ts';
import {
  CRYPTEX_ONE_BYTE_PROFILE,
  CRYPTEX_TWO_BYTE_PROFILE,
  EXTENSION_HEADER_BYTES,
  ONE_BYTE_PROFILE,
  RTP_HEADER_BYTES,
  TWO_BYTE_PROFILE,
} from './constants.ts';
import { csrcBytes, extensionProfile, hasExtension } from './packets.ts';

// RFC 9335 encrypts CSRCs, extension and payload as one piece, but the header of the extension stands between the first two
// and stays in the clear. So it changes places with the CSRCs for the time of the cipher: fixed header, extension header,
// then everything that is encrypted.

/** Where the encrypted part begins while the CSRCs are joined to it; in front of it is what GCM authenticates (RFC 9335 6). */
export const CRYPTEX_START: number = RTP_HEADER_BYTES + EXTENSION_HEADER_BYTES;

/** Moves the CSRCs behind the header of the extension. */
export function joinCsrcs(buffer: Uint8Array, csrcs: number): void {
  const header = readU32(buffer, RTP_HEADER_BYTES + csrcs);
  buffer.copyWithin(CRYPTEX_START, RTP_HEADER_BYTES, RTP_HEADER_BYTES + csrcs);
  writeU32(buffer, RTP_HEADER_BYTES, header);
}

/** Moves the CSRCs back to their place. */
export function partCsrcs(buffer: Uint8Array, csrcs: number): void {
  const header = readU32(buffer, RTP_HEADER_BYTES);
  buffer.copyWithin(RTP_HEADER_BYTES, CRYPTEX_START, CRYPTEX_START + csrcs);
  writeU32(buffer, RTP_HEADER_BYTES + csrcs, header);
}

/** Whether the header says that it is encrypted (RFC 9335 5.2). */
export function isCryptex(packet: Uint8Array): boolean {
  if (!hasExtension(packet)) return false;
  const profile = extensionProfile(packet);
  return profile === CRYPTEX_ONE_BYTE_PROFILE || profile === CRYPTEX_TWO_BYTE_PROFILE;
}

/** Whether a packet needs an empty extension, since only that can tell that its CSRCs are encrypted (RFC 9335 5.1). */
export function wantsExtension(packet: Uint8Array): boolean {
  return csrcBytes(packet) > 0 && !hasExtension(packet);
}

/** Puts an empty extension behind the CSRCs; the buffer has four bytes of room behind `end`. */
export function addEmptyExtension(buffer: Uint8Array, end: number): void {
  const at = RTP_HEADER_BYTES + csrcBytes(buffer);
  buffer.copyWithin(at + EXTENSION_HEADER_BYTES, at, end);
  writeU16(buffer, at, ONE_BYTE_PROFILE);
  writeU16(buffer, at + 2, 0);
  buffer[0] = (buffer[0] as number) | 0x10;
}

/** Marks the header as encrypted. False, and nothing done, when there is nothing to encrypt or its format is another (RFC 9335 5.1). */
export function markCryptex(buffer: Uint8Array): boolean {
  if (!hasExtension(buffer)) return false;
  const profile = extensionProfile(buffer);
  if (profile !== ONE_BYTE_PROFILE && profile !== TWO_BYTE_PROFILE) return false;
  writeU16(buffer, RTP_HEADER_BYTES + csrcBytes(buffer), profile === ONE_BYTE_PROFILE ? CRYPTEX_ONE_BYTE_PROFILE : CRYPTEX_TWO_BYTE_PROFILE);
  return true;
}

/** Gives a decrypted header the format that it had (RFC 9335 5.2). */
export function unmarkCryptex(buffer: Uint8Array): void {
  const oneByte = extensionProfile(buffer) === CRYPTEX_ONE_BYTE_PROFILE;
  writeU16(buffer, RTP_HEADER_BYTES + csrcBytes(buffer), oneByte ? ONE_BYTE_PROFILE : TWO_BYTE_PROFILE);
}
