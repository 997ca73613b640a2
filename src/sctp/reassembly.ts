import { add32, EMPTY, SparseMap, SparseSet } from '../core/index.ts';
import { DATA_BEGIN, DATA_END, DATA_UNORDERED, RECEIVE_OVERHEAD_BYTES } from './constants.ts';
import type { InStreams } from './in-streams.ts';
import type { PayloadKeeper } from './payload.ts';

/** A chunk that arrived ahead of a missing one. */
interface Held {
  readonly streamId: number;
  readonly ssn: number;
  readonly ppid: number;
  readonly flags: number;
  readonly data: Uint8Array;
  /** At the ends of a run of fragments of one message: the TSNs of its two ends. Out of date inside a run. */
  first: number;
  last: number;
}

/** Fragments of few bytes each are joined after this many, so that their bookkeeping stays bounded. */
const JOIN_EVERY = 256;

/**
 * Makes messages of fragments (RFC 9260 6.9), which bear consecutive TSNs. So there is one open message at the cumulative
 * TSN, whose fragments come in order, and runs of fragments ahead of it. A message whose run is whole is delivered at
 * once, whatever is missing before it.
 */
export class Reassembly {
  /** Bytes of unfinished messages, bookkeeping included. */
  heldBytes = 0;
  /** Streams on which a message larger than allowed came. */
  readonly tooLarge: SparseSet<number> = new SparseSet();

  readonly #streams: InStreams;
  readonly #maxMessageBytes: number;
  readonly #payloads: PayloadKeeper;
  // The open message at the cumulative TSN.
  #open = false;
  /** After a skip the rest of a message may still come; it belongs to nothing. */
  #skipping = false;
  #streamId = 0;
  #ssn = 0;
  #ppid = 0;
  #unordered = false;
  #bytes = 0;
  #fragments: Uint8Array[] = [];
  /** By the low 16 bits of the TSN: chunks lie at most 65,535 ahead. */
  readonly #ahead: SparseMap<number, Held> = new SparseMap();

  constructor(streams: InStreams, maxMessageBytes: number, payloads: PayloadKeeper) {
    this.#streams = streams;
    this.#maxMessageBytes = maxMessageBytes;
    this.#payloads = payloads;
  }

  /**
   * The chunk after the cumulative TSN.
   *
   * @returns false when it contradicts what came before
   */
  next(streamId: number, ssn: number, ppid: number, flags: number, data: Uint8Array): boolean {
    const begins = (flags & DATA_BEGIN) !== 0;
    const ends = (flags & DATA_END) !== 0;
    if (begins === this.#open) {
      if (begins || !this.#skipping) return false;
      if (ends) this.#skipping = false;
      return true;
    }
    this.#skipping = false;
    const unordered = (flags & DATA_UNORDERED) !== 0;
    if (begins) {
      if (ends) {
        this.#deliver(streamId, ssn, ppid, unordered, data);
        return true;
      }
      this.#open = true;
      this.#streamId = streamId;
      this.#ssn = ssn;
      this.#ppid = ppid;
      this.#unordered = unordered;
    } else if (streamId !== this.#streamId || unordered !== this.#unordered || (!unordered && ssn !== this.#ssn)) return false;
    this.#append(data);
    if (ends) this.#finish();
    return true;
  }

  /** A chunk further ahead. `data` must not keep a larger buffer alive. Returns false on a contradiction. */
  ahead(tsn: number, streamId: number, ssn: number, ppid: number, flags: number, data: Uint8Array): boolean {
    const held: Held = { streamId, ssn, ppid, flags, data, first: tsn, last: tsn };
    const before = this.#ahead.get((tsn - 1) & 0xffff);
    const after = this.#ahead.get((tsn + 1) & 0xffff);
    if (before !== undefined) {
      if (joins(before, held) === 'contradiction') return false;
      if (joins(before, held) === 'same') held.first = before.first;
    }
    if (after !== undefined) {
      if (joins(held, after) === 'contradiction') return false;
      if (joins(held, after) === 'same') held.last = after.last;
    }
    this.#ahead.set(tsn & 0xffff, held);
    this.heldBytes += data.length + RECEIVE_OVERHEAD_BYTES;
    const first = this.#ahead.get(held.first & 0xffff) as Held;
    const last = this.#ahead.get(held.last & 0xffff) as Held;
    first.last = held.last;
    last.first = held.first;
    if ((first.flags & DATA_BEGIN) !== 0 && (last.flags & DATA_END) !== 0) this.#finishRun(held.first, held.last);
    return true;
  }

  /** The cumulative TSN reached a chunk that came before. Returns false on a contradiction. */
  reached(tsn: number): boolean {
    const held = this.#ahead.get(tsn & 0xffff);
    if (held === undefined) return !this.#open; // it was delivered with its message, so no message can be open across it
    this.#forget(tsn, held);
    return this.next(held.streamId, held.ssn, held.ppid, held.flags, held.data);
  }

  /** The peer skips this TSN, which follows the cumulative one (RFC 3758 3.6). */
  skip(tsn: number): void {
    const held = this.#ahead.get(tsn & 0xffff);
    if (held !== undefined) this.#forget(tsn, held);
    if (this.#open) this.#close();
    this.#skipping = true;
  }

  clear(): void {
    this.#ahead.clear();
    this.#close();
    this.heldBytes = 0;
  }

  #append(data: Uint8Array): void {
    this.#bytes += data.length;
    if (this.#bytes > this.#maxMessageBytes) {
      this.#drop();
      return;
    }
    this.#fragments.push(data);
    this.heldBytes += data.length + RECEIVE_OVERHEAD_BYTES;
    if (this.#fragments.length % JOIN_EVERY === 0 && data.length < RECEIVE_OVERHEAD_BYTES) this.#join();
  }

  #finish(): void {
    const data = this.#bytes <= this.#maxMessageBytes ? this.#payloads.join(this.#fragments) : undefined;
    this.#close();
    if (data === undefined) this.#refuse(this.#streamId, this.#ssn, this.#ppid, this.#unordered);
    else this.#deliver(this.#streamId, this.#ssn, this.#ppid, this.#unordered, data);
  }

  #join(): void {
    const joined = this.#payloads.join(this.#fragments);
    this.#drop();
    this.#fragments.push(joined);
    this.heldBytes += joined.length + RECEIVE_OVERHEAD_BYTES;
  }

  /** Gives the memory of the open message back. */
  #drop(): void {
    let bytes = 0;
    for (let i = 0; i < this.#fragments.length; i++) bytes += (this.#fragments[i] as Uint8Array).length;
    this.heldBytes -= bytes + this.#fragments.length * RECEIVE_OVERHEAD_BYTES;
    this.#fragments.length = 0;
  }

  #close(): void {
    this.#drop();
    this.#open = false;
    this.#bytes = 0;
  }

