import type { ServerResponse } from 'node:http';
import type { CandidateInit, DescriptionInit } from 'sansrtc';

/** What a page and its example tell each other to get connected; an example may add words of its own. */
export interface Message {
  readonly description?: DescriptionInit | null;
  readonly candidate?: CandidateInit | null;
  readonly [word: string]: unknown;
}

/** The most that waits to be taken. A page that says more is not one of ours. */
const MAX_WAITING = 1000;

/**
 * The signalling of one page: what it says comes out of the iterator, in order; what we say goes to it as server-sent
 * events. The iterator ends when the page is gone.
 */
export class Signal implements AsyncIterable<Message> {
  readonly #stream: ServerResponse;
  readonly #waiting: Message[] = [];
  readonly #endings: (() => void | Promise<void>)[] = [];
  #wake: () => void = () => {};
  #ended: Promise<void> | undefined;

  constructor(stream: ServerResponse) {
    this.#stream = stream;
    stream.on('close', () => void this.end());
  }

  /** Whether the page is there. */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Tells the page. */
  send(message: Message): void {
    if (this.isOpen) this.#stream.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  /** What is to be done when the page is gone. */
  onEnd(act: () => void | Promise<void>): void {
    if (this.#ended) void act();
    else this.#endings.push(act);
  }

  /** The page said something. */
  receive(message: Message): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message);
    this.#wake();
  }

  /** Ends it from this side. */
  end(): Promise<void> {
    this.#ended ??= (async () => {
      this.#wake();
      await Promise.all(this.#endings.map((act) => act()));
      this.#stream.end();
    })();
    return this.#ended;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    while (!this.#ended) {
      const message = this.#waiting.shift();
      if (message) yield message;
      else await new Promise<void>((wake) => (this.#wake = wake));
    }
  }
}
