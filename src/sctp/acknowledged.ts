import { distance32, type Instant } from '../core/index.ts';
import { ABANDONED, ACKED, type Outstanding } from './outstanding.ts';
import type { Rto } from './rto.ts';

/** What one SACK newly acknowledged. One object serves every SACK. */
export class Acknowledged {
  /** Its bytes, as the congestion window counts them. */
  cost = 0;
  /** The largest chunk, in bytes. */
  largestBytes = 0;
  /** When the chunk left that measures the round trip, −1 when none does. */
  sampleSentAt: Instant = -1;
  /** The last packet of ours of which something arrived, in the order in which they left, over all SACKs. */
  latestPacket = 0;
  readonly #out: Outstanding;
  readonly #rto: Rto;

  constructor(out: Outstanding, rto: Rto) {
    this.#out = out;
    this.#rto = rto;
  }

  begin(): void {
    this.cost = 0;
    this.largestBytes = 0;
    this.sampleSentAt = -1;
  }

  /** A chunk is acknowledged, whether for the first time or again. */
  add(slot: number, now: Instant): void {
    const out = this.#out;
    const state = out.acknowledge(slot);
    if ((state & (ACKED | ABANDONED)) !== 0) return;
    const size = out.sizes[slot] as number;
    this.cost += out.cost(size);
    if (size > this.largestBytes) this.largestBytes = size;
    const sentAt = out.sentAt[slot] as number;
    if (out.sends[slot] === 1) {
      // What was thought lost arrived long ago, and only the news of it is late: no measure of the path.
      if (state === 0 && sentAt > this.sampleSentAt) this.sampleSentAt = sentAt;
    } else if (now - sentAt < this.#rto.minRttMs) return; // this answers an earlier transmission
    const packet = out.packets[slot] as number;
    if (distance32(packet, this.latestPacket) > 0) this.latestPacket = packet;
  }
}
