import { Queue, SparseMap } from '../core/index.ts';
import { RECEIVE_OVERHEAD_BYTES } from './constants.ts';
import type { SctpMessage } from './events.ts';

interface InStream {
  readonly id: number;
  nextSsn: number;
  /** The last unordered message that was skipped, with interleaving; −1 for none. */
  skippedUnordered: number;
  /** Whole messages that wait for an earlier one, by stream sequence number. */
  waiting: Map<number, SctpMessage> | undefined;
}

/**
 * What a message weighs in the receive window until it is released, in bytes: its data and the bookkeeping, so that many
 * small messages cannot take more memory than the window allows.
 */
export function messageCharge(data: Uint8Array): number {
  return data.length + RECEIVE_OVERHEAD_BYTES;
}

/** Puts whole messages into the order of their streams (RFC 9260 6.6) and keeps them until they are read. */
export class InStreams {
  readonly ready: Queue<SctpMessage> = new Queue();
  /** How many messages were put into order, ever. */
  delivered = 0;
  /** Bytes of whole messages that wait for an earlier one of their stream. */
  waitingBytes = 0;
  /** Bytes of messages that were put into order and not yet released. */
  unreadBytes = 0;

  readonly #streams: SparseMap<number, InStream> = new SparseMap();
  /** 32 less the bits of sequence numbers: 16 of DATA, 32 of I-DATA (RFC 8260 2.1). */
  readonly #shift: number;
  #last: InStream | undefined;

  /** @param interleaved - whether messages bear identifiers of 32 bits */
  constructor(interleaved = false) {
    this.#shift = interleaved ? 0 : 16;
  }

  /** How many messages were read, ever. */
  get read(): number {
    return this.delivered - this.ready.length;
  }

  /** How many streams have state. */
  get size(): number {
    return this.#streams.size;
  }

  /** An empty message stands for one that was dropped; it only has a place in the order. */
  deliver(message: SctpMessage): void {
    if (message.data.length === 0) return;
    this.ready.push(message);
    this.delivered++;
    this.unreadBytes += messageCharge(message.data);
  }

  /** A whole message of an ordered stream. It is dropped when its number was used before. */
  deliverInOrder(message: SctpMessage, ssn: number): void {
    const stream = this.#stream(message.streamId);
    if (ssn !== stream.nextSsn) {
      if (this.#distance(ssn, stream.nextSsn) < 0 || stream.waiting?.has(ssn) === true) return;
      (stream.waiting ??= new Map()).set(ssn, message);
      this.waitingBytes += messageCharge(message.data);
      return;
    }
    stream.nextSsn = this.#after(ssn);
    this.deliver(message);
    if (stream.waiting !== undefined) this.#drain(stream);
  }

  /** The messages up to `ssn` will not come (RFC 3758 3.6); those that are here are delivered. */
  skip(streamId: number, ssn: number, unordered = false): void {
    const stream = this.#stream(streamId);
    if (unordered) {
      if (stream.skippedUnordered < 0 || this.#distance(ssn, stream.skippedUnordered) > 0) stream.skippedUnordered = ssn;
      return;
    }
    if (this.#distance(ssn, stream.nextSsn) < 0) return;
    if (stream.waiting !== undefined) {
      const here = [...stream.waiting.keys()].filter((waiting) => this.#distance(waiting, ssn) <= 0);
      here.sort((a, b) => this.#distance(a, b));
      for (const waiting of here) this.#take(stream, waiting);
    }
    stream.nextSsn = this.#after(ssn);
    if (stream.waiting !== undefined) this.#drain(stream);
  }

  /** The peer begins anew with sequence number 0 (RFC 6525 5.2.2); no ids means all streams. */
  reset(streamIds: readonly number[]): void {
    for (const id of streamIds.length > 0 ? streamIds : [...this.#streams.keys()]) {
      const stream = this.#streams.get(id);
      if (stream?.waiting !== undefined) for (const message of stream.waiting.values()) this.waitingBytes -= messageCharge(message.data);
      this.#streams.delete(id);
    }
    this.#last = undefined;
  }

  clear(): void {
    this.#streams.clear();
    this.#last = undefined;
    this.waitingBytes = 0;
  }

  /**
   * Whether a message was delivered or skipped, as far as is known, or is whole and waits for an earlier one. Of unordered
   * messages only what was skipped is known.
   */
  fateOf(streamId: number, mid: number, unordered: boolean): 'new' | 'over' | 'waiting' {
    const stream = this.#last !== undefined && this.#last.id === streamId ? this.#last : this.#streams.get(streamId);
    if (stream === undefined) return 'new';
    if (unordered) return stream.skippedUnordered >= 0 && this.#distance(mid, stream.skippedUnordered) <= 0 ? 'over' : 'new';
    if (this.#distance(mid, stream.nextSsn) < 0) return 'over';
    return stream.waiting?.has(mid) === true ? 'waiting' : 'new';
  }

  #distance(a: number, b: number): number {
    return ((a - b) << this.#shift) >> this.#shift;
  }

  #after(number: number): number {
    return ((number + 1) << this.#shift) >>> this.#shift;
  }

  #stream(id: number): InStream {
    const last = this.#last;
    if (last !== undefined && last.id === id) return last;
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = { id, nextSsn: 0, skippedUnordered: -1, waiting: undefined };
      this.#streams.set(id, stream);
    }
    this.#last = stream;
    return stream;
  }

  #drain(stream: InStream): void {
    while (stream.waiting?.has(stream.nextSsn) === true) {
      this.#take(stream, stream.nextSsn);
      stream.nextSsn = this.#after(stream.nextSsn);
    }
  }

  #take(stream: InStream, ssn: number): void {
    const waiting = stream.waiting as Map<number, SctpMessage>;
    const message = waiting.get(ssn) as SctpMessage;
    waiting.delete(ssn);
    if (waiting.size === 0) stream.waiting = undefined;
    this.waitingBytes -= messageCharge(message.data);
    this.deliver(message);
  }
}
