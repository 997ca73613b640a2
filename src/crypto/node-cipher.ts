import { createSecretKey, type KeyObject } from 'node:crypto';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

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
 * A port that is closed: what is handed over to it is gone. This is how memory is given back where there is no `transfer`; it takes
 * half a microsecond, and the next result lies where the last one did, which the processor's caches know.
 */
let nowhere: MessagePort | undefined;
let isClosing = false;

function sendNowhere(memory: ArrayBuffer): void {
  if (nowhere !== undefined) nowhere.postMessage(undefined, [memory]);
  else if (!isClosing) {
    // Closed in the next turn of the event loop; until then the port would keep what it is handed.
    isClosing = true;
    const { port1 } = new MessageChannel();
    port1.once('close', () => (nowhere = port1));
    port1.close();
  }
}

/**
 * Copies a cipher's result to where it belongs, and gives its memory back at once: buffers of results are what a busy process has most
 * garbage of, and what makes V8 collect its whole heap.
 */
export function moveResult(result: Uint8Array, target: Uint8Array, at: number): void {
  target.set(result, at);
  const { length } = result;
  if (length < LARGE_BYTES) return;
  const memory: Detachable = result.buffer as ArrayBuffer;
  // A part of a pool belongs to others too.
  if (memory.byteLength !== length) return;
  if (memory.transfer === undefined) sendNowhere(memory);
  else memory.transfer(0);
}
