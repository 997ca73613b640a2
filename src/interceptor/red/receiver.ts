import { add16, type Counters, DecodeError, distance16, distance32, type Queue } from '../../core/index.ts';
import { decodeRed, type RedBlock } from '../../codec/index.ts';
import { codecRole, decodeRtp, encodeRtp, readHeader, setPayloadType } from '../../rtp/index.ts';
import { emptyPayload } from '../empty-payload.ts';
import { beltPacket, type IncomingPacket } from '../packet.ts';
import type { RemoteStream } from '../stream.ts';
import { SEEN_PACKETS } from './constants.ts';

/** Takes RED apart (RFC 2198): the packet itself, and those before it that did not come. */
export class RedReceiver {
  readonly #stream: RemoteStream;
  readonly #counters: Counters;
  /** By sequence number modulo its size: the number that came, or −1. */
  readonly #seen: Int32Array = new Int32Array(SEEN_PACKETS).fill(-1);
  readonly #timestamps: Uint32Array = new Uint32Array(SEEN_PACKETS);
  /** Whether what came was padding, whose timestamp is that of another packet. */
  readonly #isPadding: Uint8Array = new Uint8Array(SEEN_PACKETS);
  #highest = -1;
  /** The payload type of the last media, or −1. */
  #media = -1;

  constructor(stream: RemoteStream, counters: Counters) {
    this.#stream = stream;
    this.#counters = counters;
  }

  /** A packet of the stream came that is no RED, or RED of nothing, which is padding. */
  note(packet: IncomingPacket): void {
    const { header } = packet;
    const isPadding = header.payloadEnd === header.payloadStart;
    if (isPadding) emptyPayload(packet, this.#media);
    else this.#media = header.payloadType;
    this.#take(header.sequenceNumber, header.timestamp, isPadding);
  }

  /**
   * Puts what a RED packet holds into `ready`, the oldest first; the numbers that only its redundancy brought also into `recovered`.
   * What cannot be read, is no media, or came before is dropped.
   */
  unwrap(packet: IncomingPacket, ready: Queue<IncomingPacket>, recovered: number[]): void {
    const { header, bytes } = packet;
    let blocks: RedBlock[];
    try {
      blocks = decodeRed(bytes.subarray(header.payloadStart, header.payloadEnd), header.payloadType);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#counters.add('interceptor.red.malformed');
    }
    const primary = blocks.length - 1;
    for (let i = 0; i < primary; i++) {
      const block = blocks[i] as RedBlock;
      if (block.data.length === 0 || block.timestampOffset === 0 || !this.#isMedia(block.payloadType)) continue;
      const timestamp = (header.timestamp - block.timestampOffset) >>> 0;
      const sequence = this.#numberOf(timestamp, header.sequenceNumber, header.timestamp);
      if (sequence < 0 || !this.#take(sequence, timestamp, false)) continue;
      recovered.push(sequence);
      ready.push(this.#restored(packet, block, sequence, timestamp));
    }
    const { payloadType, data } = blocks[primary] as RedBlock;
    if (!this.#isMedia(payloadType)) return this.#counters.add('interceptor.red.nested');
    if (!this.#take(header.sequenceNumber, header.timestamp, false)) return this.#counters.add('interceptor.red.duplicate');
    this.#media = payloadType;
    ready.push(unwrapped(packet, payloadType, data));
  }

  /** Depth one: neither RED nor FEC nor RTX may be in RED, nor what was not negotiated. */
  #isMedia(payloadType: number): boolean {
    const codec = this.#stream.codecs.get(payloadType);
    return codec !== undefined && codecRole(codec) === 'media';
  }

  /**
   * The number that the packet of a timestamp had, or −1 when it came or cannot be told. A redundant block has a timestamp and no
   * number, and senders may leave packets out between it and the packet that brings it. So the number is the one of those that are
   * missing where the timestamp lies between the packets that came before and after, if that is the place of one exactly.
   */
  #numberOf(timestamp: number, bySequence: number, byTimestamp: number): number {
    let after = byTimestamp;
    // Numbers that did not come between the packet looked at and the one after it, the nearest last.
    let missing: number[] = [];
    for (let back = 1; back < SEEN_PACKETS; back++) {
      const sequence = add16(bySequence, -back);
      const place = sequence % SEEN_PACKETS;
      if (this.#seen[place] !== sequence) {
        missing.push(sequence);
        continue;
      }
      if (this.#isPadding[place] === 1) continue;
      const before = this.#timestamps[place] as number;
      const ahead = distance32(timestamp, before);
      if (ahead === 0) return -1;
      if (ahead > 0) return atPart(missing, ahead / distance32(after, before));
      after = before;
      missing = [];
    }
    return -1;
  }

  /** Notes a number; false when it came before. */
  #take(sequence: number, timestamp: number, isPadding: boolean): boolean {
    const place = sequence % SEEN_PACKETS;
    if (this.#seen[place] === sequence) return false;
    // What lies further back than is known is taken for new.
    const ahead = this.#highest < 0 ? 1 : distance16(sequence, this.#highest);
    if (ahead > -SEEN_PACKETS) {
      this.#seen[place] = sequence;
      this.#timestamps[place] = timestamp;
      this.#isPadding[place] = isPadding ? 1 : 0;
    }
    if (ahead > 0) this.#highest = sequence;
    return true;
  }

  #restored(packet: IncomingPacket, { payloadType, data }: RedBlock, sequenceNumber: number, timestamp: number): IncomingPacket {
    const { header, stream } = packet;
    // Header extensions were of the primary's instant and are not repeated.
    const bytes = encodeRtp({ payloadType, sequenceNumber, timestamp, ssrc: header.ssrc, payload: data });
    return beltPacket(bytes, decodeRtp(bytes), stream, 'media', packet.at);
  }
}

/** The one of some numbers, the last first, that lies at a part of the way through them; −1 when that is none of their places. */
function atPart(missing: readonly number[], part: number): number {
  if (missing.length === 1) return missing[0] as number;
  // With n between two others there are n + 1 steps.
  const step = part * (missing.length + 1);
  const nearest = Math.round(step);
  return Math.abs(step - nearest) < 1e-6 ? (missing[missing.length - nearest] ?? -1) : -1;
}

/** The packet with its own payload only, in place: the header moves up to it. */
function unwrapped(packet: IncomingPacket, payloadType: number, data: Uint8Array): IncomingPacket {
  const { header } = packet;
  const skipped = data.byteOffset - packet.bytes.byteOffset - header.payloadStart;
  packet.bytes.copyWithin(skipped, 0, header.payloadStart);
  const payloadEnd = header.payloadEnd - skipped;
  packet.bytes = packet.bytes.subarray(skipped);
  setPayloadType(packet.bytes, payloadType);
  readHeader(packet.bytes, header);
  header.payloadEnd = payloadEnd;
  packet.role = 'media';
  return packet;
}
