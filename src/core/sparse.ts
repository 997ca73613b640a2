/**
 * A map that is empty most of the time, or has one entry: it has no table then. A connection holds dozens of maps for what happens at
 * its beginning, or never, and an empty table takes as much as the object that it belongs to. Not where a second entry comes and goes with
 * every message: each time there would be a table. Keys are compared by `===`.
 */
export class SparseMap<K, V> {
  // One entry lies here, two and more in a table.
  #key: K | undefined;
  #value: V | undefined;
  #hasOne = false;
  #map: Map<K, V> | undefined;

  get size(): number {
    if (this.#map !== undefined) return this.#map.size;
    return this.#hasOne ? 1 : 0;
  }

  get(key: K): V | undefined {
    if (this.#map !== undefined) return this.#map.get(key);
    return this.#hasOne && this.#key === key ? this.#value : undefined;
  }

  has(key: K): boolean {
    if (this.#map !== undefined) return this.#map.has(key);
    return this.#hasOne && this.#key === key;
  }

  set(key: K, value: V): this {
    if (this.#map !== undefined) this.#map.set(key, value);
    else if (!this.#hasOne || this.#key === key) {
      this.#key = key;
      this.#value = value;
      this.#hasOne = true;
    } else {
      this.#map = new Map();
      this.#map.set(this.#key as K, this.#value as V).set(key, value);
      this.#forgetOne();
    }
    return this;
  }

  delete(key: K): boolean {
    const map = this.#map;
    if (map === undefined) {
      if (!this.#hasOne || this.#key !== key) return false;
      this.#forgetOne();
      return true;
    }
    if (!map.delete(key)) return false;
    if (map.size === 0) this.#map = undefined;
    return true;
  }

  clear(): void {
    this.#forgetOne();
    this.#map = undefined;
  }

  keys(): IterableIterator<K> {
    if (this.#map !== undefined) return this.#map.keys();
    return this.#hasOne ? [this.#key as K].values() : (NOTHING as ReadonlyMap<K, V>).keys();
  }

  values(): IterableIterator<V> {
    if (this.#map !== undefined) return this.#map.values();
    return this.#hasOne ? [this.#value as V].values() : (NOTHING as ReadonlyMap<K, V>).values();
  }

  /** The values in an array of their own, which stays as it is whatever happens to the map. */
  list(): V[] {
    if (this.#map !== undefined) return [...this.#map.values()];
    return this.#hasOne ? [this.#value as V] : [];
  }

  #forgetOne(): void {
    this.#key = undefined;
    this.#value = undefined;
    this.#hasOne = false;
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

interface Link<T> {
  readonly entry: T;
  next: Link<T> | undefined;
}

/** A first-in-first-out queue of the same kind: for events and for the datagrams of a handshake. It is a chain, so that an empty one has nothing. */
export class SparseQueue<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;

  /** Counted each time: few wait at once. */
  get length(): number {
    let length = 0;
    for (let link = this.#first; link !== undefined; link = link.next) length++;
    return length;
  }

  push(entry: T): void {
    const link: Link<T> = { entry, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
  }

  /** Removes and returns the oldest entry. */
  shift(): T | undefined {
    const link = this.#first;
    if (link === undefined) return undefined;
    this.#first = link.next;
    if (this.#first === undefined) this.#last = undefined;
    return link.entry;
  }

  /** The oldest entry, left where it is. */
  peek(): T | undefined {
    return this.#first?.entry;
  }

  clear(): void {
    this.#first = undefined;
    this.#last = undefined;
  }
}
