/**
 * A map that is empty most of the time: it has no table then. A connection holds dozens of maps for what happens at its beginning,
 * or never, and an empty table takes as much as the object that it belongs to. Not for what comes and goes with every message.
 */
export class SparseMap<K, V> {
  #map: Map<K, V> | undefined;

  get size(): number {
    return this.#map === undefined ? 0 : this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map?.get(key);
  }

  has(key: K): boolean {
    return this.#map?.has(key) === true;
  }

  set(key: K, value: V): this {
    (this.#map ??= new Map()).set(key, value);
    return this;
  }

  delete(key: K): boolean {
    const map = this.#map;
    if (map === undefined || !map.delete(key)) return false;
    if (map.size === 0) this.#map = undefined;
    return true;
  }

  clear(): void {
    this.#map = undefined;
  }

  values(): IterableIterator<V> {
    return (this.#map ?? (NOTHING as ReadonlyMap<K, V>)).values();
  }
}

const NOTHING: ReadonlyMap<never, never> = new Map<never, never>();

/** A set of the same kind. */
export class SparseSet<T> implements Iterable<T> {
  #set: Set<T> | undefined;

  get size(): number {
    return this.#set === undefined ? 0 : this.#set.size;
  }

  add(value: T): this {
    (this.#set ??= new Set()).add(value);
    return this;
  }

  clear(): void {
    this.#set = undefined;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    if (this.#set !== undefined) yield* this.#set;
  }
}

/** Entries that were handed out are kept in front of the others until there are so many. */
const MOST_GAPS = 32;

/** A first-in-first-out queue of the same kind: for events and for the datagrams of a handshake. */
export class SparseQueue<T> {
  #entries: (T | undefined)[] | undefined;
  #head = 0;

  get length(): number {
    return this.#entries === undefined ? 0 : this.#entries.length - this.#head;
  }

  push(entry: T): void {
    if (this.#entries === undefined) this.#entries = [entry];
    else this.#entries.push(entry);
  }

  /** Removes and returns the oldest entry. */
  shift(): T | undefined {
    const entries = this.#entries;
    if (entries === undefined) return undefined;
    const entry = entries[this.#head];
    entries[this.#head++] = undefined;
    if (this.#head === entries.length) this.clear();
    else if (this.#head === MOST_GAPS) {
      entries.splice(0, MOST_GAPS);
      this.#head = 0;
    }
    return entry;
  }

  /** The oldest entry, left where it is. */
  peek(): T | undefined {
    return this.#entries?.[this.#head];
  }

  clear(): void {
    this.#entries = undefined;
    this.#head = 0;
  }
}
