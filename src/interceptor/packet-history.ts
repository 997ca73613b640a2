import { concat } from '../core/bytes.ts';
import { FLOAT_ZERO, type Instant } from '../core/index.ts';

/** How much a history keeps. */
export interface PacketHistoryLimits {
  /** Distance in sequence numbers from the oldest to the newest packet; a power of two. */
  readonly maxPackets: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** The payloads of a history that shares none. */
const NONE_SHARED: (Uint8Array | undefined)[] = [];

/** The first size of the store, in bytes; it doubles as long as it would overwrite what is still young. */
const FIRST_BYTES = 16_384;

/**
 * Copies of the last packets of one stream by sequence number. All bytes lie in one buffer that is written round and round, so that a
 * packet costs a copy and no allocation, and finding one a look at one place. A payload that several streams share is not copied: one that
 * goes to fifty receivers would otherwise lie in memory fifty times.
 */
export class PacketHistory {
  readonly #limits: PacketHistoryLimits;
  readonly #mask: number;
  #sequences: Int32Array | undefined;
  #offsets: Uint32Array = new Uint32Array(0);
  #lengths: Uint16Array = new Uint16Array(0);
  #laps: Uint32Array = new Uint32Array(0);
  #times: Float64Array = new Float64Array(0);
  #store: Uint8Array = new Uint8Array(0);
  /** By place: the shared payload that follows the bytes of the store. */
  #shared: (Uint8Array | undefined)[] = NONE_SHARED;
  /** How many bytes each has. */
  #sharedLengths: Uint16Array = new Uint16Array(0);
  #sharedBytes = 0;
  /** Shared payloads are let go of from here on: about the oldest place. */
  #tail = 0;
  #offset = 0;
  #lap = 1;
  #lapBegan: Instant = FLOAT_ZERO;
  /** Packets of this lap. */
  #lapPackets = 0;

  constructor(limits: PacketHistoryLimits) {
    this.#limits = limits;
    this.#mask = limits.maxPackets - 1;
  }

  /** Bytes that the store takes at present. */
  get sizeBytes(): number {
    return this.#store.length;
  }

  /** Bytes of shared payloads that are held on to; as many as the store may have, at most. */
  get sharedBytes(): number {
    return this.#sharedBytes;
  }

