import type { Instant, TransportAddress } from '../../core/index.ts';

/** A datagram as it entered the network. The bytes are a view: whoever keeps them copies them. */
export interface TraceEntry {
  readonly at: Instant;
  readonly from: TransportAddress;
  readonly to: TransportAddress;
  readonly bytes: Uint8Array;
}

/**
 * The hash of everything that was sent: time, ends and bytes of every datagram, in order. Two runs with the same hash
 * were the same. Two 32-bit lanes of multiply-and-rotate: fast, and good against accidents only.
 */
export class Trace {
  #low = 0x2545f491;
  #high = 0x6a09e667;
  #datagrams = 0;
  #bytes = 0;
  readonly #time = new Float64Array(1);
  readonly #timeWords = new Uint32Array(this.#time.buffer);
  readonly #watchers: ((entry: TraceEntry) => void)[] = [];

  /** How many datagrams were sent. */
  get datagrams(): number {
    return this.#datagrams;
  }

  /** How many bytes they had, without IP and UDP headers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** 16 hexadecimal digits over all that was sent so far. */
  hash(): string {
    return [this.#low, this.#high].map((word) => finish(word ^ this.#datagrams).toString(16).padStart(8, '0')).join('');
  }

  /** Shows every datagram from now on to `watcher`. Returns a function that ends this. */
  watch(watcher: (entry: TraceEntry) => void): () => void {
    this.#watchers.push(watcher);
    return () => {
      const i = this.#watchers.indexOf(watcher);
      if (i >= 0) this.#watchers.splice(i, 1);
    };
  }

  /** Adds a datagram. */
  add(at: Instant, from: TransportAddress, to: TransportAddress, bytes: Uint8Array): void {
    this.#datagrams++;
    this.#bytes += bytes.length;
    this.#time[0] = at;
    this.#mix(this.#timeWords[0] as number);
    this.#mix(this.#timeWords[1] as number);
    this.#mixEnd(from);
    this.#mixEnd(to);
    this.#mixBytes(bytes);
    if (this.#watchers.length > 0) for (const watcher of [...this.#watchers]) watcher({ at, from, to, bytes });
  }

  #mixEnd({ address, port }: TransportAddress): void {
    for (let i = 0; i < address.length; i++) this.#mix(address.charCodeAt(i));
    this.#mix(port | 0x10000);
  }

  #mixBytes(bytes: Uint8Array): void {
    const words = bytes.length & ~3;
    for (let i = 0; i < words; i += 4) {
      this.#mix((bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24));
    }
    for (let i = words; i < bytes.length; i++) this.#mix(bytes[i] as number);
    this.#mix(~bytes.length);
  }

  #mix(word: number): void {
    const low = Math.imul(this.#low ^ word, 0x9e3779b1);
    this.#low = (low << 13) | (low >>> 19);
    const high = Math.imul(this.#high + word, 0x85ebca77) ^ this.#low;
    this.#high = (high << 17) | (high >>> 15);
  }
}

function finish(word: number): number {
  const mixed = Math.imul(word ^ (word >>> 16), 0xc2b2ae3d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
