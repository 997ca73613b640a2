import type { Instant } from '../../core/index.ts';
import type { Chances } from './seed.ts';

/** How a link treats datagrams in one direction. Times are in milliseconds, probabilities from 0 to 1. */
export interface LinkOptions {
  /** How long a datagram is on its way. Default 0. */
  readonly delayMs?: number;
  /** Up to so much longer, evenly spread; no datagram overtakes another by this. Default 0. */
  readonly jitterMs?: number;
  /** The probability that a datagram is lost. Default 0. */
  readonly loss?: number;
  /** The probability that it arrives twice. Default 0. */
  readonly duplicate?: number;
  /** The probability that it is held back, so that later ones overtake it. Default 0. */
  readonly reorder?: number;
  /** How long it is held back at most. Default: half the delay and the jitter, and at least 5. */
  readonly reorderMs?: number;
  /** The probability that one bit of it changes. Default 0. */
  readonly corrupt?: number;
  /** What the link carries, IP and UDP headers included, in bits per second. Default: without limit. */
  readonly rateBps?: number;
  /** How much may wait for a link with a rate, in bytes; what does not fit is lost. Default 256 KiB. */
  readonly queueBytes?: number;
  /** The largest IP packet, in bytes. Default: 65,535. */
  readonly mtuBytes?: number;
  /**
   * What happens to a larger one: it is lost, or its sender also hears EMSGSIZE. Default `drop`. IPv4 packets that left
   * their host in fragments already are cut further instead.
   */
  readonly tooLarge?: 'drop' | 'report';
  /** Whether the link loses everything. Default false. */
  readonly down?: boolean;
}

/** What became of a datagram at a link. */
export type LinkFate = 'sent' | 'lost' | 'too-large';

/** What a link did, in datagrams. */
export interface LinkStats {
  readonly sent: number;
  readonly lost: number;
  readonly overflowed: number;
  readonly tooLarge: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
}

/** The largest UDP payload over IPv4 (RFC 768, RFC 791): 65,535 less 20 and 8 bytes of headers. */
export const MAX_DATAGRAM_BYTES = 65_507;
const MAX_PACKET_BYTES = 65_535;
const DEFAULT_QUEUE_BYTES: number = 256 * 1024;
const DEFAULT_REORDER_MS = 5;
const IPV6_UDP_BYTES: number = 40 + 8;
const UDP_BYTES = 8;
const IPV6_FRAGMENT_BYTES = 8;
/** Nothing arrives in the instant in which it was sent: two hosts that answer each other at once would stop time. */
const LEAST_DELAY_MS = 0.001;

/** One direction of a link. Its options may change while datagrams are on their way; those keep their fate. */
export class Link {
  #options: LinkOptions;
  readonly #chances: Chances;
  #busyUntil: Instant = 0;
  #lastArrival: Instant = 0;
  readonly #stats = { sent: 0, lost: 0, overflowed: 0, tooLarge: 0, duplicated: 0, reordered: 0, corrupted: 0 };

  constructor(options: LinkOptions, chances: Chances) {
    this.#options = options;
    this.#chances = chances;
  }

  get options(): LinkOptions {
    return this.#options;
  }

  get stats(): LinkStats {
    return { ...this.#stats };
  }

  /** Changes some options; the others stay. */
  change(options: LinkOptions): void {
    this.#options = { ...this.#options, ...options };
  }

  /**
   * Sends a datagram. `arrive` is called for each copy that reaches the other end, with the time when it does; a copy
   * that differs, or the second one, is in a buffer of its own. The first is `bytes` itself.
   *
   * @param pieceBytes - the largest IP packet that it left its host in: when smaller than the whole, it travels in fragments
   */
  transmit(bytes: Uint8Array, headerBytes: number, now: Instant, arrive: (bytes: Uint8Array, at: Instant) => void, pieceBytes: number = Infinity): LinkFate {
    const { down = false, loss = 0, corrupt = 0, duplicate = 0, mtuBytes = MAX_PACKET_BYTES, tooLarge = 'drop' } = this.#options;
    const isCut = bytes.length + headerBytes > pieceBytes;
    if (isCut ? headerBytes === IPV6_UDP_BYTES && pieceBytes > mtuBytes : bytes.length + headerBytes > mtuBytes) {
      this.#stats.tooLarge++;
      return tooLarge === 'report' ? 'too-large' : 'lost';
    }
    const pieces = isCut ? piecesOf(bytes.length, headerBytes, Math.min(pieceBytes, mtuBytes)) : 1;
    const size = bytes.length + headerBytes + (pieces - 1) * (headerBytes - UDP_BYTES);
    // One piece that is lost loses all of it.
    if (down || this.#chances.hit(isCut ? 1 - (1 - loss) ** pieces : loss)) {
      this.#stats.lost++;
      return 'lost';
    }
    const departure = this.#depart(size, now);
    if (departure === undefined) {
      this.#stats.overflowed++;
      return 'lost';
    }
    this.#stats.sent++;
    arrive(this.#chances.hit(corrupt) ? this.#flip(bytes) : bytes, this.#arrival(departure));
    if (this.#chances.hit(duplicate)) {
      this.#stats.duplicated++;
      arrive(bytes.slice(), this.#arrival(departure));
    }
    return 'sent';
  }

  /** When the last bit is on the wire; `undefined` when the queue is full. */
  #depart(sizeBytes: number, now: Instant): Instant | undefined {
    const { rateBps, queueBytes = DEFAULT_QUEUE_BYTES } = this.#options;
    if (rateBps === undefined) return now;
    const start = Math.max(now, this.#busyUntil);
    if (((start - now) * rateBps) / 8000 + sizeBytes > queueBytes) return undefined;
    this.#busyUntil = start + (sizeBytes * 8000) / rateBps;
    return this.#busyUntil;
  }

  #arrival(departure: Instant): Instant {
    const { delayMs = 0, jitterMs = 0, reorder = 0 } = this.#options;
    let at = departure + Math.max(delayMs, LEAST_DELAY_MS);
    if (jitterMs > 0) at += jitterMs * this.#chances.next();
    if (this.#chances.hit(reorder)) {
      this.#stats.reordered++;
      const { reorderMs = Math.max(DEFAULT_REORDER_MS, (delayMs + jitterMs) / 2) } = this.#options;
      return at + reorderMs * this.#chances.next();
    }
    // A delay that was just made shorter lets the new ones overtake, as a new route does; jitter alone does not.
    if (at < this.#lastArrival && this.#lastArrival <= departure + delayMs + jitterMs) at = this.#lastArrival;
    this.#lastArrival = at;
    return at;
  }

  #flip(bytes: Uint8Array): Uint8Array {
    this.#stats.corrupted++;
    const copy = bytes.slice();
    if (copy.length === 0) return copy;
    const bit = this.#chances.below(copy.length * 8);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    return copy;
  }
}

/** In how many IP fragments a datagram travels; each but the last has a multiple of 8 bytes (RFC 791 2.3, RFC 8200 4.5). */
function piecesOf(payloadBytes: number, headerBytes: number, pieceBytes: number): number {
  const ipBytes = headerBytes === IPV6_UDP_BYTES ? headerBytes - UDP_BYTES + IPV6_FRAGMENT_BYTES : headerBytes - UDP_BYTES;
  return Math.ceil((payloadBytes + UDP_BYTES) / Math.max(8, (pieceBytes - ipBytes) & ~7));
}
