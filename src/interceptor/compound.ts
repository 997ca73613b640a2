import { type Counters, encodeUtf8, RtcError } from '../core/index.ts';
import { cnameOf, encodeRtcp, type RtcpPacket, type SdesChunk } from '../rtcp/index.ts';
import { MAX_RTCP_BYTES, MAX_SDES_CHUNKS } from './constants.ts';
import { OUTGOING_TAILROOM_BYTES } from './packet.ts';

/** Who speaks, and what the peer takes. */
export interface CompoundOptions {
  /** The SSRC of a report that has to be there and has nothing to tell. */
  readonly rtcpSsrc: number;
  readonly cname: string;
  /** RFC 5506: feedback may go without a report before it. */
  readonly reducedSize: boolean;
  readonly counters: Counters;
}

/** A packet with its bytes. */
interface Part {
  readonly packet: RtcpPacket;
  readonly bytes: Uint8Array;
}

/**
 * Puts packets into datagrams of at most {@link MAX_RTCP_BYTES} (RFC 3550 6.1): reports first, then the names of those who report,
 * then the rest, farewells last. Each begins with a report, an empty one if need be, unless reduced size was negotiated; a
 * packet that is larger alone goes alone. What has no form on the wire is counted and left out. Every datagram has
 * {@link OUTGOING_TAILROOM_BYTES} behind it.
 */
export function composeRtcp(packets: readonly RtcpPacket[], options: CompoundOptions): Uint8Array[] {
  const [first] = packets;
  if (first !== undefined && packets.length === 1 && options.reducedSize && !isReport(first)) return composeAlone(first, options);
  const parts: Part[] = [];
  for (const packet of packets) {
    const bytes = encodeOne(packet, options.counters);
    if (bytes !== undefined) parts.push({ packet, bytes });
  }
  // Stable, so that packets of one rank keep their order.
  parts.sort((a, b) => rank(a.packet) - rank(b.packet));
  const composer = new Composer(options);
  for (const part of parts) composer.add(part);
  return composer.finish();
}

/** The usual case: feedback, twenty times a second, with nothing to put beside it. */
function composeAlone(packet: RtcpPacket, { counters }: CompoundOptions): Uint8Array[] {
  const datagram = encodeOne(packet, counters, OUTGOING_TAILROOM_BYTES);
  return datagram === undefined ? [] : [datagram];
}

function encodeOne(packet: RtcpPacket, counters: Counters, tailroomBytes: number = 0): Uint8Array | undefined {
  try {
    return encodeRtcp([packet], { tailroomBytes });
  } catch (error) {
    if (!(error instanceof RtcError)) throw error;
    counters.add('interceptor.rtcp.invalid');
    return undefined;
  }
}

function rank(packet: RtcpPacket): number {
  switch (packet.type) {
    case 'sr':
      return 0;
    case 'rr':
      return 1;
    case 'sdes':
      return 2;
    case 'bye':
      return 4;
    default:
      return 3;
  }
}

/** Fills one datagram after the other. */
class Composer {
  readonly #options: CompoundOptions;
  /** Bytes of what a source description says of one source. */
  readonly #chunkBytes: number;
  readonly #done: Uint8Array[] = [];
  #parts: Uint8Array[] = [];
  #size = 0;
  /** Those whose reports are in the datagram and whose names are not yet. */
  #unnamed: number[] = [];

  constructor(options: CompoundOptions) {
    this.#options = options;
    this.#chunkBytes = 4 + ((2 + encodeUtf8(options.cname).length + 4) & ~3);
  }

  add(part: Part): void {
    const { packet, bytes } = part;
    if (this.#size > 0 && (this.#size + bytes.length + this.#namesBytes(isReport(packet) ? 1 : 0) > MAX_RTCP_BYTES || this.#unnamed.length === MAX_SDES_CHUNKS)) {
      this.#close();
    }
    if (isReport(packet)) {
      this.#unnamed.push(packet.ssrc);
    } else {
      if (this.#size === 0 && !this.#options.reducedSize) this.#addEmptyReport();
      this.#name();
    }
    this.#push(bytes);
  }

  finish(): Uint8Array[] {
    this.#close();
    return this.#done;
  }

  #addEmptyReport(): void {
    const { rtcpSsrc } = this.#options;
    this.#push(encodeRtcp([{ type: 'rr', ssrc: rtcpSsrc, reports: [] }]));
    this.#unnamed.push(rtcpSsrc);
  }

  /** Bytes that the names will take, with `more` sources. */
  #namesBytes(more: number): number {
    const count = this.#unnamed.length + more;
    return count === 0 ? 0 : 4 + count * this.#chunkBytes;
  }

  #name(): void {
    if (this.#unnamed.length === 0) return;
    const { cname } = this.#options;
    const chunks: SdesChunk[] = [];
    for (const ssrc of this.#unnamed) chunks.push(...cnameOf(ssrc, cname).chunks);
    this.#unnamed = [];
    this.#push(encodeRtcp([{ type: 'sdes', chunks }]));
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  #close(): void {
    this.#name();
    if (this.#size === 0) return;
    const datagram = new Uint8Array(this.#size + OUTGOING_TAILROOM_BYTES).subarray(0, this.#size);
    let at = 0;
    for (const part of this.#parts) {
      datagram.set(part, at);
      at += part.length;
    }
    this.#done.push(datagram);
    this.#parts = [];
    this.#size = 0;
  }
}

function isReport(packet: RtcpPacket): packet is Extract<RtcpPacket, { type: 'sr' | 'rr' }> {
  return packet.type === 'sr' || packet.type === 'rr';
}
