import { add32, distance32, type Instant } from '../core/index.ts';
import type { Outstanding } from './outstanding.ts';
import type { PacketBuilder } from './packet-builder.ts';
import { encodeForwardTsn } from './packets.ts';
import type { OutMessage } from './scheduler.ts';

/** Tells the peer to go on without chunks that were given up (RFC 3758 3.5). */
export class Skips {
  /** Whether the peer understands FORWARD TSN; without it everything is reliable (RFC 3758 3.3). */
  supported = false;
  /** Whether a FORWARD TSN goes out with the next packet. */
  pending = false;
  readonly #out: Outstanding;
  /** The last TSN that the peer was told to skip, and when. */
  #told: number;
  #toldAt: Instant = -Infinity;

  constructor(out: Outstanding) {
    this.#out = out;
    this.#told = add32(out.base, -1);
  }

  /** A message was given up, or the peer did not hear of one: it is told now. */
  request(): void {
    this.pending = this.#out.abandonedAtFront() > 0;
  }

  /** The peer moved, or did not: it is told when there is more to skip, and again after a round trip. */
  update(roundTripMs: number, now: Instant): void {
    const count = this.#out.abandonedAtFront();
    if (count === 0) this.pending = false;
    else if (distance32(add32(this.#out.base, count - 1), this.#told) > 0 || now - this.#toldAt > roundTripMs) this.pending = true;
  }

  /** Puts the FORWARD TSN into a packet. Returns whether there was one. */
  write(builder: PacketBuilder, now: Instant): boolean {
    const out = this.#out;
    const count = out.abandonedAtFront();
    this.pending = false;
    if (count === 0) return false;
    const skipped = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const message = out.messages[out.slot(i)] as OutMessage;
      if (message.ordered) skipped.set(message.stream.id, message.ssn);
    }
    this.#told = add32(out.base, count - 1);
    this.#toldAt = now;
    builder.append(encodeForwardTsn(this.#told, skipped, builder.room));
    return true;
  }
}
