import { type Instant, Queue } from '../../core/index.ts';

/** Packets that came and are not opened yet, each with the time when it came. */
export class Arrived {
  readonly #packets: Queue<Uint8Array> = new Queue();
  readonly #times: Queue<Instant> = new Queue();

  get length(): number {
    return this.#packets.length;
  }

  push(packet: Uint8Array, now: Instant): void {
    this.#packets.push(packet);
    this.#times.push(now);
  }

  /** The oldest packet; {@link Arrived.shiftTime} says next when it came. */
  shift(): Uint8Array | undefined {
    return this.#packets.shift();
  }

  shiftTime(): Instant {
    return this.#times.shift() as Instant;
  }
}
