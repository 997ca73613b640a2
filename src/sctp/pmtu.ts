import { readU16, writeU16 } from '../core/bytes.ts';
import { equalBytes, type Instant, randomBytes, type RandomSource, type TimerTable } from '../core/index.ts';
import {
  CHUNK_HEADER_BYTES,
  ChunkType,
  COMMON_HEADER_BYTES,
  DEFAULT_PATH_OVERHEAD_BYTES,
  ETHERNET_MTU_BYTES,
  HEARTBEAT_ACKS_PER_SECOND,
  HEARTBEAT_INFO,
  MAX_CONFIRM_PROBES,
  MAX_PROBES,
  MIN_PROBE_INTERVAL_MS,
  PMTU_ERROR_RAISE_MS,
  PMTU_PLATEAUS_BYTES,
  PMTU_RAISE_MS,
  PMTU_STEPS_BYTES,
} from './constants.ts';
import type { PacketBuilder } from './packet-builder.ts';
import type { Rto } from './rto.ts';
import type { SctpTimer } from './timers.ts';

/** What is known of the path below the association. Sizes are of SCTP packets unless said otherwise, in bytes. */
export interface SctpPath {
  /** The largest packet that may be tried. */
  readonly maxMtuBytes: number;
  /** What the layers below add to a packet until it is an IP packet: DTLS, UDP and IP. Default 65 (DTLS 1.2 over IPv4). */
  readonly overheadBytes?: number;
  /** The largest packet that leaves this host in one piece; the system cuts larger ones into IP fragments. Default: `maxMtuBytes`. */
  readonly wholeBytes?: number;
  /** Whether the path never leaves this host: then its MTU cannot fall, and a chunk may be as large as a packet. Default false. */
  readonly isLoopback?: boolean;
}

/** Where the search is (RFC 8899 5.2). */
export type PathMtuState =
  /** There is none: the size is fixed, or the association is not up. */
  | 'disabled'
  | 'searching'
  | 'complete'
  /** Packets of the present size may have been lost for their size: one is tried alone. */
  | 'confirming'
  /** Not even the base size seems to arrive: the smallest one is tried. */
  | 'error';

type Purpose = 'search' | 'confirm' | 'confirm-base' | 'floor';

/** How much less than `overheadBytes` the layers below may add, in bytes: that much more makes sure that a packet is cut. */
const CUT_MARGIN_BYTES = 64;
/** Between two sizes of a search after the first ones, in ms. */
const PROBE_SPACING_MS: number = 1000 / HEARTBEAT_ACKS_PER_SECOND + 20;
const NONCE_BYTES = 16;
const INFO_BYTES = 4 + NONCE_BYTES;

/**
 * Finds the largest packet that the path carries (DPLPMTUD, RFC 8899) with padded HEARTBEATs (RFC 4820), one at a time. Their
 * answers are small, they hold no user data, and losing one says nothing of congestion.
 *
 * The base size is taken to work. On loopback the upper bound is tried first; elsewhere a few sizes upwards. Once a size
 * vanishes, those that links are known to have are tried by halves; then, unless the next size above fails too, the rest.
 */
export class PathMtu {
  /** The largest packet that may bear data now. */
  mtuBytes: number;
  /** The MTU fell below what is in flight: all of it is to be sent anew. The owner takes this note away. */
  hasFallen = false;
  /** Whether more is sent than small packets hold; until then nothing is searched for. */
  isNeeded = true;
  probesSent = 0;
  probesAcknowledged = 0;

  readonly #timers: TimerTable<SctpTimer>;
  readonly #rto: Rto;
  readonly #random: RandomSource;
  readonly #base: number;
  readonly #floor: number;
  #path: SctpPath | undefined;
  /** Whether the association is up, and whether the peer takes part (see {@link PathMtu.start}). */
  #isUp = false;
  #peerPads = false;
  #state: PathMtuState = 'disabled';
  #bound: number;
  /** The largest size known to arrive, and the smallest known not to. */
  #working: number;
  #failing: number;
  /** The smallest size that the system refused on this path. */
  #refused = Infinity;
  /** Whether packets of a size vanished without the system learning of it. */
  #isHole = false;
  /** Whether the size just above {@link PathMtu.#working} was tried after all known ones. */
  #stepped = false;
  /** The probe that is out or is to go out; 0: none. */
  #probe = 0;
  #purpose: Purpose = 'search';
  #isPending = false;
  #attempts = 0;
  /** Sizes tried since the search began. */
  #streak = 0;
  #nonce: Uint8Array | undefined;
  /** Retransmission timeouts since anything new was acknowledged. */
  #strikes = 0;
  #confirmedAt: Instant = -Infinity;
  #fellAt: Instant = -Infinity;

