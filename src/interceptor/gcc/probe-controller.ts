import { type Deadline, FLOAT_ZERO, type Instant, Queue } from '../../core/index.ts';
import {
  ALR_PROBE_INTERVAL_MS,
  FIRST_PROBE_FACTORS,
  LARGE_DROP_LEVEL,
  MAX_PROBES,
  MIN_RECOVERY_INTERVAL_MS,
  NEXT_PROBE_FACTOR,
  PROBE_FURTHER_LEVEL,
  PROBE_LEAST_BYTES,
  PROBE_MS,
  PROBE_PACKETS,
  PROBE_RESULT_MS,
  PROBE_WINDOW_MS,
  RECOVERY_PROBE_FACTOR,
  RECOVERY_PROBE_MS,
  REGULAR_PROBE_INTERVAL_MS,
} from './constants.ts';
import type { ProbePlan } from './estimator.ts';
import type { ProbeResult } from './probe-result.ts';

/**
 * Decides when to probe and how fast: at the start, again while a probe finds what it looked for, from time to time
 * while the application limits the rate, and after a large fall. Bounded in number and in rate.
 */
export class ProbeController {
  readonly #maxBps: number;
  readonly #out: Queue<ProbePlan> = new Queue();
  /** When the last clusters were asked for. */
  readonly #askedAt: Float64Array = new Float64Array(MAX_PROBES).fill(-Infinity);
  #asked = 0;
  #lastAskedAt: Instant = -Infinity;
  #lastAskedBps: number = FLOAT_ZERO;
  /** Nothing came of the last cluster yet, and it was not a second try. */
  #mayRetry = false;
  #estimateBps: number = FLOAT_ZERO;
  /** The search found more and may not go on yet. */
  #isPostponed = false;
  #limitedProbeAt: Instant = Infinity;
  #overusedAt: Instant = -Infinity;
  #droppedAt: Instant = -Infinity;
  #beforeDropBps: number = FLOAT_ZERO;
  #recoveryAt: Instant = -Infinity;

  constructor(maxBps: number) {
    this.#maxBps = maxBps;
  }

  /** Probes multiples of the start bitrate. */
  start(startBps: number, now: Instant): void {
    this.#estimateBps = startBps;
    for (const factor of FIRST_PROBE_FACTORS) this.#ask(factor * startBps, now);
  }

  /** The estimate after each feedback. */
  setEstimate(bps: number, now: Instant): void {
    if (bps < LARGE_DROP_LEVEL * this.#estimateBps) {
      this.#droppedAt = now;
      this.#beforeDropBps = this.#estimateBps;
    }
    this.#estimateBps = bps;
  }

  /** A cluster of a rate arrived and showed what the path carries. */
  setResult({ bps, probedBps, isSaturated }: ProbeResult, now: Instant): void {
    this.#estimateBps = Math.max(this.#estimateBps, bps);
    if (probedBps >= this.#lastAskedBps) this.#mayRetry = false;
    const next = NEXT_PROBE_FACTOR * bps;
    const isOnItsWay = now - this.#lastAskedAt < PROBE_RESULT_MS && this.#lastAskedBps >= next;
    const mayBeMore = !isSaturated || bps >= PROBE_FURTHER_LEVEL * probedBps;
    this.#isPostponed = mayBeMore && bps < this.#maxBps && !isOnItsWay;
    if (this.#isPostponed && this.#ask(next, now)) this.#isPostponed = false;
  }

  /** Whether the application limits the rate. */
  setLimited(isLimited: boolean, now: Instant): void {
    if (!isLimited) this.#limitedProbeAt = Infinity;
    else if (this.#limitedProbeAt === Infinity) this.#limitedProbeAt = now + ALR_PROBE_INTERVAL_MS;
  }

  /** The path was overused: it does not carry more. */
  overused(now: Instant): void {
    this.#overusedAt = now;
  }

  /** The queue of the path is empty again after overuse. */
  recovered(now: Instant): void {
    if (now - this.#droppedAt > RECOVERY_PROBE_MS || now - this.#recoveryAt < MIN_RECOVERY_INTERVAL_MS) return;
    this.#recoveryAt = now;
    const wanted = RECOVERY_PROBE_FACTOR * this.#beforeDropBps;
    if (wanted > this.#estimateBps) this.#ask(Math.min(wanted, NEXT_PROBE_FACTOR * this.#estimateBps), now);
  }

  poll(): ProbePlan | undefined {
    return this.#out.shift();
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#limitedProbeAt) {
      this.#limitedProbeAt = now + ALR_PROBE_INTERVAL_MS;
      this.#ask(NEXT_PROBE_FACTOR * this.#estimateBps, now);
    }
    if (now >= this.#regularAt) this.#ask(NEXT_PROBE_FACTOR * this.#estimateBps, now);
    if (now >= this.#retryAt) {
      this.#ask(Math.min(this.#lastAskedBps, NEXT_PROBE_FACTOR * this.#estimateBps), now);
      this.#mayRetry = false;
    }
    if (this.#isPostponed && this.#mayAsk(now)) this.#isPostponed = !this.#ask(NEXT_PROBE_FACTOR * this.#estimateBps, now);
  }

  pollTimeout(): Deadline | undefined {
    let at = Math.min(this.#limitedProbeAt, this.#regularAt, this.#retryAt);
    if (this.#isPostponed) at = Math.min(at, this.#oldest + PROBE_WINDOW_MS);
    return at === Infinity ? undefined : { at, reason: 'gcc-probe' };
  }

  /** Never while no probe was sent, and while the estimate cannot rise. */
  get #regularAt(): Instant {
    if (this.#asked === 0 || this.#estimateBps >= this.#maxBps) return Infinity;
    return Math.max(this.#lastAskedAt, this.#overusedAt) + REGULAR_PROBE_INTERVAL_MS;
  }

  /** A cluster of which too much got lost is sent once more, but not where nothing is sent: there it may still wait. */
  get #retryAt(): Instant {
    return this.#mayRetry && this.#limitedProbeAt === Infinity ? this.#lastAskedAt + PROBE_RESULT_MS : Infinity;
  }

  /** When the oldest of the last clusters was asked for. */
  get #oldest(): Instant {
    return this.#askedAt[this.#asked % MAX_PROBES] as number;
  }

  #mayAsk(now: Instant): boolean {
    return now - this.#oldest >= PROBE_WINDOW_MS;
  }

  #ask(bps: number, now: Instant): boolean {
    const rateBps = Math.min(bps, this.#maxBps);
    if (!this.#mayAsk(now) || rateBps <= this.#estimateBps) return false;
    this.#askedAt[this.#asked % MAX_PROBES] = now;
    this.#asked++;
    this.#lastAskedAt = now;
    this.#lastAskedBps = rateBps;
    this.#mayRetry = true;
    const id = ((this.#asked - 1) % 0xffff) + 1;
    this.#out.push({ id, rateBps, bytes: Math.max(Math.round((rateBps * PROBE_MS) / 8000), PROBE_LEAST_BYTES), packets: PROBE_PACKETS });
    return true;
  }
}