  /**
   * Keeps the first `length` bytes of a packet. Returns its place, from 0 to `maxPackets` − 1, or −1 when it is too large to be kept.
   *
   * @param shared - the last of these bytes once more, where nobody changes them: they are referred to in the place of being copied
   */
  keep(sequence: number, bytes: Uint8Array, length: number, at: Instant, shared?: Uint8Array): number {
    if (length > this.#limits.maxBytes || length > 0xffff) return -1;
    const copied = shared === undefined ? length : length - shared.length;
    this.#makeRoom(copied, at);
    const sequences = (this.#sequences ??= this.#index());
    const place = sequence & this.#mask;
    if (this.#sharedBytes > 0) this.#forget(place);
    sequences[place] = sequence;
    this.#offsets[place] = this.#offset;
    this.#lengths[place] = copied;
    this.#laps[place] = this.#lap;
    this.#times[place] = at;
    this.#copy(bytes, copied);
    this.#offset += copied;
    this.#lapPackets++;
    if (shared !== undefined) this.#share(shared, place, at);
    return place;
  }

  /** The place of a packet, or −1 when it is not kept or too old. */
  find(sequence: number, now: Instant): number {
    const place = sequence & this.#mask;
    if (this.#sequences === undefined || this.#sequences[place] !== sequence) return -1;
    if (now - (this.#times[place] as number) > this.#limits.maxAgeMs) return -1;
    const lap = this.#laps[place] as number;
    // What was written in the lap before lives as long as this lap has not come to it.
    return lap === this.#lap || (lap === this.#lap - 1 && (this.#offsets[place] as number) >= this.#offset) ? place : -1;
  }

  /** How many bytes there are at a place. */
  lengthAt(place: number): number {
    return (this.#lengths[place] as number) + (this.#sharedLengths[place] ?? 0);
  }

  /** The bytes at a place, valid until the next packet is kept. */
  bytesAt(place: number): Uint8Array {
    const offset = this.#offsets[place] as number;
    const copied = this.#store.subarray(offset, offset + (this.#lengths[place] as number));
    const shared = this.#shared[place];
    return shared === undefined ? copied : concat(copied, shared);
  }

  /** Lets go of all packets and their memory. */
  clear(): void {
    this.#sequences = undefined;
    this.#store = new Uint8Array(0);
    this.#shared = NONE_SHARED;
    this.#sharedLengths = new Uint16Array(0);
    this.#sharedBytes = 0;
    this.#tail = 0;
    this.#offset = 0;
    this.#lap = 1;
    this.#lapPackets = 0;
  }

  /** Refers to a payload, and lets go of those that are too old, or too many. */
  #share(shared: Uint8Array, place: number, now: Instant): void {
    const { maxAgeMs, maxBytes, maxPackets } = this.#limits;
    if (this.#shared === NONE_SHARED) {
      this.#shared = new Array<Uint8Array | undefined>(maxPackets).fill(undefined);
      this.#sharedLengths = new Uint16Array(maxPackets);
    }
    this.#shared[place] = shared;
    this.#sharedLengths[place] = shared.length;
    this.#sharedBytes += shared.length;
    const next = (place + 1) & this.#mask;
    let tail = this.#tail === place ? next : this.#tail;
    while (tail !== place && (this.#sharedLengths[tail] === 0 || now - (this.#times[tail] as number) > maxAgeMs || this.#sharedBytes > maxBytes)) {
      this.#forget(tail);
      tail = (tail + 1) & this.#mask;
    }
    this.#tail = tail;
  }

  /**
   * Lets go of a packet with a shared payload. What it does it does for a place without one as well, where it changes nothing: code that first runs
   * when it is hot is compiled again.
   */
  #forget(place: number): void {
    const sequences = this.#sequences as Int32Array;
    const length = this.#sharedLengths[place] as number;
    sequences[place] = length > 0 ? -1 : (sequences[place] as number);
    this.#sharedBytes -= length;
    this.#sharedLengths[place] = 0;
    this.#shared[place] = undefined;
  }

  /** The header of a shared payload is too short for a view, which takes longer. */
  #copy(bytes: Uint8Array, length: number): void {
    const store = this.#store;
    const at = this.#offset;
    if (length === bytes.length) store.set(bytes, at);
    else for (let i = 0; i < length; i++) store[at + i] = bytes[i] as number;
  }

  #index(): Int32Array {
    const { maxPackets } = this.#limits;
    this.#offsets = new Uint32Array(maxPackets);
    this.#lengths = new Uint16Array(maxPackets);
    this.#laps = new Uint32Array(maxPackets);
    this.#times = new Float64Array(maxPackets);
    return new Int32Array(maxPackets).fill(-1);
  }

  #makeRoom(length: number, now: Instant): void {
    const { maxBytes, maxAgeMs, maxPackets } = this.#limits;
    while (this.#offset + length > this.#store.length) {
      const size = this.#store.length;
      // The first packets of the lap are what would be overwritten.
      const young = now - this.#lapBegan <= maxAgeMs && this.#lapPackets < maxPackets;
      const isToGrow = size < maxBytes && (young || size < length);
      if (isToGrow) this.#grow(Math.min(Math.max(2 * size, FIRST_BYTES), maxBytes));
      // A lap begins with the first packet too: what is first done when all is hot makes the engine compile it again.
      if (!isToGrow || size === 0) {
        this.#lap++;
        this.#offset = 0;
        this.#lapBegan = now;
        this.#lapPackets = 0;
      }
    }
  }

  #grow(size: number): void {
    const store = new Uint8Array(size);
    store.set(this.#store);
    this.#store = store;
  }
}
