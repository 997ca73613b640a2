import { decodeUtf8, DecodeError, encodeUtf8, Reader, Writer } from '../core/index.ts';
import {
  CHANNEL_LIFETIME,
  CHANNEL_MAX_RETRANSMITS,
  CHANNEL_RELIABLE,
  CHANNEL_UNORDERED,
  DcepType,
  MAX_INBOUND_LABEL_BYTES,
  OPEN_HEADER_BYTES,
} from './constants.ts';

/** What DATA_CHANNEL_OPEN says of a channel (RFC 8832 5.1). */
export interface OpenMessage {
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTimeMs: number | undefined;
  readonly priority: number;
  readonly label: string;
  readonly protocol: string;
}

/** A message of the establishment protocol (RFC 8832 5). */
export type DcepMessage = { readonly type: 'open'; readonly open: OpenMessage } | { readonly type: 'ack' };

/** Throws {@link DecodeError}. */
export function decodeDcep(bytes: Uint8Array): DcepMessage {
  const reader = new Reader(bytes, 'datachannel.dcep');
  const type = reader.u8();
  if (type === DcepType.ACK) return { type: 'ack' };
  if (type !== DcepType.OPEN) throw new DecodeError('datachannel.dcep', `type ${type}`);
  const channelType = reader.u8();
  const priority = reader.u16();
  const reliability = reader.u32();
  const labelBytes = reader.u16();
  const protocolBytes = reader.u16();
  if (labelBytes > MAX_INBOUND_LABEL_BYTES || protocolBytes > MAX_INBOUND_LABEL_BYTES) throw new DecodeError('datachannel.dcep', 'label or protocol too long');
  const label = decodeUtf8(reader.view(labelBytes));
  const protocol = decodeUtf8(reader.view(protocolBytes));
  reader.done();
  if (label === undefined || protocol === undefined) throw new DecodeError('datachannel.dcep', 'label or protocol is not UTF-8');
  const kind = channelType & 0x7f;
  if (kind > CHANNEL_LIFETIME) throw new DecodeError('datachannel.dcep', `channel type ${channelType}`);
  const open: OpenMessage = {
    ordered: (channelType & CHANNEL_UNORDERED) === 0,
    maxRetransmits: kind === CHANNEL_MAX_RETRANSMITS ? reliability : undefined,
    maxPacketLifeTimeMs: kind === CHANNEL_LIFETIME ? reliability : undefined,
    priority,
    label,
    protocol,
  };
  return { type: 'open', open };
}

/** DATA_CHANNEL_OPEN (RFC 8832 5.1). */
export function encodeOpen(open: OpenMessage): Uint8Array {
  const label = encodeUtf8(open.label);
  const protocol = encodeUtf8(open.protocol);
  const kind = open.maxRetransmits !== undefined ? CHANNEL_MAX_RETRANSMITS : open.maxPacketLifeTimeMs !== undefined ? CHANNEL_LIFETIME : CHANNEL_RELIABLE;
  return new Writer(OPEN_HEADER_BYTES + label.length + protocol.length)
    .u8(DcepType.OPEN)
    .u8(kind | (open.ordered ? 0 : CHANNEL_UNORDERED))
    .u16(open.priority)
    .u32(open.maxRetransmits ?? open.maxPacketLifeTimeMs ?? 0)
    .u16(label.length)
    .u16(protocol.length)
    .append(label)
    .append(protocol)
    .finish();
}

/** DATA_CHANNEL_ACK (RFC 8832 5.2). */
export function encodeAck(): Uint8Array {
  return Uint8Array.of(DcepType.ACK);
}
