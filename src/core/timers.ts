import type { Deadline, Instant } from './protocol.ts';

const LEAST_TIMERS = 4;
/** What a table without timers has. */
const NONE: never[] = [];

/**
 * The timers of one machine, by reason. Setting a timer schedules nothing: the owner reports {@link TimerTable.next}
 * from `pollTimeout` and takes what is due with {@link TimerTable.expire} in `handleTimeout`.
 *
 * @example
 * const timers = new TimerTable<'retransmit' | 'idle'>();
 * timers.set('retransmit', now + 50);
 * for (let due = timers.expire(now); due; due = timers.expire(now)) this.#onTimer(due, now);
 */
export class TimerTable<Reason extends string> {
  /** In the order in which they were set first. Few run at once, so that the arrays are made small. */
  #reasons: Reason[] = NONE;
  #at: Instant[] = NONE;
  #count = 0;

  /** Starts a timer, or moves it when it already runs. */
  set(reason: Reason, at: Instant): void {
    let i = this.#find(reason);
    if (i < 0) {
      i = this.#count++;
      if (i === 0 && this.#reasons.length === 0) {
        this.#reasons = new Array<Reason>(LEAST_TIMERS);
        this.#at = new Array<Instant>(LEAST_TIMERS);
      }
      this.#reasons[i] = reason;
    }
    this.#at[i] = at;
  }

  /** Stops a timer; harmless when it does not run. */
  stop(reason: Reason): void {
    const i = this.#find(reason);
    if (i >= 0) this.#remove(i);
  }

  /** Stops all timers, and gives their memory back. */
  clear(): void {
    this.#reasons = NONE;
    this.#at = NONE;
    this.#count = 0;
  }

  /** When a timer is due, or `undefined` while it does not run. */
  at(reason: Reason): Instant | undefined {
    const i = this.#find(reason);
    return i < 0 ? undefined : this.#at[i];
  }

  /** Removes and returns the earliest timer that is due at `now`. */
  expire(now: Instant): Reason | undefined {
    const i = this.#earliest();
    if (i < 0 || (this.#at[i] as Instant) > now) return undefined;
    const reason = this.#reasons[i];
    this.#remove(i);
    return reason;
  }

  /** The earliest timer. */
  next(): Deadline<Reason> | undefined {
    const i = this.#earliest();
    return i < 0 ? undefined : { at: this.#at[i] as Instant, reason: this.#reasons[i] as Reason };
  }

  #find(reason: Reason): number {
    for (let i = this.#count - 1; i >= 0; i--) if (this.#reasons[i] === reason) return i;
    return -1;
  }

  #earliest(): number {
    let best = this.#count - 1;
    for (let i = best - 1; i >= 0; i--) if ((this.#at[i] as Instant) <= (this.#at[best] as Instant)) best = i;
    return best;
  }

  #remove(i: number): void {
    const last = --this.#count;
    for (; i < last; i++) {
      this.#reasons[i] = this.#reasons[i + 1] as Reason;
      this.#at[i] = this.#at[i + 1] as Instant;
    }
  }
}

/** The earlier of two deadlines; either may be absent. */
export function earlier(a: Deadline | undefined, b: Deadline | undefined): Deadline | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return b.at < a.at ? b : a;
}
