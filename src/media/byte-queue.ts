import { RtcError } from '../core/index.ts';
import { MAX_BUFFERED_BYTES } from './constants.ts';

const LEAST_CAPACITY = 4096;

/** Bytes that came and were not used yet, in one piece. */
export class ByteQueue {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy. Throws `ERR_RESOURCE` when more would wait than a reader may hold. */
  push(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > MAX_BUFFERED_BYTES) throw new RtcError('ERR_RESOURCE', `${length} bytes wait to be read; call next() until it returns undefined, and push less at once`);
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** What waits, as a view that holds until the next call of `push`. */
  view(from = 0, to: number = this.length): Uint8Array {
    return this.#bytes.subarray(this.#start + from, this.#start + to);
  }

  /** Removes bytes and returns a copy of them. */
  take(length: number): Uint8Array {
    const bytes = this.#bytes.slice(this.#start, this.#start + length);
    this.skip(length);
    return bytes;
  }

  /** Removes bytes. */
  skip(length: number): void {
    this.#start += length;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  #makeRoom(length: number): void {
    const kept = this.#bytes.subarray(this.#start, this.#end);
    if (2 * length <= this.#bytes.length) this.#bytes.copyWithin(0, this.#start, this.#end);
    else {
      this.#bytes = new Uint8Array(Math.max(LEAST_CAPACITY, 2 * length));
      this.#bytes.set(kept);
    }
    this.#end = kept.length;
    this.#start = 0;
  }
}
