import { type Deadline, Queue } from 'sansrtc/core';
import { type Interceptor, type InterceptorFactory, type OutgoingPacket, Slot } from 'sansrtc/interceptor';

/** What UDP, IPv4 and SRTP add to a packet. */
const OVERHEAD_BYTES = 44;
/** How long the queue may be, in milliseconds; what does not fit is lost. */
const MAX_QUEUE_MS = 400;

/** A link of so many bits per second: packets leave one after the other, and wait for those before them. */
export class NarrowPath implements Interceptor {
  readonly name = 'narrow-path';
  rateBps = Infinity;
  lost = 0;
  readonly #waiting = new Queue<{ readonly packet: OutgoingPacket; readonly leavesAt: number }>();
  readonly #leaving = new Queue<OutgoingPacket>();
  #freeAt = 0;

  writeRtp(packet: OutgoingPacket, now: number): OutgoingPacket | undefined {
    if (this.rateBps === Infinity && this.#waiting.length === 0) return packet;
    if (this.#freeAt - now > MAX_QUEUE_MS) {
      this.lost++;
      return undefined;
    }
    this.#freeAt = Math.max(this.#freeAt, now) + ((packet.bytes.length + OVERHEAD_BYTES) * 8000) / this.rateBps;
    this.#waiting.push({ packet, leavesAt: this.#freeAt });
    return undefined;
  }

  pollWriteRtp(): OutgoingPacket | undefined {
    return this.#leaving.shift();
  }

  handleTimeout(now: number): void {
    for (let first = this.#waiting.peek(); first && first.leavesAt <= now; first = this.#waiting.peek()) {
      this.#leaving.push(first.packet);
      this.#waiting.shift();
    }
  }

  pollTimeout(): Deadline | undefined {
    const first = this.#waiting.peek();
    return first && { at: first.leavesAt, reason: 'narrow-path' };
  }

  /** For one connection. */
  get factory(): InterceptorFactory {
    return { name: this.name, slot: Slot.dump, create: () => this };
  }
}
