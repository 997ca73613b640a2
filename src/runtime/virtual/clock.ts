import type { Instant } from '../../core/index.ts';

/**
 * What may happen at one instant, in this order: datagrams are there before timers look at them, and `afterReads` comes
 * behind both.
 */
export type Phase = 0 | 1 | 2;
export const PHASE_ARRIVAL: Phase = 0;
export const PHASE_TIMER: Phase = 1;
export const PHASE_AFTER_READS: Phase = 2;

/** Something that is going to happen. */
export interface Scheduled {
  readonly at: Instant;
  /** Harmless when it happened or was cancelled. */
  cancel(): void;
}

class Entry implements Scheduled {
  readonly at: Instant;
  readonly phase: Phase;
  readonly order: number;
  readonly run: () => void;
  readonly clock: VirtualClock;
  /** The place in the heap; −1 when it is not there. */
  place = -1;

  constructor(clock: VirtualClock, at: Instant, phase: Phase, order: number, run: () => void) {
    this.clock = clock;
    this.at = at;
    this.phase = phase;
    this.order = order;
    this.run = run;
  }

  cancel(): void {
    if (this.place >= 0) this.clock.remove(this);
  }

  before(other: Entry): boolean {
    if (this.at !== other.at) return this.at < other.at;
    if (this.phase !== other.phase) return this.phase < other.phase;
    return this.order < other.order;
  }
}

/**
 * Time that passes when it is told to. What is scheduled happens in the order of time, then phase, then scheduling, so
 * nothing depends on the machine that it runs on.
 */
export class VirtualClock {
  #now: Instant = 0;
  #phase: Phase = PHASE_ARRIVAL;
  #order = 0;
  readonly #heap: Entry[] = [];

  /** The present, in milliseconds from the beginning of the world. */
  get now(): Instant {
    return this.#now;
  }

  /** Which part of the present instant it is. */
  get phase(): Phase {
    return this.#phase;
  }

  /** How many things are going to happen. */
  get pending(): number {
    return this.#heap.length;
  }

  /** When the next thing happens. */
  get nextAt(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  /** Schedules a call; a time that has passed counts as now. The call comes from {@link VirtualClock.step}, never from here. */
  at(at: Instant, run: () => void, phase: Phase = PHASE_TIMER): Scheduled {
    const entry = new Entry(this, at > this.#now ? at : this.#now, phase, this.#order++, run);
    this.#heap.push(entry);
    this.#up(entry, this.#heap.length - 1);
    return entry;
  }

  /** Lets the next thing happen, and time pass until then. False when there is none. */
  step(): boolean {
    const entry = this.#heap[0];
    if (entry === undefined) return false;
    this.remove(entry);
    this.#now = entry.at;
    this.#phase = entry.phase;
    entry.run();
    return true;
  }

  /** Lets everything happen that is due up to `at`, and time pass until then. */
  advanceTo(at: Instant): void {
    for (let next = this.nextAt; next !== undefined && next <= at; next = this.nextAt) this.step();
    if (at <= this.#now) return;
    this.#now = at;
    this.#phase = PHASE_ARRIVAL;
  }

  /** @internal */
  remove(entry: Entry): void {
    const last = this.#heap.pop() as Entry;
    const place = entry.place;
    entry.place = -1;
    if (last === entry) return;
    this.#up(last, place);
    this.#down(last, last.place);
  }

  #up(entry: Entry, start: number): void {
    let place = start;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above] as Entry;
      if (!entry.before(parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(entry, place);
  }

  #down(entry: Entry, start: number): void {
    let place = start;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#heap.length) break;
      if (below + 1 < this.#heap.length && (this.#heap[below + 1] as Entry).before(this.#heap[below] as Entry)) below++;
      const child = this.#heap[below] as Entry;
      if (!child.before(entry)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(entry, place);
  }

  #put(entry: Entry, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}
