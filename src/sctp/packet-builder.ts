import { writeU16, writeU32 } from '../core/bytes.ts';
import { EMPTY } from '../core/index.ts';
import { COMMON_HEADER_BYTES } from './constants.ts';
import { writeChecksum } from './packets.ts';

/**
 * Builds one packet at a time in its final buffer, with free bytes before and after it, so that the layer below can seal
 * it in place. The fields are public because senders write their chunks straight into them.
 */
export class PacketBuilder {
  bytes: Uint8Array = EMPTY;
  /** Where the next chunk begins; always on a word. */
  at = 0;

  readonly #sourcePort: number;
  readonly #destinationPort: number;
  readonly #headroom: number;
  readonly #tailroom: number;

  constructor(sourcePort: number, destinationPort: number, headroom: number, tailroom: number) {
    this.#sourcePort = sourcePort;
    this.#destinationPort = destinationPort;
    this.#headroom = headroom;
    this.#tailroom = tailroom;
  }

  /** Begins a packet of at most `capacity` bytes, header included. The buffer is new, hence all zero. */
  begin(capacity: number, verificationTag: number): void {
    const bytes = new Uint8Array(new ArrayBuffer(this.#headroom + capacity + this.#tailroom), this.#headroom, capacity);
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

  /** Ends the packet; `checksum` false leaves the checksum zero (RFC 9653). */
  finish(checksum: boolean): Uint8Array {
    const packet = this.at === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.at);
    if (checksum) writeChecksum(packet);
    this.bytes = EMPTY;
    return packet;
  }
}
