import type { Instant, TimerTable } from '../core/index.ts';
import { PACE_BURST_PACKETS, PACE_MIN_RTT_MS } from './constants.ts';
import type { Rto } from './rto.ts';
import type { SctpTimer } from './timers.ts';

/**
 * Spreads a window over the round trip (RFC 9002 7.7 argues for it): SACKs that come bunched, the end of a repair and the
 * end of a pause would otherwise put a whole window into the queue of the path at once. Paths with a short round trip are left
 * alone: there a timer is later than the SACKs.
 */
export class Pacer {
  readonly #timers: TimerTable<SctpTimer>;
  readonly #rto: Rto;
  /** What may go out now, in bytes; below zero when the last packet was larger than what was left. */
  #credit = 0;
  #at: Instant = -Infinity;

  constructor(timers: TimerTable<SctpTimer>, rto: Rto) {
    this.#timers = timers;
    this.#rto = rto;
  }

  /** Whether a packet may go out now. If not, the timer `pace` says when to ask again. */
  allows(windowBytes: number, isSlowStart: boolean, mtuBytes: number, now: Instant): boolean {
    const rttMs = this.#rto.smoothedMs;
    if (rttMs === undefined || this.#rto.minRttMs < PACE_MIN_RTT_MS) return true;
    // Faster than the window asks for, so that the window and not the pace is what limits.
    const bytesPerMs = ((isSlowStart ? 2 : 1.25) * windowBytes) / rttMs;
    const burst = Math.max(PACE_BURST_PACKETS * mtuBytes, windowBytes / 8);
    if (now > this.#at) {
      this.#credit = Math.min(burst, this.#credit + (now - this.#at) * bytesPerMs);
      this.#at = now;
    }
    if (this.#credit > 0) return true;
    // Half a burst at a time: few timers.
    this.#timers.set('pace', now + (burst / 2 - this.#credit) / bytesPerMs);
    return false;
  }

  sent(bytes: number): void {
    this.#credit -= bytes;
  }
}
