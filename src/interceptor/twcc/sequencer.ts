import { writeU16, writeU24 } from '../../core/bytes.ts';
import type { Instant } from '../../core/index.ts';
import { absoluteSendTime, extensionSize, ExtensionUri, findExtension } from '../../rtp/index.ts';
import type { OutgoingPacket } from '../packet.ts';
import type { StreamInfo } from '../stream.ts';

/** The ids of the elements that are stamped, 0 for what was not negotiated. */
export interface StampIds {
  readonly transportSequence: number;
  readonly absoluteSendTime: number;
}

/** What a stream wants stamped. Of both versions of the transport-wide number the first counts. */
export function stampIdsOf({ extensions }: StreamInfo): StampIds {
  const first = extensions.idOf(ExtensionUri.transportSequence);
  return {
    transportSequence: first === 0 ? extensions.idOf(ExtensionUri.transportSequence2) : first,
    absoluteSendTime: extensions.idOf(ExtensionUri.absoluteSendTime),
  };
}

/**
 * Writes a transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01 2) into the element that a packet
 * already has; false when it has none.
 */
export function stampTransportSequence({ bytes, header }: OutgoingPacket, id: number, sequenceNumber: number): boolean {
  const at = id === 0 ? -1 : findExtension(bytes, header, id);
  if (at < 0 || extensionSize(bytes, header, at) < 2) return false;
  writeU16(bytes, at, sequenceNumber & 0xffff);
  return true;
}

/** Writes when a packet leaves into the element that it already has; false when it has none. */
export function stampSendTime({ bytes, header }: OutgoingPacket, id: number, now: Instant): boolean {
  const at = id === 0 ? -1 : findExtension(bytes, header, id);
  if (at < 0 || extensionSize(bytes, header, at) !== 3) return false;
  writeU24(bytes, at, absoluteSendTime(now));
  return true;
}
