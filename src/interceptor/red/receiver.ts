import { type Counters, DecodeError, distance16, type Queue } from '../../core/index.ts';
import { decodeRed, type RedBlock } from '../../codec/index.ts';
import { codecRole, decodeRtp, encodeRtp, readHeader, setPayloadType } from '../../rtp/index.ts';
import { beltPacket, type IncomingPacket } from '../packet.ts';
import type { RemoteStream } from '../stream.ts';
import { SEEN_PACKETS } from './constants.ts';

/** Takes RED apart (RFC 2198): the packet itself, and those before it that did not come. */
export class RedReceiver {
  readonly #stream: RemoteStream;
  readonly #counters: Counters;
  /** By sequence number modulo its size: the number that came, or −1. */
  readonly #seen: Int32Array = new Int32Array(SEEN_PACKETS).fill(-1);
  #highest = -1;

  constructor(stream: RemoteStream, counters: Counters) {
    this.#stream = stream;
    this.#counters = counters;
  }

  /** A packet of the stream that is no RED came. */
  note(packet: IncomingPacket): void {
    this.#take(packet.header.sequenceNumber);
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
    // How far back this stream began: nothing is restored from before it.
    const first = this.#highest < 0;
    for (let i = 0; i < primary && !first; i++) {
      const block = blocks[i] as RedBlock;
      const sequence = (header.sequenceNumber - (primary - i)) & 0xffff;
      if (block.data.length === 0 || !this.#isMedia(block.payloadType) || !this.#take(sequence)) continue;
      recovered.push(sequence);
      ready.push(this.#restored(packet, block, sequence));
    }
    const { payloadType, data } = blocks[primary] as RedBlock;
    if (!this.#isMedia(payloadType)) return this.#counters.add('interceptor.red.nested');
    if (!this.#take(header.sequenceNumber)) return this.#counters.add('interceptor.red.duplicate');
    ready.push(unwrapped(packet, payloadType, data));
  }

  /** Depth one: neither RED nor FEC nor RTX may be in RED, nor what was not negotiated. */
  #isMedia(payloadType: number): boolean {
    const codec = this.#stream.codecs.get(payloadType);
    return codec !== undefined && codecRole(codec) === 'media';
  }

  /** Notes a number; false when it came before. */
  #take(sequence: number): boolean {
    const place = sequence % SEEN_PACKETS;
    if (this.#seen[place] === sequence) return false;
    // What lies further back than is known is taken for new.
    const ahead = this.#highest < 0 ? 1 : distance16(sequence, this.#highest);
    if (ahead > -SEEN_PACKETS) this.#seen[place] = sequence;
    if (ahead > 0) this.#highest = sequence;
    return true;
  }

  #restored(packet: IncomingPacket, block: RedBlock, sequenceNumber: number): IncomingPacket {
    const { header, stream } = packet;
    // Header extensions were of the primary's instant and are not repeated.
    const timestamp = (header.timestamp - block.timestampOffset) >>> 0;
    const bytes = encodeRtp({ payloadType: block.payloadType, sequenceNumber, timestamp, ssrc: header.ssrc, payload: block.data });
    return beltPacket(bytes, decodeRtp(bytes), stream, 'media', packet.at);
  }
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
