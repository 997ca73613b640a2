import { readU16, readU32, writeU16 } from '../core/bytes.ts';
import { type Counters, DecodeError, RtcError } from '../core/index.ts';
import { DEFAULT_RTCP_LIMITS, type RtcpLimits } from './config.ts';
import { type CongestionFeedback, decodeCongestionFeedback, encodeCongestionFeedback } from './congestion-feedback.ts';
import { MAX_COUNT, MAX_PACKET_TYPE, MIN_PACKET_TYPE, PayloadFeedbackFormat, RTCP_HEADER_BYTES, RTCP_VERSION, RtcpType, TransportFeedbackFormat } from './constants.ts';
import {
  type ApplicationPacket,
  decodeApplicationPacket,
  decodeGoodbye,
  decodeSourceDescription,
  encodeApplicationPacket,
  encodeGoodbye,
  encodeSourceDescription,
  type Goodbye,
  type SourceDescription,
} from './description.ts';
import { decodeExtendedReport, encodeExtendedReport, type ExtendedReport } from './extended-report.ts';
import {
  decodeFullIntraRequest,
  decodeNack,
  decodePictureLoss,
  decodeReceiverEstimate,
  encodeFullIntraRequest,
  encodeNack,
  encodePictureLoss,
  encodeReceiverEstimate,
  type FullIntraRequest,
  type GenericNack,
  isReceiverEstimate,
  type PictureLossIndication,
  type ReceiverEstimate,
} from './feedback.ts';
import {
  decodeReceiverReport,
  decodeSenderReport,
  encodeReceiverReport,
  encodeSenderReport,
  type ReceiverReport,
  type SenderReport,
} from './report.ts';
import { checkWhole, type RtcpBody, type RtcpSlice } from './slice.ts';
import { decodeTransportFeedback, encodeTransportFeedback, type TransportFeedback } from './transport-feedback.ts';

/** A packet of a type or format that this room does not know; it passes through as it is. */
export interface OtherPacket {
  readonly type: 'other';
  readonly packetType: number;
  /** The 5-bit count, format or subtype. */
  readonly count: number;
  /** What follows the common header, without padding; a multiple of 4 bytes. */
  readonly body: Uint8Array;
}

/** Any RTCP packet; its `type` says which. */
export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | ApplicationPacket
  | ExtendedReport
  | GenericNack
  | PictureLossIndication
  | FullIntraRequest
  | ReceiverEstimate
  | TransportFeedback
  | CongestionFeedback
  | OtherPacket;

/** How {@link decodeRtcp} reads. */
export interface RtcpDecodeOptions {
  /** Whether a datagram may begin with another packet than a report (RFC 5506). Default true. */
  readonly reducedSize?: boolean;
  readonly limits?: RtcpLimits;
}

/** How {@link encodeRtcp} lays a datagram out. */
export interface RtcpLayout {
  /** Free bytes before the packets in their buffer. Default 0. */
  readonly headroomBytes?: number;
  /** Free bytes behind them, as SRTCP wants for its index and tag. Default 0. */
  readonly tailroomBytes?: number;
}

/** Whether a datagram looks like RTCP where it shares a port with RTP (RFC 5761 4). No proof of anything. */
export function isRtcp(bytes: Uint8Array): boolean {
  if (bytes.length < RTCP_HEADER_BYTES || (bytes[0] as number) >> 6 !== RTCP_VERSION) return false;
  const type = bytes[1] as number;
  return type >= MIN_PACKET_TYPE && type <= MAX_PACKET_TYPE;
}

/** The SSRC that sent a datagram, which stands in the clear under SRTCP; the datagram must have at least 8 bytes. */
export function peekSenderSsrc(bytes: Uint8Array): number {
  return readU32(bytes, 4);
}

/**
 * Takes a datagram apart, without a look into the packets. Throws {@link DecodeError} unless every packet has version 2 and a
 * type of RTCP, the lengths add up to the datagram, and the first packet may come first (RFC 3550 A.2, RFC 5506 3.4).
 */
