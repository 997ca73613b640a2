import { sameAddress, SparseQueue, type TransportAddress } from '../core/index.ts';
import { type CandidatePair, pairPriorityOf } from './pair.ts';

/** Up to here looking through all is as quick as a table, which takes as much room as they do. */
const FEW_PAIRS = 8;

/** The pairs of one generation, by priority, and what is to be checked next (RFC 8445 6.1.2, 6.1.4). */
export class Checklist {
  /** Highest priority first. */
  pairs: readonly CandidatePair[] = [];
  /** A pair was nominated: nothing new is checked, except on the peer's request (RFC 8445 8.1.2). */
  completed = false;
  // By remote address, then port: a lookup makes no string. Made when there are more than a few.
  #byRemote: Map<string, Map<number, CandidatePair[]>> | undefined;
  readonly #triggered: SparseQueue<CandidatePair> = new SparseQueue();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The pair that a datagram belongs to. */
  find(base: TransportAddress, remote: TransportAddress): CandidatePair | undefined {
    const pairs = this.#byRemote === undefined ? this.pairs : this.#byRemote.get(remote.address)?.get(remote.port);
    if (pairs === undefined) return undefined;
    for (const pair of pairs) if (sameAddress(pair.remoteAddress, remote) && sameAddress(pair.base, base)) return pair;
    return undefined;
  }

  /**
   * Adds a pair in its place and gives it its first state. A full list drops its last pair that was never checked, which
   * may be this one: then the result is false.
   */
  add(pair: CandidatePair): boolean {
    if (this.pairs.length >= this.#limit && !this.#makeRoom(pair)) return false;
    pair.state = this.#firstState(pair.foundation);
    this.#insert(pair);
    if (this.#byRemote !== undefined) index(this.#byRemote, pair);
    else if (this.pairs.length > FEW_PAIRS) {
      this.#byRemote = new Map();
      for (const known of this.pairs) index(this.#byRemote, known);
    }
    return true;
  }

  /** Drops a pair for good. */
  remove(pair: CandidatePair): void {
    if (!this.pairs.includes(pair)) return;
    this.pairs = this.pairs.filter((other) => other !== pair);
    pair.listed = false;
    const { address, port } = pair.remoteAddress;
    const ports = this.#byRemote?.get(address);
    const same = ports?.get(port);
    if (!ports || !same) return;
    same.splice(same.indexOf(pair), 1);
    if (same.length === 0) ports.delete(port);
    if (ports.size === 0) this.#byRemote?.delete(address);
  }

  /** Puts one pair in its place again after its priority changed. */
  reposition(pair: CandidatePair): void {
    if (!this.pairs.includes(pair)) return;
    this.pairs = this.pairs.filter((other) => other !== pair);
    this.#insert(pair);
  }

  /** Computes all priorities anew for a role (RFC 8445 7.3.1.1). */
  reprioritize(controlling: boolean): void {
    for (const pair of this.pairs) pair.priority = pairPriorityOf(pair.local, pair.remote, controlling);
    this.pairs = this.pairs.toSorted((a, b) => (a.priority === b.priority ? 0 : a.priority > b.priority ? -1 : 1));
  }

  /** Asks for a check of a pair ahead of all others (RFC 8445 7.3.1.4). */
  trigger(pair: CandidatePair): void {
    if (pair.triggered) return;
    pair.triggered = true;
    this.#triggered.push(pair);
  }

  /** Whether triggered checks wait. */
  get hasTriggered(): boolean {
    return this.#triggered.length > 0;
  }

  takeTriggered(): CandidatePair | undefined {
    for (let pair = this.#triggered.shift(); pair; pair = this.#triggered.shift()) {
      pair.triggered = false;
      if (pair.listed) return pair;
    }
    return undefined;
  }

  /**
   * The pair that an ordinary check is for (RFC 8445 6.1.4.2): the best that waits, else the best frozen one whose
   * foundation is not being checked.
   */
  nextOrdinary(): CandidatePair | undefined {
    if (this.completed) return undefined;
    let frozen = false;
    for (let i = 0; i < this.pairs.length; i++) {
      const pair = this.pairs[i] as CandidatePair;
      if (pair.state === 'waiting') return pair;
      frozen ||= pair.state === 'frozen';
    }
    if (!frozen) return undefined;
    const busy = new Set<string>();
    for (const pair of this.pairs) if (pair.state === 'in-progress') busy.add(pair.foundation);
    return this.pairs.find((pair) => pair.state === 'frozen' && !busy.has(pair.foundation));
  }

  /** The selected pair stopped working, or is gone: all others are worth a check again. */
  resume(selected: CandidatePair | undefined): void {
    this.completed = false;
    for (const pair of this.pairs) {
      if (pair === selected || pair.state === 'in-progress') continue;
      pair.state = 'waiting';
      pair.unanswered = 0;
    }
  }

  /** A pair succeeded: its likes are worth a check (RFC 8445 7.2.5.3.3). */
  unfreeze(foundation: string): void {
    for (const pair of this.pairs) if (pair.state === 'frozen' && pair.foundation === foundation) pair.state = 'waiting';
  }

  /** The valid pair of the highest priority. */
  bestValid(): CandidatePair | undefined {
    return this.pairs.find((pair) => pair.valid);
  }

  /** Whether a pair of a higher priority may still succeed. */
  hasBetterAlive(than: CandidatePair): boolean {
    for (const pair of this.pairs) {
      if (pair === than || pair.priority <= than.priority) return false;
      if (pair.alive) return true;
    }
    return false;
  }

  /** Whether any check may still succeed. */
  get anyAlive(): boolean {
    return !this.completed && this.pairs.some((pair) => pair.alive);
  }

  /** How many pairs are checked or wait for it: N of the timeout's formula (RFC 8445 14.3). */
  get busyCount(): number {
    let count = 0;
    for (const pair of this.pairs) if (pair.state === 'waiting' || pair.state === 'in-progress') count++;
    return count;
  }

  /** RFC 8445 6.1.2.6, with RFC 8838 12 for pairs that come later: one pair of each foundation goes ahead. */
  #firstState(foundation: string): 'waiting' | 'frozen' {
    let first: 'waiting' | 'frozen' = 'waiting';
    for (const pair of this.pairs) {
      if (pair.foundation !== foundation) continue;
      if (pair.valid) return 'waiting';
      if (pair.alive) first = 'frozen';
    }
    return first;
  }

  #insert(pair: CandidatePair): void {
    let at = this.pairs.length;
    while (at > 0 && (this.pairs[at - 1] as CandidatePair).priority < pair.priority) at--;
    this.pairs = this.pairs.toSpliced(at, 0, pair); // of the right size, unlike a list that grows: most have one pair
  }

  #makeRoom(wanted: CandidatePair): boolean {
    for (let i = this.pairs.length - 1; i >= 0; i--) {
      const pair = this.pairs[i] as CandidatePair;
      if (pair.valid || pair.accepted || pair.state === 'in-progress') continue;
      if (pair.priority >= wanted.priority && pair.state !== 'failed') return false;
      this.remove(pair);
      return true;
    }
    return false;
  }
}

function index(table: Map<string, Map<number, CandidatePair[]>>, pair: CandidatePair): void {
  const { address, port } = pair.remoteAddress;
  let ports = table.get(address);
  if (ports === undefined) table.set(address, (ports = new Map()));
  const same = ports.get(port);
  if (same) same.push(pair);
  else ports.set(port, [pair]);
}
