import { type Counters, decodeUtf8 } from '../../core/index.ts';
import { type CodecRole, extensionValue, type RtpHeader } from '../../rtp/index.ts';
import type { MediaAgreement } from '../jsep/index.ts';
import { MAX_UNDECLARED_STREAMS } from './constants.ts';
import { ReceiveStream } from './receive-stream.ts';
import { Section } from './section.ts';

// What a connection without media has, read and never written to: each gets its own with its first agreement.
const NO_SECTIONS: Map<string, Section> = new Map();
const NO_STREAMS: Map<number, ReceiveStream> = new Map();

/**
 * Says which stream of which section a packet belongs to (RFC 9143 9.2): by its SSRC, once that is known; before, by MID, RID,
 * what the peer declared, and last by its payload type, where that is of one section only.
 */
export class Router {
  readonly #counters: Counters;
  readonly #maxUndeclared: number;
  #sections: Map<string, Section> = NO_SECTIONS;
  /** Streams by their own SSRC and by those of their repair. */
  #streams: Map<number, ReceiveStream> = NO_STREAMS;
  #uses = 0;
  #undeclared = 0;
  #started: ReceiveStream[] = [];
  #ended: ReceiveStream[] = [];

  constructor(counters: Counters, maxUndeclared: number = MAX_UNDECLARED_STREAMS) {
    this.#counters = counters;
    this.#maxUndeclared = maxUndeclared;
  }

  get sections(): Iterable<Section> {
    return this.#sections.values();
  }

