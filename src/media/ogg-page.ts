import { RtcError } from '../core/index.ts';
import type { ByteQueue } from './byte-queue.ts';

// Pages of an Ogg bitstream (RFC 3533 6). All numbers are little-endian.

const PAGE_HEADER_BYTES = 27;
/** Most segments of a page, and most bytes of a segment. */
export const MAX_SEGMENTS = 255;
export const MAX_SEGMENT_BYTES = 255;

export const PageFlag = { continued: 0x01, first: 0x02, last: 0x04 } as const;

/** Granule position of a page on which no packet ends (RFC 3533 6). */
export const NO_GRANULE = -1;

export interface OggPage {
  readonly flags: number;
  /** {@link NO_GRANULE} where no packet ends. */
  readonly granule: number;
  readonly serial: number;
  readonly sequence: number;
  /** The length of each segment; below 255 it is the last one of a packet. */
  readonly lacing: Uint8Array;
  readonly body: Uint8Array;
}

/** CRC of polynomial 0x04c11db7, the highest bit first, starting from 0 (RFC 3533 6). */
const CRC_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, i) => {
  let crc = i << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c1_1db7 : 0);
  return crc >>> 0;
});

/** The checksum of a page, its own field taken for 0. */
export function oggChecksum(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : (page[i] as number);
    crc = (crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 0xff] as number);
  }
  return crc >>> 0;
}

/** Finds the pages of a bitstream. What is no sound page is passed over and counted. */
export class OggPages {
  readonly #input: ByteQueue;
  #skippedBytes = 0;
  #corruptPages = 0;

  constructor(input: ByteQueue) {
    this.#input = input;
  }

  /** Bytes that belong to no page. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** Pages whose checksum or version was wrong. */
  get corruptPages(): number {
    return this.#corruptPages;
  }

  /** The next sound page; `undefined` when it is not all there. */
  next(): OggPage | undefined {
    for (;;) {
      this.#findCapture();
      const head = this.#input.view();
      if (head.length < PAGE_HEADER_BYTES) return undefined;
      const segments = head[26] as number;
      const headerBytes = PAGE_HEADER_BYTES + segments;
      if (head.length < headerBytes) return undefined;
      const lacing = head.slice(PAGE_HEADER_BYTES, headerBytes);
      const pageBytes = lacing.reduce((sum, length) => sum + length, headerBytes);
      if (head.length < pageBytes) return undefined;
      const fields = new DataView(head.buffer, head.byteOffset, PAGE_HEADER_BYTES);
      if (head[4] === 0 && oggChecksum(head.subarray(0, pageBytes)) === fields.getUint32(22, true)) {
        const page = this.#input.take(pageBytes);
        const low = fields.getUint32(6, true);
        const high = fields.getUint32(10, true);
        const granule = (high === 0xffff_ffff && low === 0xffff_ffff) || high >= 0x20_0000 ? NO_GRANULE : high * 0x1_0000_0000 + low;
        return { flags: page[5] as number, granule, serial: fields.getUint32(14, true), sequence: fields.getUint32(18, true), lacing, body: page.subarray(headerBytes) };
      }
      // A page may begin within what was taken for a page, but looking behind each byte would cost a checksum for each.
      this.#corruptPages++;
      this.#skip(headerBytes);
    }
  }

  #skip(bytes: number): void {
    this.#skippedBytes += bytes;
    this.#input.skip(bytes);
  }

  /** Passes over all before the next `OggS`, or before what may be the beginning of one. */
  #findCapture(): void {
    const bytes = this.#input.view();
    let at = bytes.indexOf(0x4f);
    for (; at >= 0; at = bytes.indexOf(0x4f, at + 1)) {
      const [, g = 0x67, h = 0x67, s = 0x53] = bytes.subarray(at, at + 4);
      if (g === 0x67 && h === 0x67 && s === 0x53) break;
    }
    const skipped = at < 0 ? bytes.length : at;
    if (skipped > 0) this.#skip(skipped);
  }
}

export interface PageFields {
  readonly flags: number;
  readonly granule: number;
  readonly serial: number;
  readonly sequence: number;
}

/** A page that holds whole packets, which must need no more than 255 segments together. */
export function encodeOggPage(packets: readonly Uint8Array[], { flags, granule, serial, sequence }: PageFields): Uint8Array {
  const segments = packets.reduce((sum, { length }) => sum + segmentsOf(length), 0);
  if (segments > MAX_SEGMENTS) throw new RtcError('ERR_INVALID_ARGUMENT', `${segments} segments in a page`);
  const bodyBytes = packets.reduce((sum, { length }) => sum + length, 0);
  const page = new Uint8Array(PAGE_HEADER_BYTES + segments + bodyBytes);
  const fields = new DataView(page.buffer);
  page.set([0x4f, 0x67, 0x67, 0x53, 0, flags]);
  fields.setUint32(6, granule % 0x1_0000_0000, true);
  fields.setUint32(10, Math.floor(granule / 0x1_0000_0000), true);
  fields.setUint32(14, serial, true);
  fields.setUint32(18, sequence, true);
  page[26] = segments;
  let at = PAGE_HEADER_BYTES;
  for (const { length } of packets) {
    page.fill(MAX_SEGMENT_BYTES, at, at + segmentsOf(length) - 1);
    at += segmentsOf(length);
    page[at - 1] = length % MAX_SEGMENT_BYTES;
  }
  for (const packet of packets) {
    page.set(packet, at);
    at += packet.length;
  }
  fields.setUint32(22, oggChecksum(page), true);
  return page;
}

/** How many segments a packet takes: its last one is always shorter than 255 bytes (RFC 3533 5). */
export function segmentsOf(packetBytes: number): number {
  return Math.floor(packetBytes / MAX_SEGMENT_BYTES) + 1;
}
