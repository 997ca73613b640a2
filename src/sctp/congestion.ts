import { after32, type Instant } from '../core/index.ts';
import { INITIAL_WINDOW_PACKETS, MIN_WINDOW_PACKETS } from './constants.ts';

/**
 * The congestion window (RFC 9260 7.2), in bytes of chunks. It grows by bytes that were newly acknowledged, never by
 * counting SACKs, so that a peer that splits its SACKs gains nothing (RFC 3465).
 */
export class Congestion {
  #mtu: number;
  #window: number;
  #threshold: number;
  #partialAcked = 0;
  #recoveryExit: number | undefined;
  #lostAt: Instant = -Infinity;
  /** The threshold before the first of several timeouts in a row. */
  #thresholdBefore: number | undefined;

  constructor(mtuBytes: number) {
    this.#mtu = mtuBytes;
    this.#window = INITIAL_WINDOW_PACKETS * mtuBytes;
    this.#threshold = Infinity;
  }

  get windowBytes(): number {
    return this.#window;
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
   * @param flightBytes - what was in flight before: a window that was not used does not grow (7.2.1)
   */
  acknowledged(cumulativeTsn: number, ackedBytes: number, flightBytes: number, now: Instant): void {
    this.#thresholdBefore = undefined;
    if (this.#recoveryExit !== undefined) {
      if (after32(this.#recoveryExit, cumulativeTsn)) return;
      this.#recoveryExit = undefined;
      this.#partialAcked = 0;
    }
    if (flightBytes + this.#mtu < this.#window) return;
    if (this.#window <= this.#threshold) {
      this.#window += ackedBytes;
      return;
    }
    this.#partialAcked += ackedBytes;
    if (this.#partialAcked >= this.#window) {
      this.#partialAcked -= this.#window;
      this.#window += this.#increase(now);
    }
  }

  /**
   * By how much the window grows in a round trip: by one packet (7.2.2), and by more when the last loss is over a second
   * ago, so that long and fast paths fill in seconds instead of minutes. The curve is that of H-TCP
   * (draft-leith-tcp-htcp), which is fair to TCP because within the first second it is TCP.
   */
  #increase(now: Instant): number {
    const seconds = (now - this.#lostAt) / 1000 - 1;
    if (seconds <= 0) return this.#mtu;
    return Math.max(this.#mtu, Math.min((1 + 10 * seconds + (seconds * seconds) / 4) * this.#mtu, this.#window / 2));
  }

  /** A packet was lost while others arrived (7.2.3). Once per window. */
  lost(highestOutstandingTsn: number, now: Instant): void {
    if (this.#recoveryExit !== undefined) return;
    this.#lostAt = now;
    this.#threshold = Math.max(this.#window / 2, MIN_WINDOW_PACKETS * this.#mtu);
    this.#window = this.#threshold;
    this.#partialAcked = 0;
    this.#recoveryExit = highestOutstandingTsn;
  }

  /** The retransmission timer expired (7.2.3). */
  timedOut(now: Instant): void {
    this.#lostAt = now;
    this.#thresholdBefore ??= Math.max(this.#window, this.#threshold === Infinity ? 0 : this.#threshold);
    this.#threshold = Math.max(this.#window / 2, MIN_WINDOW_PACKETS * this.#mtu);
    this.#window = this.#mtu;
    this.#partialAcked = 0;
    this.#recoveryExit = undefined;
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
    this.#partialAcked = 0;
  }
}
