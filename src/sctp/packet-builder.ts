import { writeU16, writeU32 } from '../core/bytes.ts';
import { EMPTY } from '../core/index.ts';
import { CHUNK_HEADER_BYTES, ChunkType, COMMON_HEADER_BYTES } from './constants.ts';
import type { PacketMemory } from './packet-memory.ts';
import { writeChecksum } from './packets.ts';

/** The size of a buffer that many packets share, in bytes. */
const SLAB_BYTES = 64 * 1024;

/**
 * Builds one packet at a time in its final buffer, with free bytes before and after it, so that the layer below can seal
 * it in place. While much is to be sent, packets lie side by side in larger buffers, each with its own free bytes: making
 * a buffer costs more than filling it. The fields are public because senders write their chunks straight into them.
 */
export class PacketBuilder {
  bytes: Uint8Array = EMPTY;
  /** Where the next chunk begins; always on a word. */
  at = 0;

  readonly #sourcePort: number;
  readonly #destinationPort: number;
  readonly #headroom: number;
  readonly #tailroom: number;
  readonly #memory: PacketMemory | undefined;
  /** Whether the packet lies there. */
  #isInMemory = false;
  #slab: ArrayBuffer | undefined;
  #slabAt = 0;

  /** @param memory - for packets that leave as soon as they are polled */
  constructor(sourcePort: number, destinationPort: number, headroom: number, tailroom: number, memory?: PacketMemory) {
    this.#sourcePort = sourcePort;
    this.#destinationPort = destinationPort;
    this.#headroom = headroom;
    this.#tailroom = tailroom;
    this.#memory = memory;
  }

  /**
   * Begins a packet of at most `capacity` bytes, header included. Its bytes are all zero.
   *
   * @param wanted - how much there is to send, in bytes; it tells whether a shared buffer pays. 0: the packet does not leave at once
   */
  begin(capacity: number, verificationTag: number, wanted = 0): void {
    const bytes = this.#take(capacity, wanted);
    writeU16(bytes, 0, this.#sourcePort);
    writeU16(bytes, 2, this.#destinationPort);
    writeU32(bytes, 4, verificationTag);
    this.bytes = bytes;
    this.at = COMMON_HEADER_BYTES;
  }

  /** How many bytes are left. */
  get room(): number {
    return this.bytes.length - this.at;
  }

  /** Appends a chunk that is encoded and padded already. */
  append(chunk: Uint8Array): void {
    this.bytes.set(chunk, this.at);
    this.at += chunk.length;
  }

  /** Fills the rest of the packet with a PAD chunk (RFC 4820 3); less than a chunk's header stays as it is. */
  pad(): void {
    if (this.room < CHUNK_HEADER_BYTES) return;
    this.bytes[this.at] = ChunkType.PAD;
    writeU16(this.bytes, this.at + 2, this.room);
    this.at = this.bytes.length;
  }

  /** Ends the packet; `checksum` false leaves the checksum zero (RFC 9653). */
  finish(checksum: boolean): Uint8Array {
    const packet = this.at === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.at);
    if (checksum) writeChecksum(packet);
    if (this.#isInMemory) this.#memory?.keep(this.#headroom + packet.length + this.#tailroom);
    else if (packet.buffer === this.#slab) this.#slabAt = packet.byteOffset + packet.length + this.#tailroom;
    this.bytes = EMPTY;
    return packet;
  }

  /** Nothing more is to be sent now: no buffer is kept. */
  rest(): void {
    this.#slab = undefined;
  }

  #take(capacity: number, wanted: number): Uint8Array {
    const size = this.#headroom + capacity + this.#tailroom;
    const reused = wanted > 0 ? this.#memory?.take(size) : undefined;
    this.#isInMemory = reused !== undefined;
    if (reused !== undefined) return reused.subarray(this.#headroom, this.#headroom + capacity);
    if (this.#slab !== undefined && this.#slabAt + size <= this.#slab.byteLength) return new Uint8Array(this.#slab, this.#slabAt + this.#headroom, capacity);
    if (wanted < 4 * capacity || 4 * size > SLAB_BYTES) return new Uint8Array(new ArrayBuffer(size), this.#headroom, capacity);
    this.#slab = new ArrayBuffer(Math.min(SLAB_BYTES, Math.ceil(wanted / capacity) * size));
    this.#slabAt = 0;
    return new Uint8Array(this.#slab, this.#headroom, capacity);
  }
}
