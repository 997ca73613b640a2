import { FLOAT_ZERO } from '../../core/index.ts';
import {
  OVERUSE_MS,
  THRESHOLD_DOWN,
  THRESHOLD_MAX_MS,
  THRESHOLD_MIN_MS,
  THRESHOLD_SPIKE_MS,
  THRESHOLD_START_MS,
  THRESHOLD_UP,
} from './constants.ts';

/** What the delay says of the path. */
export type PathUsage = 'normal' | 'overuse' | 'underuse';

/** A pause longer than this moves the threshold as if it were this long, in ms. */
const LONGEST_STEP_MS = 100;

/**
 * Compares the trend with a threshold that follows it (draft-ietf-rmcat-gcc-02 5.4): a fixed one would starve beside flows that
 * fill the queue, as TCP's do.
 */
export class OveruseDetector {
  #thresholdMs = THRESHOLD_START_MS;
  #overMs = -Infinity;
  #overCount = 0;
  #previousSlope: number = FLOAT_ZERO;
  #updatedAt = -Infinity;
  #usage: PathUsage = 'normal';

  get usage(): PathUsage {
    return this.#usage;
  }

  get thresholdMs(): number {
    return this.#thresholdMs;
  }

  /** Takes the next slope and its scaled value, for groups that were sent `sendDeltaMs` apart. */
  update(slope: number, scaled: number, sendDeltaMs: number, receivedAt: number): PathUsage {
    if (scaled > this.#thresholdMs) {
      // The slope was reached at some point between the two groups: take the middle.
      this.#overMs = this.#overMs < 0 ? sendDeltaMs / 2 : this.#overMs + sendDeltaMs;
      this.#overCount++;
      if (this.#overMs > OVERUSE_MS && this.#overCount > 1 && slope >= this.#previousSlope) {
        this.#overMs = 0;
        this.#overCount = 0;
        this.#usage = 'overuse';
      }
    } else {
      this.#overMs = -Infinity;
      this.#overCount = 0;
      this.#usage = scaled < -this.#thresholdMs ? 'underuse' : 'normal';
    }
    this.#previousSlope = slope;
    this.#follow(Math.abs(scaled), receivedAt);
    return this.#usage;
  }

  #follow(magnitudeMs: number, receivedAt: number): void {
    const stepMs = this.#updatedAt < 0 ? 0 : Math.min(Math.max(receivedAt - this.#updatedAt, 0), LONGEST_STEP_MS);
    this.#updatedAt = receivedAt;
    if (magnitudeMs > this.#thresholdMs + THRESHOLD_SPIKE_MS) return;
    const gain = magnitudeMs < this.#thresholdMs ? THRESHOLD_DOWN : THRESHOLD_UP;
    const followed = this.#thresholdMs + gain * (magnitudeMs - this.#thresholdMs) * stepMs;
    this.#thresholdMs = Math.min(Math.max(followed, THRESHOLD_MIN_MS), THRESHOLD_MAX_MS);
  }
}
