import { type Counters, type Datagram, type Environment, type Instant, sameAddress, type SparseQueue } from '../core/index.ts';
import { type StunMessage, type StunTransaction, StunTransactions, type TransactionSchedule, verifyIntegrity } from '../stun/index.ts';
import { type Check, encodeCheck, makeCheck, type CheckKind } from './check.ts';
import type { IceSettings } from './config.ts';
import { CONSENT_ANSWER_MS, HEARD_INTERVAL_MS, MAX_REQUESTS_PER_PAIR, MIN_CHECK_RTO_MS } from './constants.ts';
import type { Generation } from './generation.ts';
import type { CandidatePair } from './pair.ts';
import { RateLimit } from './rate.ts';
import type { Role } from './role.ts';

/** Sends checks at their pace, repeats them, and tells which response is whose (RFC 8445 6.1.4, 7.2, 14). */
export class Checker {
  readonly #settings: IceSettings;
  readonly #role: Role;
  readonly #output: SparseQueue<Datagram>;
  readonly #counters: Counters;
  readonly #transactions: StunTransactions<Check>;
  readonly #rate: RateLimit;
  #ordinaryAt: Instant = -Infinity;
  #pumpAt: Instant | undefined = undefined;

  constructor(settings: IceSettings, role: Role, environment: Environment, output: SparseQueue<Datagram>, counters: Counters) {
    this.#settings = settings;
    this.#role = role;
    this.#output = output;
    this.#counters = counters;
    this.#transactions = new StunTransactions(environment.random);
    this.#rate = new RateLimit(settings.maxChecksPerSecond);
  }

  /** How many checks wait for an answer. */
  get pending(): number {
    return this.#transactions.size;
  }

