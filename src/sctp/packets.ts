import { readU16, readU32, writeU16 } from '../core/bytes.ts';
import { DecodeError, Writer } from '../core/index.ts';
import { CHUNK_HEADER_BYTES, ChunkType, COMMON_HEADER_BYTES, ErrorCause, ResetParameter } from './constants.ts';
import { crc32c, CRC32C_START, updateCrc32c } from './crc32c.ts';

/** One chunk of a packet: its value lies at `[start, end)` of the packet's bytes. */
export interface Chunk {
  readonly type: number;
  readonly flags: number;
  readonly start: number;
  readonly end: number;
}

/** A packet taken apart (RFC 9260 3). The checksum is not judged here: see {@link checksumOf}. */
export interface Packet {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly verificationTag: number;
  readonly checksum: number;
  readonly chunks: readonly Chunk[];
}

const ZEROS = new Uint8Array(4);

/** The length of a chunk rounded up to whole words (RFC 9260 3.2). */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

/** The checksum that a packet should bear: CRC32c with the checksum field taken as zero (RFC 9260 6.8). */
export function checksumOf(packet: Uint8Array): number {
  let register = updateCrc32c(CRC32C_START, packet, 0, 8);
  register = updateCrc32c(register, ZEROS, 0, 4);
  return ~updateCrc32c(register, packet, 12, packet.length) >>> 0;
}

/** The checksum that a packet bears. It goes least significant byte first (RFC 9260 appendix A). */
export function readChecksum(packet: Uint8Array): number {
  return (
    ((packet[8] as number) | ((packet[9] as number) << 8) | ((packet[10] as number) << 16) | ((packet[11] as number) << 24)) >>> 0
  );
}

/** Fills in the checksum of a packet whose checksum field is still zero. */
export function writeChecksum(packet: Uint8Array): void {
  const crc = crc32c(packet);
  packet[8] = crc;
  packet[9] = crc >>> 8;
  packet[10] = crc >>> 16;
  packet[11] = crc >>> 24;
}

/**
 * Throws {@link DecodeError} unless the packet is a header and whole chunks up to its end (RFC 9260 3.2). The padding
 * of the last chunk may be missing.
 */
export function checkChunks(packet: Uint8Array): void {
  const end = packet.length;
  if (end < COMMON_HEADER_BYTES + CHUNK_HEADER_BYTES) throw new DecodeError('sctp.packet', `${end} bytes`);
  let at = COMMON_HEADER_BYTES;
  while (at < end) {
    if (end - at < CHUNK_HEADER_BYTES) throw new DecodeError('sctp.packet', 'bytes after the last chunk');
    const length = readU16(packet, at + 2);
    if (length < CHUNK_HEADER_BYTES || length > end - at) throw new DecodeError('sctp.packet', `chunk of ${length} bytes`);
    at += padded(length);
  }
}

/** Takes a packet apart. Throws {@link DecodeError} when its chunks do not add up. */
export function decodePacket(packet: Uint8Array): Packet {
  checkChunks(packet);
  const chunks: Chunk[] = [];
  for (let at = COMMON_HEADER_BYTES; at < packet.length; ) {
    const length = readU16(packet, at + 2);
    chunks.push({ type: packet[at] as number, flags: packet[at + 1] as number, start: at + CHUNK_HEADER_BYTES, end: at + length });
    at += padded(length);
  }
  return {
    sourcePort: readU16(packet, 0),
    destinationPort: readU16(packet, 2),
    verificationTag: readU32(packet, 4),
    checksum: readChecksum(packet),
    chunks,
  };
}

/** A chunk with its header and zero padding. */
export function encodeChunk(type: number, flags: number, value: Uint8Array): Uint8Array {
  const length = CHUNK_HEADER_BYTES + value.length;
  const chunk = new Uint8Array(padded(length));
  chunk[0] = type;
  chunk[1] = flags;
  writeU16(chunk, 2, length);
  chunk.set(value, CHUNK_HEADER_BYTES);
  return chunk;
}

/** An ERROR or ABORT chunk with one cause (RFC 9260 3.3.7, 3.3.10). */
export function encodeErrorChunk(type: number, cause: number, info: Uint8Array, flags = 0): Uint8Array {
  const value = new Uint8Array(4 + info.length);
  writeU16(value, 0, cause);
  writeU16(value, 2, 4 + info.length);
  value.set(info, 4);
  return encodeChunk(type, flags, value);
}

