import { readU16, readU32, writeU16, writeU32 } from '../core/bytes.ts';
import { DecodeError, RtcError } from '../core/index.ts';
import { EXTENSION_HEADER_BYTES, FIXED_HEADER_BYTES, MAX_CSRCS, MAX_PADDING_BYTES, MAX_PAYLOAD_TYPE, RTP_VERSION } from './constants.ts';
import { type ExtensionElement, type ExtensionForm, extensionBlock, extensionElements, writeExtensionBlock } from './elements.ts';
import { RtpHeader } from './header.ts';

const FITS = '';

/**
 * Whether a datagram looks like RTP: version 2, a whole fixed header, and no RTCP packet type in the second byte when both
 * share a port (RFC 5761 4). No proof of anything.
 */
export function isRtp(bytes: Uint8Array): boolean {
  if (bytes.length < FIXED_HEADER_BYTES || (bytes[0] as number) >> 6 !== RTP_VERSION) return false;
  const second = bytes[1] as number;
  return second < 192 || second > 223;
}

/**
 * Reads the header of a packet into `header`; false when it cannot be one, and then `header` says nothing. Never throws and
 * never allocates.
 *
 * Padding is left alone, as under SRTP it can be seen only after decryption: see {@link readPadding}.
 */
export function readHeader(bytes: Uint8Array, header: RtpHeader): boolean {
  return scanHeader(bytes, header) === FITS;
}

/** Takes the padding off `header.payloadEnd` (RFC 3550 5.1); false when it cannot be. `header` must be that of `bytes`. */
export function readPadding(bytes: Uint8Array, header: RtpHeader): boolean {
  const end = bytes.length;
  header.payloadEnd = end;
  if (!header.hasPadding) return true;
  // Without payload there is no count, and the byte before the payload belongs to the header.
  const count = end > header.payloadStart ? (bytes[end - 1] as number) : 0;
  if (count === 0 || count > end - header.payloadStart) return false;
  header.payloadEnd = end - count;
  return true;
}

/**
 * Decodes the header and padding of a packet that is not encrypted, into `header` if one is given. Throws {@link DecodeError}.
 *
 * @example
 * const header = new RtpHeader();
 * for (const bytes of packets) count(decodeRtp(bytes, header).ssrc, header.payloadEnd - header.payloadStart);
 */
export function decodeRtp(bytes: Uint8Array, header: RtpHeader = new RtpHeader()): RtpHeader {
  const problem = scanHeader(bytes, header);
  if (problem !== FITS) throw new DecodeError('rtp.header', problem);
  if (!readPadding(bytes, header)) throw new DecodeError('rtp.padding', 'padding that does not fit');
  return header;
}

function scanHeader(bytes: Uint8Array, header: RtpHeader): string {
  const end = bytes.length;
  if (end < FIXED_HEADER_BYTES) return 'shorter than a header';
  const first = bytes[0] as number;
  if (first >> 6 !== RTP_VERSION) return 'not version 2';
  const second = bytes[1] as number;
  const csrcCount = first & 0x0f;
  let at = FIXED_HEADER_BYTES + 4 * csrcCount;
  if (at > end) return 'sources past the end';
  header.extensionProfile = -1;
  if ((first & 0x10) === 0) {
    header.extensionStart = at;
    header.extensionEnd = at;
  } else {
    const start = at + EXTENSION_HEADER_BYTES;
    if (start > end) return 'no room for the extension';
    const stop = start + 4 * readU16(bytes, at + 2);
    if (stop > end) return 'extension past the end';
    header.extensionProfile = readU16(bytes, at);
    header.extensionStart = start;
    header.extensionEnd = stop;
    at = stop;
  }
  header.marker = second >= 0x80;
  header.payloadType = second & 0x7f;
  header.sequenceNumber = readU16(bytes, 2);
  header.timestamp = readU32(bytes, 4);
  header.ssrc = readU32(bytes, 8);
  header.csrcCount = csrcCount;
  header.payloadStart = at;
  header.payloadEnd = end;
  header.hasPadding = (first & 0x20) !== 0;
  return FITS;
}

// Single fields, for whoever needs no more. The packet must be one that isRtp() or a decoder let pass.

/** Reads the marker bit of a packet that was found to be RTP (RFC 3550 5.1). */
export function peekMarker(bytes: Uint8Array): boolean {
  return (bytes[1] as number) >= 0x80;
}

/** Reads the payload type of a packet that was found to be RTP (RFC 3550 5.1). */
export function peekPayloadType(bytes: Uint8Array): number {
  return (bytes[1] as number) & 0x7f;
}

/** Reads the sequence number of a packet that was found to be RTP (RFC 3550 5.1). */
export function peekSequenceNumber(bytes: Uint8Array): number {
  return readU16(bytes, 2);
}

/** Reads the timestamp of a packet that was found to be RTP, in ticks of the codec's clock (RFC 3550 5.1). */
export function peekTimestamp(bytes: Uint8Array): number {
  return readU32(bytes, 4);
}

/** Reads the SSRC of a packet that was found to be RTP (RFC 3550 5.1). */
export function peekSsrc(bytes: Uint8Array): number {
  return readU32(bytes, 8);
}

/** A contributing source of a decoded packet (RFC 3550 5.1); `index` is below `header.csrcCount`. */
export function csrcAt(bytes: Uint8Array, index: number): number {
  return readU32(bytes, FIXED_HEADER_BYTES + 4 * index);
}

// The same fields rewritten in place, as a forwarder does.

