import { type Instant, SparseQueue } from '../core/index.ts';
import { MAX_QUEUED_CONTROL_PACKETS } from './constants.ts';
import type { PacketBuilder } from './packet-builder.ts';

/** Encoded control chunks that go out with the next packets, in order, before SACK and DATA. */
export class ControlQueue {
  readonly #chunks: SparseQueue<Uint8Array> = new SparseQueue();
  #bytes = 0;

  /** What waits, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Beyond a bound chunks are dropped: whoever needs an answer asks again. */
  push(chunk: Uint8Array): void {
    if (this.#chunks.length >= MAX_QUEUED_CONTROL_PACKETS) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Moves what fits into a packet. */
  writeTo(builder: PacketBuilder): void {
    for (let chunk = this.#chunks.peek(); chunk !== undefined && chunk.length <= builder.room; chunk = this.#chunks.peek()) {
      builder.append(chunk);
      this.#chunks.shift();
      this.#bytes -= chunk.length;
    }
  }

  clear(): void {
    this.#chunks.clear();
    this.#bytes = 0;
  }
}

/** Lets through a number of things per second, in bursts of as many. */
export class RateLimit {
  readonly #perSecond: number;
  #left: number;
  #at: Instant | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  take(now: Instant): boolean {
    this.#left = Math.min(this.#perSecond, this.#left + ((now - (this.#at ?? now)) * this.#perSecond) / 1000);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