  /**
   * @param baseBytes - the packet that every path is taken to carry (RFC 8899 5.1.2, BASE_PLPMTU)
   * @param floorBytes - what to fall back to where that is wrong (MIN_PLPMTU)
   */
  constructor(baseBytes: number, floorBytes: number, timers: TimerTable<SctpTimer>, rto: Rto, random: RandomSource) {
    this.#timers = timers;
    this.#rto = rto;
    this.#random = random;
    this.mtuBytes = this.#base = this.#bound = this.#working = this.#failing = baseBytes & ~3;
    this.#floor = Math.min(floorBytes & ~3, this.#base);
  }

  get state(): PathMtuState {
    return this.#state;
  }

  /** The largest chunk that may be cut: what was numbered cannot be cut again when the MTU falls, so it must fit the base size. */
  get chunkMtuBytes(): number {
    return this.#path?.isLoopback === true ? this.mtuBytes : Math.min(this.mtuBytes, this.#base);
  }

  /** How large a packet must be that bears a chunk too large for the path: so large that the system cuts it (0: no matter). */
  get cutBytes(): number {
    // Where not even a whole packet fits below (a DTLS record), nothing that is large enough to be cut does.
    const path = this.#path;
    return path === undefined || path.maxMtuBytes < this.#wholeBytes ? 0 : this.#wholeBytes + CUT_MARGIN_BYTES;
  }

  /**
   * The association is up.
   *
   * @param peerPads - whether the peer names PAD among its extensions. Stacks are known to which a record beyond their read
   *   buffer is a fatal error, so that nobody else is sent more than any host must expect: a packet as Ethernet carries it.
   */
  start(peerPads: boolean, now: Instant): void {
    this.#isUp = true;
    this.#peerPads = peerPads;
    this.#restart(now);
  }

  /** The path changed: what was learnt of the old one says nothing of this one. */
  setPath(path: SctpPath, now: Instant): void {
    this.#path = path;
    this.#restart(now);
  }

  /** A size that is set by hand ends the search. */
  fix(mtuBytes: number): void {
    this.#path = undefined;
    this.#stop('disabled');
    this.mtuBytes = mtuBytes & ~3;
  }

  /** Whether a probe is to go out; {@link PathMtu.write} builds it. Data goes first. */
  get isPending(): boolean {
    return this.#isPending && (this.isNeeded || this.#purpose !== 'search');
  }