/** Writes the marker bit of a packet in place (RFC 3550 5.1). */
export function setMarker(bytes: Uint8Array, marker: boolean): void {
  bytes[1] = ((bytes[1] as number) & 0x7f) | (marker ? 0x80 : 0);
}

/** Writes the payload type of a packet in place (RFC 3550 5.1). */
export function setPayloadType(bytes: Uint8Array, payloadType: number): void {
  bytes[1] = ((bytes[1] as number) & 0x80) | (payloadType & 0x7f);
}

/** Writes the sequence number of a packet in place (RFC 3550 5.1). */
export function setSequenceNumber(bytes: Uint8Array, sequenceNumber: number): void {
  writeU16(bytes, 2, sequenceNumber);
}

/** Writes the timestamp of a packet in place, in ticks of the codec's clock (RFC 3550 5.1). */
export function setTimestamp(bytes: Uint8Array, timestamp: number): void {
  writeU32(bytes, 4, timestamp);
}

/** Writes the SSRC of a packet in place (RFC 3550 5.1). */
export function setSsrc(bytes: Uint8Array, ssrc: number): void {
  writeU32(bytes, 8, ssrc);
}

/** What {@link encodeRtp} writes. */
export interface RtpPacketInit {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** Default false. */
  readonly marker?: boolean;
  /** At most {@link MAX_CSRCS}. */
  readonly csrcs?: readonly number[];
  /** Elements of the extension block, in order. */
  readonly extensions?: readonly ExtensionElement[];
  readonly payload: Uint8Array;
  /** Bytes of padding with the count in the last of them, up to {@link MAX_PADDING_BYTES}. Default 0: no padding. */
  readonly paddingBytes?: number;
}

/** How {@link encodeRtp} lays a packet out. */
export interface RtpLayout {
  /** Free bytes before the packet in its buffer. Default 0. */
  readonly headroomBytes?: number;
  /** Free bytes behind the packet, as SRTP wants for its tag. Default 0. */
  readonly tailroomBytes?: number;
  /** Which element headers may be used. Default `auto`: two bytes where one does not do. */
  readonly extensionForm?: ExtensionForm;
}

/**
 * Encodes a packet, as a view in a buffer of its own with the room around it that `layout` asks for, all of it zero.
 * Throws {@link RtcError} `ERR_INVALID_ARGUMENT` for a payload type, source count, padding or element that does not fit.
 */
export function encodeRtp(packet: RtpPacketInit, layout: RtpLayout = {}): Uint8Array {
  const { csrcs = [], extensions = [], payload, paddingBytes = 0 } = packet;
  const { headroomBytes = 0, tailroomBytes = 0, extensionForm = 'auto' } = layout;
  checkInit(packet.payloadType, csrcs.length, paddingBytes);
  const block = extensionBlock(extensions, extensionForm);
  const blockAt = FIXED_HEADER_BYTES + 4 * csrcs.length;
  const payloadAt = blockAt + block.sizeBytes;
  const size = payloadAt + payload.length + paddingBytes;
  const bytes = new Uint8Array(headroomBytes + size + tailroomBytes).subarray(headroomBytes, headroomBytes + size);
  bytes[0] = (RTP_VERSION << 6) | (paddingBytes > 0 ? 0x20 : 0) | (block.sizeBytes > 0 ? 0x10 : 0) | csrcs.length;
  bytes[1] = packet.payloadType | (packet.marker === true ? 0x80 : 0);
  writeU16(bytes, 2, packet.sequenceNumber);
  writeU32(bytes, 4, packet.timestamp);
  writeU32(bytes, 8, packet.ssrc);
  for (let i = 0; i < csrcs.length; i++) writeU32(bytes, FIXED_HEADER_BYTES + 4 * i, csrcs[i] as number);
  if (block.sizeBytes > 0) writeExtensionBlock(bytes, blockAt, extensions, block);
  bytes.set(payload, payloadAt);
  if (paddingBytes > 0) bytes[size - 1] = paddingBytes;
  return bytes;
}

/**
 * A copy of a decoded packet with some parts exchanged, as for a stream of another SSRC, another set of extensions or a
 * retransmission. What `changes` leaves out stays as it is, padding included. Throws as {@link encodeRtp} does.
 */
export function rewriteRtp(bytes: Uint8Array, header: RtpHeader, changes: Partial<RtpPacketInit>, layout: RtpLayout = {}): Uint8Array {
  const init: RtpPacketInit = {
    payloadType: header.payloadType,
    sequenceNumber: header.sequenceNumber,
    timestamp: header.timestamp,
    ssrc: header.ssrc,
    marker: header.marker,
    csrcs: changes.csrcs ?? Array.from({ length: header.csrcCount }, (_, i) => csrcAt(bytes, i)),
    extensions: changes.extensions ?? extensionElements(bytes, header),
    payload: bytes.subarray(header.payloadStart, header.payloadEnd),
    paddingBytes: bytes.length - header.payloadEnd,
  };
  return encodeRtp({ ...init, ...changes }, layout);
}

function checkInit(payloadType: number, csrcCount: number, paddingBytes: number): void {
  if (!(payloadType >= 0 && payloadType <= MAX_PAYLOAD_TYPE)) throw new RtcError('ERR_INVALID_ARGUMENT', `payload type ${payloadType}`);
  if (csrcCount > MAX_CSRCS) throw new RtcError('ERR_INVALID_ARGUMENT', `${csrcCount} contributing sources`);
  if (!(paddingBytes >= 0 && paddingBytes <= MAX_PADDING_BYTES)) throw new RtcError('ERR_INVALID_ARGUMENT', `${paddingBytes} bytes of padding`);
}
