import type { Instant } from '../../core/index.ts';
import type { ExtensionMap, RtpHeader } from '../../rtp/index.ts';
import { COPY_BYTES, MAX_GROUP_MS, MAX_GROUP_PACKETS, MAX_LANES, PROTECTED_FROM } from './constants.ts';
import { type FecFields, setMaskBit } from './fields.ts';
import { mutableExtensions, zeroMutable } from './mutable.ts';
import { Parity } from './parity.ts';

/** Collects packets of one stream in groups and makes parity of them, as much as a share says. */
export class FecEncoder {
  readonly #ssrc: number;
  #mutable: Int8Array;
  /** Copies of the group's packets, in buffers that serve again and again. */
  readonly #copies: Uint8Array[] = [];
  readonly #sizes: Uint16Array = new Uint16Array(MAX_GROUP_PACKETS);
  readonly #sequences: Uint16Array = new Uint16Array(MAX_GROUP_PACKETS);
  #count = 0;
  #longest = 0;
  #beganAt: Instant = 0;
  /** FEC packets that may be made; the share of each packet adds up here. */
  #credit = 0;

  constructor(ssrc: number, extensions: ExtensionMap) {
    this.#ssrc = ssrc;
    this.#mutable = mutableExtensions(extensions);
  }

  /** Takes over other ids of extensions. */
  update(extensions: ExtensionMap): void {
    this.#mutable = mutableExtensions(extensions);
  }

  /** Takes a packet as it goes to the wire. Returns the FEC packets that are due behind it. */
  add(bytes: Uint8Array, header: RtpHeader, share: number, now: Instant): FecFields[] {
    if (share <= 0) {
      this.#clear();
      return [];
    }
    const due = this.#closesBefore(header.sequenceNumber) ? this.#close(0.5) : [];
    if (this.#count === 0) this.#beganAt = now;
    this.#copy(bytes, header);
    this.#longest = Math.max(this.#longest, bytes.length - PROTECTED_FROM);
    this.#credit = Math.min(this.#credit + share, MAX_LANES);
    const isFull = this.#count === MAX_GROUP_PACKETS || now - this.#beganAt >= MAX_GROUP_MS;
    // A frame is protected by itself where the share allows it; else frames are put together until it does.
    if (isFull || (header.marker && this.#credit >= 1)) due.push(...this.#close(isFull ? 0.5 : 0));
    return due;
  }

  #copy(bytes: Uint8Array, header: RtpHeader): void {
    const at = this.#count++;
    let copy = this.#copies[at];
    if (copy === undefined || copy.length < bytes.length) {
      copy = new Uint8Array(Math.max(bytes.length, COPY_BYTES));
      this.#copies[at] = copy;
    }
    copy.set(bytes);
    this.#sizes[at] = bytes.length;
    this.#sequences[at] = header.sequenceNumber;
    if (header.extensionProfile >= 0) zeroMutable(copy, header, this.#mutable);
  }

  /** Whether a number lies so far behind or ahead of the group that no mask reaches it. */
  #closesBefore(sequence: number): boolean {
    return this.#count > 0 && ((sequence - (this.#sequences[0] as number)) & 0xffff) >= MAX_GROUP_PACKETS;
  }

  /** Ends the group with as many FEC packets as there is credit for, `lent` beyond it. */
  #close(lent: number): FecFields[] {
    const lanes = Math.min(Math.max(Math.floor(this.#credit + lent), 0), this.#count, MAX_LANES);
    this.#credit -= lanes;
    const due: FecFields[] = [];
    // Every so manyth packet together, so that a burst falls into different lanes.
    for (let lane = 0; lane < lanes; lane++) due.push(this.#parity(lane, lanes));
    this.#clear();
    return due;
  }

  #parity(lane: number, lanes: number): FecFields {
    const base = this.#sequences[0] as number;
    const mask = new Uint8Array(14);
    const parity = new Parity(this.#longest);
    let longest = 0;
    for (let i = lane; i < this.#count; i += lanes) {
      const sequence = this.#sequences[i] as number;
      const bytes = (this.#copies[i] as Uint8Array).subarray(0, this.#sizes[i]);
      parity.addPacket(bytes);
      longest = Math.max(longest, bytes.length - PROTECTED_FROM);
      setMaskBit(mask, (sequence - base) & 0xffff);
    }
    const { first, second, length, timestamp, payload } = parity;
    return { ssrc: this.#ssrc, base, mask, first, second, length, timestamp: timestamp >>> 0, payload: payload.subarray(0, longest) };
  }

  #clear(): void {
    this.#count = 0;
    this.#longest = 0;
  }
}
