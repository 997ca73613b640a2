import { FLOAT_ZERO, type Instant } from '../../core/index.ts';
import type { PacketResults } from '../twcc/index.ts';
import {
  HIGHER_RATE_MAX_LOSS,
  HIGHER_RATE_PREFERENCE,
  INHERENT_LOSS_MAX,
  INHERENT_LOSS_MIN,
  INHERENT_LOSS_START,
  LOSS_CANDIDATE_FACTORS,
  LOSS_OBSERVATION_MS,
  LOSS_OBSERVATIONS,
  LOSS_OLDER_WEIGHT,
} from './constants.ts';

/** Halvings of the interval in which the inherent loss is looked for: to a thousandth of it. */
const FIT_STEPS = 10;
const LEAST_PROBABILITY = 1e-6;
/** How much an observation counts, by how many came after it. */
const WEIGHTS: Float64Array = Float64Array.from({ length: LOSS_OBSERVATIONS }, (_, age) => LOSS_OLDER_WEIGHT ** age);

/**
 * The rate by the loss. A path loses a part of the packets whatever the rate is (radio), and all that is more than it carries
 * (a full queue). Which of the two it was shows when the rate changes: the rate is taken that makes what was seen most likely, with the
 * inherent loss that fits it best. So random loss does not push the rate down, and loss that follows the rate does.
 */
export class LossEstimator {
  readonly #minBps: number;
  readonly #packets: Float64Array = new Float64Array(LOSS_OBSERVATIONS);
  readonly #lost: Float64Array = new Float64Array(LOSS_OBSERVATIONS);
  readonly #sendBps: Float64Array = new Float64Array(LOSS_OBSERVATIONS);
  #count = 0;
  #rateBps: number;
  #inherentLoss = INHERENT_LOSS_START;
  #averageLoss: number = FLOAT_ZERO;
  // What was observed, the latest first, and what of it a path of the rate that is considered could not carry.
  #kept = 0;
  readonly #recentLost: Float64Array = new Float64Array(LOSS_OBSERVATIONS);
  readonly #recentCame: Float64Array = new Float64Array(LOSS_OBSERVATIONS);
  readonly #excess: Float64Array = new Float64Array(LOSS_OBSERVATIONS);
  // The observation that goes on.
  #openPackets = 0;
  #openLostBytes = 0;
  #openBytes = 0;
  #openFrom: Instant = -Infinity;
  #openUntil: Instant = -Infinity;

  constructor(startBps: number, minBps: number) {
    this.#rateBps = startBps;
    this.#minBps = minBps;
  }

  /** In bit/s; follows the rate by the delay from below. */
  get rateBps(): number {
    return this.#rateBps;
  }

  /** The part of the packets that the path seems to lose whatever the rate is. */
  get inherentLoss(): number {
    return this.#inherentLoss;
  }

  /** The part of the bytes that got lost lately, 0 to 1. */
  get averageLoss(): number {
    return this.#averageLoss;
  }

  /** A rate that is known from elsewhere, as by a probe. */
  setRate(bps: number): void {
    this.#rateBps = bps;
  }

