import { type Instant, type RandomSource, randomU32 } from '../core/index.ts';
import type { IceSettings } from './config.ts';
import { CONSENT_RETRY_MS, CONSENT_SLOW_RETRY_MS, OVERSLEPT_MS } from './constants.ts';
import type { Generation } from './generation.ts';
import type { CandidatePair } from './pair.ts';

/**
 * The peer's consent to receive on the selected pair (RFC 7675). Only an authenticated answer to one of our own requests
 * renews it. A request that is not answered is followed by others at shorter intervals, so that loss alone does not
 * end a session.
 */
export class Consent {
  readonly pair: CandidatePair;
  readonly generation: Generation;
  readonly #settings: IceSettings;
  readonly #random: RandomSource;
  #answeredAt: Instant;
  #checkAt: Instant;
  #unansweredSince: Instant | undefined;
  /** When {@link nextAt} last asked to be called. */
  #askedAt: Instant = Infinity;
  #graceUntil: Instant = -Infinity;
  #hurriedAt: Instant = -Infinity;

  constructor(pair: CandidatePair, generation: Generation, settings: IceSettings, random: RandomSource, now: Instant) {
    this.pair = pair;
    this.generation = generation;
    this.#settings = settings;
    this.#random = random;
    this.#answeredAt = pair.lastResponseAt ?? now;
    this.#checkAt = Math.max(now, this.#answeredAt + this.#interval());
    // The peer chose a pair that worked long ago. It is asked at once, and there is time to find another if this one is dead.
    if (now - this.#answeredAt > settings.consentTimeoutMs / 2) this.#graceUntil = now + settings.consentTimeoutMs / 2;
  }

  /** An authenticated answer came. */
  onAnswer(now: Instant): void {
    this.#answeredAt = now;
    this.#unansweredSince = undefined;
    this.#checkAt = now + this.#interval();
  }

  /**
   * Notices that the process slept: a call comes far later than it was asked for. Answers may lie in the socket unread, and
   * no check could be sent, so one more is made before anything is concluded.
   */
  noticeSleep(now: Instant): void {
    if (now - this.#askedAt < OVERSLEPT_MS) return;
    this.#unansweredSince = undefined;
    this.#checkAt = now;
    this.#graceUntil = now + this.#settings.disconnectedMs;
  }

  /** There is reason to ask the peer at once, though not more than once a second. */
  hurry(now: Instant): void {
    if (this.#unansweredSince !== undefined || now - this.#hurriedAt < CONSENT_SLOW_RETRY_MS) return;
    this.#hurriedAt = now;
    this.#checkAt = now;
  }

  /** Whether a check is to be sent now. */
  isDue(now: Instant): boolean {
    return now >= this.#checkAt;
  }

  /** A check was sent. */
  onSent(now: Instant): void {
    this.#unansweredSince ??= now;
    const slow = now - this.#unansweredSince >= this.#settings.disconnectedMs;
    this.#checkAt = now + Math.max(slow ? CONSENT_SLOW_RETRY_MS : CONSENT_RETRY_MS, 1.5 * (this.pair.roundTripTimeMs ?? 0));
  }

  /** Whether the path is in doubt: a check was not answered in time. */
  isDoubtful(now: Instant): boolean {
    return this.#unansweredSince !== undefined && now >= this.#unansweredSince + CONSENT_SLOW_RETRY_MS;
  }

  isDisconnected(now: Instant): boolean {
    return this.#unansweredSince !== undefined && now >= this.#unansweredSince + this.#settings.disconnectedMs;
  }

  isExpired(now: Instant): boolean {
    return now >= this.#expiresAt;
  }

  /** When to look again. */
  nextAt(now: Instant): Instant {
    let at = Math.min(this.#checkAt, this.#expiresAt);
    if (this.#unansweredSince !== undefined && !this.isDisconnected(now)) {
      const after = this.isDoubtful(now) ? this.#settings.disconnectedMs : CONSENT_SLOW_RETRY_MS;
      at = Math.min(at, this.#unansweredSince + after);
    }
    this.#askedAt = at;
    return at;
  }

  get #expiresAt(): Instant {
    return Math.max(this.#answeredAt + this.#settings.consentTimeoutMs, this.#graceUntil);
  }

  /** 0.8 to 1.2 of the mean, so that many sessions do not beat in time. */
  #interval(): number {
    return this.#settings.consentIntervalMs * (0.8 + (0.4 * randomU32(this.#random)) / 0x1_0000_0000);
  }
}