export function splitRtcp(bytes: Uint8Array, options: RtcpDecodeOptions = {}): RtcpSlice[] {
  const { reducedSize = true, limits = DEFAULT_RTCP_LIMITS } = options;
  const slices: RtcpSlice[] = [];
  if (bytes.length === 0) throw new DecodeError('rtcp.header', 'empty');
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < RTCP_HEADER_BYTES) throw new DecodeError('rtcp.header', 'packet past the end');
    const first = bytes[at] as number;
    const packetType = bytes[at + 1] as number;
    const start = at + RTCP_HEADER_BYTES;
    const packetEnd = start + 4 * readU16(bytes, at + 2);
    if (first >> 6 !== RTCP_VERSION) throw new DecodeError('rtcp.header', 'not version 2');
    if (packetType < MIN_PACKET_TYPE || packetType > MAX_PACKET_TYPE) throw new DecodeError('rtcp.header', `packet type ${packetType}`);
    if (packetEnd > bytes.length) throw new DecodeError('rtcp.header', 'packet past the end');
    if (slices.length === limits.maxCompoundPackets) throw new DecodeError('rtcp.header', 'too many packets');
    const end = (first & 0x20) === 0 ? packetEnd : paddingStart(bytes, start, packetEnd);
    // Whole words (RFC 3550 6.4.1), but transport-wide feedback pads its deltas with less, and finds their end itself.
    const isFeedback = packetType === RtcpType.transportFeedback && (first & 0x1f) === TransportFeedbackFormat.transportWide;
    if ((end & 3) !== (packetEnd & 3) && !isFeedback) throw new DecodeError('rtcp.padding', 'padding of broken words');
    slices.push({ packetType, count: first & 0x1f, start, end, packetEnd });
    at = packetEnd;
  }
  const type = slices[0]?.packetType;
  if (!reducedSize && type !== RtcpType.sr && type !== RtcpType.rr) throw new DecodeError('rtcp.header', `compound that begins with ${type}`);
  return slices;
}

/** Where the padding of a packet starts, whose last byte counts it (RFC 3550 6.4.1). */
function paddingStart(bytes: Uint8Array, start: number, packetEnd: number): number {
  const count = packetEnd > start ? (bytes[packetEnd - 1] as number) : 0;
  if (count === 0 || count > packetEnd - start) throw new DecodeError('rtcp.padding', `${count} bytes of padding`);
  return packetEnd - count;
}

/** Decodes one packet of a datagram. Throws {@link DecodeError}. */
export function decodeRtcpPacket(bytes: Uint8Array, slice: RtcpSlice, limits: RtcpLimits = DEFAULT_RTCP_LIMITS): RtcpPacket {
  switch (slice.packetType) {
    case RtcpType.sr:
      return decodeSenderReport(bytes, slice);
    case RtcpType.rr:
      return decodeReceiverReport(bytes, slice);
    case RtcpType.sdes:
      return decodeSourceDescription(bytes, slice, limits);
    case RtcpType.bye:
      return decodeGoodbye(bytes, slice);
    case RtcpType.app:
      return decodeApplicationPacket(bytes, slice);
    case RtcpType.xr:
      return decodeExtendedReport(bytes, slice, limits);
    case RtcpType.transportFeedback:
      return decodeTransportLayer(bytes, slice, limits);
    case RtcpType.payloadFeedback:
      return decodePayloadSpecific(bytes, slice, limits);
    default:
      return other(bytes, slice);
  }
}

function decodeTransportLayer(bytes: Uint8Array, slice: RtcpSlice, limits: RtcpLimits): RtcpPacket {
  switch (slice.count) {
    case TransportFeedbackFormat.nack:
      return decodeNack(bytes, slice, limits);
    case TransportFeedbackFormat.congestionControl:
      return decodeCongestionFeedback(bytes, slice, limits);
    case TransportFeedbackFormat.transportWide:
      return decodeTransportFeedback(bytes, slice, limits);
    default:
      return other(bytes, slice);
  }
}

