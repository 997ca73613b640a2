import { EMPTY, SparseMap, SparseSet } from '../core/index.ts';
import { DATA_BEGIN, DATA_END, DATA_UNORDERED, RECEIVE_OVERHEAD_BYTES } from './constants.ts';
import type { InStreams } from './in-streams.ts';
import type { IForwardTsn } from './packets.ts';
import type { PayloadKeeper } from './payload.ts';

/** A message that has begun to arrive. */
interface Open {
  readonly key: number;
  readonly streamId: number;
  readonly mid: number;
  readonly unordered: boolean;
  ppid: number;
  /** Fragments from the first on of which none is missing, and the number of the next one. */
  readonly fragments: Uint8Array[];
  nextFsn: number;
  /** Fragments after a missing one, by number. */
  ahead: Map<number, Uint8Array> | undefined;
  /** The number of the last fragment; −1 while it is not here. */
  lastFsn: number;
  /** The highest number that came. */
  highestFsn: number;
  bytes: number;
  tooLarge: boolean;
}

/** Fragments of few bytes each are joined after this many, so that their bookkeeping stays bounded. */
const JOIN_EVERY = 256;

/**
 * Makes messages of I-DATA fragments (RFC 8260 2.1), which name their message and their place in it, and alternate with those
 * of other messages. Every open message is charged to the window with its bookkeeping.
 */
export class InterleavedReassembly {
  /** Bytes of unfinished messages, bookkeeping included. */
  heldBytes = 0;
  /** Streams on which a message larger than allowed came. */
  readonly tooLarge: SparseSet<number> = new SparseSet();

  readonly #streams: InStreams;
  readonly #maxMessageBytes: number;
  readonly #payloads: PayloadKeeper;
  /**
   * By message identifier and, above its 32 bits, stream and U bit. Mostly one: a table makes another at each deletion that leaves it nearly
   * empty, and old ones of them keep the new alive until the whole heap is collected.
   */
  readonly #open: SparseMap<number, Open> = new SparseMap();
  #last: Open | undefined;
  /** Fragments that came before an earlier one of their message. */
  #ahead = 0;

  constructor(streams: InStreams, maxMessageBytes: number, payloads: PayloadKeeper) {
    this.#streams = streams;
    this.#maxMessageBytes = maxMessageBytes;
    this.#payloads = payloads;
  }

  /** Whether a fragment is missing somewhere. Once no TSN is, none can be. */
  get hasGaps(): boolean {
    return this.#ahead > 0;
  }

