import { FLOAT_ZERO, type Instant } from '../../core/index.ts';
import {
  DECREASE_FACTOR,
  DEFAULT_ROUND_TRIP_MS,
  FIRST_GROWTH_PER_SECOND,
  GROWTH_PER_SECOND,
  HEADROOM_BPS,
  HEADROOM_FACTOR,
  LEAST_GROWTH_BPS,
  PROBE_TRUST_MS,
  RESPONSE_MS,
} from './constants.ts';
import { LinkCapacity } from './link-capacity.ts';
import type { PathUsage } from './overuse.ts';

/** The usual packet of video, in bits, and frames in a second: what growth near the capacity is measured in. */
const PACKET_BITS: number = 1200 * 8;
const FRAMES_PER_SECOND = 30;
/** Within this time the queue of the first overuse is the same one, in ms. */
const LEAST_DECREASE_INTERVAL_MS = 10;
const MOST_DECREASE_INTERVAL_MS = 200;

/** What one update of {@link RateControl} goes by. */
export interface RateInput {
  readonly usage: PathUsage;
  /** What arrives, in bit/s; `undefined` while it is not known. */
  readonly acknowledgedBps: number | undefined;
  /** What was sent lately, in bit/s: no more can have arrived. */
  readonly sentBps: number;
  /** Whether the application sends less than it might. */
  readonly isApplicationLimited: boolean;
}

/**
 * The rate by the delay (draft-ietf-rmcat-gcc-02 5.5): hold, increase or decrease. It grows by a part while the capacity is
 * not known and by about a packet in each response time near it, and falls to a part of what arrives.
 */
export class RateControl {
  readonly #minBps: number;
  readonly #maxBps: number;
  readonly #capacity: LinkCapacity = new LinkCapacity();
  #rateBps: number;
  #state: 'hold' | 'increase' = 'hold';
  #roundTripMs: number | undefined;
  #changedAt: Instant = -Infinity;
  #decreasedAt: Instant = -Infinity;
  #probedAt: Instant = -Infinity;
  #probedBps: number = FLOAT_ZERO;
  /** Neither overuse nor a probe ever told anything of the path. */
  #isFirstSearch = true;

  constructor(startBps: number, minBps: number, maxBps: number) {
    this.#rateBps = startBps;
    this.#minBps = minBps;
    this.#maxBps = maxBps;
  }

  get rateBps(): number {
    return this.#rateBps;
  }

  /** What the link carries, if it was ever overused. */
  get capacityBps(): number | undefined {
    return this.#capacity.bps;
  }

  setRoundTrip(ms: number): void {
    this.#roundTripMs = ms;
  }

  /** A rate that is known from elsewhere, as by a probe. */
  setRate(bps: number, now: Instant): void {
    this.#rateBps = this.#clamp(bps);
    this.#changedAt = now;
  }

  /** A probe found what the path carries. */
  probed(bps: number, now: Instant): void {
    if (this.#capacity.bps !== undefined && bps > this.#capacity.upperBps) this.#capacity.reset();
    this.#probedAt = now;
    this.#probedBps = bps;
    this.#isFirstSearch = false;
    this.setRate(bps, now);
  }

  /** Lets time pass with what the delay says; true when the rate fell. */
  update(input: RateInput, now: Instant): boolean {
    const { usage, acknowledgedBps } = input;
    if (usage === 'overuse') {
      // What arrives is measured over a while, and a probe just found that the path carries more.
      const isJustProbed = acknowledgedBps !== undefined && now - this.#probedAt < PROBE_TRUST_MS;
      const carriedBps = isJustProbed ? Math.max(acknowledgedBps, this.#probedBps) : acknowledgedBps;
      if (!this.#mayDecrease(carriedBps, now)) return false;
      this.#decrease(carriedBps, now);
      return true;
    }
    if (usage === 'underuse') {
      // The queue drains: wait until it has.
      this.#state = 'hold';
      return false;
    }
    if (this.#state === 'hold') {
      this.#state = 'increase';
      this.#changedAt = now;
      return false;
    }
    this.#increase(input, now);
    return false;
  }

  /** Whether a decrease would not count the same queue twice. */
  #mayDecrease(acknowledgedBps: number | undefined, now: Instant): boolean {
    const interval = Math.min(Math.max(this.#roundTripMs ?? DEFAULT_ROUND_TRIP_MS, LEAST_DECREASE_INTERVAL_MS), MOST_DECREASE_INTERVAL_MS);
    if (now - this.#decreasedAt >= interval) return true;
    return acknowledgedBps !== undefined && acknowledgedBps < this.#rateBps / 2;
  }

  #decrease(acknowledgedBps: number | undefined, now: Instant): void {
    const capacity = this.#capacity;
    this.#isFirstSearch = false;
    let rate = this.#rateBps;
    if (acknowledgedBps === undefined) rate /= 2;
    else {
      if (acknowledgedBps < capacity.lowerBps) capacity.reset();
      capacity.overused(acknowledgedBps);
      rate = DECREASE_FACTOR * Math.max(acknowledgedBps, capacity.bps as number);
      // What arrives may be more than is sent now, while a queue drains.
      if (rate > this.#rateBps) rate = DECREASE_FACTOR * (capacity.bps as number);
    }
    this.#rateBps = this.#clamp(Math.min(rate, this.#rateBps));
    this.#state = 'hold';
    this.#changedAt = now;
    this.#decreasedAt = now;
  }

  #increase({ acknowledgedBps, sentBps, isApplicationLimited }: RateInput, now: Instant): void {
    const seconds = Math.min(now - this.#changedAt, 1000) / 1000;
    this.#changedAt = now;
    const known = Math.min(acknowledgedBps ?? this.#rateBps, sentBps);
    if (known > this.#capacity.upperBps) this.#capacity.reset();
    // Nobody knows whether the path carries more than goes over it.
    const mostBps = HEADROOM_FACTOR * known + HEADROOM_BPS;
    if (isApplicationLimited || this.#rateBps >= mostBps) return;
    const factor = this.#isFirstSearch ? FIRST_GROWTH_PER_SECOND : GROWTH_PER_SECOND;
    const growth = this.#capacity.bps === undefined ? this.#rateBps * (factor ** seconds - 1) : this.#growthNearCapacity() * seconds;
    this.#rateBps = this.#clamp(Math.min(this.#rateBps + growth, mostBps));
  }

  /** In bit/s each second: a packet of the usual size in each response time. */
  #growthNearCapacity(): number {
    const frameBits = this.#rateBps / FRAMES_PER_SECOND;
    const packetBits = frameBits / Math.ceil(frameBits / PACKET_BITS);
    return Math.max(LEAST_GROWTH_BPS, (packetBits * 1000) / ((this.#roundTripMs ?? DEFAULT_ROUND_TRIP_MS) + RESPONSE_MS));
  }

  #clamp(bps: number): number {
    return Math.min(Math.max(bps, this.#minBps), this.#maxBps);
  }
}
