import type { RoundTripStats } from './snapshots.ts';

/** Adds up round trips. */
export class RoundTrips {
  #last: number | undefined;
  #total = 0;
  #count = 0;

  add(ms: number): void {
    this.#last = ms / 1000;
    this.#total += ms / 1000;
    this.#count++;
  }

  get stats(): RoundTripStats {
    return { roundTripTime: this.#last, totalRoundTripTime: this.#total, roundTripTimeMeasurements: this.#count };
  }
}
