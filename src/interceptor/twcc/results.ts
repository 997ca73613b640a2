import type { Instant } from '../../core/index.ts';
import { HISTORY_PACKETS } from './constants.ts';

const LEAST_RESULTS = 64;

/**
 * What one feedback tells of packets, in the order in which they were sent. One of these serves for all feedback of all connections:
 * read it at once, keep nothing of it.
 */
export class PacketResults {
  /** How many packets there are; entries of the arrays from here on mean nothing. */
  count: number = 0;
  sentAt: Float64Array = new Float64Array(LEAST_RESULTS);
  /** When each came, on the clock of the receiver, in ms; NaN for those that did not, or of which no time was told. */
  receivedAt: Float64Array = new Float64Array(LEAST_RESULTS);
  /** 1 for those that came. */
  received: Uint8Array = new Uint8Array(LEAST_RESULTS);
  /** Bytes on the path. */
  sizeBytes: Uint16Array = new Uint16Array(LEAST_RESULTS);
  /** The probe that each was sent in; 0 for none. */
  probe: Uint16Array = new Uint16Array(LEAST_RESULTS);
  /** Bytes of packets before these of which nothing will be told, because feedback was lost. */
  untoldBytes: number = 0;

  clear(): void {
    this.count = 0;
    this.untoldBytes = 0;
  }

  /** Adds a packet. No more than {@link HISTORY_PACKETS} between two calls of {@link PacketResults.clear}. */
  add(sentAt: Instant, received: boolean, receivedAt: number, sizeBytes: number, probe: number): void {
    const i = this.count++;
    if (i === this.sentAt.length) this.#grow();
    this.sentAt[i] = sentAt;
    this.received[i] = received ? 1 : 0;
    this.receivedAt[i] = receivedAt;
    this.sizeBytes[i] = sizeBytes;
    this.probe[i] = probe;
  }

  /** Whether another packet has room. */
  get hasRoom(): boolean {
    return this.count < HISTORY_PACKETS;
  }

  #grow(): void {
    const slots = this.sentAt.length * 2;
    const copy = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.sentAt = copy(new Float64Array(slots), this.sentAt);
    this.receivedAt = copy(new Float64Array(slots), this.receivedAt);
    this.received = copy(new Uint8Array(slots), this.received);
    this.sizeBytes = copy(new Uint16Array(slots), this.sizeBytes);
    this.probe = copy(new Uint16Array(slots), this.probe);
  }
}
