import { type Instant, Queue } from '../../core/index.ts';
import { Unwrapper } from '../../rtp/index.ts';
import type { IncomingPacket } from '../packet.ts';
import type { ResolvedJitterBufferConfig } from './config.ts';
import { FIRST_WAIT_MS, MARGIN_MS } from './constants.ts';
import { DelayHistogram } from './delay-histogram.ts';
import { Emitted } from './emitted.ts';
import { Playout } from './playout.ts';

/** Of the round trip, how long a retransmission takes: the request may wait for a while before it goes. */
const ROUND_TRIP_FACTOR = 1.5;

/** Counts of one stream. */
export interface JitterBufferStats {
  /** Packets that wait. */
  readonly packetsHeld: number;
  /** Packets that came too late and were dropped: `packetsDiscarded`. */
  readonly packetsDiscarded: number;
  /** Packets that came twice; they are not among the discarded ones (RFC 7002 1). */
  readonly packetsDuplicated: number;
  /** Packets that were given up. */
  readonly packetsMissing: number;
  /** Time that what went on had waited, added up over frames of video or samples of audio, in seconds: `jitterBufferDelay`. */
  readonly jitterBufferDelay: number;
  /** The same for the delay that was aimed at. */
  readonly jitterBufferTargetDelay: number;
  /** Frames of video, or samples of audio, that went on. */
  readonly jitterBufferEmittedCount: number;
}

/** What became of a packet that came. */
export type Insertion = 'taken' | 'late' | 'duplicate';

/** A packet that waits. */
interface Held {
  readonly packet: IncomingPacket;
  readonly arrivedAt: Instant;
  readonly madeMs: number;
}

/** Packets of one stream in order. */
export class JitterBuffer {
  readonly #config: ResolvedJitterBufferConfig;
  readonly #mask: number;
  readonly #unwrapper: Unwrapper = new Unwrapper(16);
  readonly #waits: DelayHistogram;
  readonly #playout: Playout | undefined;
  readonly #emitted: Emitted;
  readonly #ready: Queue<IncomingPacket> = new Queue();
  /** By number; made when the first packet has to wait. */
  #slots: (Held | undefined)[] | undefined;
  /** By number, when a packet was first missed; NaN for what was not. */
  #missedAt: Float64Array | undefined;
  #held = 0;
  /** The number that goes on next, and one more than the highest that came. */
  #next = -1;
  #end = -1;
  #waitMs: number;
  #roundTripMs = 0;
  /** The sequence number that would prove that the sender began anew. */
  #restartSequence = -1;
  #discarded = 0;
  #duplicated = 0;
  #missing = 0;

  constructor(config: ResolvedJitterBufferConfig, kind: 'audio' | 'video', clockRateHz: number) {
    this.#config = config;
    this.#mask = config.maxPackets - 1;
    this.#waits = new DelayHistogram(config.maxDelayMs);
    this.#playout = config.mode === 'steady' ? new Playout(config, clockRateHz) : undefined;
    this.#emitted = new Emitted(kind, clockRateHz);
    this.#waitMs = this.#clampWait(FIRST_WAIT_MS);
  }

