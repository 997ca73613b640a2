import type { MessageMemory } from '../sctp/index.ts';
import { CopyMemory } from './copy-memory.ts';

/** Longer messages get a buffer of their own. */
const LONGEST_SHARED_BYTES = 2048;
const FIRST_SLAB_BYTES = 1024;
const LARGEST_SLAB_BYTES = 32 * 1024;

/** The buffers of this thread. */
const copyMemory: CopyMemory = new CopyMemory();

/** Where a copy that {@link SendCopies.copy} made is to be given back, if anywhere. */
export function memoryOf(copy: Uint8Array): MessageMemory | undefined {
  return copy.length > LONGEST_SHARED_BYTES ? copyMemory : undefined;
}

/**
 * Copies of messages that wait to be sent. A buffer for each of many small messages costs more than sending them, so those
 * of one turn lie side by side in slabs that grow with their number; a slab is gone when the last message of it was sent.
 */
export class SendCopies {
  #slab: Uint8Array | undefined;
  #at = 0;
  #nextBytes = 0;

  /** A copy that nobody else writes to. */
  copy(bytes: Uint8Array): Uint8Array {
    const length = bytes.length;
    if (length > LONGEST_SHARED_BYTES) return copyMemory.copy(bytes);
    if (this.#slab === undefined || this.#at + length > this.#slab.length) {
      if (this.#nextBytes === 0) {
        this.#nextBytes = FIRST_SLAB_BYTES; // the first of a turn may be the only one
        return bytes.slice();
      }
      this.#slab = new Uint8Array(Math.max(this.#nextBytes, length));
      this.#at = 0;
      this.#nextBytes = Math.min(2 * this.#nextBytes, LARGEST_SLAB_BYTES);
    }
    const at = this.#at;
    this.#at = at + length;
    this.#slab.set(bytes, at);
    return this.#slab.subarray(at, at + length);
  }

  /** The turn is over: an idle connection keeps no slab. */
  rest(): void {
    this.#slab = undefined;
    this.#nextBytes = 0;
  }
}