  /**
   * A fragment, whatever its TSN.
   *
   * @param ppidOrFsn - the payload protocol in the first fragment, the fragment's number in others (RFC 8260 2.1)
   * @returns false when it contradicts what came before
   */
  add(streamId: number, mid: number, ppidOrFsn: number, flags: number, data: Uint8Array): boolean {
    const unordered = (flags & DATA_UNORDERED) !== 0;
    const begins = (flags & DATA_BEGIN) !== 0;
    const ends = (flags & DATA_END) !== 0;
    const last = this.#last;
    if (last !== undefined && last.mid === mid && last.streamId === streamId && this.#goesOn(last, ppidOrFsn, flags, data)) return true;
    const fate = this.#streams.fateOf(streamId, mid, unordered);
    if (fate !== 'new') return fate === 'over'; // a late piece of what was skipped, or one too many
    const key = (2 * streamId + (unordered ? 1 : 0)) * 0x1_0000_0000 + mid;
    let open = this.#open.get(key);
    if (begins && ends) {
      if (open !== undefined) return false;
      this.#deliver(streamId, mid, ppidOrFsn, unordered, data);
      return true;
    }
    if (open === undefined) {
      open = { key, streamId, mid, unordered, ppid: 0, fragments: [], nextFsn: 0, ahead: undefined, lastFsn: -1, highestFsn: 0, bytes: 0, tooLarge: false };
      this.#open.set(key, open);
      this.heldBytes += RECEIVE_OVERHEAD_BYTES;
    }
    this.#last = open;
    const fsn = begins ? 0 : ppidOrFsn;
    if (!fits(open, fsn, begins, ends)) return false;
    if (begins) open.ppid = ppidOrFsn;
    if (ends) open.lastFsn = fsn;
    if (fsn > open.highestFsn) open.highestFsn = fsn;
    this.#place(open, fsn, data);
    if (open.lastFsn >= 0 && open.nextFsn > open.lastFsn) this.#finish(open);
    return true;
  }

  /** The peer gave messages up (RFC 8260 2.3.1): what came of them is dropped. */
  skip(skipped: IForwardTsn['skipped']): void {
    const upTo = new Map<number, number>();
    for (const { streamId, unordered, mid } of skipped) {
      this.#streams.skip(streamId, mid, unordered);
      upTo.set(2 * streamId + (unordered ? 1 : 0), mid);
    }
    for (const open of this.#open.values()) {
      const mid = upTo.get(2 * open.streamId + (open.unordered ? 1 : 0));
      if (mid !== undefined && ((open.mid - mid) | 0) <= 0) this.#forget(open);
    }
  }

  /** These streams begin anew, so that nothing of them can become whole; none given means all. */
  reset(streamIds: readonly number[]): void {
    if (this.#open.size === 0) return;
    const ids = new Set(streamIds);
    for (const open of this.#open.values()) if (ids.size === 0 || ids.has(open.streamId)) this.#forget(open);
  }

  clear(): void {
    this.#open.clear();
    this.#last = undefined;
    this.heldBytes = this.#ahead = 0;
  }

  /** The usual case: the next fragment of the message that the last one was of, and not its end. */
  #goesOn(open: Open, fsn: number, flags: number, data: Uint8Array): boolean {
    if ((flags & (DATA_BEGIN | DATA_END)) !== 0 || ((flags & DATA_UNORDERED) !== 0) !== open.unordered) return false;
    if (fsn !== open.nextFsn || fsn <= open.highestFsn || fsn === 0 || open.lastFsn >= 0 || open.bytes + data.length > this.#maxMessageBytes) return false;
    open.highestFsn = fsn;
    open.bytes += data.length;
    this.heldBytes += data.length + RECEIVE_OVERHEAD_BYTES;
    this.#append(open, data);
    return true;
  }

  #place(open: Open, fsn: number, data: Uint8Array): void {
    if (fsn !== open.nextFsn) {
      // A message that is too large keeps the numbers of its fragments and nothing else.
      (open.ahead ??= new Map()).set(fsn, this.#count(open, data));
      this.#ahead++;
      return;
    }
    this.#append(open, this.#count(open, data));
    for (let next = open.ahead?.get(open.nextFsn); next !== undefined; next = open.ahead?.get(open.nextFsn)) {
      open.ahead?.delete(open.nextFsn);
      this.#ahead--;
      this.#append(open, next);
    }
  }

  /** Charges a fragment to the window; what belongs to a message that is too large is not kept. */
  #count(open: Open, data: Uint8Array): Uint8Array {
    open.bytes += data.length;
    if (open.bytes > this.#maxMessageBytes && !open.tooLarge) this.#refuse(open);
    const kept = open.tooLarge ? EMPTY : data;
    this.heldBytes += kept.length + RECEIVE_OVERHEAD_BYTES;
    return kept;
  }

  #append(open: Open, data: Uint8Array): void {
    open.nextFsn++;
    if (open.tooLarge) {
      this.heldBytes -= data.length + RECEIVE_OVERHEAD_BYTES;
      return;
    }
    open.fragments.push(data);
    if (open.fragments.length % JOIN_EVERY !== 0 || data.length >= RECEIVE_OVERHEAD_BYTES) return;
    const joined = this.#payloads.join(open.fragments);
    this.heldBytes -= (open.fragments.length - 1) * RECEIVE_OVERHEAD_BYTES;
    open.fragments.length = 0;
    open.fragments.push(joined);
  }

  /** Gives the memory of a message that is too large back. */
  #refuse(open: Open): void {
    open.tooLarge = true;
    for (const fragment of open.fragments) this.heldBytes -= fragment.length + RECEIVE_OVERHEAD_BYTES;
    open.fragments.length = 0;
    for (const [fsn, fragment] of open.ahead ?? []) {
      this.heldBytes -= fragment.length;
      open.ahead?.set(fsn, EMPTY);
    }
  }

  #finish(open: Open): void {
    const { streamId, mid, ppid, unordered, tooLarge } = open;
    const data = tooLarge ? EMPTY : this.#payloads.join(open.fragments);
    this.#forget(open);
    if (tooLarge) this.#refused(streamId, mid, ppid, unordered);
    else this.#deliver(streamId, mid, ppid, unordered, data);
  }

  #deliver(streamId: number, mid: number, ppid: number, unordered: boolean, data: Uint8Array): void {
    if (data.length > this.#maxMessageBytes) this.#refused(streamId, mid, ppid, unordered);
    else if (unordered) this.#streams.deliver({ streamId, ppid, data });
    else this.#streams.deliverInOrder({ streamId, ppid, data }, mid);
  }

  /** Its number stays used, so that the messages behind it can follow. */
  #refused(streamId: number, mid: number, ppid: number, unordered: boolean): void {
    this.tooLarge.add(streamId);
    if (!unordered) this.#streams.deliverInOrder({ streamId, ppid, data: EMPTY }, mid);
  }

  #forget(open: Open): void {
    this.heldBytes -= RECEIVE_OVERHEAD_BYTES;
    for (let i = 0; i < open.fragments.length; i++) this.heldBytes -= (open.fragments[i] as Uint8Array).length + RECEIVE_OVERHEAD_BYTES;
    if (open.ahead !== undefined) {
      for (const fragment of open.ahead.values()) this.heldBytes -= fragment.length + RECEIVE_OVERHEAD_BYTES;
      this.#ahead -= open.ahead.size;
    }
    this.#open.delete(open.key);
    if (this.#last === open) this.#last = undefined;
  }
}

/** Whether a fragment can have this number in its message: each comes once, and none follows the last. */
function fits(open: Open, fsn: number, begins: boolean, ends: boolean): boolean {
  if (begins !== (fsn === 0)) return false;
  if (fsn < open.nextFsn || open.ahead?.has(fsn) === true) return false;
  if (open.lastFsn >= 0 && (ends || fsn > open.lastFsn)) return false;
  return !ends || fsn > open.highestFsn;
}
