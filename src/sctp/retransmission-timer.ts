import type { Instant, TimerTable } from '../core/index.ts';
import { RETRANSMISSION_MAX_MS, RETRANSMISSION_MAX_TIMEOUTS, TAIL_PROBE_MIN_MS, ZERO_WINDOW_PROBE_MAX_MS } from './constants.ts';
import type { Outstanding } from './outstanding.ts';
import type { Rto } from './rto.ts';
import type { SctpTimer } from './timers.ts';

/** The timers of what is outstanding: retransmission (RFC 9260 6.3.2), and the probe of a tail before it. */
export class RetransmissionTimer {
  runs = false;
  readonly #timers: TimerTable<SctpTimer>;
  readonly #rto: Rto;
  readonly #out: Outstanding;

  constructor(timers: TimerTable<SctpTimer>, rto: Rto, out: Outstanding) {
    this.#timers = timers;
    this.#rto = rto;
    this.#out = out;
  }

  /**
   * @param isWindowClosed - whether the peer has no room, so that what is sent only asks whether it has some again
   * @param isTailProbed - whether the tail was probed already
   */
  start(now: Instant, isWindowClosed: boolean, isTailProbed: boolean): void {
    this.runs = true;
    const fresh = this.#rto.freshTimeoutMs;
    const longest = isWindowClosed ? ZERO_WINDOW_PROBE_MAX_MS : Math.max(fresh, Math.min(RETRANSMISSION_MAX_TIMEOUTS * fresh, RETRANSMISSION_MAX_MS));
    const timeout = Math.min(this.#rto.timeoutMs, longest);
    this.#timers.set('t3', now + timeout);
    const rtt = this.#rto.smoothedMs;
    const out = this.#out;
    // A single packet's SACK may be held back by the peer (6.2): then the probe would come too early.
    if (rtt === undefined || isTailProbed || out.packets[out.slot(0)] === out.packets[out.slot(out.count - 1)]) return;
    const wait = Math.max(TAIL_PROBE_MIN_MS, 2 * rtt);
    if (wait < timeout) this.#timers.set('tail', now + wait);
  }

  stop(): void {
    this.runs = false;
    this.#timers.stop('t3');
    this.#timers.stop('tail');
    this.#timers.stop('pace');
  }
}
