import { RtcError } from '../core/index.ts';
import { MAX_SINK_BYTES } from './constants.ts';

/**
 * Where a file goes. The file handles of Node.js and Deno take two lines:
 *
 * @example
 * const handle = await open('call.webm', 'w'); // node:fs/promises
 * const sink = { write: async (bytes, position) => { await handle.write(bytes, 0, bytes.length, position); }, close: () => handle.close() };
 */
export interface MediaSink {
  /**
   * Writes bytes at a position, in bytes from the start of the file. Most are at its end; headers are written over when the file is
   * finished, unless the writer was told to append only. What it returns is waited for.
   */
  write(bytes: Uint8Array, position: number): void | Promise<void>;
  /** Called once when the file is finished or given up. */
  close?(): void | Promise<void>;
}


/** A file in memory. */
export class BufferSink implements MediaSink {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** @param maxBytes - most bytes that it takes. Default 1 GiB. */
  constructor(maxBytes: number = MAX_SINK_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Throws `ERR_RESOURCE` when it is full. */
  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#maxBytes) throw new RtcError('ERR_RESOURCE', `file of more than ${this.#maxBytes} bytes in memory`);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(2 * this.#bytes.length, end), Math.max(this.#maxBytes, end)));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, position);
    this.#length = Math.max(this.#length, end);
  }

  /** What was written, as a view. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
