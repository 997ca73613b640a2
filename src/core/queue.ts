/** Slots of the first ring. A power of two, as every size of a ring is. */
const LEAST_SLOTS = 4;
/** The ring of queues that hold nothing: a connection has dozens, and few of them ever have an entry again after its beginning. */
const NO_RING: never[] = [];

/** A first-in-first-out queue in a growing ring: O(1) at both ends, and it never holds on to what it handed out. */
export class Queue<T> implements Iterable<T> {
  #ring: (T | undefined)[] = NO_RING;
  #head = 0;
  #length = 0;

  /** How many entries wait. */
  get length(): number {
    return this.#length;
  }

  /** Appends an entry. */
  push(entry: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = entry;
    this.#length++;
  }

  /** Puts an entry back in front of all others. */
  unshift(entry: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = entry;
    this.#length++;
  }

  /** Removes and returns the oldest entry. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const entry = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return entry;
  }

  /** The oldest entry, left where it is. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  /** Forgets all entries and gives their memory back. */
  clear(): void {
    this.#ring = NO_RING;
    this.#head = 0;
    this.#length = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#length; i++) yield this.#ring[(this.#head + i) & (this.#ring.length - 1)] as T;
  }

  #grow(): void {
    const old = this.#ring;
    const ring = new Array<T | undefined>(Math.max(LEAST_SLOTS, old.length * 2));
    for (let i = 0; i < this.#length; i++) ring[i] = old[(this.#head + i) & (old.length - 1)];
    this.#ring = ring;
    this.#head = 0;
  }
}
