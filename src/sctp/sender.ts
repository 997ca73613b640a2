import { readU16, readU32, writeU32 } from '../core/bytes.ts';
import { add32, type Counters, distance32, type Instant, type TimerTable } from '../core/index.ts';
import type { ResolvedSctpConfig } from './config.ts';
import { Acknowledged } from './acknowledged.ts';
import { Congestion } from './congestion.ts';
import {
  CHUNK_HEADER_BYTES,
  COMMON_HEADER_BYTES,
  DATA_BEGIN,
  DATA_END,
  DATA_IMMEDIATE,
  DATA_UNORDERED,
  I_DATA_HEADER_BYTES,
  LOSS_THRESHOLD_PACKETS,
  MAX_GAP_BLOCKS_READ,
  MAX_OUTSTANDING_CHUNKS,
  MIN_WINDOW_PACKETS,
} from './constants.ts';
import type { SctpSend } from './events.ts';
import { writeDataChunk } from './data-chunk.ts';
import { ACKED, Outstanding } from './outstanding.ts';
import type { PacketBuilder } from './packet-builder.ts';
import { Pacer } from './pacer.ts';
import { RetransmissionTimer } from './retransmission-timer.ts';
import { Rto } from './rto.ts';
import { type OutMessage, rankOf, Scheduler } from './scheduler.ts';
import { Skips } from './skips.ts';
import type { SctpTimer } from './timers.ts';
import { undelivered } from './undelivered.ts';

/** A message that is longer than the room left is cut only when at least this much goes into the packet, in bytes. */
const MIN_FRAGMENT_BYTES = 128;

/** The sending side: what waits, what is outstanding, what is lost, and how much may be in flight. */
export class Sender {
  readonly scheduler: Scheduler = new Scheduler();
  readonly congestion: Congestion;
  readonly rto: Rto;
  /** Timeouts in a row without any sign of the peer (RFC 9260 8.1). */
  timeouts = 0;
  /** Chunks that were sent again. */
  retransmittedChunks = 0;
  sentChunks = 0;
  abandonedMessages = 0;

  readonly #counters: Counters;
  readonly #out: Outstanding;
  readonly #skips: Skips;
  readonly #pacer: Pacer;
  readonly #timer: RetransmissionTimer;
  readonly #acked: Acknowledged;
  /** When something new was acknowledged before which nothing is missing, and when a packet was found lost while others arrived. */
  progressAt: Instant = -Infinity;
  lossAt: Instant = -Infinity;
  #mtu: number;
  /** What a new chunk may take with the header of a packet. */
  #chunkMtu: number;
  /** How large a packet must be whose one chunk is too large for the path (see `PathMtu.cutBytes`). */
  #cutBytes = 0;
  #peerWindow = 0;
  #packet = 0;
  /** One packet may go out whatever the window says (RFC 9260 7.2.4 3). */
  #force = false;
  /** A chunk is out although the peer's window has no room for it. */
  #probing = false;
  /** When the next timeout in a row counts. */
  #countAt: Instant = 0;
  #tailProbed = false;
  #lastSentAt: Instant = 0;

