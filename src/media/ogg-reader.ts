import { concat, DecodeError, Queue } from '../core/index.ts';
import { opusDuration } from '../codec/index.ts';
import { type AudioFormat, audioFormat, type MediaFrame } from './frame.ts';
import { NO_GRANULE, type OggPage, OggPages, PageFlag } from './ogg-page.ts';
import { decodeOpusHead, isOpusHead, isOpusTags, type OpusHead } from './opus-head.ts';
import { type MediaReader, PushReader } from './reader.ts';

/** Longest Opus packet in bytes: 48 frames of 1275 bytes with their lengths (RFC 7845 6). */
const MAX_PACKET_BYTES = 61_440;

/** A logical bitstream whose packets are being read: a link of a chain (RFC 3533 4). */
interface Link {
  readonly serial: number;
  readonly head: OpusHead;
  /** The packet that goes on on the next page, in parts; `undefined` when what comes next is not known to be its continuation. */
  parts: Uint8Array[] | undefined;
  partBytes: number;
  nextSequence: number;
  tagsSeen: boolean;
  /** Granule position behind the last packet; absent before the first page of sound. */
  position: number | undefined;
}

/**
 * Reads Opus from Ogg files and streams (RFC 3533, RFC 7845), chained ones too: their times go on where the link before ended.
 * Pages that are not sound and packets that are no Opus are passed over and counted. Other logical bitstreams are not read.
 */
export class OggReader extends PushReader<MediaFrame> implements MediaReader {
  readonly #pages: OggPages = new OggPages(this.input);
  readonly #frames = new Queue<MediaFrame>();
  #link: Link | undefined;
  #format: AudioFormat | undefined;
  /** Where the present link begins, in ticks of the whole input. */
  #offset = 0;
  /** Granule position at which the present link begins. */
  #origin = 0;
  /** Where the last frame ends. */
  #end = 0;
  #malformed = 0;
  #trimmed = 0;

  get format(): AudioFormat | undefined {
    return this.#format;
  }

  /** The identification header of the present link. */
  get head(): OpusHead | undefined {
    return this.#link?.head;
  }

  /** Ticks at the end of the last link that are not to be played, because sound rarely ends with a packet (RFC 7845 4.4). */
  get trimmedTicks(): number {
    return this.#trimmed;
  }

  /** Pages with a wrong checksum, bytes that belong to no page, packets that are no Opus. */
  get skipped(): { readonly pages: number; readonly bytes: number; readonly packets: number } {
    return { pages: this.#pages.corruptPages, bytes: this.#pages.skippedBytes, packets: this.#malformed };
  }

  protected read(): MediaFrame | undefined {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      const page = this.#pages.next();
      if (page === undefined) {
        if (this.ended && this.#format === undefined) throw new DecodeError('media.ogg', 'no Opus stream');
        return this.truncate();
      }
      if ((page.flags & PageFlag.first) !== 0) this.#begin(page);
      else if (page.serial === this.#link?.serial) this.#take(page, this.#link);
      else if (this.#link === undefined) throw new DecodeError('media.ogg', 'no Opus stream');
    }
  }

  /** The first page of a logical bitstream, which holds its identification header alone (RFC 7845 3). */
  #begin(page: OggPage): void {
    const [length = 0] = page.lacing;
    const packet = page.body.subarray(0, length);
    if (!isOpusHead(packet)) return;
    const link = this.#link;
    // Of two that run at the same time the first is read.
    if (link !== undefined && link.position === undefined) return;
    const head = decodeOpusHead(packet);
    this.#link = { serial: page.serial, head, parts: [], partBytes: 0, nextSequence: (page.sequence + 1) >>> 0, tagsSeen: false, position: undefined };
    this.#format = audioFormat('opus', head.channels);
    this.#offset = this.#end;
    this.#trimmed = 0;
  }

  #take(page: OggPage, link: Link): void {
    const packets = this.#packetsOf(page, link);
    if (!link.tagsSeen) {
      // The comment header ends its page (RFC 7845 3), however long it is. It may have been lost.
      const [first] = packets;
      if (first === undefined) return;
      if (isOpusTags(first)) packets.shift();
      link.tagsSeen = true;
    }
    const timed = packets.flatMap((data) => {
      const duration = this.#durationOf(data);
      return duration === undefined ? [] : [{ data, duration }];
    });
    const total = timed.reduce((sum, { duration }) => sum + duration, 0);
    let position = this.#startOf(page, link, total);
    for (const { data, duration } of timed) {
      this.#frames.push({ data, timestamp: this.#offset + position, duration, keyframe: true });
      position += duration;
    }
    if (timed.length === 0) return;
    link.position = position;
    this.#end = this.#offset + position;
    this.#trimmed = (page.flags & PageFlag.last) !== 0 && page.granule !== NO_GRANULE ? Math.max(0, position + this.#origin - page.granule) : 0;
  }

  /**
   * Where the first packet of a page begins, in ticks from the beginning of its link. The granule position says where the last one
   * ends (RFC 7845 4): where that is later than expected, pages were lost; on the last page it may be earlier, which is trimming.
   */
  #startOf(page: OggPage, link: Link, total: number): number {
    const known = page.granule !== NO_GRANULE;
    if (link.position === undefined) {
      this.#origin = known ? Math.max(0, page.granule - total) : 0;
      return 0;
    }
    return known ? Math.max(link.position, page.granule - this.#origin - total) : link.position;
  }

  #durationOf(packet: Uint8Array): number | undefined {
    try {
      return opusDuration(packet);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#malformed++;
      return undefined;
    }
  }

  /** The packets that end on a page. One of which a part is missing is left out. */
  #packetsOf(page: OggPage, link: Link): Uint8Array[] {
    const packets: Uint8Array[] = [];
    const continues = (page.flags & PageFlag.continued) !== 0;
    const open = link.partBytes > 0;
    if (page.sequence !== link.nextSequence || continues !== open) link.parts = continues ? undefined : [];
    if (link.parts === undefined || link.parts.length === 0) link.partBytes = 0;
    link.nextSequence = (page.sequence + 1) >>> 0;
    let at = 0;
    for (const length of page.lacing) {
      this.#append(link, page.body.subarray(at, at + length));
      at += length;
      if (length === 255) continue;
      if (link.parts !== undefined) packets.push(link.parts.length === 1 ? (link.parts[0] as Uint8Array).slice() : concat(...link.parts));
      link.parts = [];
      link.partBytes = 0;
    }
    return packets;
  }

  #append(link: Link, part: Uint8Array): void {
    link.partBytes += part.length;
    if (link.parts === undefined) return;
    if (link.partBytes <= MAX_PACKET_BYTES) link.parts.push(part);
    // Nobody needs all of a comment header, in which whole pictures may be.
    else if (link.tagsSeen) {
      link.parts = undefined;
      this.#malformed++;
    }
  }
}