  /** Takes what became of packets, and the rates by the delay and of what arrives, in bit/s. */
  update(results: PacketResults, delayBps: number, acknowledgedBps: number | undefined): void {
    this.#collect(results);
    // While nothing is lost there is nothing to decide.
    if (this.#openUntil - this.#openFrom < LOSS_OBSERVATION_MS) {
      if (this.#rateBps > delayBps) this.#rateBps = delayBps;
      return;
    }
    this.#close();
    this.#choose(delayBps, acknowledgedBps);
  }

  #collect(results: PacketResults): void {
    const { sentAt, received, sizeBytes, count } = results;
    for (let i = 0; i < count; i++) {
      const at = sentAt[i] as number;
      if (this.#openFrom < 0) this.#openFrom = at;
      if (at > this.#openUntil) this.#openUntil = at;
      this.#openPackets++;
      this.#openBytes += sizeBytes[i] as number;
      if (received[i] === 0) this.#openLostBytes += sizeBytes[i] as number;
    }
  }

  #close(): void {
    const slot = this.#count++ % LOSS_OBSERVATIONS;
    this.#packets[slot] = this.#openPackets;
    // By bytes: small packets find room in a full queue where large ones do not.
    this.#lost[slot] = (this.#openPackets * this.#openLostBytes) / this.#openBytes;
    this.#sendBps[slot] = (this.#openBytes * 8000) / (this.#openUntil - this.#openFrom);
    this.#openPackets = 0;
    this.#openLostBytes = 0;
    this.#openBytes = 0;
    // The next one goes on where this one ends.
    this.#openFrom = this.#openUntil;
  }

  #choose(delayBps: number, acknowledgedBps: number | undefined): void {
    const fastestBps = this.#recall();
    this.#averageLoss = this.#measureLoss();
    const preference = HIGHER_RATE_PREFERENCE * Math.max(0, 1 - this.#averageLoss / HIGHER_RATE_MAX_LOSS);
    let best = Math.min(this.#rateBps, delayBps);
    let bestScore = -Infinity;
    let bestLoss = this.#inherentLoss;
    // Where the path carries all that was sent, the same inherent loss fits whatever the rate is.
    let unlimitedLoss: number | undefined;
    for (const candidate of this.#candidates(delayBps, acknowledgedBps)) {
      this.#compare(candidate);
      const inherent = candidate < fastestBps ? this.#fit() : (unlimitedLoss ??= this.#fit());
      const score = this.#likelihood(candidate, inherent, preference);
      if (score <= bestScore) continue;
      bestScore = score;
      best = candidate;
      bestLoss = inherent;
    }
    this.#rateBps = best;
    this.#inherentLoss = bestLoss;
  }

  /** The rates to choose from, each once: several meet at the bounds. */
  #candidates(delayBps: number, acknowledgedBps: number | undefined): Set<number> {
    const wanted = LOSS_CANDIDATE_FACTORS.map((factor) => this.#rateBps * factor);
    wanted.push(delayBps);
    if (acknowledgedBps !== undefined && acknowledgedBps < this.#rateBps) wanted.push(acknowledgedBps);
    return new Set(wanted.map((bps) => Math.max(Math.min(bps, delayBps), this.#minBps)));
  }

  /** Puts what was observed in the order of its age. Returns the highest rate that was sent at. */
  #recall(): number {
    this.#kept = Math.min(this.#count, LOSS_OBSERVATIONS);
    let fastestBps = 0;
    for (let age = 0; age < this.#kept; age++) {
      const slot = (this.#count - 1 - age) % LOSS_OBSERVATIONS;
      const lost = this.#lost[slot] as number;
      this.#recentLost[age] = lost;
      this.#recentCame[age] = (this.#packets[slot] as number) - lost;
      fastestBps = Math.max(fastestBps, this.#sendBps[slot] as number);
    }
    return fastestBps;
  }

  /** Sets what was sent against what a path of `bps` carries. */
  #compare(bps: number): void {
    for (let age = 0; age < this.#kept; age++) this.#excess[age] = excessLoss(this.#sendBps[(this.#count - 1 - age) % LOSS_OBSERVATIONS] as number, bps);
  }

  #measureLoss(): number {
    let packets = 0;
    let lost = 0;
    for (let age = 0; age < this.#kept; age++) {
      const weight = WEIGHTS[age] as number;
      packets += weight * ((this.#recentCame[age] as number) + (this.#recentLost[age] as number));
      lost += weight * (this.#recentLost[age] as number);
    }
    return packets > 0 ? lost / packets : 0;
  }

  /** The inherent loss that fits best to the rate that is considered: where the slope of the likelihood, which only falls, is zero. */
  #fit(): number {
    let low = INHERENT_LOSS_MIN;
    let high = INHERENT_LOSS_MAX;
    for (let step = 0; step < FIT_STEPS; step++) {
      const middle = (low + high) / 2;
      if (this.#slope(middle) > 0) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  #slope(inherent: number): number {
    let slope = 0;
    for (let age = 0; age < this.#kept; age++) {
      const excess = this.#excess[age] as number;
      const probability = bounded(inherent + (1 - inherent) * excess);
      slope += (WEIGHTS[age] as number) * (1 - excess) * ((this.#recentLost[age] as number) / probability - (this.#recentCame[age] as number) / (1 - probability));
    }
    return slope;
  }

  #likelihood(bps: number, inherent: number, preference: number): number {
    const bonus = preference * Math.log(1 + bps / 1000);
    let score = 0;
    for (let age = 0; age < this.#kept; age++) {
      const probability = bounded(inherent + (1 - inherent) * (this.#excess[age] as number));
      const lost = this.#recentLost[age] as number;
      const came = this.#recentCame[age] as number;
      score += (WEIGHTS[age] as number) * (lost * Math.log(probability) + came * Math.log(1 - probability) + bonus * (came + lost));
    }
    return score;
  }
}

/** The part of what is sent that a path of this capacity cannot carry. */
function excessLoss(sendBps: number, capacityBps: number): number {
  return sendBps > capacityBps ? (sendBps - capacityBps) / sendBps : 0;
}

function bounded(probability: number): number {
  return Math.min(Math.max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
}