  get streams(): Iterable<ReceiveStream> {
    return new Set(this.#streams.values());
  }

  sectionOf(mid: string): Section | undefined {
    return this.#sections.get(mid);
  }

  streamOf(ssrc: number): ReceiveStream | undefined {
    return this.#streams.get(ssrc);
  }

  /** Takes the whole list of agreements in force. Streams of sections that are gone, or no longer receive, end. */
  update(agreements: readonly MediaAgreement[]): void {
    if (this.#sections === NO_SECTIONS && agreements.length > 0) {
      this.#sections = new Map();
      this.#streams = new Map();
    }
    const kept = new Set(agreements.map(({ mid }) => mid));
    for (const mid of this.#sections.keys()) if (!kept.has(mid)) this.#sections.delete(mid);
    for (const agreement of agreements) {
      const section = this.#sections.get(agreement.mid);
      // A section that was recycled has the transceiver of its new use (RFC 9429 5.2.2).
      if (section?.transceiver === agreement.transceiver) section.update(agreement);
      else this.#sections.set(agreement.mid, new Section(agreement));
    }
    for (const stream of this.streams) if (!this.#isAlive(stream)) this.end(stream);
  }

  #isAlive(stream: ReceiveStream): boolean {
    return this.#sections.get(stream.mid) === stream.section && stream.section.receives;
  }

  /** The stream of a packet that authenticated, or `undefined` after counting why there is none. */
  route(bytes: Uint8Array, header: RtpHeader): ReceiveStream | undefined {
    const stream = this.#streams.get(header.ssrc);
    if (stream !== undefined && stream.section.roleOf(header.payloadType) !== undefined) {
      stream.lastUse = ++this.#uses;
      return stream;
    }
    return this.#routeFirst(bytes, header);
  }

  /** Streams that had their first packet since the last call. */
  takeStarted(): readonly ReceiveStream[] {
    if (this.#started.length === 0) return NONE;
    const started = this.#started;
    this.#started = [];
    return started;
  }

  /** Streams that ended since the last call. */
  takeEnded(): readonly ReceiveStream[] {
    if (this.#ended.length === 0) return NONE;
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  end(stream: ReceiveStream): void {
    if (this.#streams.get(stream.ssrc) !== stream) return;
    for (const ssrc of [stream.ssrc, stream.rtxSsrc, stream.fecSsrc]) {
      if (ssrc !== undefined && this.#streams.get(ssrc) === stream) this.#streams.delete(ssrc);
    }
    if (!stream.isDeclared) this.#undeclared--;
    this.#ended.push(stream);
  }

  #routeFirst(bytes: Uint8Array, header: RtpHeader): ReceiveStream | undefined {
    const section = this.#sectionOf(bytes, header);
    if (section === undefined) return this.#drop('rtp.no-section');
    if (!section.receives) return this.#drop('rtp.not-receiving');
    const role = section.roleOf(header.payloadType);
    if (role === undefined) return this.#drop('rtp.payload-type');
    const known = this.#streams.get(header.ssrc);
    if (known !== undefined) this.end(known); // the SSRC serves another section now
    return role === 'rtx' || (role === 'fec' && this.#isRepair(section, header.ssrc)) ? this.#bindRepair(section, role, bytes, header) : this.#bindMedia(section, bytes, header);
  }

  #sectionOf(bytes: Uint8Array, header: RtpHeader): Section | undefined {
    for (const section of this.#sections.values()) {
      if (section.midId === 0) continue;
      const mid = extensionText(bytes, header, section.midId);
      if (mid !== undefined) return this.#sections.get(mid); // ids mean the same in every section of a bundle (RFC 8843 9.1)
      break;
    }
    for (const section of this.#sections.values()) if (declares(section, header.ssrc)) return section;
    let only: Section | undefined;
    for (const section of this.#sections.values()) {
      if (!section.receives || section.roleOf(header.payloadType) === undefined) continue;
      if (only !== undefined) return undefined;
      only = section;
    }
    return only;
  }

  /** Whether a FEC payload type has a stream of its own: ULPFEC has none, it comes inside RED. */
  #isRepair(section: Section, ssrc: number): boolean {
    return !section.agreement.sources.some((source) => source.ssrc === ssrc);
  }

  #bindMedia(section: Section, bytes: Uint8Array, header: RtpHeader): ReceiveStream | undefined {
    const rid = section.ridId === 0 ? undefined : extensionText(bytes, header, section.ridId);
    const expected = section.agreement.receiveEncodings;
    if (rid !== undefined && expected.length > 0 && !expected.some((encoding) => encoding.rid === rid)) return this.#drop('rtp.rid');
    const source = section.agreement.sources.find(({ ssrc }) => ssrc === header.ssrc);
    if (source === undefined && this.#undeclared >= this.#maxUndeclared) this.#evict();
    const stream = new ReceiveStream(section, header.ssrc, rid, source !== undefined);
    if (source === undefined) this.#undeclared++;
    this.#streams.set(header.ssrc, stream);
    if (source?.rtxSsrc !== undefined) this.#addRepair(stream, 'rtx', source.rtxSsrc);
    if (source?.fecSsrc !== undefined) this.#addRepair(stream, 'fec', source.fecSsrc);
    stream.lastUse = ++this.#uses;
    this.#started.push(stream);
    return stream;
  }

  /** A repair stream belongs to the media stream that was declared with it, has its RID, or is the only one of the section. */
  #bindRepair(section: Section, role: CodecRole, bytes: Uint8Array, header: RtpHeader): ReceiveStream | undefined {
    const repaired = section.repairedRidId === 0 ? undefined : extensionText(bytes, header, section.repairedRidId);
    let found: ReceiveStream | undefined;
    for (const stream of this.#streams.values()) {
      if (stream.section !== section || (repaired !== undefined && stream.rid !== repaired)) continue;
      const taken = role === 'rtx' ? stream.rtxSsrc : stream.fecSsrc;
      if (repaired === undefined && taken !== undefined) continue;
      if (found === undefined || stream.lastUse > found.lastUse) found = stream;
    }
    if (found === undefined) return this.#drop('rtp.early-repair');
    this.#addRepair(found, role, header.ssrc);
    return found;
  }

  #addRepair(stream: ReceiveStream, role: CodecRole, ssrc: number): void {
    const before = role === 'rtx' ? stream.rtxSsrc : stream.fecSsrc;
    if (before !== undefined && this.#streams.get(before) === stream) this.#streams.delete(before);
    if (role === 'rtx') stream.rtxSsrc = ssrc;
    else stream.fecSsrc = ssrc;
    this.#streams.set(ssrc, stream);
  }

  #evict(): void {
    let oldest: ReceiveStream | undefined;
    for (const stream of this.#streams.values()) if (!stream.isDeclared && (oldest === undefined || stream.lastUse < oldest.lastUse)) oldest = stream;
    if (oldest === undefined) return;
    this.#counters.add('rtp.evicted');
    this.end(oldest);
  }

  #drop(counter: string): undefined {
    this.#counters.add(counter);
    return undefined;
  }
}

const NONE: readonly ReceiveStream[] = Object.freeze([]);

function declares(section: Section, ssrc: number): boolean {
  return section.agreement.sources.some((source) => source.ssrc === ssrc || source.rtxSsrc === ssrc || source.fecSsrc === ssrc);
}

function extensionText(bytes: Uint8Array, header: RtpHeader, id: number): string | undefined {
  const value = extensionValue(bytes, header, id);
  return value === undefined ? undefined : decodeUtf8(value);
}
