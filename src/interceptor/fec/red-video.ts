import { readHeader, setPayloadType } from '../../rtp/index.ts';
import { type IncomingPacket, OUTGOING_TAILROOM_BYTES, type OutgoingPacket } from '../packet.ts';

// RED with one block: how video and its ULPFEC share a stream (RFC 5109 14.2).

/** Bytes before the only block: its payload type. */
export const RED_HEADER_BYTES = 1;

/** The payload type of the only block of a RED packet, or −1 when there are several, or none. */
export function redBlockType({ bytes, header }: IncomingPacket): number {
  const first = header.payloadEnd > header.payloadStart ? (bytes[header.payloadStart] as number) : 0x80;
  return first < 0x80 ? first : -1;
}

/** Takes RED off, in place: the header moves over the block's. */
export function unwrapRed(packet: IncomingPacket, payloadType: number): void {
  const { header } = packet;
  packet.bytes.copyWithin(RED_HEADER_BYTES, 0, header.payloadStart);
  packet.bytes = packet.bytes.subarray(RED_HEADER_BYTES);
  setPayloadType(packet.bytes, payloadType);
  header.payloadType = payloadType;
  header.payloadEnd -= RED_HEADER_BYTES;
  packet.role = header.payloadEnd === header.payloadStart ? 'padding' : 'media';
}

/** Puts a packet into RED, in a buffer of its own. */
export function wrapRed(packet: OutgoingPacket, red: number): void {
  const { header, bytes } = packet;
  const size = bytes.length + RED_HEADER_BYTES;
  const wrapped = new Uint8Array(size + OUTGOING_TAILROOM_BYTES).subarray(0, size);
  wrapped.set(bytes.subarray(0, header.payloadStart));
  wrapped[header.payloadStart] = header.payloadType;
  wrapped.set(bytes.subarray(header.payloadStart), header.payloadStart + RED_HEADER_BYTES);
  setPayloadType(wrapped, red);
  const payloadEnd = header.payloadEnd + RED_HEADER_BYTES;
  readHeader(wrapped, header);
  header.payloadEnd = payloadEnd;
  packet.bytes = wrapped;
  packet.sharedPayload = undefined;
  packet.role = 'red';
}
