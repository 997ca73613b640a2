import { FLOAT_ZERO } from '../../core/index.ts';
import type { RoundTripStats } from './snapshots.ts';

/** Adds up round trips. */
export class RoundTrips {
  #last: number | undefined;
  #total: number = FLOAT_ZERO;
  #count = 0;

  add(ms: number): void {
    this.#last = ms / 1000;
    this.#total += ms / 1000;
    this.#count++;
  }

  get stats(): RoundTripStats {
    return { roundTripTime: this.#last, totalRoundTripTime: this.#total + 0, roundTripTimeMeasurements: this.#count };
  }
}
