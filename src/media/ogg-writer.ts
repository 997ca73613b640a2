import { concat } from '../core/index.ts';
import { OPUS_CLOCK_HZ, opusDuration } from '../codec/index.ts';
import { MAX_SILENCE_SECONDS } from './constants.ts';
import type { WritableFrame } from './frame.ts';
import { encodeOggPage, MAX_SEGMENTS, PageFlag, segmentsOf } from './ogg-page.ts';
import { encodeOpusHead, encodeOpusTags } from './opus-head.ts';
import { opusSilence } from './opus-silence.ts';
import { type FileEnd, FrameClock, type MediaWriter, refuse, refuseLate } from './writer.ts';

/** How an {@link OggWriter} writes. */
export interface OggWriterConfig {
  /** Channels that a player is told of: 1 or 2. Opus in WebRTC is decoded as stereo (RFC 7587 7). Default 2. */
  readonly channels?: number;
  /** Samples at 48,000 Hz that a player drops at the beginning, 0–65,535. Default 312, what libopus needs. */
  readonly preSkip?: number;
  /** Longest page in milliseconds: what a crash may cost. Default 1000 (RFC 7845 6). */
  readonly pageMs?: number;
  /** Of the bitstream; those of a chain must differ. Default random. */
  readonly serial?: number;
  /** Name of the software, for the comment header. Default `sansrtc`. */
  readonly vendor?: string;
  /** Comments, as in `TITLE=A call`. Default none. */
  readonly comments?: readonly string[];
}

/** A gap in ticks that is filled: less is jitter of timestamps that were rounded. */
const LEAST_GAP = OPUS_CLOCK_HZ / 100;
/**
 * Writes Opus to Ogg (RFC 7845). Gaps between packets (loss, discontinuous transmission) are filled with packets without content, for
 * which a decoder conceals (RFC 7845 4.1); gaps of more than 60 s are left out. Nothing needs to be patched.
 */
export class OggWriter implements MediaWriter {
  readonly #config: OggWriterConfig;
  readonly #serial: number;
  readonly #pageTicks: number;
  readonly #clock = new FrameClock(OPUS_CLOCK_HZ);
  #sequence = 0;
  /** Granule position behind the last packet. */
  #position = 0;
  /** Ticks of gaps that were left out. */
  #leftOut = 0;
  /** The packets of the page that is being filled. */
  #packets: Uint8Array[] = [];
  #segments = 0;
  #pageStart = 0;
  #lastToc: number | undefined;
  #finished = false;

  constructor(config: OggWriterConfig = {}) {
    this.#config = config;
    this.#serial = config.serial ?? Math.floor(Math.random() * 0x1_0000_0000);
    this.#pageTicks = ((config.pageMs ?? 1000) * OPUS_CLOCK_HZ) / 1000;
  }

  write(frame: WritableFrame): Uint8Array {
    if (this.#finished) refuseLate();
    const duration = durationOf(frame.data);
    const pages = this.#sequence === 0 ? [...this.#header()] : [];
    const gap = this.#clock.ticks({ ...frame, duration }) - this.#position - this.#leftOut;
    if (gap > MAX_SILENCE_SECONDS * OPUS_CLOCK_HZ || gap < 0) this.#leftOut += gap;
    else if (gap >= LEAST_GAP && this.#lastToc !== undefined) {
      for (const { data, duration: ticks } of opusSilence(this.#lastToc, gap)) this.#add(data, ticks, pages);
    }
    this.#add(frame.data.slice(), duration, pages);
    this.#lastToc = frame.data[0];
    return concat(...pages);
  }

  finish(): FileEnd {
    if (this.#finished) refuseLate();
    this.#finished = true;
    const pages = this.#sequence === 0 ? [...this.#header()] : [];
    pages.push(this.#page(PageFlag.last));
    return { bytes: concat(...pages), patches: [] };
  }

  /** The identification and the comment header, each on pages of its own. */
  *#header(): Generator<Uint8Array> {
    const { channels = 2, preSkip = 312, vendor = 'sansrtc', comments = [] } = this.#config;
    const head = encodeOpusHead({ channels, preSkip, inputSampleRate: OPUS_CLOCK_HZ, outputGain: 0 });
    const tags = encodeOpusTags(vendor, comments);
    if (segmentsOf(tags.length) > MAX_SEGMENTS) refuse(`${tags.length} bytes of comments`);
    for (const [packet, flags] of [[head, PageFlag.first], [tags, 0]] as const) {
      yield encodeOggPage([packet], { flags, granule: 0, serial: this.#serial, sequence: this.#sequence++ });
    }
  }

  #add(packet: Uint8Array, duration: number, pages: Uint8Array[]): void {
    const segments = segmentsOf(packet.length);
    const full = this.#segments + segments > MAX_SEGMENTS || this.#position + duration - this.#pageStart > this.#pageTicks;
    if (full && this.#packets.length > 0) pages.push(this.#page(0));
    this.#packets.push(packet);
    this.#segments += segments;
    this.#position += duration;
  }

  #page(flags: number): Uint8Array {
    const page = encodeOggPage(this.#packets, { flags, granule: this.#position, serial: this.#serial, sequence: this.#sequence++ });
    this.#packets = [];
    this.#segments = 0;
    this.#pageStart = this.#position;
    return page;
  }
}

function durationOf(packet: Uint8Array): number {
  try {
    return opusDuration(packet);
  } catch (error) {
    return refuse((error as Error).message);
  }
}
