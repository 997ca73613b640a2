import { Queue } from '../core/index.ts';

/** Spreads events to any number of async iterators. An iterator gets what happens after it was made, in order. */
export class EventHub<T> {
  readonly #listeners: Set<EventStream<T>> = new Set();
  #ended = false;

  emit(event: T): void {
    for (const listener of this.#listeners) listener.push(event);
  }

  /** Ends all iterators once they have read what is left. */
  end(): void {
    this.#ended = true;
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }

  subscribe(): AsyncIterableIterator<T> {
    const stream = new EventStream<T>(() => this.#listeners.delete(stream));
    if (this.#ended) stream.end();
    else this.#listeners.add(stream);
    return stream;
  }
}

class EventStream<T> implements AsyncIterableIterator<T> {
  readonly #events: Queue<T> = new Queue();
  readonly #waiting: Queue<(result: IteratorResult<T, undefined>) => void> = new Queue();
  readonly #onReturn: () => void;
  #ended = false;

  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  push(event: T): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ value: event, done: false });
    else this.#events.push(event);
  }

  end(): void {
    this.#ended = true;
    for (let waiting = this.#waiting.shift(); waiting; waiting = this.#waiting.shift()) waiting({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#events.length > 0) return Promise.resolve({ value: this.#events.shift() as T, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#onReturn();
    this.#events.clear();
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
