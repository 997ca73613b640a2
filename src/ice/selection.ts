import type { Instant, RandomSource } from '../core/index.ts';
import type { IceSettings } from './config.ts';
import { Consent } from './consent.ts';
import { MIN_SWITCH_MS, NOMINATION_WAIT_MAX_MS, NOMINATION_WAIT_MIN_MS } from './constants.ts';
import type { Generation } from './generation.ts';
import type { CandidatePair } from './pair.ts';

/**
 * Which pair carries data. Before nomination it is the first valid one, which saves a round trip; nomination then
 * decides (RFC 8445 8.1, 12.1.1).
 */
export class Selection {
  pair: CandidatePair | undefined = undefined;
  generation: Generation | undefined = undefined;
  /** `undefined` on a lite agent, which sends no checks. */
  consent: Consent | undefined = undefined;
  /** A nomination that came too soon after the last one. */
  pending: CandidatePair | undefined = undefined;
  /** One that the peer nominated although the present one is better: maybe the present one has just stopped working for it. */
  rival: CandidatePair | undefined = undefined;
  #switchedAt: Instant = -Infinity;
  readonly #settings: IceSettings;
  readonly #random: RandomSource;

  constructor(settings: IceSettings, random: RandomSource) {
    this.#settings = settings;
    this.#random = random;
  }

  /** Whether a nominated pair of this generation carries data. */
  isNominated(generation: Generation): boolean {
    return this.generation === generation && this.pair !== undefined && this.pair.nominated;
  }

  isDisconnected(now: Instant): boolean {
    return this.consent !== undefined && this.consent.isDisconnected(now);
  }

  isDoubtful(now: Instant): boolean {
    return this.consent !== undefined && this.consent.isDoubtful(now);
  }

  /** Whether a pair that became valid is used before any nomination: when nothing else works. */
  wantsTentative(now: Instant): boolean {
    return this.pair === undefined || this.isDisconnected(now);
  }

  /** Whether a pair that the controlling side nominated replaces the present one (RFC 5245 8.1.2: higher priority wins). */
  wants(pair: CandidatePair, generation: Generation, now: Instant): 'now' | 'later' | 'no' {
    const present = this.pair;
    if (present === pair || present === undefined || !present.nominated || this.generation !== generation) return 'now';
    if (!this.isDoubtful(now) && pair.priority <= present.priority) return 'no';
    return now - this.#switchedAt < MIN_SWITCH_MS ? 'later' : 'now';
  }

  /** When a pending nomination may take effect. */
  get pendingAt(): Instant {
    return this.#switchedAt + MIN_SWITCH_MS;
  }

  select(pair: CandidatePair, generation: Generation, now: Instant): void {
    if (pair.nominated) this.#switchedAt = now;
    this.pending = undefined;
    this.rival = undefined;
    if (this.pair === pair && this.generation === generation) return;
    this.pair = pair;
    this.generation = generation;
    this.consent = this.#settings.lite ? undefined : new Consent(pair, generation, this.#settings, this.#random, now);
  }

  clear(): void {
    this.pair = undefined;
    this.generation = undefined;
    this.consent = undefined;
    this.pending = undefined;
    this.rival = undefined;
  }
}

/**
 * When the controlling side should nominate its best valid pair (RFC 8445 8.1.1): at once when no better one can come,
 * else after a short while.
 */
export function nominationTime(generation: Generation, best: CandidatePair, now: Instant): Instant {
  if (!generation.checklist.hasBetterAlive(best)) return now;
  const wait = Math.min(Math.max(2 * (best.roundTripTimeMs ?? 0), NOMINATION_WAIT_MIN_MS), NOMINATION_WAIT_MAX_MS);
  return (generation.validSince ?? now) + wait;
}
