import { Vp8Numbering } from '../../codec/index.ts';
import { writeU16, writeU32 } from '../../core/bytes.ts';
import { add16, add32, type Instant, type RandomSource, randomU32 } from '../../core/index.ts';
import { beltPacket, type LocalStream, OUTGOING_TAILROOM_BYTES, type OutgoingPacket, streamElements } from '../../interceptor/index.ts';
import { encodeRtp, type ExtensionElement, type ExtensionMap, type MediaKind, readHeader, type RtpCodec, RtpHeader } from '../../rtp/index.ts';
import type { PacketMemory } from '../../sctp/index.ts';
import type { SendEncoding } from '../jsep/index.ts';
import type { Section } from './section.ts';

/** Room before a payload that holds any header this room writes by itself, in bytes. */
export const OUTGOING_HEADROOM_BYTES = 96;

/** A packet to send, as far as the sender does not know it by itself. */
export interface OutgoingRtp {
  readonly payload: Uint8Array;
  /** RTP timestamp of the source; the sender keeps the distances when the source changes. */
  readonly timestamp: number;
  /** Default false. */
  readonly marker?: boolean | undefined;
  /** One that was agreed upon. Default: the codec that the peer likes best. */
  readonly payloadType?: number | undefined;
  /** The sequence number at the source, for one that forwards: what is missing there is missing here. Default: the next. */
  readonly sequenceNumber?: number | undefined;
  /** Contributing sources, at most 15. */
  readonly csrcs?: readonly number[] | undefined;
  /** Further header extensions, by the ids of this connection. */
  readonly extensions?: readonly ExtensionElement[] | undefined;
  /**
   * The payload lies in a buffer that is handed over, with {@link OUTGOING_HEADROOM_BYTES} before and
   * `OUTGOING_TAILROOM_BYTES` behind it, so that the packet is built around it. Default false: it is copied.
   */
  readonly inPlace?: boolean | undefined;
  /**
   * Nobody changes the payload any more, nor this object, so that what is kept to be sent again may refer to it: for a source that sends it to
   * several. Default false: it is copied. Not together with `inPlace`.
   */
  readonly isShared?: boolean | undefined;
}

/** Where packets are built: a buffer for each would take longer to make, and to collect, than the packet. */
const BLOCK_BYTES = 65_536;
/** Larger packets, which are none of a network's, have a buffer of their own. */
const MAX_CARVED_BYTES = 4096;
let block: ArrayBuffer = new ArrayBuffer(0);
let used = 0;

/** Fresh bytes, with room for the tag behind them. No two packets share any. */
function carve(sizeBytes: number): Uint8Array {
  const taken = (sizeBytes + OUTGOING_TAILROOM_BYTES + 7) & ~7;
  if (taken > MAX_CARVED_BYTES) return new Uint8Array(new ArrayBuffer(taken), 0, sizeBytes);
  if (used + taken > block.byteLength) {
    block = new ArrayBuffer(BLOCK_BYTES);
    used = 0;
  }
  used += taken;
  return new Uint8Array(block, used - taken, sizeBytes);
}

/** One encoding of a sender: gives packets their SSRC, sequence and header. */
export class SendStream implements LocalStream {
  readonly direction = 'local' as const;
  readonly ssrc: number;
  readonly rid: string | undefined;
  readonly index: number;
  #section: Section;
  rtxSsrc: number | undefined;
  fecSsrc: number | undefined;
  /** W3C `active`: false sends nothing. */
  isActive: boolean;
  #header: Uint8Array;
  #elements: readonly ExtensionElement[];
  #sequenceNumber: number;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #lastTimestamp = 0;
  #lastAt: Instant | undefined;
  #isNewSource = false;
  /** Of the last packet. */
  #codec: RtpCodec | undefined;
  /** Where its payloads are numbered. */
  #numbering: Vp8Numbering | undefined;

  constructor(section: Section, index: number, encoding: SendEncoding, random: RandomSource) {
    this.#section = section;
    this.index = index;
    this.ssrc = encoding.ssrc;
    this.rid = encoding.rid;
    this.isActive = encoding.active;
    this.#bindRepair(encoding);
    // In the lower half, so that the first packets being lost cannot hide a wrap from SRTP (RFC 3711 3.3.1).
    this.#sequenceNumber = randomU32(random) & 0x7fff;
    this.#elements = streamElements(this, false);
    this.#header = this.#makeHeader();
  }

  get section(): Section {
    return this.#section;
  }

  get kind(): MediaKind {
    return this.section.kind;
  }

  get mid(): string {
    return this.section.mid;
  }

  get codecs(): ReadonlyMap<number, RtpCodec> {
    return this.section.sendCodecs;
  }

  get extensions(): ExtensionMap {
    return this.section.extensions;
  }

  get reducedSizeRtcp(): boolean {
    return this.section.agreement.reducedSizeRtcp;
  }

  get receiverRoundTrip(): boolean {
    return this.section.agreement.receiverRoundTrip;
  }

  /** The agreement of the section changed. */
  update(section: Section, encoding: SendEncoding): void {
    this.#section = section;
    this.isActive = encoding.active;
    this.#bindRepair(encoding);
    this.#elements = streamElements(this, false);
    this.#header = this.#makeHeader();
  }

