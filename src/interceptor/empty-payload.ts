import { setPayloadType } from '../rtp/index.ts';
import type { IncomingPacket } from './packet.ts';

/**
 * Makes padding of a packet, in place: nothing but its header is left, to fill the place of its number. What was its payload may be
 * kept by others.
 *
 * @param payloadType - that of the stream's media, −1 when there was none yet
 */
export function emptyPayload(packet: IncomingPacket, payloadType: number): void {
  const { header } = packet;
  packet.bytes = packet.bytes.subarray(0, header.payloadStart);
  packet.bytes[0] = (packet.bytes[0] as number) & 0xdf;
  if (payloadType >= 0) {
    setPayloadType(packet.bytes, payloadType);
    header.payloadType = payloadType;
  }
  header.hasPadding = false;
  header.payloadEnd = header.payloadStart;
  packet.role = 'padding';
}
