import { readU48, standsAt } from '../core/bytes.ts';
import { type Instant, type RandomSource, randomBytes } from '../core/index.ts';
import { FINAL_WAIT_RTOS, INITIAL_RTO_MS, MAX_REQUESTS, MAX_TRANSACTIONS, TRANSACTION_ID_BYTES } from './constants.ts';
import type { StunMessage } from './message.ts';

/** How a request is repeated (RFC 8489 6.2.1). */
export interface TransactionSchedule {
  /** The first retransmission timeout in milliseconds; it doubles after each request. Default 500. */
  readonly rtoMs?: number;
  /** The longest time between two requests, in milliseconds. Default none: the timeout goes on doubling. */
  readonly maxIntervalMs?: number;
  /** Rc: how many requests in all. Default 7. */
  readonly maxRequests?: number;
  /** How long to wait after the last request, in milliseconds. Default 16 times `rtoMs`. */
  readonly finalWaitMs?: number;
}

/** A request that waits for its response. */
export class StunTransaction<T> {
  readonly id: Uint8Array;
  readonly request: Uint8Array;
  /** What the request is about. */
  readonly owner: T;
  readonly startedAt: Instant;
  /** How many requests were sent. */
  requests = 1;
  lastSentAt: Instant;
  /** When to send again or give up. */
  nextAt: Instant;
  intervalMs: number;
  maxRequests: number;
  readonly finalWaitMs: number;
  maxIntervalMs: number;

  constructor(id: Uint8Array, request: Uint8Array, owner: T, schedule: TransactionSchedule, now: Instant) {
    this.id = id;
    this.request = request;
    this.owner = owner;
    this.startedAt = now;
    this.lastSentAt = now;
    const rtoMs = schedule.rtoMs ?? INITIAL_RTO_MS;
    this.intervalMs = rtoMs;
    this.maxIntervalMs = schedule.maxIntervalMs ?? Infinity;
    this.maxRequests = schedule.maxRequests ?? MAX_REQUESTS;
    this.finalWaitMs = schedule.finalWaitMs ?? FINAL_WAIT_RTOS * rtoMs;
    this.nextAt = now + (this.maxRequests > 1 ? rtoMs : this.finalWaitMs);
  }

  /** The round-trip time at `now`; `undefined` when it cannot be told which request was answered. */
  roundTripMs(now: Instant): number | undefined {
    return this.requests === 1 ? now - this.startedAt : undefined;
  }
}

/** The list of those that have none waiting. */
const NONE: never[] = [];

/**
 * The requests of one client: matches responses and says what is due. It sends nothing: the owner does, and asks
 * {@link StunTransactions.nextAt} when to come back.
 */
export class StunTransactions<T> {
  /** Few wait at a time: most often one, and never more than the limit. */
  #waiting: StunTransaction<T>[] = NONE;
  readonly #random: RandomSource;
  readonly #limit: number;

  constructor(random: RandomSource, limit: number = MAX_TRANSACTIONS) {
    this.#random = random;
    this.#limit = limit;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** A fresh id, to build the request with. */
  newId(): Uint8Array {
    return randomBytes(this.#random, TRANSACTION_ID_BYTES); // 96 random bits are never the same twice
  }

  /** Begins with a request that is sent now; `undefined` when too many wait. */
  begin(id: Uint8Array, request: Uint8Array, owner: T, schedule: TransactionSchedule, now: Instant): StunTransaction<T> | undefined {
    if (this.#waiting.length >= this.#limit) return undefined;
    const transaction = new StunTransaction(id, request, owner, schedule, now);
    this.#waiting = this.#waiting.concat(transaction); // of the right size, unlike a list that grows
    return transaction;
  }

  /** The transaction that a response names. It goes on until {@link end}: whoever asks authenticates first. */
  match(message: StunMessage): StunTransaction<T> | undefined {
    return this.matchBytes(message.bytes);
  }

  /** Likewise for a datagram that `isStun` holds for. */
  matchBytes(bytes: Uint8Array): StunTransaction<T> | undefined {
    const start = readU48(bytes, 8);
    for (let i = 0; i < this.#waiting.length; i++) {
      const transaction = this.#waiting[i] as StunTransaction<T>;
      if (readU48(transaction.id, 0) === start && standsAt(transaction.id, bytes, 8)) return transaction;
    }
    return undefined;
  }

  /** Forgets a transaction. */
  end(transaction: StunTransaction<T>): void {
    const at = this.#waiting.indexOf(transaction);
    if (at >= 0) this.#waiting = this.#waiting.length === 1 ? NONE : this.#waiting.toSpliced(at, 1);
  }

  /** Sends no more, but still takes a response (RFC 8445 7.3.1.4). */
  quiet(transaction: StunTransaction<T>): void {
    if (transaction.requests >= transaction.maxRequests) return;
    transaction.maxRequests = transaction.requests;
    transaction.nextAt = transaction.lastSentAt + transaction.finalWaitMs;
  }

  /** Forgets all. */
  clear(): void {
    this.#waiting = NONE;
  }

  /** All that wait, as they are now: what begins or ends afterwards does not change the list. */
  get all(): readonly StunTransaction<T>[] {
    return this.#waiting;
  }

  /** The transaction that was due first at `now`; give it to {@link advance}. */
  due(now: Instant): StunTransaction<T> | undefined {
    let first: StunTransaction<T> | undefined;
    for (let i = 0; i < this.#waiting.length; i++) {
      const transaction = this.#waiting[i] as StunTransaction<T>;
      if (transaction.nextAt <= now && (first === undefined || transaction.nextAt < first.nextAt)) first = transaction;
    }
    return first;
  }

  /** Moves on a transaction that is due: `retransmit` asks to send its request again, `timeout` has ended it. */
  advance(transaction: StunTransaction<T>, now: Instant): 'retransmit' | 'timeout' {
    if (transaction.requests >= transaction.maxRequests) {
      this.end(transaction);
      return 'timeout';
    }
    transaction.requests++;
    transaction.lastSentAt = now;
    transaction.intervalMs = Math.min(2 * transaction.intervalMs, transaction.maxIntervalMs);
    transaction.nextAt = now + (transaction.requests < transaction.maxRequests ? transaction.intervalMs : transaction.finalWaitMs);
    return 'retransmit';
  }

  /** When the next one is due. */
  nextAt(): Instant | undefined {
    let at: Instant | undefined;
    for (let i = 0; i < this.#waiting.length; i++) {
      const { nextAt } = this.#waiting[i] as StunTransaction<T>;
      if (at === undefined || nextAt < at) at = nextAt;
    }
    return at;
  }
}
