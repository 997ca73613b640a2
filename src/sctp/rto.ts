import { RTO_ALPHA, RTO_BETA, RTO_MIN_SLACK_MS } from './constants.ts';

/** The retransmission timer's length, from measured round trips (RFC 9260 6.3.1). */
export class Rto {
  readonly #minMs: number;
  readonly #maxMs: number;
  #baseMs: number;
  #backoff = 0;
  #smoothedMs: number | undefined;
  #variationMs = 0;
  #minRttMs = Infinity;

  constructor(initialMs: number, minMs: number, maxMs: number) {
    this.#baseMs = initialMs;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** How long to wait for an acknowledgement, in ms. */
  get timeoutMs(): number {
    return Math.min(this.#maxMs, this.#baseMs * 2 ** Math.min(this.#backoff, 20));
  }

  /** The same for what is sent now and was not lost before, in ms. */
  get freshTimeoutMs(): number {
    return this.#baseMs;
  }

  /** Smoothed round-trip time in ms, or `undefined` before the first measurement. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** The shortest round trip seen, in ms. */
  get minRttMs(): number {
    return this.#minRttMs;
  }

  /** Takes a measurement. The caller leaves out what was sent twice (Karn). */
  measure(rttMs: number): void {
    if (rttMs < 0) return;
    if (rttMs < this.#minRttMs) this.#minRttMs = rttMs;
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = rttMs;
      this.#variationMs = rttMs / 2;
    } else {
      this.#variationMs += RTO_BETA * (Math.abs(this.#smoothedMs - rttMs) - this.#variationMs);
      this.#smoothedMs += RTO_ALPHA * (rttMs - this.#smoothedMs);
    }
    const slack = Math.max(4 * this.#variationMs, RTO_MIN_SLACK_MS);
    this.#baseMs = Math.min(this.#maxMs, Math.max(this.#minMs, this.#smoothedMs + slack));
  }

  /** Data goes another way from now on. */
  forgetShortest(): void {
    this.#minRttMs = Infinity;
  }

  /** The timer expired: wait twice as long (6.3.3 E2). */
  backOff(): void {
    this.#backoff++;
  }

  /** Something new was acknowledged: the path works again. */
  recover(): void {
    this.#backoff = 0;
  }
}
