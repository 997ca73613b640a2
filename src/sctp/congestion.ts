import { after32, type Instant } from '../core/index.ts';
import { BUSY_LOOPS_BYTES, BUSY_LOOPS_MS, CUBIC_BETA, CUBIC_C, INITIAL_WINDOW_PACKETS, MAX_RATE_BYTES_PER_MS, MIN_WINDOW_PACKETS } from './constants.ts';

/** Packets per round trip by which the window grows so that with {@link CUBIC_BETA} it is as large as TCP's (RFC 9438 4.3). */
const FRIENDLY_ALPHA: number = (3 * (1 - CUBIC_BETA)) / (1 + CUBIC_BETA);

/**
 * The congestion window (RFC 9260 7.2), in bytes of chunks: slow start, then CUBIC (RFC 9438), and proportional rate reduction
 * while a loss is repaired (RFC 6937). It grows by bytes that were newly acknowledged, never by counting SACKs, so that a peer
 * that splits its SACKs gains nothing (RFC 3465), and one that sends few of them loses nothing.
 */
export class Congestion {
  #mtu: number;
  /** What is in flight at most, whatever the window says. */
  #limit = Infinity;
  #window: number;
  #threshold: number;
  /**
   * Whether the window was full when the last packet had left: one that is not used does not grow (7.2.1). When a SACK is read is too late to
   * ask: of several that are read in a row only the first would find it full.
   */
  #isUsed = false;
  #lastAckAt: Instant = -Infinity;
  /** The threshold before the first of several timeouts in a row. */
  #thresholdBefore: number | undefined;
  // CUBIC, in bytes and seconds.
  #epochAt: Instant | undefined;
  /** Where the curve is flat, and how long after the beginning of the epoch. */
  #plateau = 0;
  #plateauSeconds = 0;
  #friendlyWindow = 0;
  #windowBeforeLoss = 0;
  /** The largest window that there was at a loss. */
  #largest = 0;
  // The repair of a loss.
  #recoveryExit: number | undefined;
  #flightAtLoss = 0;
  #repairDelivered = 0;
  #repairSent = 0;
  #repairWindow = 0;

  constructor(mtuBytes: number) {
    this.#mtu = mtuBytes;
    this.#window = INITIAL_WINDOW_PACKETS * mtuBytes;
    this.#threshold = Infinity;
  }