  /** What comes next is from another source: sequence numbers go on, numbers in payloads too, and timestamps by the time that has passed. */
  beginSource(): void {
    this.#isNewSource = this.#lastAt !== undefined;
    this.#numbering?.beginSource();
  }

  /** Whether the payload type of a packet was agreed upon. */
  takes(packet: OutgoingRtp): boolean {
    return this.#codecOf(packet) !== undefined;
  }

  /**
   * Builds a packet that it takes.
   *
   * @param memory - for a packet that leaves at once
   */
  build(packet: OutgoingRtp, now: Instant, memory?: PacketMemory): OutgoingPacket {
    const codec = this.#codecOf(packet) as RtpCodec;
    if (this.#isNewSource) this.#align(packet, codec, now);
    const sequenceNumber = packet.sequenceNumber === undefined ? this.#sequenceNumber : add16(packet.sequenceNumber, this.#sequenceOffset);
    this.#sequenceNumber = add16(sequenceNumber, 1);
    const timestamp = add32(packet.timestamp, this.#timestampOffset);
    this.#lastTimestamp = timestamp;
    this.#lastAt = now;
    const bytes = packet.extensions === undefined && packet.csrcs === undefined ? this.#assemble(packet, memory) : this.#encode(packet);
    bytes[1] = codec.payloadType | (packet.marker === true ? 0x80 : 0);
    writeU16(bytes, 2, sequenceNumber);
    writeU32(bytes, 4, timestamp);
    if (codec !== this.#codec) this.#useCodec(codec);
    this.#numbering?.renumber(bytes, bytes.length - packet.payload.length);
    const header = new RtpHeader();
    readHeader(bytes, header);
    const isShared = packet.isShared === true && packet.inPlace !== true && this.#numbering?.isPlain !== false;
    return beltPacket(bytes, header, this, 'media', now, isShared ? packet.payload : undefined);
  }

  #useCodec(codec: RtpCodec): void {
    this.#codec = codec;
    const isNumbered = codec.name.toLowerCase() === 'vp8';
    this.#numbering = isNumbered ? (this.#numbering ?? new Vp8Numbering()) : undefined;
  }

  #codecOf({ payloadType }: OutgoingRtp): RtpCodec | undefined {
    return payloadType === undefined ? this.section.preferredCodec : this.codecs.get(payloadType);
  }

  /** A stream of repair exists where its codec was agreed upon. ULPFEC has none: it goes inside RED (RFC 5109 14). */
  #bindRepair({ rtxSsrc, fecSsrc }: SendEncoding): void {
    const names = new Set([...this.codecs.values()].map(({ name }) => name.toLowerCase()));
    this.rtxSsrc = names.has('rtx') ? rtxSsrc : undefined;
    this.fecSsrc = names.has('flexfec-03') || names.has('flexfec') ? fecSsrc : undefined;
  }

  #align(packet: OutgoingRtp, codec: RtpCodec, now: Instant): void {
    this.#isNewSource = false;
    if (packet.sequenceNumber !== undefined) this.#sequenceOffset = (this.#sequenceNumber - packet.sequenceNumber) & 0xffff;
    const passed = Math.max(1, Math.round(((now - (this.#lastAt as Instant)) * codec.clockRateHz) / 1000));
    this.#timestampOffset = (this.#lastTimestamp + passed - packet.timestamp) >>> 0;
  }

  /** The header that does not change before the payload. */
  #assemble({ payload, inPlace }: OutgoingRtp, memory: PacketMemory | undefined): Uint8Array {
    const header = this.#header;
    const start = payload.byteOffset - header.length;
    if (inPlace === true && start >= 0 && payload.byteOffset + payload.length + OUTGOING_TAILROOM_BYTES <= payload.buffer.byteLength) {
      const bytes = new Uint8Array(payload.buffer, start, header.length + payload.length);
      bytes.set(header);
      return bytes;
    }
    const size = header.length + payload.length;
    const bytes = memory?.carve(size, OUTGOING_TAILROOM_BYTES) ?? carve(size);
    bytes.set(header);
    bytes.set(payload, header.length);
    return bytes;
  }

  #encode({ payload, csrcs = [], extensions = [] }: OutgoingRtp): Uint8Array {
    const own = new Set(this.#elements.map(({ id }) => id));
    const elements = [...this.#elements, ...extensions.filter(({ id }) => !own.has(id))];
    const init = { payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: this.ssrc, csrcs, extensions: elements, payload };
    return encodeRtp(init, { tailroomBytes: OUTGOING_TAILROOM_BYTES, extensionForm: this.extensions.allowMixed ? 'auto' : 'one-byte' });
  }

  #makeHeader(): Uint8Array {
    const init = { payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: this.ssrc, extensions: this.#elements, payload: new Uint8Array(0) };
    const header = encodeRtp(init, { extensionForm: this.extensions.allowMixed ? 'auto' : 'one-byte' });
    return header.length <= OUTGOING_HEADROOM_BYTES ? header : encodeRtp({ ...init, extensions: [] });
  }
}
