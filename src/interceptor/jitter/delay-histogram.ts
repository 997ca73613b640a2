import { BUCKET_MS, FORGETTING, LEAST_SAMPLES } from './constants.ts';

/** From here on weights are scaled down, so that they stay exact. */
const HEAVIEST = 1e9;

/** How long things take: delays in buckets, the younger the heavier. */
export class DelayHistogram {
  readonly #weights: Float64Array;
  /** What the next sample weighs: it grows instead of all others shrinking. */
  #weight = 1;
  #total = 0;
  #samples = 0;

  constructor(maxMs: number) {
    this.#weights = new Float64Array(Math.floor(maxMs / BUCKET_MS) + 1);
  }

  add(ms: number): void {
    const weights = this.#weights;
    const bucket = Math.min(Math.max(Math.floor(ms / BUCKET_MS), 0), weights.length - 1);
    weights[bucket] = (weights[bucket] as number) + this.#weight;
    this.#total += this.#weight;
    this.#samples++;
    this.#weight /= FORGETTING;
    if (this.#weight < HEAVIEST) return;
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] as number) / HEAVIEST;
    this.#total /= HEAVIEST;
    this.#weight /= HEAVIEST;
  }

  /** The delay that this part of the samples does not exceed, in ms; `undefined` while there are few. */
  quantile(part: number): number | undefined {
    if (this.#samples < LEAST_SAMPLES) return undefined;
    const wanted = part * this.#total;
    let sum = 0;
    for (let i = 0; i < this.#weights.length; i++) {
      sum += this.#weights[i] as number;
      if (sum >= wanted) return (i + 1) * BUCKET_MS;
    }
    return this.#weights.length * BUCKET_MS;
  }
}
