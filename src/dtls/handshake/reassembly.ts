import { type Counters, EMPTY, equalBytes, SparseMap } from '../../core/index.ts';
import {
  FLIGHT_WINDOW_MESSAGES,
  FRAGMENT_OVERHEAD_BYTES,
  HandshakeType,
  MAX_CERTIFICATE_MESSAGE_BYTES,
  MAX_HANDSHAKE_MESSAGE_BYTES,
  MAX_REASSEMBLY_BYTES,
} from '../constants.ts';
import type { Fragment } from './fragment.ts';

/** A whole handshake message. */
export interface HandshakeMessage {
  readonly type: number;
  readonly sequence: number;
  readonly body: Uint8Array;
  /** The epoch of the records that carried it. */
  readonly epoch: number;
}

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A message on its way: what came in order, and the pieces ahead of it. */
interface Partial {
  readonly type: number;
  readonly length: number;
  readonly epoch: number;
  body: Uint8Array;
  have: number;
  ahead: Piece[];
}

/**
 * Puts handshake messages together (RFC 6347 4.2.3), for the next few messages only. Memory follows the bytes that
 * came and never the length that a header claims.
 */
export class Reassembler {
  readonly #partials: SparseMap<number, Partial> = new SparseMap();
  readonly #counters: Counters;
  /** The next message, which came in one piece, as most do: a view, which is taken before more comes. */
  #whole: HandshakeMessage | undefined;
  #next = 0;
  #held = 0;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** The sequence number of the message that {@link take} hands out next. */
  get next(): number {
    return this.#next;
  }

  /** Bytes held, with the overhead of each piece. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Expects `sequence` next and forgets all else. */
  resetTo(sequence: number): void {
    this.clear();
    this.#next = sequence;
  }

  /** Forgets all pieces. */
  clear(): void {
    this.#whole = undefined;
    this.#partials.clear();
    this.#held = 0;
  }

  /**
   * Adds a fragment; what is out of bounds is counted and dropped. When a fragment contradicts what came before, one of
   * the two is wrong and nobody can tell which: both go, and the peer's next transmission begins anew.
   */
  add(fragment: Fragment, epoch: number): void {
    const ahead = fragment.sequence - this.#next;
    if (ahead < 0 || ahead >= FLIGHT_WINDOW_MESSAGES) return this.#drop('dtls.fragment.window');
    const limit = fragment.type === HandshakeType.certificate ? MAX_CERTIFICATE_MESSAGE_BYTES : MAX_HANDSHAKE_MESSAGE_BYTES;
    if (fragment.length > limit) return this.#drop('dtls.fragment.too-long');
    if (fragment.bytes.length === 0 && fragment.length > 0) return this.#drop('dtls.fragment.empty');
    this.#keepWhole();
    if (ahead === 0 && fragment.bytes.length === fragment.length && !this.#partials.has(fragment.sequence)) {
      this.#whole = { type: fragment.type, sequence: fragment.sequence, body: fragment.bytes, epoch };
      return;
    }
    const partial = this.#partial(fragment, epoch);
    if (partial === undefined) return;
    if (fragment.offset > partial.have) this.#keepAhead(partial, fragment.offset, fragment.bytes);
    else if (!this.#append(partial, fragment.offset, fragment.bytes) || !this.#joinAhead(partial)) this.#dropBoth(fragment.sequence, partial);
  }

  /** The next message in order, if it is whole. */
  take(): HandshakeMessage | undefined {
    const whole = this.#whole;
    if (whole !== undefined) {
      this.#whole = undefined;
      this.#next++;
      return whole;
    }
    const partial = this.#partials.get(this.#next);
    if (partial === undefined || partial.have < partial.length) return undefined;
    this.#forget(this.#next, partial);
    return { type: partial.type, sequence: this.#next++, body: partial.body.subarray(0, partial.length), epoch: partial.epoch };
  }

  /** What was not taken is judged with what comes. */
  #keepWhole(): void {
    if (this.#whole === undefined) return;
    const { type, sequence, body, epoch } = this.#whole;
    this.#whole = undefined;
    this.#partials.set(sequence, { type, length: body.length, epoch, body: body.slice(), have: body.length, ahead: [] });
    this.#held += body.length;
  }

  #partial(fragment: Fragment, epoch: number): Partial | undefined {
    const known = this.#partials.get(fragment.sequence);
    if (known !== undefined && known.epoch === epoch) {
      if (known.type === fragment.type && known.length === fragment.length) return known;
      this.#dropBoth(fragment.sequence, known);
      return undefined;
    }
    if (known !== undefined) {
      // What came in the clear gives way to what is authenticated, and never the other way round.
      if (known.epoch > epoch) {
        this.#drop('dtls.fragment.mismatch');
        return undefined;
      }
      this.#forget(fragment.sequence, known);
    }
    const partial: Partial = { type: fragment.type, length: fragment.length, epoch, body: EMPTY, have: 0, ahead: [] };
    this.#partials.set(fragment.sequence, partial);
    return partial;
  }

  /** Adds bytes that begin at the end of what is there, or before it; false when they contradict it. */
  #append(partial: Partial, offset: number, bytes: Uint8Array): boolean {
    const overlap = Math.min(partial.have - offset, bytes.length);
    if (!equalBytes(partial.body.subarray(offset, offset + overlap), bytes.subarray(0, overlap))) return false;
    const fresh = bytes.length - overlap;
    if (fresh === 0) return true;
    if (this.#held + fresh > MAX_REASSEMBLY_BYTES) {
      this.#drop('dtls.fragment.memory');
      return true;
    }
    const end = partial.have + fresh;
    if (end > partial.body.length) {
      const grown = new Uint8Array(Math.min(partial.length, Math.max(end, 2 * partial.body.length)));
      grown.set(partial.body.subarray(0, partial.have));
      partial.body = grown;
    }
    partial.body.set(bytes.subarray(overlap), partial.have);
    partial.have = end;
    this.#held += fresh;
    return true;
  }

