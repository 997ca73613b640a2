/** The engine keeps arrays up to this size in its own heap: copying one is as cheap as making a view. In bytes. */
const TINY_BYTES = 64;
/** A view may keep a buffer of this size alive for a small payload. In bytes. */
const SMALL_BUFFER_BYTES = 2048;

/**
 * Takes payloads out of packets, and joins them. Making a buffer costs several times more than making a view, but a view keeps the whole
 * buffer alive: 64 KiB, maybe, for one byte. So what is most of its buffer, or lies in a small one, stays where it is;
 * the rest is copied, small payloads together into buffers that are small themselves.
 */
export class PayloadKeeper {
  #nursery: Uint8Array | undefined;
  #at = 0;
  /** Where the packet lies that is being read. */
  #packet: ArrayBufferLike | undefined;

  take(packet: Uint8Array, start: number, size: number): Uint8Array {
    this.#packet = packet.buffer;
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

  /** The packet that payloads were taken from last has been read to its end, and is not kept alive from here. */
  endPacket(): void {
    this.#packet = undefined;
  }

  /**
   * The one copy: all fragments into a message. A message that is little longer than one of them lies in the buffer that this came in, where
   * nothing else is of use then: buffers are the packets' own, or have packets that are read one after the other, and a fragment in a large buffer is
   * most of it, so that what else there was has been copied.
   */
  join(fragments: readonly Uint8Array[]): Uint8Array {
    let size = 0;
    for (let i = 0; i < fragments.length; i++) size += (fragments[i] as Uint8Array).length;
    let host: Uint8Array | undefined;
    for (let i = 0; i < fragments.length && host === undefined; i++) if (this.#hasRoom(fragments[i] as Uint8Array, size)) host = fragments[i] as Uint8Array;
    const data = host === undefined ? new Uint8Array(size) : moveIn(fragments, host, size);
    let at = 0;
    for (let i = 0; i < fragments.length; i++) {
      const fragment = fragments[i] as Uint8Array;
      if (fragment !== host) data.set(fragment, at);
      at += fragment.length;
    }
    return data;
  }

  #hasRoom(fragment: Uint8Array, size: number): boolean {
    const whole = fragment.buffer.byteLength;
    return whole >= size && whole > SMALL_BUFFER_BYTES && fragment.buffer !== this.#packet;
  }
}

/** A message of `size` bytes at the beginning of the buffer that one of its fragments lies in, which is in its place then. The others' places are free. */
function moveIn(fragments: readonly Uint8Array[], host: Uint8Array, size: number): Uint8Array {
  let at = 0;
  for (let i = 0; fragments[i] !== host; i++) at += (fragments[i] as Uint8Array).length;
  const whole = new Uint8Array(host.buffer);
  whole.copyWithin(at, host.byteOffset, host.byteOffset + host.length);
  return size === whole.length ? whole : whole.subarray(0, size);
}
