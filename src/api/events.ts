import { Queue } from '../core/index.ts';

/** Spreads events to any number of async iterators. An iterator gets what happens after it was made, in order. */
export class EventHub<T> {
  /** Made with the first of them: most connections have a handler, and no iterators. */
  #listeners: Set<EventStream<T>> | undefined;
  readonly #maxUnread: number;
  #ended = false;

  /** @param maxUnread - how many events wait for an iterator at most; then the oldest are dropped. Default: any number */
  constructor(maxUnread: number = Infinity) {
    this.#maxUnread = maxUnread;
  }

  emit(event: T): void {
    if (this.#listeners === undefined) return;
    for (const listener of this.#listeners) listener.push(event);
  }

  /** Ends all iterators once they have read what is left. */
  end(): void {
    this.#ended = true;
    this.#listeners?.forEach((listener) => listener.end());
    this.#listeners = undefined;
  }

  subscribe(): AsyncIterableIterator<T> {
    const stream = new EventStream<T>(this.#maxUnread, () => this.#listeners?.delete(stream));
    if (this.#ended) stream.end();
    else (this.#listeners ??= new Set()).add(stream);
    return stream;
  }
}

class EventStream<T> implements AsyncIterableIterator<T> {
  readonly #events: Queue<T> = new Queue();
  readonly #waiting: Queue<(result: IteratorResult<T, undefined>) => void> = new Queue();
  readonly #maxUnread: number;
  readonly #onReturn: () => void;
  #ended = false;

  constructor(maxUnread: number, onReturn: () => void) {
    this.#maxUnread = maxUnread;
    this.#onReturn = onReturn;
  }

  push(event: T): void {
    const waiting = this.#waiting.shift();
    if (waiting) return waiting({ value: event, done: false });
    this.#events.push(event);
    if (this.#events.length > this.#maxUnread) this.#events.shift();
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
