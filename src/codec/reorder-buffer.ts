/** What assembly needs of an RTP packet. */
export interface MediaPacket {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker: boolean;
  /** Without padding. */
  readonly payload: Uint8Array;
}

/** Buffers up to this size are kept for a small payload; from larger ones it is copied. */
const KEPT_BUFFER_BYTES = 2048;

/** A payload that may be kept: a small part of a large buffer is copied, so that it does not hold on to all of it. */
export function retained(payload: Uint8Array): Uint8Array {
  const held = payload.buffer.byteLength;
  return held > KEPT_BUFFER_BYTES && held > 2 * payload.length ? payload.slice() : payload;
}

/**
 * Packets that wait for a missing one, in a ring by sequence number. The caller keeps all of them within `capacity` of
 * each other, so that no two share a slot.
 */
export class ReorderBuffer {
  readonly #mask: number;
  readonly #payloads: (Uint8Array | undefined)[];
  readonly #timestamps: Uint32Array;
  readonly #markers: Uint8Array;
  readonly #arrivals: Float64Array;
  #count = 0;
  #bytes = 0;

  /** @param capacity - at most 32,768; rounded up to a power of two */
  constructor(capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(capacity));
    this.#mask = slots - 1;
    this.#payloads = new Array<Uint8Array | undefined>(slots).fill(undefined);
    this.#timestamps = new Uint32Array(slots);
    this.#markers = new Uint8Array(slots);
    this.#arrivals = new Float64Array(slots);
  }

  get count(): number {
    return this.#count;
  }

  /** The payload bytes of all packets. */
  get bytes(): number {
    return this.#bytes;
  }

  has(sequenceNumber: number): boolean {
    return this.#payloads[sequenceNumber & this.#mask] !== undefined;
  }

  put({ sequenceNumber, timestamp, marker, payload }: MediaPacket, now: number): void {
    const slot = sequenceNumber & this.#mask;
    this.#payloads[slot] = retained(payload);
    this.#timestamps[slot] = timestamp;
    this.#markers[slot] = marker ? 1 : 0;
    this.#arrivals[slot] = now;
    this.#count++;
    this.#bytes += payload.length;
  }

  timestampOf(sequenceNumber: number): number {
    return this.#timestamps[sequenceNumber & this.#mask] as number;
  }

  markerOf(sequenceNumber: number): boolean {
    return this.#markers[sequenceNumber & this.#mask] === 1;
  }

  arrivalOf(sequenceNumber: number): number {
    return this.#arrivals[sequenceNumber & this.#mask] as number;
  }

  /** Removes a packet that is there and returns its payload. */
  take(sequenceNumber: number): Uint8Array {
    const slot = sequenceNumber & this.#mask;
    const payload = this.#payloads[slot] as Uint8Array;
    this.#payloads[slot] = undefined;
    this.#count--;
    this.#bytes -= payload.length;
    return payload;
  }

  /** How many numbers from `from` on are missing before the first packet. Only while there is one. */
  gapFrom(from: number): number {
    let gap = 0;
    while (!this.has(from + gap)) gap++;
    return gap;
  }

  /** When the packet arrived that has waited longest; infinity when there is none. */
  oldestArrival(): number {
    let oldest = Number.POSITIVE_INFINITY;
    let left = this.#count;
    for (let slot = 0; left > 0; slot++) {
      if (this.#payloads[slot] === undefined) continue;
      left--;
      if ((this.#arrivals[slot] as number) < oldest) oldest = this.#arrivals[slot] as number;
    }
    return oldest;
  }

  clear(): void {
    this.#payloads.fill(undefined);
    this.#count = 0;
    this.#bytes = 0;
  }
}