  /** How much may be in flight. */
  get windowBytes(): number {
    return Math.min(this.#limit, this.#recoveryExit === undefined ? this.#window : this.#repairWindow);
  }

  /**
   * What the path can hold (see {@link BUSY_LOOPS_BYTES}), from its shortest round trip and the present one, and from what was in flight
   * during that.
   */
  limit(minRttMs: number, rttMs: number, flightBytes: number): void {
    const waiting = rttMs > BUSY_LOOPS_MS ? flightBytes * (1 - BUSY_LOOPS_MS / rttMs) : 0;
    this.#limit = BUSY_LOOPS_BYTES + minRttMs * MAX_RATE_BYTES_PER_MS + Math.min(waiting, BUSY_LOOPS_BYTES);
  }

  /** Nothing is known of the path. */
  unlimit(): void {
    this.#limit = Infinity;
  }

  get thresholdBytes(): number {
    return this.#threshold;
  }

  /** Whether a loss is being repaired (fast recovery, 7.2.4). */
  get recovering(): boolean {
    return this.#recoveryExit !== undefined;
  }

  setMtu(mtuBytes: number): void {
    this.#mtu = mtuBytes;
    // Nothing was lost yet: as many packets as at the beginning of any association (7.2.1).
    this.#window = Math.max(this.#window, this.#threshold === Infinity ? MIN_WINDOW_PACKETS * mtuBytes : mtuBytes);
  }

  /**
   * The cumulative TSN moved.
   *
   * @param ackedBytes - what was newly acknowledged, in gaps too
   * @param rttMs - smoothed
   * @param isQueueEmpty - whether the last round trip was about as short as the path's shortest one
   */
  acknowledged(cumulativeTsn: number, ackedBytes: number, rttMs: number, isQueueEmpty: boolean, now: Instant): void {
    const since = now - this.#lastAckAt;
    this.#lastAckAt = now;
    this.#thresholdBefore = undefined;
    if (this.#recoveryExit !== undefined) {
      if (after32(this.#recoveryExit, cumulativeTsn)) return;
      this.#recoveryExit = undefined;
      return; // what was acknowledged belongs to the window before the loss
    }
    if (!this.#isUsed) {
      // Time in which the window was not used does not move it on the curve (RFC 9438 4.2.6).
      if (this.#epochAt !== undefined) this.#epochAt += since;
      return;
    }
    if (this.#window < this.#threshold) this.#window = Math.min(this.#window + ackedBytes, this.#threshold);
    else if (isQueueEmpty && this.#window < this.#largest / 2) this.#regain(ackedBytes);
    else this.#avoid(ackedBytes, rttMs, now);
  }

  /**
   * The path carried far more before, and nothing waits in its queue: the losses that made the window so small were not those of
   * a full queue, or whoever filled it is gone. The window grows by half per round trip until either changes.
   */
  #regain(ackedBytes: number): void {
    this.#window += ackedBytes / 2;
    this.#plateau = 0;
    this.#epochAt = undefined;
  }

  /** Congestion avoidance (RFC 9438 4.2 to 4.5). */
  #avoid(ackedBytes: number, rttMs: number, now: Instant): void {
    if (this.#epochAt === undefined) this.#beginEpoch(now);
    const seconds = (now - (this.#epochAt as Instant)) / 1000;
    const share = Math.min(1, ackedBytes / this.#window);
    this.#friendlyWindow += (this.#friendlyWindow < this.#windowBeforeLoss ? FRIENDLY_ALPHA : 1) * this.#mtu * share;
    if (this.#curve(seconds) < this.#friendlyWindow) {
      this.#window = Math.max(this.#window, this.#friendlyWindow);
      return;
    }
    const target = Math.min(this.#curve(seconds + rttMs / 1000), this.#window * 1.5);
    if (target > this.#window) this.#window += (target - this.#window) * share;
  }

  #beginEpoch(now: Instant): void {
    this.#epochAt = now;
    this.#friendlyWindow = this.#window;
    this.#plateau = Math.max(this.#plateau, this.#window);
    this.#plateauSeconds = Math.cbrt((this.#plateau - this.#window) / this.#mtu / CUBIC_C);
  }

  #curve(seconds: number): number {
    return CUBIC_C * (seconds - this.#plateauSeconds) ** 3 * this.#mtu + this.#plateau;
  }

  /**
   * A packet was lost while others arrived (7.2.3). Once per window.
   *
   * @param flightBytes - what was in flight, with what is lost
   */
  lost(highestOutstandingTsn: number, flightBytes: number): void {
    if (this.#recoveryExit !== undefined) return;
    this.#reduce();
    this.#recoveryExit = highestOutstandingTsn;
    this.#window = this.#threshold;
    this.#flightAtLoss = Math.max(flightBytes, this.#mtu);
    this.#repairDelivered = 0;
    this.#repairSent = 0;
    this.#repairWindow = this.#window;
  }

  /**
   * A SACK came while a loss is repaired: as much goes out as arrived, less the part by which the window shrank (RFC 6937 3).
   *
   * @param deliveredBytes - what was newly acknowledged, in gaps too
   * @param flightBytes - what is in flight still
   * @param isSafe - whether the repair makes progress: the cumulative TSN moved and no other loss was found (RFC 9937 6)
   */
  repair(deliveredBytes: number, flightBytes: number, isSafe: boolean): void {
    if (this.#recoveryExit === undefined) return;
    this.#repairDelivered += deliveredBytes;
    let send: number;
    if (flightBytes > this.#threshold) {
      send = Math.ceil((this.#repairDelivered * this.#threshold) / this.#flightAtLoss) - this.#repairSent;
    } else {
      const limit = Math.max(this.#repairDelivered - this.#repairSent, deliveredBytes) + (isSafe ? this.#mtu : 0);
      send = Math.min(this.#threshold - flightBytes, limit);
    }
    this.#repairWindow = flightBytes + Math.max(0, send);
  }

  /**
   * Chunks went out.
   *
   * @param flightBytes - what is in flight now
   */
  sent(bytes: number, flightBytes: number): void {
    this.#isUsed = flightBytes + this.#mtu >= this.#window;
    if (this.#recoveryExit !== undefined) this.#repairSent += bytes;
  }

  /** The retransmission timer expired (7.2.3). */
  timedOut(): void {
    // What goes again did not show that the path carries less than half of less (RFC 5681 3.1, (4)).
    if (this.#thresholdBefore === undefined) {
      this.#thresholdBefore = Math.max(this.#window, this.#threshold === Infinity ? 0 : this.#threshold);
      this.#reduce();
    }
    this.#plateau = 0;
    this.#window = this.#mtu;
    this.#recoveryExit = undefined;
  }

  /** Fast convergence (RFC 9438 4.7) and the new threshold (4.6). */
  #reduce(): void {
    this.#plateau = this.#window < this.#plateau ? (this.#window * (1 + CUBIC_BETA)) / 2 : this.#window;
    this.#windowBeforeLoss = this.#window;
    this.#largest = Math.max(this.#largest, this.#window);
    // Slow start doubled the window in the round trip in which the queue ran over, so half of it is what the path carries.
    const beta = this.#window < this.#threshold ? 0.5 : CUBIC_BETA;
    this.#threshold = Math.max(this.#window * beta, MIN_WINDOW_PACKETS * this.#mtu);
    this.#epochAt = undefined;
  }

  /** The timeouts did not come from congestion: the window may grow fast to what it was before them. */
  forgive(): void {
    if (this.#thresholdBefore !== undefined) this.#threshold = Math.max(this.#threshold, this.#thresholdBefore / 2);
    this.#thresholdBefore = undefined;
    this.#window = Math.max(this.#window, INITIAL_WINDOW_PACKETS * this.#mtu);
    this.#recoveryExit = undefined;
  }

  /** Nothing was sent for `timeouts` retransmission timeouts: what the path carries is forgotten by halves (7.2.1). */
  idled(timeouts: number): void {
    if (timeouts < 1) return;
    const floor = INITIAL_WINDOW_PACKETS * this.#mtu;
    this.#window = Math.max(Math.min(this.#window, floor), this.#window / 2 ** Math.min(timeouts, 20));
    this.#epochAt = undefined;
  }
}