/** The causes of an ERROR or ABORT chunk. Throws {@link DecodeError} when they do not add up. */
export function decodeErrorCauses(bytes: Uint8Array, start: number, end: number): readonly { code: number; info: Uint8Array }[] {
  const causes: { code: number; info: Uint8Array }[] = [];
  for (let at = start; at < end; ) {
    const length = parameterLength(bytes, at, end, 'sctp.error');
    causes.push({ code: readU16(bytes, at), info: bytes.subarray(at + 4, at + length) });
    at += padded(length);
  }
  return causes;
}

/** The length of the parameter at `at`; throws {@link DecodeError} when it cannot be (RFC 9260 3.2.1). */
export function parameterLength(bytes: Uint8Array, at: number, end: number, what: string): number {
  if (end - at < 4) throw new DecodeError(what, 'bytes after the last parameter');
  const length = readU16(bytes, at + 2);
  if (length < 4 || length > end - at) throw new DecodeError(what, `parameter of ${length} bytes`);
  return length;
}

/**
 * Throws {@link DecodeError} unless `[start, end)` is the value of a SACK whose gap blocks are in order and do not
 * overlap (RFC 9260 3.3.4). That bounds the work on it by what is outstanding, however many blocks it has.
 */
export function checkSack(bytes: Uint8Array, start: number, end: number): void {
  if (end - start < 12) throw new DecodeError('sctp.sack', 'too short');
  const gaps = readU16(bytes, start + 8);
  const duplicates = readU16(bytes, start + 10);
  if (end - start < 12 + 4 * (gaps + duplicates)) throw new DecodeError('sctp.sack', `${gaps} blocks and ${duplicates} duplicates do not fit`);
  let last = 0;
  for (let i = 0, at = start + 12; i < gaps; i++, at += 4) {
    const from = readU16(bytes, at);
    const to = readU16(bytes, at + 2);
    if (from <= last || to < from) throw new DecodeError('sctp.sack', 'gap blocks out of order');
    last = to;
  }
}

/** A FORWARD TSN (RFC 3758 3.2): pairs of stream id and stream sequence number, one after the other. */
export interface ForwardTsn {
  readonly cumulativeTsn: number;
  readonly skipped: Uint16Array;
}

/** Throws {@link DecodeError}. */
export function decodeForwardTsn(bytes: Uint8Array, start: number, end: number): ForwardTsn {
  if (end - start < 4 || (end - start) % 4 !== 0) throw new DecodeError('sctp.forward-tsn', `${end - start} bytes`);
  const skipped = new Uint16Array((end - start - 4) >> 1);
  for (let i = 0; i < skipped.length; i++) skipped[i] = readU16(bytes, start + 4 + 2 * i);
  return { cumulativeTsn: readU32(bytes, start), skipped };
}

/** @param skipped - the last sequence number that is skipped, by stream */
export function encodeForwardTsn(cumulativeTsn: number, skipped: ReadonlyMap<number, number>): Uint8Array {
  const writer = new Writer(4 + 4 * skipped.size).u32(cumulativeTsn);
  for (const [streamId, ssn] of skipped) writer.u16(streamId).u16(ssn);
  return encodeChunk(ChunkType.FORWARD_TSN, 0, writer.finish());
}

/** An I-FORWARD-TSN (RFC 8260 2.3.1): the last message that is skipped, by stream and order. */
export interface IForwardTsn {
  readonly cumulativeTsn: number;
  readonly skipped: readonly { readonly streamId: number; readonly unordered: boolean; readonly mid: number }[];
}

/** Throws {@link DecodeError}. */
export function decodeIForwardTsn(bytes: Uint8Array, start: number, end: number): IForwardTsn {
  if (end - start < 4 || (end - start) % 8 !== 4) throw new DecodeError('sctp.i-forward-tsn', `${end - start} bytes`);
  const skipped: { streamId: number; unordered: boolean; mid: number }[] = [];
  for (let at = start + 4; at < end; at += 8) {
    skipped.push({ streamId: readU16(bytes, at), unordered: (readU16(bytes, at + 2) & 1) !== 0, mid: readU32(bytes, at + 4) });
  }
  return { cumulativeTsn: readU32(bytes, start), skipped };
}

