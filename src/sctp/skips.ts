import { add32, distance32, type Instant } from '../core/index.ts';
import { CHUNK_HEADER_BYTES } from './constants.ts';
import type { Outstanding } from './outstanding.ts';
import type { PacketBuilder } from './packet-builder.ts';
import { encodeForwardTsn, encodeIForwardTsn } from './packets.ts';
import type { OutMessage } from './scheduler.ts';

/** Tells the peer to go on without chunks that were given up (RFC 3758 3.5). */
export class Skips {
  /** Whether the peer understands FORWARD TSN; without it everything is reliable (RFC 3758 3.3). */
  supported = false;
  /** Whether messages are numbered as RFC 8260 has it. */
  interleaved = false;
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
    const { interleaved } = this;
    const most = (builder.room - CHUNK_HEADER_BYTES - 4) >> (interleaved ? 3 : 2);
    const skipped = new Map<number, number>();
    let told = 0;
    for (; told < count; told++) {
      const message = out.messages[out.slot(told)] as OutMessage;
      if (!message.ordered && !interleaved) continue;
      // With interleaving a stream has two sequences, ordered and unordered.
      const key = interleaved ? 2 * message.stream.id + (message.ordered ? 0 : 1) : message.stream.id;
      if (skipped.size >= most && !skipped.has(key)) break;
      skipped.set(key, message.sequence);
    }
    if (told === 0) return false;
    this.#told = add32(out.base, told - 1); // what had no room is told once the peer has moved
    this.#toldAt = now;
    builder.append(interleaved ? encodeIForwardTsn(this.#told, skipped) : encodeForwardTsn(this.#told, skipped));
    return true;
  }
}
