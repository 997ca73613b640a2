import { EMPTY } from '../core/index.ts';

/** Some packets of the largest size, in bytes. They should stay in a processor's nearer caches. */
const MEMORY_BYTES: number = 128 * 1024;

/**
 * Memory for packets that leave as soon as they are polled. Where the system is through with a packet when the call that sends it returns,
 * the next one may lie in the same place: buffers of 16 KiB that live for microseconds are otherwise most of what a busy process has to
 * collect. One memory serves all associations of a thread, as long as packets are polled and sent one after the other: whoever polls
 * them says when they have left.
 */
export class PacketMemory {
  #bytes: Uint8Array = EMPTY;
  #at = 0;

  /** Bytes of packets that were not said to have left. */
  get usedBytes(): number {
    return this.#at;
  }

  /** Whether it is time to say what became of the packets. */
  get isHalfUsed(): boolean {
    return 2 * this.#at > MEMORY_BYTES;
  }

  /** `size` bytes, all zero, or nothing for a packet that is too large. They are its own once it is {@link PacketMemory.keep kept}. */
  take(size: number): Uint8Array | undefined {
    if (!this.#makeRoom(size)) return undefined;
    return this.#bytes.subarray(this.#at, this.#at + size).fill(0); // nothing of another packet must go out as padding
  }

  /**
   * `size` bytes for a packet, and `room` behind them, or nothing for one that is too large. What was there before is there still: for who
   * writes each byte that goes out.
   */
  carve(size: number, room: number): Uint8Array | undefined {
    const taken = (size + room + 7) & ~7;
    if (!this.#makeRoom(taken)) return undefined;
    this.#at += taken;
    return new Uint8Array(this.#bytes.buffer, this.#at - taken, size);
  }

  /** The first `size` bytes of those that were taken last belong to a packet. */
  keep(size: number): void {
    this.#at += size;
  }

  /** Nobody needs the packets any more. */
  reuse(): void {
    this.#at = 0;
  }

  /** Somebody still needs packets: the memory is theirs. */
  leave(): void {
    this.#bytes = EMPTY;
    this.#at = 0;
  }

  #makeRoom(size: number): boolean {
    if (4 * size > MEMORY_BYTES) return false;
    if (this.#at + size > this.#bytes.length) this.leave();
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(MEMORY_BYTES);
    return true;
  }
}