  #finishRun(first: number, last: number): void {
    const { streamId, ssn, ppid, flags, data: only } = this.#ahead.get(first & 0xffff) as Held;
    const end = add32(last, 1);
    let bytes = 0;
    for (let tsn = first; tsn !== end; tsn = add32(tsn, 1)) bytes += (this.#ahead.get(tsn & 0xffff) as Held).data.length;
    const fits = bytes <= this.#maxMessageBytes;
    const fragments: Uint8Array[] = [];
    for (let tsn = first; tsn !== end; tsn = add32(tsn, 1)) {
      const held = this.#ahead.get(tsn & 0xffff) as Held;
      fragments.push(held.data);
      this.#forget(tsn, held);
    }
    const data = first === last || !fits ? only : this.#payloads.join(fragments);
    const unordered = (flags & DATA_UNORDERED) !== 0;
    if (fits) this.#deliver(streamId, ssn, ppid, unordered, data);
    else this.#refuse(streamId, ssn, ppid, unordered);
  }

  #deliver(streamId: number, ssn: number, ppid: number, unordered: boolean, data: Uint8Array): void {
    if (data.length > this.#maxMessageBytes) this.#refuse(streamId, ssn, ppid, unordered);
    else if (unordered) this.#streams.deliver({ streamId, ppid, data });
    else this.#streams.deliverInOrder({ streamId, ppid, data }, ssn);
  }

  /** Drops a message that is too large. Its sequence number stays used, so that the messages behind it can follow. */
  #refuse(streamId: number, ssn: number, ppid: number, unordered: boolean): void {
    this.tooLarge.add(streamId);
    if (!unordered) this.#streams.deliverInOrder({ streamId, ppid, data: EMPTY }, ssn);
  }

  #forget(tsn: number, held: Held): void {
    this.#ahead.delete(tsn & 0xffff);
    this.heldBytes -= held.data.length + RECEIVE_OVERHEAD_BYTES;
  }
}

/** Whether two chunks that follow one another are of one message, of two, or neither. */
function joins(before: Held, after: Held): 'same' | 'apart' | 'contradiction' {
  const ended = (before.flags & DATA_END) !== 0;
  const begins = (after.flags & DATA_BEGIN) !== 0;
  if (ended !== begins) return 'contradiction';
  if (ended) return 'apart';
  const unordered = (before.flags & DATA_UNORDERED) !== 0;
  const same = before.streamId === after.streamId && unordered === ((after.flags & DATA_UNORDERED) !== 0) && (unordered || before.ssn === after.ssn);
  return same ? 'same' : 'contradiction';
}
