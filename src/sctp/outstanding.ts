import { add32, distance32, type Instant } from '../core/index.ts';
import { DATA_END, DATA_HEADER_BYTES } from './constants.ts';
import { padded } from './packets.ts';
import type { OutMessage } from './scheduler.ts';

/** What a chunk takes in all columns, in bytes, and how many fit at first: most connections never have more in flight. */
const ROW_BYTES = 28;
const LEAST_ROWS = 8;

const NO_MESSAGES: (OutMessage | undefined)[] = [];
const NO_U8: Uint8Array = new Uint8Array(0);
const NO_U16: Uint16Array = new Uint16Array(0);
const NO_U32: Uint32Array = new Uint32Array(0);
const NO_F64: Float64Array = new Float64Array(0);

/** A chunk that is neither of these is in flight. */
export const ACKED = 1;
export const LOST = 2;
export const ABANDONED = 4;

/**
 * The chunks that were given TSNs and not yet acknowledged cumulatively: a ring of columns, addressed by slot. The slot
 * of a chunk is found from its distance to the first TSN. The columns are public because the sender's loops run over them.
 */
export class Outstanding {
  /** TSN of the first chunk: the cumulative TSN that the peer acknowledged, plus one. */
  base: number;
  count = 0;
  messages: (OutMessage | undefined)[] = NO_MESSAGES;
  /** Where the fragment begins in its message, and how long it is, in bytes. */
  offsets: Uint32Array = NO_U32;
  sizes: Uint16Array = NO_U16;
  /** B, E and U of the DATA chunk. */
  flags: Uint8Array = NO_U8;
  states: Uint8Array = NO_U8;
  /** How often it was sent. */
  sends: Uint16Array = NO_U16;
  /** The number of the packet that bore it last. */
  packets: Uint32Array = NO_U32;
  sentAt: Float64Array = NO_F64;
  /** Which fragment of its message it is, and how many TSNs before it the fragment before it lies (0: too far, or none). */
  fsns: Uint32Array = NO_U32;
  backs: Uint16Array = NO_U16;
  /** Bytes of the header of a DATA or I-DATA chunk. */
  headerBytes: number = DATA_HEADER_BYTES;

  /** Chunks in flight: bytes as the congestion window counts them, and of user data as the peer's window does. */
  flightCost = 0;
  flightPayload = 0;
  /** Chunks that wait to be sent again. */
  lostChunks = 0;
  lostCost = 0;

  #head = 0;
  #mask = -1;
  /** How many rows there are at first. */
  #leastRows = LEAST_ROWS;
  /** No chunk before this TSN is lost. */
  #lostFrom = 0;

  constructor(firstTsn: number) {
    this.base = firstTsn;
  }

  get nextTsn(): number {
    return add32(this.base, this.count);
  }

  /** What a chunk takes in a packet. Windows count it whole, so that many small messages weigh what they cost. */
  cost(size: number): number {
    return padded(this.headerBytes + size);
  }

