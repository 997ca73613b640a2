import { createSecretKey, type KeyObject } from 'node:crypto';

/**
 * A key as the system's ciphers take it. To be told a key as bytes, Node.js 24 throws and catches two errors with their stacks for each
 * cipher, 12 µs; elsewhere both ways take as long.
 */
export class NativeKey {
  readonly #bytes: Uint8Array;
  /** Made for the first packet, which many keys never see: short packets are done in WebAssembly. */
  #handle: KeyObject | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  get handle(): KeyObject {
    return (this.#handle ??= createSecretKey(this.#bytes));
  }

  /** What the system has of it is overwritten when the collector comes by, as its cipher contexts are. What is asked for later is made with a key of zeros. */
  destroy(): void {
    this.#bytes.fill(0);
    this.#handle = undefined;
  }
}

/** From here on it takes less time to give memory back at once than to have it collected. */
const LARGE_BYTES = 2048;

/** ES2024; V8 has it since Node.js 22. */
interface Detachable extends ArrayBuffer {
  transfer?(sizeBytes: number): ArrayBuffer;
}

/**
 * Copies a cipher's result to where it belongs, and gives its memory back at once where the engine has a way: buffers
 * of large records are what a busy process has most garbage of, and what makes V8 collect its whole heap.
 */
export function moveResult(result: Uint8Array, target: Uint8Array, at: number): void {
  target.set(result, at);
  const { length } = result;
  if (length < LARGE_BYTES) return;
  const memory: Detachable = result.buffer as ArrayBuffer;
  // A part of a pool belongs to others too.
  if (memory.byteLength === length) memory.transfer?.(0);
}