  #keepAhead(partial: Partial, offset: number, bytes: Uint8Array): void {
    // A flight that comes again brings the same pieces; a larger one (the peer changed its MTU) takes their place.
    const same = partial.ahead.findIndex((piece) => piece.offset === offset);
    const known = same < 0 ? undefined : partial.ahead[same];
    if (known !== undefined && known.bytes.length >= bytes.length) return;
    const growth = known === undefined ? bytes.length + FRAGMENT_OVERHEAD_BYTES : bytes.length - known.bytes.length;
    if (this.#held + growth > MAX_REASSEMBLY_BYTES) return this.#drop('dtls.fragment.memory');
    const piece: Piece = { offset, bytes: bytes.slice() };
    if (known === undefined) partial.ahead.push(piece);
    else partial.ahead[same] = piece;
    this.#held += growth;
  }

  /** Adds the pieces ahead that fit now; false when one contradicts what is there. */
  #joinAhead(partial: Partial): boolean {
    for (let i = 0; i < partial.ahead.length; ) {
      const piece = partial.ahead[i] as Piece;
      if (piece.offset > partial.have) {
        i++;
        continue;
      }
      partial.ahead.splice(i, 1);
      this.#held -= piece.bytes.length + FRAGMENT_OVERHEAD_BYTES;
      const before = partial.have;
      if (!this.#append(partial, piece.offset, piece.bytes)) return false;
      if (partial.have > before) i = 0; // what was passed over may fit now
    }
    return true;
  }

  #dropBoth(sequence: number, partial: Partial): void {
    this.#forget(sequence, partial);
    this.#drop('dtls.fragment.mismatch');
  }

  #forget(sequence: number, partial: Partial): void {
    this.#partials.delete(sequence);
    this.#held -= partial.have;
    for (const piece of partial.ahead) this.#held -= piece.bytes.length + FRAGMENT_OVERHEAD_BYTES;
  }

  #drop(counter: string): void {
    this.#counters.add(counter);
  }
}
