import { readU48 } from '../../core/bytes.ts';
import { RECORD_HEADER_BYTES } from '../constants.ts';
import type { RecordProtection } from './protection.ts';
import { ReplayWindow } from './replay.ts';

/** What {@link RecordOpener.open} returns instead of a length. */
export const REPLAYED = -1;
export const FORGED = -2;

/** Opens the peer's sealed records, each at most once (RFC 6347 4.1.2.6). */
export class RecordOpener {
  readonly #protection: RecordProtection;
  readonly #window: ReplayWindow = new ReplayWindow();
  /** How many records did not authenticate. */
  forged = 0;

  constructor(protection: RecordProtection) {
    this.#protection = protection;
  }

  /** Bytes of a record in front of its content. */
  get headBytes(): number {
    return RECORD_HEADER_BYTES + this.#protection.explicitNonceBytes;
  }

  /** Opens the record at `at` in place; returns the length of its content, or {@link REPLAYED} or {@link FORGED}. */
  open(bytes: Uint8Array, at: number): number {
    const sequence = readU48(bytes, at + 5);
    if (!this.#window.isNew(sequence)) return REPLAYED;
    const length = this.#protection.open(bytes, at);
    if (length < 0) {
      this.forged++;
      return FORGED;
    }
    // Only what is authenticated moves the window, or a forged number would shut the peer out.
    this.#window.accept(sequence);
    return length;
  }
}
