import { readU16 } from '../core/bytes.ts';
import { EXTENSION_HEADER_BYTES, RTP_HEADER_BYTES } from './constants.ts';

/** Length of an RTP header with its CSRCs and its extension (RFC 3550 5.1), or −1 when it does not fit in `[0, end)`. */
export function rtpHeaderBytes(packet: Uint8Array, end: number): number {
  if (end < RTP_HEADER_BYTES || !hasVersion2(packet)) return -1;
  let length = RTP_HEADER_BYTES + csrcBytes(packet);
  if (hasExtension(packet)) {
    if (length + EXTENSION_HEADER_BYTES > end) return -1;
    length += EXTENSION_HEADER_BYTES + 4 * readU16(packet, length + 2);
  }
  return length <= end ? length : -1;
}

/** Whether the first two bits say version 2, as in every RTP and RTCP packet. */
export function hasVersion2(packet: Uint8Array): boolean {
  return (packet[0] as number) >> 6 === 2;
}

/** Bytes that the contributing sources take. */
export function csrcBytes(packet: Uint8Array): number {
  return 4 * ((packet[0] as number) & 0x0f);
}

/** The X bit. */
export function hasExtension(packet: Uint8Array): boolean {
  return ((packet[0] as number) & 0x10) !== 0;
}

/** "Defined by profile" of the extension of a packet that has one. */
export function extensionProfile(packet: Uint8Array): number {
  return readU16(packet, RTP_HEADER_BYTES + csrcBytes(packet));
}
