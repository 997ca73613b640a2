/** The engine keeps arrays up to this size in its own heap: copying one is as cheap as making a view. In bytes. */
const TINY_BYTES = 64;
/** A view may keep a buffer of this size alive for a small payload. In bytes. */
const SMALL_BUFFER_BYTES = 2048;

/**
 * Takes payloads out of packets. Making a buffer costs several times more than making a view, but a view keeps the whole
 * buffer alive: 64 KiB, maybe, for one byte. So what is most of its buffer, or lies in a small one, stays where it is;
 * the rest is copied, small payloads together into buffers that are small themselves.
 */
export class PayloadKeeper {
  #nursery: Uint8Array | undefined;
  #at = 0;

  take(packet: Uint8Array, start: number, size: number): Uint8Array {
    const whole = packet.buffer.byteLength;
    if (2 * size >= whole || (whole <= SMALL_BUFFER_BYTES && size > TINY_BYTES)) return packet.subarray(start, start + size);
    if (size <= TINY_BYTES || 4 * size > SMALL_BUFFER_BYTES) return packet.slice(start, start + size);
    if (this.#nursery === undefined || this.#at + size > SMALL_BUFFER_BYTES) {
      this.#nursery = new Uint8Array(SMALL_BUFFER_BYTES);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at = at + size;
    this.#nursery.set(packet.subarray(start, start + size), at);
    return this.#nursery.subarray(at, at + size);
  }
}
