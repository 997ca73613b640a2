import { type Instant, Queue, SparseMap } from '../core/index.ts';
import { MAX_SHORT_MESSAGE_BYTES, PRIORITIES } from './constants.ts';
import type { MessageMemory } from './events.ts';

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
  /** Stream sequence number, or message identifier with interleaving; given when the first fragment goes out. */
  sequence: number;
  /** How many bytes have been given TSNs, in how many fragments, and the last of these TSNs as a signed number. */
  sentBytes: number;
  fragments: number;
  lastTsn: number;
  /** Gets `data` back once it is acknowledged. */
  readonly memory: MessageMemory | undefined;
  /** Given up (RFC 3758): what is outstanding of it will be skipped. */
  abandoned: boolean;
}

/** The sending side of a stream. */
export interface OutStream {
  readonly id: number;
  readonly queue: Queue<OutMessage>;
  nextSequence: number;
  /** With interleaving, unordered messages are numbered by themselves (RFC 8260 2.1). */
  nextUnordered: number;
  /** Bytes written and not yet put into a packet. */
  bufferedBytes: number;
  /** Whether a `buffered` event waits to be polled. */
  reported: boolean;
  /** Whether it stands in the round, or waits until a long message of another is through. */
  active: boolean;
  /** Index in the list of priorities; the weight doubles with each. */
  rank: number;
  /** What it may still send before it is another's turn, in bytes. */
  credit: number;
  /** Whether a reset waits or is under way: what is written after it must wait for the new sequence numbers (RFC 6525 5.1.2). */
  reset: 'none' | 'waiting' | 'sent';
  /** How many messages were written before the reset; they go out first. */
  beforeReset: number;
}

/** The rank of a data channel's priority (RFC 8831 6.4). */
export function rankOf(priority: number): number {
  let rank = PRIORITIES.length - 1;
  while (rank > 0 && priority < (PRIORITIES[rank] as number)) rank--;
  return rank;
}

const DEFAULT_RANK: number = rankOf(256);

/**
 * Chooses whose message goes on next: streams take turns, each for as many bytes as its weight gives it (RFC 8260 3.6). With
 * interleaving a turn of the lowest weight is one packet, so that equal streams alternate by packet (RFC 8260 3.4); without
 * it a turn is one message, because the fragments of a message bear consecutive TSNs (RFC 9260 6.9).
 *
 * Messages that were begun lie in the peer's window until they are whole. So that they cannot fill it and wait for one
 * another for ever, only so many bytes of long messages, and of short ones, are begun at a time.
 */
export class Scheduler {
  /** Whether fragments of several messages may alternate. */
  interleaving = false;
  /** What a turn of the lowest weight is worth, in bytes: a full packet. */
  quantumBytes = 1200;

  readonly #streams: SparseMap<number, OutStream> = new SparseMap();
  readonly #round: Queue<OutStream> = new Queue();
  readonly #fell: Queue<OutStream> = new Queue();
  /** How many streams of each rank are active. */
  readonly #ranks: number[] = new Array<number>(PRIORITIES.length).fill(0);
  #bufferedBytes = 0;
  #messages = 0;
  // By length, short and long: bytes of messages that were begun, how much that may be, and streams that wait for room, once one had to.
  readonly #begun: [number, number] = [0, 0];
  readonly #limits: [number, number] = [Infinity, Infinity];
  #blocked: [Queue<OutStream>, Queue<OutStream>] | undefined;

  /** Bytes of all streams that were written and not yet put into a packet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Messages that are not yet in packets whole. */
  get messages(): number {
    return this.#messages;
  }

  /** Fragments of several messages alternate from now on, within the window that the peer announced at first. */
  interleave(peerWindowBytes: number): void {
    this.interleaving = true;
    this.#limits[0] = peerWindowBytes >> 3;
    this.#limits[1] = peerWindowBytes >> 1;
  }

  /** Messages that are not yet in packets whole, in the order of each stream. */
  *waiting(): IterableIterator<OutMessage> {
    for (const stream of this.#streams.values()) yield* stream.queue;
  }

  find(id: number): OutStream | undefined {
    return this.#streams.get(id);
  }

  stream(id: number): OutStream {
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = {
        id,
        queue: new Queue(),
        nextSequence: 0,
        nextUnordered: 0,
        bufferedBytes: 0,
        reported: false,
        active: false,
        rank: DEFAULT_RANK,
        credit: 0,
        reset: 'none',
        beforeReset: 0,
      };
      this.#streams.set(id, stream);
    }
    return stream;
  }

  push(message: OutMessage, rank: number = message.stream.rank): void {
    const { stream } = message;
    if (rank !== stream.rank) this.#rank(stream, rank);
    stream.queue.push(message);
    stream.bufferedBytes += message.data.length;
    this.#bufferedBytes += message.data.length;
    this.#messages++;
    this.#activate(stream);
  }

