import type { Deadline, Instant } from './protocol.ts';

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
  readonly #reasons: Reason[] = [];
  readonly #at: Instant[] = [];

  /** Starts a timer, or moves it when it already runs. */
  set(reason: Reason, at: Instant): void {
    const i = this.#reasons.indexOf(reason);
    if (i >= 0) this.#at[i] = at;
    else {
      this.#reasons.push(reason);
      this.#at.push(at);
    }
  }

  /** Stops a timer; harmless when it does not run. */
  stop(reason: Reason): void {
    const i = this.#reasons.indexOf(reason);
    if (i >= 0) this.#remove(i);
  }

  /** Stops all timers. */
  clear(): void {
    this.#reasons.length = 0;
    this.#at.length = 0;
  }

  /** When a timer is due, or `undefined` while it does not run. */
  at(reason: Reason): Instant | undefined {
    const i = this.#reasons.indexOf(reason);
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

  #earliest(): number {
    let best = this.#at.length - 1;
    for (let i = best - 1; i >= 0; i--) if ((this.#at[i] as Instant) <= (this.#at[best] as Instant)) best = i;
    return best;
  }

  #remove(i: number): void {
    this.#reasons.splice(i, 1);
    this.#at.splice(i, 1);
  }
}

/** The earlier of two deadlines; either may be absent. */
export function earlier(a: Deadline | undefined, b: Deadline | undefined): Deadline | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return b.at < a.at ? b : a;
}
