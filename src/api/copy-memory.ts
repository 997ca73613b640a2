import type { MessageMemory } from '../sctp/index.ts';

/** What may lie here unused, in bytes: what a thousand connections have in flight together. */
const MAX_FREE_BYTES: number = 64 * 1024 * 1024;

interface FreeBuffers {
  readonly bySize: Map<number, Uint8Array[]>;
  bytes: number;
}

/**
 * Buffers of messages that were sent, for those that are sent next. A message waits until the peer has it, which with many connections takes longer
 * than a young collection is away: each would be moved to the engine's old generation, and cost a collection of the whole heap to be rid of. What lies
 * here unused goes when the collector next looks through the whole heap, so that a process that has become quiet keeps nothing.
 */
export class CopyMemory implements MessageMemory {
  #free: WeakRef<FreeBuffers> | undefined;

  /** A copy of `bytes`, in a buffer that may be a little longer and begins with it. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    const size = bufferBytes(length);
    const buffer = this.#take(size) ?? new Uint8Array(size);
    const copy = size === length ? buffer : buffer.subarray(0, length);
    copy.set(bytes);
    return copy;
  }

  giveBack(data: Uint8Array): void {
    const size = data.buffer.byteLength;
    let free = this.#free?.deref();
    if (free === undefined) {
      free = { bySize: new Map(), bytes: 0 };
      this.#free = new WeakRef(free);
    }
    if (free.bytes + size > MAX_FREE_BYTES) return;
    free.bytes += size;
    const buffer = data.length === size ? data : new Uint8Array(data.buffer);
    const same = free.bySize.get(size);
    if (same === undefined) free.bySize.set(size, [buffer]);
    else same.push(buffer);
  }

  #take(size: number): Uint8Array | undefined {
    const free = this.#free?.deref();
    const buffer = free?.bySize.get(size)?.pop(); // the last one given back is the likeliest to be in a cache
    if (free !== undefined && buffer !== undefined) free.bytes -= size;
    return buffer;
  }
}

/** The least size of at least `length` bytes, with four sizes between a power of two and the next. */
export function bufferBytes(length: number): number {
  const step = 1 << Math.max(0, 29 - Math.clz32(length - 1));
  return Math.ceil(length / step) * step;
}