  /**
   * Builds the probe: a HEARTBEAT and padding, alone in a packet. A peer that did not name PAD may not know it (RFC 4820), and gets
   * its padding inside of two HEARTBEATs. It must echo what they hold (RFC 9260 3.3.5), and an answer as large as the probe would be
   * more than some stacks ever send.
   */
  write(builder: PacketBuilder, verificationTag: number, now: Instant): void {
    this.#isPending = false;
    this.#attempts++;
    this.probesSent++;
    const nonce = (this.#nonce ??= randomBytes(this.#random, NONCE_BYTES));
    builder.begin(this.#probe, verificationTag);
    const { bytes } = builder;
    const at = COMMON_HEADER_BYTES;
    if (this.#peerPads) {
      builder.at = writeHeartbeat(bytes, at, CHUNK_HEADER_BYTES + INFO_BYTES, nonce);
      builder.pad();
    } else {
      const half = at + (((bytes.length - at) >> 1) & ~3);
      writeHeartbeat(bytes, at, half - at, nonce);
      builder.at = writeHeartbeat(bytes, half, bytes.length - half, nonce);
    }
    this.#timers.set('pmtu', now + this.#rto.freshTimeoutMs);
  }

  /** A HEARTBEAT ACK with this value. Returns whether it answers the probe that is out. */
  handleAck(value: Uint8Array, now: Instant): boolean {
    const nonce = this.#nonce;
    if (nonce === undefined || this.#probe === 0 || value.length < INFO_BYTES || readU16(value, 0) !== HEARTBEAT_INFO) return false;
    if (!equalBytes(value.subarray(4, INFO_BYTES), nonce)) return false;
    this.probesAcknowledged++;
    this.#arrived(now);
    return true;
  }

  handleTimeout(now: Instant): void {
    if (this.#probe === 0) this.#raise(now);
    else if (this.#attempts < this.#mostAttempts) this.#isPending = true;
    else this.#vanished(now);
  }

  /** The retransmission timer expired: the size of what was lost may be why, and a smaller one costs little. */
  timedOut(now: Instant): void {
    if (this.#state === 'disabled') return;
    this.#strikes++;
    // On this host it is a socket that ran over, or a process that has much to do; small packets would only make more of either.
    if (this.#path?.isLoopback === true && this.#strikes < 2) return;
    if (this.mtuBytes > this.#base) {
      this.mtuBytes = this.#base;
      this.#try('confirm', this.#working, now);
    } else if (this.#strikes >= 2 && this.mtuBytes === this.#base && this.#floor < this.#base && !this.#doubtsBase) {
      this.#try('confirm-base', this.#base, now);
    }
  }

  /** Packets were lost while others arrived. */
  lost(now: Instant): void {
    if (this.mtuBytes <= this.#base || this.#state !== 'complete' || now - this.#confirmedAt < MIN_PROBE_INTERVAL_MS) return;
    this.#try('confirm', this.mtuBytes, now);
  }

  /** Something new was acknowledged before which nothing is missing. */
  progressed(): void {
    this.#strikes = 0;
  }

  /** A chunk arrived that is larger than the smallest packet: the base size works, and the path just loses much. */
  largeArrived(now: Instant): void {
    if (!this.#doubtsBase) return;
    this.#strikes = 0;
    this.#next(now);
  }

  /** A chunk of more than this, header included, tells that the base size arrives, in bytes. */
  get tellingBytes(): number {
    return (this.#base + this.#floor) >> 1;
  }

  /** The system refused a packet of this size: it is never tried again. */
  tooLarge(bytes: number, now: Instant): void {
    if (this.#state === 'disabled') return;
    const size = bytes & ~3;
    this.#isHole = true;
    this.#refused = Math.min(this.#refused, size);
    this.#failing = Math.min(this.#failing, size);
    if (this.#working >= size) {
      this.#working = this.#base < size ? this.#base : this.#floor;
      this.mtuBytes = Math.min(this.mtuBytes, this.#working);
      this.hasFallen = true;
      this.#search(now);
    } else if (this.#probe >= size) this.#vanished(now);
  }

  get #wholeBytes(): number {
    return (this.#path?.wholeBytes ?? this.#path?.maxMtuBytes ?? this.#base) & ~3;
  }

  get #doubtsBase(): boolean {
    return this.#probe !== 0 && (this.#purpose === 'confirm-base' || this.#purpose === 'floor');
  }

  get #mostAttempts(): number {
    return this.#purpose === 'search' ? MAX_PROBES : MAX_CONFIRM_PROBES;
  }

  /**
   * Whether what arrives may have been cut on its way out. A system that hears of the path's MTU by ICMP when a packet
   * vanishes cuts the next one of that size, and its arrival proves nothing. Where two of a size vanished it does not do so;
   * and nothing cuts packets on the loopback interface.
   */
  get #mayBeCut(): boolean {
    return this.#path?.isLoopback !== true && !this.#isHole;
  }

  #restart(now: Instant): void {
    const path = this.#path;
    if (path === undefined || !this.#isUp) return;
    const overhead = path.overheadBytes ?? DEFAULT_PATH_OVERHEAD_BYTES;
    const most = this.#peerPads ? path.maxMtuBytes : Math.min(path.maxMtuBytes, ETHERNET_MTU_BYTES - overhead);
    this.#bound = Math.max(this.#base, Math.min(most, this.#wholeBytes) & ~3);
    this.mtuBytes = this.#working = this.#base;
    this.#failing = this.#bound + 4;
    this.#strikes = 0;
    this.#fellAt = -Infinity;
    this.#isHole = false;
    this.#refused = Infinity;
    this.#streak = 0;
    this.#search(now);
  }

  #stop(state: PathMtuState): void {
    this.#state = state;
    this.#probe = 0;
    this.#isPending = false;
    this.#nonce = undefined;
    this.#timers.stop('pmtu');
  }

  #try(purpose: Purpose, size: number, now: Instant): void {
    if (purpose === 'confirm') this.#confirmedAt = now;
    this.#stop(purpose === 'search' ? 'searching' : purpose === 'floor' ? 'error' : 'confirming');
    this.#purpose = purpose;
    this.#probe = size;
    this.#attempts = 0;
    this.#isPending = purpose !== 'search' || this.#streak < HEARTBEAT_ACKS_PER_SECOND;
    this.#streak++;
    // A peer may answer only a few HEARTBEATs a second, as we do.
    if (!this.#isPending) this.#timers.set('pmtu', now + PROBE_SPACING_MS);
  }

  #arrived(now: Instant): void {
    const size = this.#probe;
    switch (this.#purpose) {
      case 'search':
        if (this.#attempts > 1 && this.#mayBeCut) {
          this.#failing = Math.min(this.#failing, size);
          return this.#end(now);
        }
        this.#working = this.mtuBytes = size;
        return this.#next(now);
      case 'confirm':
        this.#working = this.mtuBytes = size;
        return this.#next(now);
      case 'confirm-base':
        this.#strikes = 0;
        return this.#next(now);
      case 'floor':
        // What is smaller arrives, and the base size does not.
        this.#working = this.mtuBytes = this.#floor;
        this.#failing = this.#base;
        this.hasFallen = true;
        this.#strikes = 0;
        return this.#search(now);
      default:
        this.#purpose satisfies never;
    }
  }

  #vanished(now: Instant): void {
    const size = this.#probe;
    switch (this.#purpose) {
      case 'search':
        this.#isHole = true;
        this.#failing = Math.min(this.#failing, size);
        return this.#next(now);
      case 'confirm':
        this.#isHole = true;
        this.#failing = Math.min(this.#failing, size);
        this.#working = this.mtuBytes = Math.min(this.mtuBytes, this.#base);
        return this.#searchAgain(now);
      case 'confirm-base':
        this.#isHole = true;
        return this.#try('floor', this.#floor, now);
      case 'floor':
        // Nothing arrives at all: the path is down, whatever the size. The next timeout asks again.
        this.#strikes = 1;
        return this.#stop('error');
      default:
        this.#purpose satisfies never;
    }
  }

  /** After a black hole. One that comes soon after another is heavy loss, and searching through that finds nothing. */
  #searchAgain(now: Instant): void {
    const isSoon = now - this.#fellAt < PMTU_ERROR_RAISE_MS;
    this.#fellAt = now;
    if (!isSoon) return this.#search(now);
    this.#stop('complete');
    this.#timers.set('pmtu', now + PMTU_ERROR_RAISE_MS);
  }

  #search(now: Instant): void {
    this.#stepped = false;
    this.#next(now);
  }

  #next(now: Instant): void {
    const size = this.#nextSize();
    if (size > 0) this.#try('search', size, now);
    else this.#end(now);
  }

  #end(now: Instant): void {
    this.#stop('complete');
    if (this.mtuBytes < this.#working) this.mtuBytes = this.#working;
    if (this.#working < this.#bound) this.#timers.set('pmtu', now + (this.#working < this.#base ? PMTU_ERROR_RAISE_MS : PMTU_RAISE_MS));
  }

  /** The next size to try, or 0 when the answer is known well enough. */
  #nextSize(): number {
    const low = this.#working;
    const high = this.#failing;
    const overhead = this.#path?.overheadBytes ?? DEFAULT_PATH_OVERHEAD_BYTES;
    if (this.#mayBeCut) return high > this.#bound ? this.#nextStep(overhead) : 0;
    if (high > this.#bound) return low < this.#bound ? this.#bound : 0;
    let first = 0;
    while (first < PMTU_PLATEAUS_BYTES.length && plateau(first, overhead) <= low) first++;
    let end = first;
    while (end < PMTU_PLATEAUS_BYTES.length && plateau(end, overhead) < high) end++;
    if (end > first) return plateau((first + end) >> 1, overhead);
    const step = searchStep(low);
    if (high - low <= step) return 0;
    if (!this.#stepped) {
      this.#stepped = true;
      return low + step;
    }
    return ((low + high) >> 1) & ~3;
  }

  /** The next size upwards while none has vanished, or 0. The first that does may spoil all answers that follow. */
  #nextStep(overheadBytes: number): number {
    const low = this.#working;
    if (low >= this.#bound) return 0;
    if (low < this.#base) return this.#base;
    for (const ipBytes of PMTU_STEPS_BYTES) {
      const size = (ipBytes - overheadBytes) & ~3;
      if (size > low) return Math.min(size, this.#bound);
    }
    return this.#bound;
  }

  /** Long after the search the path may carry more (RFC 8899 5.1.1, PMTU_RAISE_TIMER). */
  #raise(now: Instant): void {
    if (this.#state !== 'complete') return;
    this.#streak = 0;
    this.#failing = Math.min(this.#bound + 4, this.#refused);
    this.#isHole = this.#refused <= this.#bound;
    this.#search(now);
  }
}

/** A HEARTBEAT of `length` bytes in all. Returns where it ends. */
function writeHeartbeat(bytes: Uint8Array, at: number, length: number, nonce: Uint8Array): number {
  bytes[at] = ChunkType.HEARTBEAT;
  writeU16(bytes, at + 2, length);
  writeU16(bytes, at + 4, HEARTBEAT_INFO);
  writeU16(bytes, at + 6, length - CHUNK_HEADER_BYTES);
  bytes.set(nonce, at + CHUNK_HEADER_BYTES + 4);
  return at + length;
}

function plateau(index: number, overheadBytes: number): number {
  return ((PMTU_PLATEAUS_BYTES[index] as number) - overheadBytes) & ~3;
}

/** How exactly the search ends, in bytes: more would cost more probes than it gives. */
export function searchStep(workingBytes: number): number {
  return Math.max(16, (workingBytes >> 6) & ~3);
}
