import { type Instant, Queue } from '../core/index.ts';

/** A message on its way out. Fields change as it goes; only the sender writes them. */
export interface OutMessage {
  readonly stream: OutStream;
  readonly ppid: number;
  readonly data: Uint8Array;
  readonly ordered: boolean;
  /** Infinity: as often as it takes. */
  readonly maxRetransmits: number;
  /** Infinity: never. */
  readonly expiresAt: Instant;
  /** Stream sequence number, given when the first fragment goes out. */
  ssn: number;
  /** How many bytes have been given TSNs. */
  sentBytes: number;
  /** Given up (RFC 3758): what is outstanding of it will be skipped. */
  abandoned: boolean;
}

/** The sending side of a stream. */
export interface OutStream {
  readonly id: number;
  readonly queue: Queue<OutMessage>;
  nextSsn: number;
  /** Bytes written and not yet put into a packet. */
  bufferedBytes: number;
  /** Whether a `buffered` event waits to be polled. */
  reported: boolean;
  /** Whether it stands in the round. */
  active: boolean;
  /** Whether a reset waits or is under way: what is written after it must wait for the new sequence numbers (RFC 6525 5.1.2). */
  reset: 'none' | 'waiting' | 'sent';
  /** How many messages were written before the reset; they go out first. */
  beforeReset: number;
}

/**
 * Chooses which message goes out next: one message of each stream in turn. A message goes out whole before the next
 * begins, because without interleaving (RFC 8260) the fragments of a message bear consecutive TSNs (RFC 9260 6.9);
 * with it, {@link Scheduler.peek} is the place to choose by fragment.
 */
export class Scheduler {
  readonly #streams: Map<number, OutStream> = new Map();
  readonly #round: Queue<OutStream> = new Queue();
  readonly #fell: Queue<OutStream> = new Queue();
  #bufferedBytes = 0;
  #messages = 0;

  /** Bytes of all streams that were written and not yet put into a packet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Messages that are not yet in packets whole. */
  get messages(): number {
    return this.#messages;
  }

  find(id: number): OutStream | undefined {
    return this.#streams.get(id);
  }

  stream(id: number): OutStream {
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = { id, queue: new Queue(), nextSsn: 0, bufferedBytes: 0, reported: false, active: false, reset: 'none', beforeReset: 0 };
      this.#streams.set(id, stream);
    }
    return stream;
  }

  push(message: OutMessage): void {
    const { stream } = message;
    stream.queue.push(message);
    stream.bufferedBytes += message.data.length;
    this.#bufferedBytes += message.data.length;
    this.#messages++;
    this.#activate(stream);
  }

  /** The message whose next fragment goes out next. What has expired before it began is dropped here (RFC 3758 3.5 A). */
  peek(now: Instant): OutMessage | undefined {
    for (;;) {
      const message = this.#round.peek()?.queue.peek();
      if (message === undefined || message.sentBytes > 0 || message.expiresAt > now) return message;
      this.#remove(message, message.data.length);
    }
  }

  /** `bytes` more of the message that {@link Scheduler.peek} gave went into a packet. */
  sent(message: OutMessage, bytes: number): void {
    message.sentBytes += bytes;
    if (message.sentBytes === message.data.length) this.#remove(message, bytes);
    else this.#lower(message.stream, bytes);
  }

  /** The rest of the message that {@link Scheduler.peek} gives is not sent any more. */
  drop(message: OutMessage): void {
    this.#remove(message, message.data.length - message.sentBytes);
  }

  /** The next stream whose amount fell since it was reported. */
  pollFallen(): OutStream | undefined {
    const stream = this.#fell.shift();
    if (stream !== undefined) stream.reported = false;
    return stream;
  }

  /** Holds back what is written on a stream from now on. True when nothing that was written before still waits. */
  holdForReset(stream: OutStream): boolean {
    stream.reset = 'waiting';
    stream.beforeReset = stream.queue.length;
    return stream.beforeReset === 0;
  }

  /** The reset is over: what was held back may go, with new sequence numbers when the peer agreed. */
  endReset(id: number, performed: boolean): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.reset = 'none';
    if (performed) stream.nextSsn = 0;
    if (stream.queue.length > 0) this.#activate(stream);
    else if (performed && !stream.reported) this.#streams.delete(id);
  }

  /** Forgets everything. */
  clear(): void {
    this.#streams.clear();
    this.#round.clear();
    this.#fell.clear();
    this.#bufferedBytes = 0;
    this.#messages = 0;
  }

  #activate(stream: OutStream): void {
    if (stream.active || stream.reset === 'sent' || (stream.reset === 'waiting' && stream.beforeReset === 0)) return;
    stream.active = true;
    this.#round.push(stream);
  }

  /** Takes the head message of the head stream away and moves the stream to the end of the round. */
  #remove(message: OutMessage, bytes: number): void {
    const { stream } = message;
    stream.queue.shift();
    this.#messages--;
    if (this.#round.length > 1 || stream.queue.length === 0 || stream.reset !== 'none') {
      this.#round.shift();
      stream.active = false;
      if (stream.reset === 'waiting') stream.beforeReset--;
      if (stream.queue.length > 0) this.#activate(stream);
    }
    this.#lower(stream, bytes);
  }

  #lower(stream: OutStream, bytes: number): void {
    stream.bufferedBytes -= bytes;
    this.#bufferedBytes -= bytes;
    if (stream.reported) return;
    stream.reported = true;
    this.#fell.push(stream);
  }
}