function decodePayloadSpecific(bytes: Uint8Array, slice: RtcpSlice, limits: RtcpLimits): RtcpPacket {
  switch (slice.count) {
    case PayloadFeedbackFormat.pli:
      return decodePictureLoss(bytes, slice);
    case PayloadFeedbackFormat.fir:
      return decodeFullIntraRequest(bytes, slice, limits);
    case PayloadFeedbackFormat.application:
      return isReceiverEstimate(bytes, slice) ? decodeReceiverEstimate(bytes, slice) : other(bytes, slice);
    default:
      return other(bytes, slice);
  }
}

function other(bytes: Uint8Array, { packetType, count, start, end }: RtcpSlice): OtherPacket {
  return { type: 'other', packetType, count, body: bytes.subarray(start, end) };
}

/** Decodes all packets of a datagram that is not encrypted. Throws {@link DecodeError} when any of them is malformed. */
export function decodeRtcp(bytes: Uint8Array, options: RtcpDecodeOptions = {}): RtcpPacket[] {
  return splitRtcp(bytes, options).map((slice) => decodeRtcpPacket(bytes, slice, options.limits));
}

/**
 * Decodes what can be decoded: nothing of a datagram that does not add up, otherwise all packets but the malformed ones.
 * Never throws; what is left out is counted by what was wrong, as in `rtcp.header` and `rtcp.nack`.
 */
export function readRtcp(bytes: Uint8Array, counters: Counters, options: RtcpDecodeOptions = {}): RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  let slices: RtcpSlice[];
  try {
    slices = splitRtcp(bytes, options);
  } catch (error) {
    countMalformed(error, counters);
    return packets;
  }
  for (const slice of slices) {
    try {
      packets.push(decodeRtcpPacket(bytes, slice, options.limits));
    } catch (error) {
      countMalformed(error, counters);
    }
  }
  return packets;
}

function countMalformed(error: unknown, counters: Counters): void {
  if (!(error instanceof DecodeError)) throw error;
  counters.add(error.what);
}

/**
 * Encodes packets into one datagram, as a view in a buffer of its own with the room around it that `layout` asks for. Throws
 * {@link RtcError} `ERR_INVALID_ARGUMENT` for what has no form. In which order the packets go is the caller's to know.
 */
export function encodeRtcp(packets: readonly RtcpPacket[], layout: RtcpLayout = {}): Uint8Array {
  const { headroomBytes = 0, tailroomBytes = 0 } = layout;
  const bodies = packets.map(encodeBody);
  let size = 0;
  for (const { body } of bodies) size += RTCP_HEADER_BYTES + body.length;
  const bytes = new Uint8Array(headroomBytes + size + tailroomBytes).subarray(headroomBytes, headroomBytes + size);
  let at = 0;
  for (const { packetType, count, body } of bodies) {
    const words = body.length / 4;
    if (!Number.isInteger(words) || words > 0xffff) throw new RtcError('ERR_INVALID_ARGUMENT', `RTCP packet of ${body.length} bytes`);
    bytes[at] = (RTCP_VERSION << 6) | count;
    bytes[at + 1] = packetType;
    writeU16(bytes, at + 2, words);
    bytes.set(body, at + RTCP_HEADER_BYTES);
    at += RTCP_HEADER_BYTES + body.length;
  }
  return bytes;
}

function encodeBody(packet: RtcpPacket): RtcpBody {
  switch (packet.type) {
    case 'sr':
      return encodeSenderReport(packet);
    case 'rr':
      return encodeReceiverReport(packet);
    case 'sdes':
      return encodeSourceDescription(packet);
    case 'bye':
      return encodeGoodbye(packet);
    case 'app':
      return encodeApplicationPacket(packet);
    case 'xr':
      return encodeExtendedReport(packet);
    case 'nack':
      return encodeNack(packet);
    case 'pli':
      return encodePictureLoss(packet);
    case 'fir':
      return encodeFullIntraRequest(packet);
    case 'remb':
      return encodeReceiverEstimate(packet);
    case 'transport-feedback':
      return encodeTransportFeedback(packet);
    case 'congestion-feedback':
      return encodeCongestionFeedback(packet);
    case 'other':
      checkWhole('packet type', packet.packetType, MIN_PACKET_TYPE, MAX_PACKET_TYPE);
      checkWhole('count', packet.count, 0, MAX_COUNT);
      return packet;
    default:
      return packet satisfies never;
  }
}