  /** Sends all that may be sent now: triggered checks first, then one ordinary check each Ta. */
  pump(generation: Generation, now: Instant): void {
    const { checklist } = generation;
    this.#pumpAt = undefined;
    if (!generation.remoteKey || generation.checksSent >= this.#settings.maxChecksPerGeneration) return;
    for (;;) {
      if (this.#rate.nextAt() > now) {
        if (checklist.hasTriggered || checklist.nextOrdinary()) this.#pumpAt = this.#rate.nextAt();
        return;
      }
      const triggered = checklist.takeTriggered();
      if (triggered) {
        this.start('triggered', triggered, generation, now);
        continue;
      }
      const ordinary = checklist.nextOrdinary();
      if (!ordinary) return;
      if (now < this.#ordinaryAt) {
        this.#pumpAt = this.#ordinaryAt;
        return;
      }
      this.#ordinaryAt = now + this.#settings.checkIntervalMs;
      this.start('ordinary', ordinary, generation, now);
    }
  }

  /** Sends the first request of a check. An older check of the pair is sent no more, but may still be answered. */
  start(kind: CheckKind, pair: CandidatePair, generation: Generation, now: Instant): boolean {
    const check = makeCheck(kind, pair, generation, this.#role.controlling);
    const id = this.#transactions.newId();
    const request = encodeCheck(check, this.#role.tieBreaker, id);
    const transaction = this.#transactions.begin(id, request, check, this.#schedule(check), now);
    if (!transaction) {
      this.#counters.add('ice.check.limit');
      if (pair.state === 'in-progress' || pair.state === 'waiting') pair.state = 'failed';
      return false;
    }
    if (kind !== 'consent') {
      if (pair.transaction) this.#transactions.quiet(pair.transaction);
      pair.transaction = transaction;
      if (!pair.valid) pair.state = 'in-progress';
    }
    this.#send(transaction, now);
    return true;
  }

  /** The next check that was never answered; repeats on the way what is to be repeated. */
  takeTimedOut(now: Instant): Check | undefined {
    for (let due = this.#transactions.due(now); due; due = this.#transactions.due(now)) {
      const last = due.requests >= due.maxRequests;
      if (!last && this.#rate.nextAt() > now) {
        due.nextAt = this.#rate.nextAt();
        continue;
      }
      if (!last && due.owner.generation.checksSent >= this.#settings.maxChecksPerGeneration) {
        this.#transactions.quiet(due);
        continue;
      }
      if (this.#transactions.advance(due, now) === 'retransmit') {
        this.#send(due, now);
        continue;
      }
      const current = due.owner.pair.transaction === due;
      if (current) due.owner.pair.transaction = undefined;
      if (current) return due.owner;
    }
    return undefined;
  }

  /**
   * The check that a response answers, when it came from where the request went to and its integrity holds
   * (RFC 8445 7.2.5.2.1); anything else is dropped and leaves the check as it is.
   */
  match(message: StunMessage, datagram: Datagram): StunTransaction<Check> | undefined {
    const transaction = this.#transactions.match(message);
    if (!transaction) {
      this.#counters.add('ice.response.unknown');
      return undefined;
    }
    const { pair, generation } = transaction.owner;
    if (!sameAddress(datagram.remote, pair.remoteAddress) || !sameAddress(datagram.local, pair.base)) {
      this.#counters.add('ice.response.address');
      return undefined;
    }
    if (!generation.remoteKey || !verifyIntegrity(message, generation.remoteKey)) {
      this.#counters.add('ice.response.integrity');
      return undefined;
    }
    return transaction;
  }

  /** A check was answered. */
  end(transaction: StunTransaction<Check>): void {
    this.#transactions.end(transaction);
    const { pair } = transaction.owner;
    if (pair.transaction === transaction) pair.transaction = undefined;
    pair.unanswered = 0;
  }

  /** Repeats nothing any more that fits, and forgets it when `forget` is true. */
  cancel(fits: (check: Check) => boolean, forget: boolean): void {
    for (const transaction of this.#transactions.all) {
      if (!fits(transaction.owner)) continue;
      if (!forget) {
        this.#transactions.quiet(transaction);
        continue;
      }
      this.#transactions.end(transaction);
      if (transaction.owner.pair.transaction === transaction) transaction.owner.pair.transaction = undefined;
    }
  }

  clear(): void {
    this.#transactions.clear();
    this.#pumpAt = undefined;
  }

  /** When there is something to repeat or to begin. */
  nextAt(): Instant | undefined {
    const at = this.#transactions.nextAt();
    if (this.#pumpAt === undefined) return at;
    return at === undefined ? this.#pumpAt : Math.min(at, this.#pumpAt);
  }

  #schedule({ kind, pair, generation }: Check): TransactionSchedule {
    if (kind === 'consent') return { rtoMs: MIN_CHECK_RTO_MS, maxRequests: 1, finalWaitMs: CONSENT_ANSWER_MS };
    // RFC 8445 14.3: the timeout grows with the checks under way, so that their sum keeps the pace.
    const busy = pair.valid ? 1 : generation.checklist.busyCount;
    const rtoMs = Math.max(MIN_CHECK_RTO_MS, this.#settings.checkIntervalMs * busy, 1.5 * (pair.roundTripTimeMs ?? 0));
    // The pair works: only loss can keep a nomination from being answered, and waiting longer does not help against it.
    if (kind === 'nomination') return { rtoMs, maxIntervalMs: rtoMs, finalWaitMs: 2 * rtoMs };
    const maxRequests = Math.max(1, MAX_REQUESTS_PER_PAIR - pair.unanswered);
    if (!pair.accepted) return { rtoMs, maxRequests };
    const heardMs = Math.max(rtoMs, HEARD_INTERVAL_MS);
    return { rtoMs, maxRequests, maxIntervalMs: heardMs, finalWaitMs: heardMs };
  }

  #send(transaction: StunTransaction<Check>, now: Instant): void {
    const { kind, pair, generation } = transaction.owner;
    if (kind === 'consent') pair.consentRequestsSent++;
    else {
      this.#rate.take(now);
      pair.unanswered++;
      if (kind !== 'nomination') generation.checksSent++;
    }
    pair.requestsSent++;
    // Whoever takes a datagram owns its bytes, so that each sending but the last is a copy.
    const { request, requests, maxRequests } = transaction;
    const bytes = requests < maxRequests ? request.slice() : request;
    this.#output.push({ bytes, local: pair.base, remote: pair.remoteAddress });
  }
}
