import { readU16, readU32, writeU16, writeU32 } from '../core/bytes.ts';
import { add32, type Counters, distance32, type Instant, type TimerTable } from '../core/index.ts';
import type { ResolvedSctpConfig } from './config.ts';
import {
  BURSTS_TO_LEARN,
  CHUNK_HEADER_BYTES,
  ChunkType,
  DATA_HEADER_BYTES,
  DATA_IMMEDIATE,
  I_DATA_HEADER_BYTES,
  MAX_BURST_PACKETS,
  MAX_DUPLICATES_REPORTED,
  MAX_TSN_AHEAD,
  RECEIVE_OVERHEAD_BYTES,
  SACK_EVERY_PACKETS,
  URGENT_SACK_PACKETS,
} from './constants.ts';
import type { SctpMessage } from './events.ts';
import { messageIdOf, ppidOrFsnOf, streamIdOf } from './data-chunk.ts';
import { InStreams, messageCharge } from './in-streams.ts';
import { InterleavedReassembly } from './interleaved.ts';
import type { PacketBuilder } from './packet-builder.ts';
import type { ForwardTsn, IForwardTsn } from './packets.ts';
import { PayloadKeeper } from './payload.ts';
import { Reassembly } from './reassembly.ts';
import type { SctpTimer } from './timers.ts';
import { TsnTracker } from './tsn-tracker.ts';

/** The fixed part of a SACK chunk, in bytes (RFC 9260 3.3.4). */
const SACK_BYTES = CHUNK_HEADER_BYTES + 12;

/** What became of a DATA chunk. */
export type DataResult = 'taken' | 'dropped' | 'invalid-stream' | 'violation';

/** The receiving side: what arrived, what is owed to the peer in SACKs, and how much more may come. */
export class Receiver {
  readonly streams: InStreams;
  /** Of DATA, or else of I-DATA where both ends know it. */
  readonly #reassembly: Reassembly | undefined;
  readonly interleaved: InterleavedReassembly | undefined;
  readonly #tracker: TsnTracker;
  readonly #timers: TimerTable<SctpTimer>;
  readonly #counters: Counters;
  readonly #config: ResolvedSctpConfig;
  readonly #streamsIn: number;
  readonly #keeper: PayloadKeeper = new PayloadKeeper();
  readonly #duplicates: number[] = [];
  /** Packets with DATA since the last SACK. */
  #packets = 0;
  #packetHasData = false;
  #sackNow = false;
  #advertised: number;
  #urgentPackets = URGENT_SACK_PACKETS;
  /** SACKs in a row that went out at the end of a turn, for as many packets as Max.Burst. */
  #bursts = 0;
  readonly #peerBursts: boolean;

