import { readU16, readU32 } from '../core/bytes.ts';
import { ChunkType, COMMON_HEADER_BYTES, FLAG_T } from './constants.ts';
import { checksumOf, padded, readChecksum } from './packets.ts';

/**
 * Whether the checksum is right. A zero one is taken only where RFC 9653 was agreed on (`zeroAccepted`), and never on the
 * chunks that set an association up (RFC 9653 5.3).
 */
export function checksumHolds(packet: Uint8Array, zeroAccepted: boolean): boolean {
  const first = packet[COMMON_HEADER_BYTES] as number;
  const checksum = readChecksum(packet);
  if (checksum === 0 && zeroAccepted && first !== ChunkType.INIT && first !== ChunkType.COOKIE_ECHO) return true;
  return checksum === checksumOf(packet);
}

/** Whether a packet is of a handshake, and says nothing of an association that its sender has already. */
export function setsUp(packet: Uint8Array): boolean {
  const first = packet[COMMON_HEADER_BYTES];
  return first === ChunkType.INIT || first === ChunkType.COOKIE_ECHO;
}

/**
 * Whether the verification tag is right (RFC 9260 8.5, 8.5.1): ours; zero on an INIT, which comes alone; the peer's own
 * on an ABORT or SHUTDOWN COMPLETE with the T bit.
 *
 * @param peerTag - 0 while it is not known
 */
export function tagHolds(packet: Uint8Array, localTag: number, peerTag: number): boolean {
  const first = packet[COMMON_HEADER_BYTES] as number;
  const tag = readU32(packet, 4);
  if (first === ChunkType.INIT) return tag === 0 && packet.length === COMMON_HEADER_BYTES + padded(readU16(packet, COMMON_HEADER_BYTES + 2));
  if (first === ChunkType.ABORT || first === ChunkType.SHUTDOWN_COMPLETE) {
    const reflected = ((packet[COMMON_HEADER_BYTES + 1] as number) & FLAG_T) !== 0;
    if (reflected) return peerTag !== 0 && tag === peerTag;
  }
  return tag === localTag;
}
