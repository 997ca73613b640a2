import { readU32 } from '../core/bytes.ts';
import { DecodeError, decodeUtf8, decodeUtf8Lenient, encodeUtf8, Writer } from '../core/index.ts';
import type { RtcpLimits } from './config.ts';
import { MAX_COUNT, MAX_TEXT_BYTES, RtcpType, SdesType } from './constants.ts';
import { checkWhole, type RtcpBody, type RtcpSlice } from './slice.ts';

/** One item about a source (RFC 3550 6.5). */
export interface SdesItem {
  /** See {@link SdesType}. */
  readonly type: number;
  /** UTF-8 text as a rule, at most 255 bytes. */
  readonly value: Uint8Array;
}

/** What is said of one source. */
export interface SdesChunk {
  readonly ssrc: number;
  readonly items: readonly SdesItem[];
}

/** A source description (RFC 3550 6.5). */
export interface SourceDescription {
  readonly type: 'sdes';
  /** At most 31. */
  readonly chunks: readonly SdesChunk[];
}

/** A source leaves (RFC 3550 6.6). */
export interface Goodbye {
  readonly type: 'bye';
  /** At most 31. */
  readonly ssrcs: readonly number[];
  /** At most 255 bytes of UTF-8. A reason that is not UTF-8 is left out. */
  readonly reason?: string;
}

/** A packet of an application's own (RFC 3550 6.7). */
export interface ApplicationPacket {
  readonly type: 'app';
  /** 0 to 31. */
  readonly subtype: number;
  readonly ssrc: number;
  /** Four ASCII characters. */
  readonly name: string;
  /** A multiple of 4 bytes. */
  readonly data: Uint8Array;
}

/** The text of an item, or `undefined` when the source has none. What is not UTF-8 becomes U+FFFD. */
export function sdesText(packet: SourceDescription, ssrc: number, type: number = SdesType.cname): string | undefined {
  const item = packet.chunks.find((chunk) => chunk.ssrc === ssrc)?.items.find((candidate) => candidate.type === type);
  return item && decodeUtf8Lenient(item.value);
}

/** A source description that names one source, as every compound packet has (RFC 3550 6.1). */
export function cnameOf(ssrc: number, cname: string): SourceDescription {
  return { type: 'sdes', chunks: [{ ssrc, items: [{ type: SdesType.cname, value: encodeUtf8(cname) }] }] };
}

export function decodeSourceDescription(bytes: Uint8Array, { count, start, end }: RtcpSlice, limits: RtcpLimits): SourceDescription {
  const chunks: SdesChunk[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (end - at < 8) throw new DecodeError('rtcp.sdes', 'chunk past the end');
    const ssrc = readU32(bytes, at);
    const items: SdesItem[] = [];
    at += 4;
    for (;;) {
      if (at >= end) throw new DecodeError('rtcp.sdes', 'items without an end');
      const type = bytes[at] as number;
      if (type === 0) break;
      const value = at + 2;
      const next = value + (bytes[at + 1] ?? 0);
      if (value > end || next > end) throw new DecodeError('rtcp.sdes', 'item past the end');
      if (items.length === limits.maxSdesItems) throw new DecodeError('rtcp.sdes', 'too many items');
      items.push({ type, value: bytes.subarray(value, next) });
      at = next;
    }
    // One or more zero bytes, up to the next word (RFC 3550 6.5). Words count from the body, which begins with one.
    at = start + ((at - start + 4) & ~3);
    if (at > end) throw new DecodeError('rtcp.sdes', 'chunk past the end');
    chunks.push({ ssrc, items });
  }
  return { type: 'sdes', chunks };
}

export function encodeSourceDescription({ chunks }: SourceDescription): RtcpBody {
  checkWhole('chunks', chunks.length, 0, MAX_COUNT);
  const writer = new Writer();
  for (const { ssrc, items } of chunks) {
    writer.u32(ssrc);
    for (const { type, value } of items) {
      checkWhole('item type', type, 1, 0xff);
      checkWhole('bytes of an item', value.length, 0, MAX_TEXT_BYTES);
      writer.u8(type).u8(value.length).append(value);
    }
    writer.zeros(4 - (writer.length & 3));
  }
  return { packetType: RtcpType.sdes, count: chunks.length, body: writer.finish() };
}

export function decodeGoodbye(bytes: Uint8Array, { count, start, end }: RtcpSlice): Goodbye {
  const reasonAt = start + 4 * count;
  if (reasonAt > end) throw new DecodeError('rtcp.bye', `no room for ${count} sources`);
  const ssrcs: number[] = [];
  for (let at = start; at < reasonAt; at += 4) ssrcs.push(readU32(bytes, at));
  if (reasonAt === end) return { type: 'bye', ssrcs };
  const length = bytes[reasonAt] as number;
  if (reasonAt + 1 + length > end) throw new DecodeError('rtcp.bye', 'reason past the end');
  // Whoever leaves has left, whatever is wrong with the reason.
  const reason = decodeUtf8(bytes.subarray(reasonAt + 1, reasonAt + 1 + length));
  return reason === undefined ? { type: 'bye', ssrcs } : { type: 'bye', ssrcs, reason };
}

export function encodeGoodbye({ ssrcs, reason }: Goodbye): RtcpBody {
  checkWhole('sources', ssrcs.length, 0, MAX_COUNT);
  const writer = new Writer();
  for (const ssrc of ssrcs) writer.u32(ssrc);
  if (reason !== undefined) {
    const text = encodeUtf8(reason);
    checkWhole('bytes of a reason', text.length, 0, MAX_TEXT_BYTES);
    writer.u8(text.length).append(text).zeros(-writer.length & 3);
  }
  return { packetType: RtcpType.bye, count: ssrcs.length, body: writer.finish() };
}

export function decodeApplicationPacket(bytes: Uint8Array, { count, start, end }: RtcpSlice): ApplicationPacket {
  if (end - start < 8) throw new DecodeError('rtcp.app', 'no name');
  let name = '';
  for (let i = 4; i < 8; i++) {
    const code = bytes[start + i] as number;
    if (code >= 0x80) throw new DecodeError('rtcp.app', 'name is not ASCII');
    name += String.fromCharCode(code);
  }
  return { type: 'app', subtype: count, ssrc: readU32(bytes, start), name, data: bytes.subarray(start + 8, end) };
}

export function encodeApplicationPacket({ subtype, ssrc, name, data }: ApplicationPacket): RtcpBody {
  checkWhole('subtype', subtype, 0, MAX_COUNT);
  checkWhole('characters of a name', name.length, 4, 4);
  checkWhole('words of data', data.length / 4, 0, 0xffff);
  const writer = new Writer(8 + data.length).u32(ssrc);
  for (let i = 0; i < 4; i++) {
    checkWhole('ASCII character of a name', name.charCodeAt(i), 0, 0x7f);
    writer.u8(name.charCodeAt(i));
  }
  return { packetType: RtcpType.app, count: subtype, body: writer.append(data).finish() };
}