  constructor(config: ResolvedSctpConfig, initialTsn: number, timers: TimerTable<SctpTimer>, counters: Counters) {
    this.#counters = counters;
    this.#mtu = this.#chunkMtu = config.mtuBytes & ~3;
    this.#out = new Outstanding(initialTsn);
    this.#skips = new Skips(this.#out);
    this.congestion = new Congestion(this.#mtu);
    this.rto = new Rto(config.rtoInitialMs, config.rtoMinMs, config.rtoMaxMs);
    this.#pacer = new Pacer(timers, this.rto);
    this.#timer = new RetransmissionTimer(timers, this.rto, this.#out);
    this.#acked = new Acknowledged(this.#out, this.rto);
  }

  /** What the peer's INIT or INIT ACK said. */
  setPeer(windowBytes: number, forwardTsn: boolean, interleaving: boolean): void {
    this.#peerWindow = windowBytes;
    this.#skips.supported = forwardTsn;
    this.#skips.interleaved = interleaving;
    if (interleaving) {
      this.#out.headerBytes = I_DATA_HEADER_BYTES;
      this.scheduler.interleave(windowBytes);
    }
    this.scheduler.quantumBytes = this.#out.cost(this.#largestFragment());
  }

  /** Takes effect with the next packet; what was cut for larger packets is sent again as it was cut. */
  setMtu(mtuBytes: number, chunkMtuBytes: number = mtuBytes, cutBytes = 0): void {
    this.#chunkMtu = chunkMtuBytes & ~3;
    this.#cutBytes = cutBytes;
    this.scheduler.quantumBytes = this.#out.cost(this.#largestFragment());
    if (this.#mtu === (mtuBytes & ~3)) return;
    this.#mtu = mtuBytes & ~3;
    this.congestion.setMtu(this.#mtu);
  }

  /** Data goes another way from now on: what was learnt of the round trip no longer bounds what may be in flight. */
  pathChanged(): void {
    this.rto.forgetShortest();
    this.congestion.unlimit();
  }

  /** The path lost what was in flight for its size, not for congestion: all of it goes out again. */
  resend(now: Instant): void {
    const out = this.#out;
    if (out.count === 0) return;
    this.rto.recover();
    this.congestion.forgive();
    for (let i = 0; i < out.count; i++) if (out.states[out.slot(i)] === 0) this.#lose(i, now);
    this.#startTimer(now);
  }

  /** The largest chunk that the last SACK newly acknowledged, in bytes. */
  get largestAcked(): number {
    return this.#acked.largestBytes;
  }

  /** The last TSN that was given to a chunk. */
  get lastTsn(): number {
    return add32(this.#out.nextTsn, -1);
  }

  /** Whether chunks are unacknowledged. */
  get outstanding(): number {
    return this.#out.count;
  }

  /** Bytes in flight, as the congestion window counts them. */
  get flightBytes(): number {
    return this.#out.flightCost;
  }

  get peerWindowBytes(): number {
    return this.#peerWindow;
  }

  /** Whether nothing is left to be sent or acknowledged. */
  get drained(): boolean {
    return this.#out.count === 0 && this.scheduler.messages === 0;
  }

  /** What the peer is not known to have; see {@link undelivered}. */
  undelivered(now: Instant): readonly SctpSend[] {
    return undelivered(this.#out, this.scheduler, now);
  }

  enqueue(send: SctpSend, now: Instant): void {
    this.scheduler.push({
      stream: this.scheduler.stream(send.streamId),
      ppid: send.ppid,
      data: send.data,
      ordered: send.ordered,
      maxRetransmits: send.maxRetransmits ?? Infinity,
      expiresAt: send.lifetimeMs === undefined ? Infinity : now + send.lifetimeMs,
      sequence: 0,
      sentBytes: 0,
      fragments: 0,
      lastTsn: 0,
      memory: send.memory,
      abandoned: false,
    }, send.priority === undefined ? undefined : rankOf(send.priority));
  }

  /** Whether {@link Sender.fill} would put something into a packet. */
  ready(now: Instant): boolean {
    if (this.#skips.pending) return true;
    const out = this.#out;
    if (out.lostChunks > 0) return this.#maySend(out.sizes[out.slot(out.nextLost())] as number) && this.#mayLeave(now);
    const message = this.scheduler.peek(now);
    return message !== undefined && this.#maySend(Math.min(message.data.length - message.sentBytes, this.#largestFragment())) && this.#mayLeave(now);
  }

  /** How much {@link Sender.fill} could put into a packet, at most, in bytes. */
  get pendingBytes(): number {
    const { bufferedBytes, messages } = this.scheduler;
    const data = this.#out.lostCost + bufferedBytes + (this.#out.headerBytes + 3) * (messages + Math.floor(bufferedBytes / this.#largestFragment()));
    return this.#skips.pending ? data + this.#mtu : data;
  }

  /** Puts a FORWARD TSN, what was lost, and what is new into a packet, in this order. */
  fill(builder: PacketBuilder, now: Instant): void {
    if (this.#skips.pending && builder.room >= CHUNK_HEADER_BYTES + 12 && this.#skips.write(builder, now) && !this.#timer.runs) this.#startTimer(now);
    this.#packet = (this.#packet + 1) >>> 0;
    const flightBefore = this.#out.flightCost;
    let last = this.#out.lostChunks > 0 ? this.#fillLost(builder, now) : -1;
    if (this.#out.lostChunks === 0) {
      const fresh = this.#fillNew(builder, now);
      if (fresh >= 0) last = fresh;
    }
    this.#force = false;
    if (last < 0) return;
    const sentBytes = this.#out.flightCost - flightBefore;
    this.congestion.sent(sentBytes, this.#out.flightCost);
    this.#pacer.sent(sentBytes);
    // Nothing more can go out before the peer answers: it should not hold its SACK back (RFC 9260 3.3.1, I bit). With more
    // packets on their way it would not anyway.
    const { windowBytes } = this.congestion;
    if (this.scheduler.messages > 0 && this.#out.flightCost >= windowBytes && windowBytes <= MIN_WINDOW_PACKETS * this.#mtu) {
      builder.bytes[last + 1] = (builder.bytes[last + 1] as number) | DATA_IMMEDIATE;
    }
    this.#lastSentAt = now;
    if (!this.#timer.runs) this.#startTimer(now);
  }

  /**
   * A SACK whose form was checked ({@link checkSack}).
   *
   * @returns false when it acknowledges what was never sent
   */
  handleSack(bytes: Uint8Array, start: number, now: Instant): boolean {
    const out = this.#out;
    const advance = distance32(readU32(bytes, start), out.base) + 1;
    if (advance < 0) {
      this.#counters.add('sctp.sack-old');
      return true;
    }
    const gaps = Math.min(readU16(bytes, start + 8), MAX_GAP_BLOCKS_READ);
    const lastGap = gaps === 0 ? 0 : readU16(bytes, start + 10 + 4 * gaps);
    if (advance + lastGap > out.count) return false;

    const flightBefore = out.flightCost;
    const acked = this.#acked;
    acked.begin();
    for (let i = 0; i < advance; i++) {
      acked.add(out.slot(0), now);
      out.shift();
    }
    for (let i = 0, at = start + 12; i < gaps; i++, at += 4) {
      const end = readU16(bytes, at + 2);
      for (let offset = readU16(bytes, at); offset <= end; offset++) acked.add(out.slot(offset - 1), now);
    }
    if (acked.sampleSentAt >= 0) {
      this.rto.measure(now - acked.sampleSentAt);
      this.congestion.limit(this.rto.minRttMs, this.rto.smoothedMs as number, flightBefore);
    }
    const isQueueEmpty = acked.sampleSentAt >= 0 && now - acked.sampleSentAt <= this.rto.minRttMs * 1.125 + 1;
    this.timeouts = 0;
    if (advance > 0) {
      this.rto.recover();
      this.#tailProbed = false;
      this.#probing = false;
      this.congestion.acknowledged(add32(out.base, -1), acked.cost, this.rto.smoothedMs ?? 0, isQueueEmpty, now);
    }
    this.#peerWindow = readU32(bytes, start + 4);
    if (this.#probing && this.#peerWindow > 0) this.#windowOpened(now);
    if (acked.cost > 0) {
      if (advance > 0) this.progressAt = now;
      if (gaps > 0) this.#detectLoss(flightBefore, now);
      this.congestion.repair(acked.cost, out.flightCost, advance > 0 && this.lossAt !== now);
    }
    this.#skips.update(this.rto.smoothedMs ?? this.rto.timeoutMs, now);
    if (out.count === 0) this.#timer.stop();
    else if (advance > 0) this.#startTimer(now);
    return true;
  }

  /** A SHUTDOWN acknowledges cumulatively too (RFC 9260 9.2). Returns false when it acknowledges what was never sent. */
  handleCumulativeAck(tsn: number, now: Instant): boolean {
    const sack = new Uint8Array(12);
    writeU32(sack, 0, tsn);
    writeU32(sack, 4, this.#peerWindow);
    return this.handleSack(sack, 0, now);
  }

  /**
   * The retransmission timer expired (RFC 9260 6.3.3).
   *
   * @returns whether the path may have lost something; a chunk that probes a closed window was refused by the peer
   */
  handleTimeout(now: Instant): boolean {
    const out = this.#out;
    this.#timer.runs = false;
    if (out.count === 0) return false;
    const closed = this.#probing;
    // The wait does not double beyond a limit (see `RetransmissionTimer`), but the end of patience does not come the sooner for it.
    if (this.timeouts === 0 || now >= this.#countAt) {
      this.timeouts++;
      this.rto.backOff();
      this.#countAt = now + this.rto.timeoutMs;
    }
    if (!closed) this.congestion.timedOut();
    this.#probing = false;
    // A peer may take back what it only reported in gap blocks (6.2); after two timeouts it is not relied on.
    const forget = this.timeouts >= 2;
    for (let i = 0; i < out.count; i++) {
      const slot = out.slot(i);
      if (forget && out.states[slot] === ACKED) out.unacknowledge(slot);
      if (out.states[slot] === 0) this.#lose(i, now);
    }
    this.#skips.request();
    this.#startTimer(now);
    return !closed;
  }

  /**
   * The tail of a burst was not acknowledged in twice the round-trip time: its last chunk is sent once more, so that the
   * SACK tells what is missing long before the retransmission timer would (the idea of RFC 8985 7).
   */
  handleTailProbe(now: Instant): void {
    const out = this.#out;
    if (this.#tailProbed || out.lostChunks > 0 || out.count === 0) return;
    for (let i = out.count - 1; i >= 0; i--) {
      const slot = out.slot(i);
      if (out.states[slot] !== 0) continue;
      if ((out.messages[slot] as OutMessage).maxRetransmits !== Infinity) return;
      this.#tailProbed = true;
      this.#lose(i, now);
      this.#force = true;
      // Whatever went out before the probe counts as overtaken when the probe arrives.
      this.#packet = (this.#packet + LOSS_THRESHOLD_PACKETS) >>> 0;
      return;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.scheduler.clear();
    this.#out.clear();
    this.#skips.pending = false;
    this.#timer.stop();
  }

  #largestFragment(): number {
    return this.#chunkMtu - COMMON_HEADER_BYTES - this.#out.headerBytes;
  }

  #mayLeave(now: Instant): boolean {
    const { congestion } = this;
    return this.#force || this.#out.flightCost === 0 || this.#pacer.allows(congestion.windowBytes, congestion.windowBytes < congestion.thresholdBytes, this.#mtu, now);
  }

  /** The rules of RFC 9260 6.1: one chunk may always be in flight; else both windows must have room. */
  #maySend(size: number): boolean {
    const { flightCost, flightPayload } = this.#out;
    if (flightCost === 0 || this.#force) return true;
    return flightCost < this.congestion.windowBytes && flightPayload + size <= this.#peerWindow;
  }

  /**
   * Returns where the last chunk lies in the packet, or −1. A chunk that was cut for larger packets than the path now carries
   * goes alone, in a packet that is padded until the system cuts it into fragments: what leaves in one piece bears IPv4's
   * DF bit on some systems, and would vanish again.
   */
  #fillLost(builder: PacketBuilder, now: Instant): number {
    const out = this.#out;
    let last = -1;
    let isOversize = false;
    const { interleaving } = this.scheduler;
    while (out.lostChunks > 0 && !isOversize) {
      const index = out.nextLost();
      const slot = out.slot(index);
      const size = out.sizes[slot] as number;
      if (out.cost(size) > builder.room) {
        if (last >= 0 || builder.at > COMMON_HEADER_BYTES) return last;
        builder.begin(Math.max(this.#cutBytes, COMMON_HEADER_BYTES + out.cost(size)), readU32(builder.bytes, 4));
        isOversize = true;
      }
      if (!this.#maySend(size)) return last;
      out.resend(slot, this.#packet, now);
      if (index === 0) this.#startTimer(now); // RFC 9260 7.2.4 4: it is waited for anew
      this.#noteProbe();
      this.retransmittedChunks++;
      last = builder.at;
      const flags = out.flags[slot] as number;
      builder.at = writeDataChunk(builder.bytes, last, interleaving, out.messages[slot] as OutMessage, add32(out.base, index), out.offsets[slot] as number, size, flags, out.fsns[slot] as number);
    }
    if (isOversize) builder.pad();
    return last;
  }

  /** Returns where the last chunk lies in the packet, or −1. */
  #fillNew(builder: PacketBuilder, now: Instant): number {
    const out = this.#out;
    let last = -1;
    const largest = this.#largestFragment();
    const { interleaving } = this.scheduler;
    while (out.count < MAX_OUTSTANDING_CHUNKS) {
      const message = this.scheduler.peek(now);
      if (message === undefined) break;
      if (message.expiresAt <= now && this.#skips.supported) {
        this.#abandon(message); // it began and expired before its end
        continue;
      }
      const left = message.data.length - message.sentBytes;
      const room = builder.room - out.headerBytes;
      const most = Math.min(left, largest);
      if (most > room && (room < MIN_FRAGMENT_BYTES || left <= largest) && builder.at > COMMON_HEADER_BYTES) break;
      const size = Math.min(most, room);
      if (size <= 0 || !this.#maySend(size)) break;
      if (out.count === 0) this.#resume(now);
      let flags = message.ordered ? 0 : DATA_UNORDERED;
      if (message.sentBytes === 0) {
        flags |= DATA_BEGIN;
        this.#number(message);
      }
      if (size === left) flags |= DATA_END;
      const offset = message.sentBytes;
      last = builder.at;
      builder.at = writeDataChunk(builder.bytes, last, interleaving, message, out.nextTsn, offset, size, flags, message.fragments);
      out.push(message, offset, size, flags, this.#packet, now);
      this.#noteProbe();
      this.sentChunks++;
      this.scheduler.sent(message, size, out.cost(size));
    }
    return last;
  }

  /** A message gets its number when it is begun: ordered ones, and with interleaving all of them (RFC 8260 2.1). */
  #number(message: OutMessage): void {
    const { stream } = message;
    if (message.ordered) {
      message.sequence = stream.nextSequence;
      stream.nextSequence = this.scheduler.interleaving ? add32(message.sequence, 1) : (message.sequence + 1) & 0xffff;
    } else if (this.scheduler.interleaving) {
      message.sequence = stream.nextUnordered;
      stream.nextUnordered = add32(message.sequence, 1);
    }
  }

  /** What went out beyond the peer's window probes it. */
  #noteProbe(): void {
    if (this.#out.flightPayload > this.#peerWindow) this.#probing = true;
  }

  /** After a pause the window is no longer what the path was seen to carry (RFC 9260 7.2.1). */
  #resume(now: Instant): void {
    if (now > this.#lastSentAt) this.congestion.idled(Math.floor((now - this.#lastSentAt) / this.rto.timeoutMs));
  }

  /** A chunk is lost when packets that left well after it have arrived (RFC 9260 7.2.4, counted in packets). */
  #detectLoss(flightBefore: number, now: Instant): void {
    const out = this.#out;
    for (let i = 0; i < out.count; i++) {
      const slot = out.slot(i);
      if (out.states[slot] !== 0) continue;
      if (distance32(this.#acked.latestPacket, out.packets[slot] as number) < LOSS_THRESHOLD_PACKETS) continue;
      if (!this.congestion.recovering) this.#force = true;
      this.congestion.lost(this.lastTsn, flightBefore);
      this.lossAt = now;
      this.#lose(i, now);
    }
  }

  /** Marks a chunk in flight for retransmission, or gives its message up. */
  #lose(index: number, now: Instant): void {
    const out = this.#out;
    const slot = out.slot(index);
    const message = out.messages[slot] as OutMessage;
    if (this.#skips.supported && ((out.sends[slot] as number) > message.maxRetransmits || message.expiresAt <= now)) {
      this.#abandon(message);
      return;
    }
    out.lose(index);
  }

  /** Gives up a message that was begun: all its chunks, and what is unsent of it (RFC 3758 3.5). */
  #abandon(message: OutMessage): void {
    const out = this.#out;
    message.abandoned = true;
    this.abandonedMessages++;
    if (message.sentBytes < message.data.length) {
      // The peer holds a beginning, so it must be told of an end: a TSN that is never sent, only skipped.
      out.abandon(out.push(message, message.sentBytes, 0, DATA_END, this.#packet, 0));
      this.scheduler.drop(message);
    }
    out.abandonAll(message);
    this.#skips.request();
    if (!this.#timer.runs) this.#startTimer(this.#lastSentAt);
  }

  /** The peer's window has room again: the chunk that probed it may have been dropped, so it goes again at once. */
  #windowOpened(now: Instant): void {
    const out = this.#out;
    this.#probing = false;
    this.rto.recover();
    for (let i = 0; i < out.count; i++) if (out.states[out.slot(i)] === 0) this.#lose(i, now);
  }

  #startTimer(now: Instant): void {
    this.#timer.start(now, this.#probing || this.#peerWindow === 0, this.#tailProbed);
  }
}