  /** The message whose next fragment goes out next. What has expired before it began is dropped here (RFC 3758 3.5 A). */
  peek(now: Instant): OutMessage | undefined {
    for (;;) {
      const stream = this.#round.peek();
      if (stream === undefined) return undefined;
      if (!maySend(stream)) {
        this.#leave(stream);
        continue;
      }
      const message = stream.queue.peek() as OutMessage;
      if (message.sentBytes === 0) {
        if (message.expiresAt <= now) {
          this.#end(message, message.data.length);
          continue;
        }
        if (this.interleaving && !this.#mayBegin(message)) {
          this.#round.shift();
          (this.#blocked ??= [new Queue(), new Queue()])[sizeClass(message)].push(stream);
          continue;
        }
      }
      if (stream.credit <= 0) stream.credit = Math.max(1, stream.credit + this.#turn(stream));
      return message;
    }
  }

  /** `bytes` more of the message that {@link Scheduler.peek} gave went into a packet, in a chunk of `cost` bytes. */
  sent(message: OutMessage, bytes: number, cost: number): void {
    const { stream } = message;
    const { interleaving } = this;
    const begins = message.sentBytes === 0;
    const sentBytes = message.sentBytes + bytes;
    const whole = sentBytes === message.data.length;
    message.sentBytes = sentBytes;
    if (whole) {
      if (!begins && interleaving) this.#finish(message);
      this.#end(message, bytes);
    } else {
      if (begins && interleaving) this.#begun[sizeClass(message)] += message.data.length;
      this.#lower(stream, bytes);
    }
    if (interleaving) stream.credit -= cost;
    else if (whole) stream.credit -= this.quantumBytes;
    if (!maySend(stream)) this.#leave(stream);
    else if (stream.credit <= 0 && (whole || interleaving) && this.#round.length > 1) {
      this.#round.shift();
      this.#round.push(stream);
    }
  }

  /** The rest of a message that was begun is not sent any more. */
  drop(message: OutMessage): void {
    if (this.interleaving) this.#finish(message);
    this.#end(message, message.data.length - message.sentBytes);
    message.sentBytes = message.data.length;
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
    if (performed) stream.nextSequence = stream.nextUnordered = 0;
    if (stream.queue.length > 0) this.#activate(stream);
    else if (performed && !stream.reported) this.#streams.delete(id);
  }

  /** Forgets everything. */
  clear(): void {
    this.#streams.clear();
    this.#round.clear();
    this.#fell.clear();
    this.#ranks.fill(0);
    this.#blocked = undefined;
    this.#begun[0] = 0;
    this.#begun[1] = 0;
    this.#bufferedBytes = 0;
    this.#messages = 0;
  }

  #activate(stream: OutStream): void {
    if (stream.active || !maySend(stream)) return;
    stream.active = true;
    stream.credit = 0;
    this.#ranks[stream.rank] = (this.#ranks[stream.rank] as number) + 1;
    this.#round.push(stream);
  }

  /** The stream at the head of the round has nothing to send. */
  #leave(stream: OutStream): void {
    this.#round.shift();
    stream.active = false;
    this.#ranks[stream.rank] = (this.#ranks[stream.rank] as number) - 1;
  }

  #rank(stream: OutStream, rank: number): void {
    if (stream.active) {
      this.#ranks[stream.rank] = (this.#ranks[stream.rank] as number) - 1;
      this.#ranks[rank] = (this.#ranks[rank] as number) + 1;
    }
    stream.rank = rank;
  }

  /** What a turn gives: one quantum to the lowest rank that is active, twice as much to each above it. */
  #turn(stream: OutStream): number {
    let lowest = 0;
    while (lowest < stream.rank && this.#ranks[lowest] === 0) lowest++;
    return this.quantumBytes << (stream.rank - lowest);
  }

  #mayBegin(message: OutMessage): boolean {
    if (message.data.length < this.quantumBytes) return true; // one fragment waits for nothing
    const index = sizeClass(message);
    return this.#begun[index] === 0 || this.#begun[index] + message.data.length <= this.#limits[index];
  }

  /** Takes the first message of its stream away, of which `bytes` were still buffered. */
  #end(message: OutMessage, bytes: number): void {
    const { stream } = message;
    stream.queue.shift();
    this.#messages--;
    if (stream.reset === 'waiting') stream.beforeReset--;
    this.#lower(stream, bytes);
  }

  /** A message of several fragments is through: others may begin. */
  #finish(message: OutMessage): void {
    const index = sizeClass(message);
    this.#begun[index] -= message.data.length;
    const blocked = this.#blocked?.[index];
    if (blocked !== undefined && blocked.length > 0) this.#unblock(index, blocked);
  }

  /** As many streams as there is room for come back into the round. */
  #unblock(index: 0 | 1, blocked: Queue<OutStream>): void {
    let room = this.#limits[index] - this.#begun[index];
    for (let stream = blocked.peek(); stream !== undefined && room > 0; stream = blocked.peek()) {
      this.#round.push(stream);
      blocked.shift();
      room -= stream.queue.peek()?.data.length ?? 0;
    }
    if (this.#round.length === 0 && blocked.length > 0) this.#round.push(blocked.shift() as OutStream);
  }

  #lower(stream: OutStream, bytes: number): void {
    stream.bufferedBytes -= bytes;
    this.#bufferedBytes -= bytes;
    if (stream.reported) return;
    stream.reported = true;
    this.#fell.push(stream);
  }
}

/** Whether a stream has a message that need not wait for a reset. */
function maySend(stream: OutStream): boolean {
  if (stream.queue.length === 0 || stream.reset === 'sent') return false;
  return stream.reset === 'none' || stream.beforeReset > 0;
}

function sizeClass(message: OutMessage): 0 | 1 {
  return message.data.length <= MAX_SHORT_MESSAGE_BYTES ? 0 : 1;
}