/** @param skipped - message identifiers by twice the stream's id, plus one for unordered messages */
export function encodeIForwardTsn(cumulativeTsn: number, skipped: ReadonlyMap<number, number>): Uint8Array {
  const writer = new Writer(4 + 8 * skipped.size).u32(cumulativeTsn);
  for (const [key, mid] of skipped) writer.u16(key >> 1).u16(key & 1).u32(mid);
  return encodeChunk(ChunkType.I_FORWARD_TSN, 0, writer.finish());
}

/** One parameter of a RE-CONFIG (RFC 6525 4). */
export type ResetParam =
  | {
      readonly type: 'outgoing';
      readonly sequence: number;
      readonly responseSequence: number;
      readonly lastTsn: number;
      /** Empty means all streams. */
      readonly streamIds: readonly number[];
    }
  | { readonly type: 'response'; readonly sequence: number; readonly result: number }
  /** A request that we do not grant: to reset our side, to reset all numbers, to add streams. */
  | { readonly type: 'other'; readonly sequence: number };

/** Throws {@link DecodeError}. A chunk holds one or two parameters (RFC 6525 3.1). */
export function decodeReconfig(bytes: Uint8Array, start: number, end: number): readonly ResetParam[] {
  const params: ResetParam[] = [];
  for (let at = start; at < end; ) {
    const length = parameterLength(bytes, at, end, 'sctp.reconfig');
    if (params.length === 2) throw new DecodeError('sctp.reconfig', 'more than two parameters');
    params.push(decodeResetParam(bytes, at, length));
    at += padded(length);
  }
  if (params.length === 0) throw new DecodeError('sctp.reconfig', 'no parameter');
  return params;
}

function decodeResetParam(bytes: Uint8Array, at: number, length: number): ResetParam {
  const type = readU16(bytes, at);
  const least = type === ResetParameter.OUTGOING ? 16 : type === ResetParameter.RESPONSE ? 12 : 8;
  if (length < least) throw new DecodeError('sctp.reconfig', `parameter ${type} of ${length} bytes`);
  const sequence = readU32(bytes, at + 4);
  switch (type) {
    case ResetParameter.OUTGOING: {
      const streamIds: number[] = [];
      for (let i = at + 16; i + 2 <= at + length; i += 2) streamIds.push(readU16(bytes, i));
      return { type: 'outgoing', sequence, responseSequence: readU32(bytes, at + 8), lastTsn: readU32(bytes, at + 12), streamIds };
    }
    case ResetParameter.RESPONSE:
      return { type: 'response', sequence, result: readU32(bytes, at + 8) };
    case ResetParameter.INCOMING:
    case ResetParameter.SSN_TSN:
    case ResetParameter.ADD_OUTGOING:
    case ResetParameter.ADD_INCOMING:
      return { type: 'other', sequence };
    default:
      throw new DecodeError('sctp.reconfig', `parameter ${type}`);
  }
}

/** A request to reset streams of ours (RFC 6525 4.1). */
export function encodeOutgoingReset(sequence: number, responseSequence: number, lastTsn: number, streamIds: readonly number[]): Uint8Array {
  const writer = new Writer(20 + 2 * streamIds.length);
  writer.u16(ResetParameter.OUTGOING).u16(16 + 2 * streamIds.length).u32(sequence).u32(responseSequence).u32(lastTsn);
  for (const id of streamIds) writer.u16(id);
  return encodeChunk(ChunkType.RE_CONFIG, 0, writer.finish());
}

/** The answer to a request (RFC 6525 4.4). */
export function encodeResetResponse(sequence: number, result: number): Uint8Array {
  const writer = new Writer(12).u16(ResetParameter.RESPONSE).u16(12).u32(sequence).u32(result);
  return encodeChunk(ChunkType.RE_CONFIG, 0, writer.finish());
}

/** The info of a cause that quotes a stream id (RFC 9260 3.3.10.1). */
export function encodeInvalidStream(streamId: number): Uint8Array {
  const info = new Uint8Array(4);
  writeU16(info, 0, streamId);
  return encodeErrorChunk(ChunkType.ERROR, ErrorCause.INVALID_STREAM, info);
}