  /** @param peerBursts - whether the peer may be one that keeps to Max.Burst (RFC 9260 6.1 D) */
  constructor(
    config: ResolvedSctpConfig,
    peerTsn: number,
    streamsIn: number,
    interleaving: boolean,
    peerBursts: boolean,
    timers: TimerTable<SctpTimer>,
    counters: Counters,
  ) {
    this.#config = config;
    this.#peerBursts = peerBursts;
    this.#streamsIn = streamsIn;
    this.#timers = timers;
    this.#counters = counters;
    this.#tracker = new TsnTracker(add32(peerTsn, -1));
    this.streams = new InStreams(interleaving);
    this.interleaved = interleaving ? new InterleavedReassembly(this.streams, config.maxMessageSizeBytes, this.#keeper) : undefined;
    this.#reassembly = interleaving ? undefined : new Reassembly(this.streams, config.maxMessageSizeBytes, this.#keeper);
    this.#advertised = config.receiveWindowBytes;
  }

  /** The last TSN before which none is missing. */
  get cumulativeTsn(): number {
    return this.#tracker.cumulative;
  }

  /** What the window still has room for, in bytes. */
  get windowBytes(): number {
    const free = this.#config.receiveWindowBytes - this.streams.unreadBytes - this.streams.waitingBytes - this.#heldBytes;
    return free < this.#config.mtuBytes ? 0 : free; // less than a packet is not worth announcing (RFC 1122 4.2.3.3)
  }

  get #heldBytes(): number {
    return this.interleaved === undefined ? (this.#reassembly as Reassembly).heldBytes : this.interleaved.heldBytes;
  }

  /** Streams with a message that was larger than is taken. */
  get tooLarge(): Reassembly['tooLarge'] {
    return this.interleaved === undefined ? (this.#reassembly as Reassembly).tooLarge : this.interleaved.tooLarge;
  }

  /** A DATA or I-DATA chunk, whichever was agreed on, of `length` bytes, header included, at `at` of a packet. It has user data. */
  handleData(packet: Uint8Array, at: number, length: number): DataResult {
    this.#packetHasData = true;
    const flags = packet[at + 1] as number;
    const tsn = readU32(packet, at + 4);
    const tracker = this.#tracker;
    const ahead = distance32(tsn, tracker.cumulative);
    if ((flags & DATA_IMMEDIATE) !== 0) this.#sackNow = true;
    if (ahead <= 0 || (ahead > 1 && tracker.has(tsn))) {
      this.#sackNow = true;
      if (this.#duplicates.length < MAX_DUPLICATES_REPORTED) this.#duplicates.push(tsn);
      this.#counters.add('sctp.duplicate');
      return 'dropped';
    }
    const header = this.interleaved === undefined ? DATA_HEADER_BYTES : I_DATA_HEADER_BYTES;
    const size = length - header;
    if (!this.#accepts(ahead, size)) {
      this.#sackNow = true;
      this.#counters.add('sctp.window');
      return 'dropped';
    }
    const streamId = streamIdOf(packet, at);
    const valid = streamId < this.#streamsIn;
    const data = this.#keeper.take(packet, at + header, size);
    if (this.interleaved !== undefined) return this.#interleave(this.interleaved, packet, at, ahead, valid, data);
    const reassembly = this.#reassembly as Reassembly;
    const ssn = readU16(packet, at + 10);
    const ppid = readU32(packet, at + 12);
    let holds = true;
    if (ahead === 1) {
      tracker.next();
      if (valid) holds = reassembly.next(streamId, ssn, ppid, flags, data);
      if (holds && tracker.hasGaps) holds = this.#advance();
    } else {
      this.#sackNow = true; // a gap is reported at once (6.7)
      tracker.add(tsn);
      if (valid) holds = reassembly.ahead(tsn, streamId, ssn, ppid, flags, data);
    }
    return !holds ? 'violation' : valid ? 'taken' : 'invalid-stream';
  }

  #interleave(interleaved: InterleavedReassembly, packet: Uint8Array, at: number, ahead: number, valid: boolean, data: Uint8Array): DataResult {
    const tracker = this.#tracker;
    if (ahead === 1) {
      tracker.next();
      if (tracker.hasGaps) this.#advance();
    } else {
      this.#sackNow = true;
      tracker.add(readU32(packet, at + 4));
    }
    if (!valid) return 'invalid-stream';
    if (!interleaved.add(streamIdOf(packet, at), messageIdOf(packet, at), ppidOrFsnOf(packet, at), packet[at + 1] as number, data)) return 'violation';
    return this.#missesFragment() ? 'violation' : 'taken';
  }

  /** Whether all TSNs are here and yet a fragment is not: it was never sent. */
  #missesFragment(): boolean {
    return this.interleaved !== undefined && this.interleaved.hasGaps && !this.#tracker.hasGaps;
  }

  /** The packet is at its end: decides how soon its DATA is acknowledged (RFC 9260 6.2). */
  endPacket(now: Instant): void {
    if (!this.#packetHasData) return;
    this.#packetHasData = false;
    this.#keeper.endPacket();
    this.#packets++;
    if (this.#packets === 1 && !this.#sackNow) this.#timers.set('sack', now + this.#config.sackDelayMs);
  }

  /** The SACK was held back long enough. */
  handleSackTimeout(): void {
    if (this.#packets > 0) this.#sackNow = true;
  }

  /** A SACK goes out with the next packet. */
  requestSack(): void {
    this.#sackNow = true;
  }

  /** Whether a SACK must go out before more is read. */
  get isSackUrgent(): boolean {
    return this.#packets >= this.#urgentPackets;
  }

  /** Whether a SACK must go out even alone. */
  get sackDue(): boolean {
    return this.#sackNow || this.#packets >= SACK_EVERY_PACKETS;
  }

  /** Whether a SACK may ride along with other chunks. */
  get sackPending(): boolean {
    return this.#sackNow || this.#packets > 0;
  }

  /** The room that a SACK would like, in bytes. */
  get sackBytes(): number {
    if (this.#tracker.hasGaps) return this.#config.mtuBytes;
    return SACK_BYTES + 4 * this.#duplicates.length;
  }

  /** Puts a SACK into a packet, as much of it as fits. */
  writeSack(builder: PacketBuilder): void {
    const { bytes, at } = builder;
    let room = (builder.room - SACK_BYTES) >> 2;
    if (room < 0) return;
    const window = this.windowBytes;
    const gaps = this.#tracker.hasGaps ? this.#tracker.writeGaps(bytes, at + SACK_BYTES, room) : 0;
    room -= gaps;
    const duplicates = Math.min(room, this.#duplicates.length);
    const length = SACK_BYTES + 4 * (gaps + duplicates);
    bytes[at] = ChunkType.SACK;
    writeU16(bytes, at + 2, length);
    writeU32(bytes, at + 4, this.#tracker.cumulative);
    writeU32(bytes, at + 8, window);
    writeU16(bytes, at + 12, gaps);
    writeU16(bytes, at + 14, duplicates);
    for (let i = 0; i < duplicates; i++) writeU32(bytes, at + SACK_BYTES + 4 * (gaps + i), this.#duplicates[i] as number);
    builder.at = at + length;
    this.#duplicates.length = 0;
    this.#sackNow = false;
    this.#advertised = window;
    if (this.#packets > 0) {
      if (this.#peerBursts) this.#learnBurst();
      this.#packets = 0;
      this.#timers.stop('sack');
    }
  }

  /**
   * A sender that keeps to Max.Burst sends no more than that for a SACK (RFC 9260 6.1 D). One SACK for more packets then lets fewer out than
   * it acknowledges, until a burst is all that is in flight: turn after turn ends with one.
   */
  #learnBurst(): void {
    this.#bursts = this.#packets === MAX_BURST_PACKETS ? this.#bursts + 1 : 0;
    if (this.#bursts === BURSTS_TO_LEARN) this.#urgentPackets = MAX_BURST_PACKETS;
  }

  /** The peer skips chunks that it gave up (RFC 3758 3.6). Returns false on a contradiction. */
  handleForwardTsn(forward: ForwardTsn): boolean {
    this.#packetHasData = true;
    this.#sackNow = true;
    const tracker = this.#tracker;
    const distance = this.#distanceOf(forward.cumulativeTsn);
    if (distance === 0) return true;
    for (let i = 0; i < distance; i++) {
      tracker.next();
      this.#reassembly?.skip(tracker.cumulative);
    }
    for (let i = 0; i + 1 < forward.skipped.length; i += 2) {
      const streamId = forward.skipped[i] as number;
      if (streamId < this.#streamsIn) this.streams.skip(streamId, forward.skipped[i + 1] as number);
    }
    return this.#advance();
  }

  /** The same with interleaving (RFC 8260 2.3.1). Returns false on a contradiction. */
  handleIForwardTsn(forward: IForwardTsn): boolean {
    this.#packetHasData = true;
    this.#sackNow = true;
    const distance = this.#distanceOf(forward.cumulativeTsn);
    if (distance === 0 || this.interleaved === undefined) return true;
    for (let i = 0; i < distance; i++) this.#tracker.next();
    this.interleaved.skip(forward.skipped.filter(({ streamId }) => streamId < this.#streamsIn));
    this.#advance();
    return !this.#missesFragment();
  }

  /** How far a skip goes; 0 for one that is old or cannot be. */
  #distanceOf(cumulativeTsn: number): number {
    const distance = distance32(cumulativeTsn, this.#tracker.cumulative);
    if (distance > 0 && distance <= MAX_TSN_AHEAD) return distance;
    this.#counters.add('sctp.forward-tsn');
    return 0;
  }

  /** The peer begins streams anew; no ids means all. */
  resetStreams(streamIds: readonly number[]): void {
    this.interleaved?.reset(streamIds);
    this.streams.reset(streamIds);
  }

  poll(): SctpMessage | undefined {
    const message = this.streams.ready.shift();
    if (message !== undefined && this.#config.windowRelease === 'on-read') this.release(messageCharge(message.data));
    return message;
  }

  /** Room for `bytes` more. The peer hears of it at once when it had stopped, or soon would. */
  release(bytes: number): void {
    this.streams.unreadBytes = Math.max(0, this.streams.unreadBytes - bytes);
    const quarter = this.#config.receiveWindowBytes >> 2;
    if (this.#advertised >= quarter) return;
    const window = this.windowBytes;
    if (window - this.#advertised >= quarter || (this.#advertised === 0 && window > 0 && this.streams.unreadBytes === 0)) this.#sackNow = true;
  }

  clear(): void {
    this.#reassembly?.clear();
    this.interleaved?.clear();
    this.streams.clear();
    this.#duplicates.length = 0;
    this.#packets = 0;
    this.#sackNow = false;
  }

  /**
   * The next chunk in order is refused only when unread messages fill the window: fragments that wait for it must never
   * keep it out. What lies ahead must fit the window. The sender cannot know our bookkeeping, so in order it has a
   * quarter of slack.
   */
  #accepts(ahead: number, size: number): boolean {
    const window = this.#config.receiveWindowBytes;
    const unread = this.streams.unreadBytes;
    const limit = window + (window >> 2);
    if (ahead === 1 && this.interleaved === undefined) return unread < limit;
    const charged = unread + this.streams.waitingBytes + this.#heldBytes;
    // Interleaved, chunks in order may be of any number of messages that never end; one more of the largest size may.
    if (ahead === 1) return unread < limit && charged < limit + this.#config.maxMessageSizeBytes;
    return ahead <= MAX_TSN_AHEAD && charged + size + RECEIVE_OVERHEAD_BYTES <= window;
  }

  /** Goes on over what arrived ahead. */
  #advance(): boolean {
    const tracker = this.#tracker;
    this.#sackNow = true; // a gap was filled (6.7)
    for (let tsn = add32(tracker.cumulative, 1); tracker.has(tsn); tsn = add32(tsn, 1)) {
      tracker.next();
      if (this.#reassembly?.reached(tsn) === false) return false;
    }
    return true;
  }
}