  slot(index: number): number {
    return (this.#head + index) & this.#mask;
  }

  /** Adds a chunk at the end, in flight, and returns its slot. */
  push(message: OutMessage, offset: number, size: number, flags: number, packet: number, now: Instant): number {
    if (this.count > this.#mask) this.#grow();
    const slot = (this.#head + this.count) & this.#mask;
    this.count++;
    this.messages[slot] = message;
    this.offsets[slot] = offset;
    this.sizes[slot] = size;
    this.flags[slot] = flags;
    this.states[slot] = 0;
    this.sends[slot] = 1;
    this.packets[slot] = packet;
    this.sentAt[slot] = now;
    const tsn = (this.base + this.count - 1) | 0; // signed, which engines keep without a box
    const fsn = message.fragments;
    this.fsns[slot] = fsn;
    this.backs[slot] = fsn === 0 ? 0 : (tsn - message.lastTsn) | 0;
    message.fragments = fsn + 1;
    message.lastTsn = tsn;
    this.#enterFlight(size);
    return slot;
  }

  /** The index of the first lost chunk; there must be one. */
  nextLost(): number {
    let index = Math.max(0, distance32(this.#lostFrom, this.base));
    while (this.states[this.slot(index)] !== LOST) index++;
    this.#lostFrom = add32(this.base, index);
    return index;
  }

  /** A lost chunk goes out again. */
  resend(slot: number, packet: number, now: Instant): void {
    const size = this.sizes[slot] as number;
    this.states[slot] = 0;
    this.sends[slot] = Math.min(65_535, (this.sends[slot] as number) + 1);
    this.packets[slot] = packet;
    this.sentAt[slot] = now;
    this.lostChunks--;
    this.lostCost -= this.cost(size);
    this.#enterFlight(size);
  }

  /** A chunk in flight is lost. */
  lose(index: number): void {
    const slot = this.slot(index);
    const size = this.sizes[slot] as number;
    this.states[slot] = LOST;
    this.#leaveFlight(size);
    const tsn = add32(this.base, index);
    if (this.lostChunks === 0 || distance32(tsn, this.#lostFrom) < 0) this.#lostFrom = tsn;
    this.lostChunks++;
    this.lostCost += this.cost(size);
  }

  /** The peer has the chunk. Returns the state in which that was heard. */
  acknowledge(slot: number): number {
    const state = this.states[slot] as number;
    this.states[slot] = state | ACKED;
    if ((state & (ACKED | ABANDONED)) === 0) this.#settle(state, this.sizes[slot] as number);
    return state;
  }

  /** The peer may not have the chunk after all. */
  unacknowledge(slot: number): void {
    this.states[slot] = 0;
    this.#enterFlight(this.sizes[slot] as number);
  }

  /** The chunk will not be sent any more. */
  abandon(slot: number): void {
    const state = this.states[slot] as number;
    this.states[slot] = (state & ACKED) | ABANDONED;
    if ((state & (ACKED | ABANDONED)) === 0) this.#settle(state, this.sizes[slot] as number);
  }

  /** All chunks of a message that are still here will not be sent any more. */
  abandonAll(message: OutMessage): void {
    let index = distance32(message.lastTsn, this.base);
    while (index >= 0 && index < this.count) {
      const slot = this.slot(index);
      if (this.messages[slot] !== message) return;
      this.abandon(slot);
      const back = this.backs[slot] as number;
      if (back === 0) return;
      index -= back;
    }
  }

  /** How many chunks at the beginning are given up. */
  abandonedAtFront(): number {
    let count = 0;
    while (count < this.count && (this.states[this.slot(count)] as number) & ABANDONED) count++;
    return count;
  }

  /** Removes the first chunk. The chunks of a message leave in order, so with its last one nobody needs its bytes any more. */
  shift(): void {
    const message = this.messages[this.#head] as OutMessage;
    if (message.memory !== undefined && ((this.flags[this.#head] as number) & DATA_END) !== 0 && !message.abandoned) message.memory.giveBack(message.data);
    this.messages[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.base = add32(this.base, 1);
    if (--this.count === 0 && this.#mask < LEAST_ROWS) this.#rest();
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.base = this.nextTsn;
    this.count = 0;
    this.#rest();
    this.flightCost = this.flightPayload = this.lostChunks = this.lostCost = 0;
  }

  /**
   * Gives the columns back. The first messages are those that open channels, and silence may follow for hours; whoever sends more
   * gets more rows, and keeps them.
   */
  #rest(): void {
    this.messages = NO_MESSAGES;
    this.offsets = this.packets = this.fsns = NO_U32;
    this.sizes = this.sends = this.backs = NO_U16;
    this.flags = this.states = NO_U8;
    this.sentAt = NO_F64;
    this.#head = 0;
    this.#mask = -1;
    this.#leastRows = 2 * LEAST_ROWS;
  }

  #settle(state: number, size: number): void {
    if (state !== LOST) this.#leaveFlight(size);
    else {
      this.lostChunks--;
      this.lostCost -= this.cost(size);
    }
  }

  #enterFlight(size: number): void {
    this.flightCost += this.cost(size);
    this.flightPayload += size;
  }

  #leaveFlight(size: number): void {
    this.flightCost -= this.cost(size);
    this.flightPayload -= size;
  }

  #grow(): void {
    const size = Math.max(this.#leastRows, 2 * (this.#mask + 1));
    const from = this.#mask < 0 ? 0 : this.#head;
    const messages = new Array<OutMessage | undefined>(size);
    for (let i = 0; i < this.count; i++) messages[i] = this.messages[(from + i) & this.#mask];
    this.messages = messages;
    // All columns in one buffer, the widest first, so that each is aligned.
    const bytes = new ArrayBuffer(size * ROW_BYTES);
    this.sentAt = unroll(this.sentAt, new Float64Array(bytes, 0, size), from, this.count);
    this.offsets = unroll(this.offsets, new Uint32Array(bytes, 8 * size, size), from, this.count);
    this.packets = unroll(this.packets, new Uint32Array(bytes, 12 * size, size), from, this.count);
    this.fsns = unroll(this.fsns, new Uint32Array(bytes, 16 * size, size), from, this.count);
    this.sizes = unroll(this.sizes, new Uint16Array(bytes, 20 * size, size), from, this.count);
    this.sends = unroll(this.sends, new Uint16Array(bytes, 22 * size, size), from, this.count);
    this.backs = unroll(this.backs, new Uint16Array(bytes, 24 * size, size), from, this.count);
    this.flags = unroll(this.flags, new Uint8Array(bytes, 26 * size, size), from, this.count);
    this.states = unroll(this.states, new Uint8Array(bytes, 27 * size, size), from, this.count);
    this.#head = 0;
    this.#mask = size - 1;
  }
}

/** Copies a full ring that begins at `from` to the beginning of a larger one. */
function unroll<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(old: T, grown: T, from: number, count: number): T {
  if (count === 0) return grown;
  grown.set(old.subarray(from), 0);
  grown.set(old.subarray(0, from), old.length - from);
  return grown;
}
