import type { Instant } from '../../core/index.ts';
import { Unwrapper } from '../../rtp/index.ts';
import { ARRIVALS, BACK_WINDOW_MS, LEAST_ARRIVALS } from './constants.ts';

/**
 * When packets of a transport arrived, by number without its wraps, in a ring that grows up to as many as one feedback may tell of. What was
 * told stays for a while, so that a packet that comes late is told together with its neighbours.
 */
export class Arrivals {
  #times: Float64Array | undefined;
  readonly #unwrapper: Unwrapper = new Unwrapper(16);
  /** From here on the ring holds times. */
  #oldest = 0;
  #end = 0;
  #untold = 0;
  /** What is below was told, and too long ago to be told again. */
  #closed = -Infinity;

  /** The first number that the next feedback tells of. */
  get untold(): number {
    return this.#untold;
  }

  /** One more than the highest number that arrived. */
  get end(): number {
    return this.#end;
  }

  /** Notes an arrival; false when the packet came before, or is too old to tell of. */
  record(sequence: number, at: Instant): boolean {
    const number = this.#unwrapper.unwrap(sequence);
    if (this.#times === undefined) {
      this.#times = new Float64Array(LEAST_ARRIVALS).fill(NaN);
      this.#oldest = this.#untold = this.#end = number;
    }
    if (number < this.#closed) return false;
    if (number < this.#oldest) {
      // Before the first one that came, but only by little: the first ones changed places.
      if (this.#end - number > ARRIVALS) return false;
      this.#hold(number, this.#end);
      this.#oldest = number;
    }
    if (number >= this.#end) this.#advance(number + 1);
    const times = this.#times;
    const slot = number & (times.length - 1);
    if (!Number.isNaN(times[slot] as number)) return false;
    times[slot] = at;
    if (number < this.#untold) this.#untold = number;
    return true;
  }

  /** The times from `from` to `end`, NaN for what did not arrive, in `into`; returns them as a view. */
  copy(from: number, end: number, into: Float64Array): Float64Array {
    const times = this.#times;
    const count = times === undefined ? 0 : Math.min(end - from, into.length);
    for (let i = 0; i < count; i++) into[i] = from + i < this.#oldest ? NaN : ((times as Float64Array)[(from + i) & ((times as Float64Array).length - 1)] as number);
    return into.subarray(0, count);
  }

  /** All before this number was told. What arrives among packets of the last half second is told together with them once more. */
  told(number: number, now: Instant): void {
    this.#untold = Math.max(this.#untold, number);
    const times = this.#times;
    if (times === undefined) return;
    let closed = Math.max(this.#closed, this.#oldest);
    while (closed < this.#untold && !((times[closed & (times.length - 1)] as number) >= now - BACK_WINDOW_MS)) closed++;
    this.#closed = closed;
  }

  #advance(end: number): void {
    this.#hold(Math.max(this.#oldest, this.#closed), end);
    const times = this.#times as Float64Array;
    const slots = times.length;
    if (end - this.#end >= slots) times.fill(NaN);
    else for (let number = this.#end; number < end; number++) times[number & (slots - 1)] = NaN;
    this.#end = end;
    this.#oldest = Math.max(this.#oldest, end - slots);
    this.#untold = Math.max(this.#untold, this.#oldest);
  }

  /** Makes the ring long enough for the numbers from `first` to `end`, if it may be. */
  #hold(first: number, end: number): void {
    const before = this.#times as Float64Array;
    let slots = before.length;
    while (slots < ARRIVALS && slots < end - first) slots *= 2;
    if (slots === before.length) return;
    const times = new Float64Array(slots).fill(NaN);
    for (let number = this.#oldest; number < this.#end; number++) times[number & (slots - 1)] = before[number & (before.length - 1)] as number;
    this.#times = times;
  }
}
