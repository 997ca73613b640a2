import type { MessageMemory } from '../sctp/index.ts';

/** What may lie here unused, in bytes. A thousand busy connections have 190 KB each in flight, and a turn of the event loop gets all of it back before it copies the next messages. */
const MAX_FREE_BYTES: number = 256 * 1024 * 1024;

/** Buffers of one size. */
interface Pile {
  readonly buffers: Uint8Array[];
  /** How many of them, the ones at the bottom, nobody has needed since the collector last looked through the whole heap. */
  unneeded: number;
}

/**
 * Buffers of messages that were sent, for those that are sent next. A message waits until the peer has it, which with many connections takes longer
 * than a young collection is away: each would be moved to the engine's old generation, and cost a collection of the whole heap to be rid of. Whenever
 * there is such a collection, what nobody needed since the last one goes, so that a process that has become quiet keeps nothing.
 */
export class CopyMemory implements MessageMemory {
  readonly #piles: Map<number, Pile> = new Map();
  #bytes = 0;
  /** Hears of full collections: the object it is told of is garbage from the beginning, and old. */
  readonly #collections: FinalizationRegistry<undefined> = new FinalizationRegistry(() => this.shrink());
  #isWatching = false;

  /** Bytes of buffers that lie here. */
  get freeBytes(): number {
    return this.#bytes;
  }

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
    if (this.#bytes + size > MAX_FREE_BYTES) return;
    this.#bytes += size;
    const buffer = data.length === size ? data : new Uint8Array(data.buffer);
    const pile = this.#piles.get(size);
    if (pile === undefined) this.#piles.set(size, { buffers: [buffer], unneeded: 0 });
    else pile.buffers.push(buffer);
    if (!this.#isWatching) this.#watch();
  }

  /** Lets go of what was not needed since the last time. */
  shrink(): void {
    for (const [size, pile] of this.#piles) {
      this.#bytes -= size * pile.buffers.splice(0, pile.unneeded).length;
      pile.unneeded = pile.buffers.length;
      if (pile.unneeded === 0) this.#piles.delete(size);
    }
    this.#isWatching = false;
    if (this.#bytes > 0) this.#watch();
  }

  #watch(): void {
    this.#isWatching = true;
    this.#collections.register({}, undefined);
  }

  #take(size: number): Uint8Array | undefined {
    const pile = this.#piles.get(size);
    const buffer = pile?.buffers.pop(); // the last one given back is the likeliest to be in a cache
    if (pile === undefined || buffer === undefined) return undefined;
    this.#bytes -= size;
    pile.unneeded = Math.min(pile.unneeded, pile.buffers.length);
    return buffer;
  }
}

/** The least size of at least `length` bytes, with four sizes between a power of two and the next. */
export function bufferBytes(length: number): number {
  const step = 1 << Math.max(0, 29 - Math.clz32(length - 1));
  return Math.ceil(length / step) * step;
}
