import type { Instant } from '../../core/index.ts';
import { InterArrival } from './inter-arrival.ts';
import { OveruseDetector, type PathUsage } from './overuse.ts';
import { Trendline } from './trendline.ts';

/** A pause in what arrives after which the delays before it say nothing of those after it, in ms. */
const STREAM_PAUSE_MS = 2000;

/** From times of packets to what the delay says of the path: groups, their trend, and its threshold (draft-ietf-rmcat-gcc-02 5). */
export class DelayTrend {
  readonly #groups: InterArrival = new InterArrival();
  #trend: Trendline = new Trendline();
  #detector: OveruseDetector = new OveruseDetector();
  #addedAt: Instant = -Infinity;

  get usage(): PathUsage {
    return this.#detector.usage;
  }

  /** Adds a packet that arrived. */
  add(sentAt: Instant, receivedAt: number, now: Instant): void {
    if (now - this.#addedAt > STREAM_PAUSE_MS) this.reset();
    this.#addedAt = now;
    if (!this.#groups.add(sentAt, receivedAt, now)) return;
    const { sendDeltaMs, receiveDeltaMs, receivedAt: groupAt } = this.#groups;
    this.#trend.add(receiveDeltaMs - sendDeltaMs, groupAt);
    if (this.#trend.count >= 2) this.#detector.update(this.#trend.slope, this.#trend.scaled, sendDeltaMs, groupAt);
  }

  reset(): void {
    this.#groups.reset();
    this.#trend = new Trendline();
    this.#detector = new OveruseDetector();
  }
}