  get stats(): JitterBufferStats {
    return { packetsHeld: this.#held, packetsDiscarded: this.#discarded, packetsDuplicated: this.#duplicated, packetsMissing: this.#missing, ...this.#emitted.stats };
  }

  /** How long a gap is waited for, in ms. */
  get waitMs(): number {
    return this.#waitMs;
  }

  setRoundTrip(ms: number): void {
    this.#roundTripMs = ms;
    this.#measureWait();
  }

  /** Takes a packet. What goes on is polled. */
  insert(packet: IncomingPacket, now: Instant): Insertion {
    const { sequenceNumber, timestamp } = packet.header;
    let number = this.#unwrapper.unwrap(sequenceNumber);
    if (this.#next < 0) this.#next = this.#end = number;
    if (number < this.#next) {
      if (!this.#isRestart(number, sequenceNumber)) return this.#late(number, now);
      number = this.#restart(sequenceNumber, now);
    }
    this.#restartSequence = -1;
    if (number - this.#next > this.#mask) this.#skipTo(number - this.#mask, now);
    const isEarly = number > this.#next || this.#playout !== undefined;
    if (!isEarly && this.#held === 0) {
      // Nothing waits, so it is the highest number too.
      this.#end = number + 1;
      if (this.#missedAt !== undefined) this.#missedAt[number & this.#mask] = NaN;
      this.#emit(packet, packet.at, now);
      return 'taken';
    }
    const slots = (this.#slots ??= new Array<Held | undefined>(this.#config.maxPackets));
    if (slots[number & this.#mask] !== undefined) {
      this.#duplicated++;
      return 'duplicate';
    }
    this.#miss(number, now);
    this.#fill(number, now);
    slots[number & this.#mask] = { packet, arrivedAt: packet.at, madeMs: this.#playout?.arrived(timestamp, packet.at) ?? 0 };
    this.#held++;
    this.release(now);
    return 'taken';
  }

  poll(): IncomingPacket | undefined {
    return this.#ready.shift();
  }

  /** Lets go of what need not wait any longer. */
  release(now: Instant): void {
    while (this.#held > 0 && this.#dueAt() <= now) {
      const held = (this.#slots as (Held | undefined)[])[this.#next & this.#mask];
      if (held === undefined) {
        this.#missing++;
        this.#next++;
        continue;
      }
      (this.#slots as (Held | undefined)[])[this.#next & this.#mask] = undefined;
      this.#held--;
      this.#emit(held.packet, held.arrivedAt, now);
    }
  }

  /** When {@link JitterBuffer.release} has something to do; Infinity while nothing waits. */
  pollTimeout(): Instant {
    return this.#held === 0 ? Infinity : this.#dueAt();
  }

  /** Lets go of packets. */
  close(): void {
    this.#slots = undefined;
    this.#held = 0;
    this.#ready.clear();
  }

  /** When the next number goes on, or is given up. */
  #dueAt(): Instant {
    const slots = this.#slots as (Held | undefined)[];
    const held = slots[this.#next & this.#mask];
    if (held !== undefined) return this.#playout?.at(held.madeMs, held.arrivedAt) ?? -Infinity;
    const missedAt = (this.#missedAt as Float64Array)[this.#next & this.#mask] as number;
    if (this.#playout === undefined) return missedAt + this.#waitMs;
    // A gap of a steady stream is waited for until the packet behind it goes on.
    for (let number = this.#next + 1; number < this.#end; number++) {
      const behind = slots[number & this.#mask];
      if (behind !== undefined) return this.#playout.at(behind.madeMs, behind.arrivedAt);
    }
    return -Infinity;
  }

  #emit(packet: IncomingPacket, arrivedAt: Instant, now: Instant): void {
    this.#next++;
    // Padding fills a place, and is part of no frame.
    if (packet.role !== 'padding') this.#emitted.add(packet.header, now - arrivedAt, this.#playout?.targetMs ?? 0);
    this.#ready.push(packet);
  }

  /** All between the highest number and this one were not there when it came. */
  #miss(number: number, now: Instant): void {
    const missedAt = (this.#missedAt ??= new Float64Array(this.#config.maxPackets).fill(NaN));
    for (let missed = Math.max(this.#end, this.#next); missed < number; missed++) missedAt[missed & this.#mask] = now;
    if (number >= this.#end) {
      missedAt[number & this.#mask] = NaN;
      this.#end = number + 1;
    }
  }

  /** A number that was missed came: how long that took is how long to wait for others. */
  #fill(number: number, now: Instant): void {
    const missedAt = this.#missedAt;
    if (missedAt === undefined) return;
    const since = missedAt[number & this.#mask] as number;
    if (Number.isNaN(since)) return;
    missedAt[number & this.#mask] = NaN;
    this.#waits.add(now - since);
    this.#measureWait();
  }

  /** A packet whose turn is over: it was given up, or went on before. */
  #late(number: number, now: Instant): Insertion {
    const isFarBehind = number < this.#end - this.#mask;
    if (isFarBehind) this.#restartSequence = (number + 1) & 0xffff;
    else if (Number.isNaN(this.#missedAt?.[number & this.#mask] ?? NaN)) {
      this.#duplicated++;
      return 'duplicate';
    } else this.#fill(number, now);
    this.#discarded++;
    return 'late';
  }

  /** Two packets in a row that are far behind: the sender counts anew (RFC 3550 A.1). */
  #isRestart(number: number, sequence: number): boolean {
    return number < this.#end - this.#mask && sequence === this.#restartSequence;
  }

  #restart(sequence: number, now: Instant): number {
    this.#skipTo(this.#end, now);
    this.#unwrapper.reset();
    this.#missedAt?.fill(NaN);
    this.#next = this.#end = this.#unwrapper.unwrap(sequence);
    return this.#next;
  }

  /** Lets all before this number go. */
  #skipTo(number: number, now: Instant): void {
    const last = Math.min(number, this.#end);
    for (; this.#next < last; ) {
      const held = this.#slots?.[this.#next & this.#mask];
      if (held === undefined) {
        this.#missing++;
        this.#next++;
        continue;
      }
      (this.#slots as (Held | undefined)[])[this.#next & this.#mask] = undefined;
      this.#held--;
      this.#emit(held.packet, held.arrivedAt, now);
    }
    this.#missing += Math.max(0, number - this.#next);
    this.#next = Math.max(this.#next, number);
    this.#end = Math.max(this.#end, this.#next);
  }

  #measureWait(): void {
    const measured = this.#waits.quantile(this.#config.quantile);
    const wanted = measured === undefined ? Math.max(FIRST_WAIT_MS, ROUND_TRIP_FACTOR * this.#roundTripMs) : measured + MARGIN_MS;
    this.#waitMs = this.#clampWait(wanted);
  }

  #clampWait(ms: number): number {
    return Math.min(Math.max(ms, this.#config.minDelayMs), this.#config.maxDelayMs);
  }
}
