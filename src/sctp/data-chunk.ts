import { readU16, readU32, writeU16, writeU32 } from '../core/bytes.ts';
import { ChunkType, DATA_BEGIN, DATA_HEADER_BYTES, I_DATA_HEADER_BYTES } from './constants.ts';
import { padded } from './packets.ts';
import type { OutMessage } from './scheduler.ts';

/** Writes a fragment as DATA (RFC 9260 3.3.1) or I-DATA (RFC 8260 2.1) into zeroed bytes; returns where the next chunk begins. */
export function writeDataChunk(
  bytes: Uint8Array,
  at: number,
  interleaved: boolean,
  message: OutMessage,
  tsn: number,
  offset: number,
  size: number,
  flags: number,
  fsn: number,
): number {
  const header = interleaved ? I_DATA_HEADER_BYTES : DATA_HEADER_BYTES;
  bytes[at + 1] = flags;
  writeU16(bytes, at + 2, header + size);
  writeU32(bytes, at + 4, tsn);
  writeU16(bytes, at + 8, message.stream.id);
  if (interleaved) {
    bytes[at] = ChunkType.I_DATA;
    writeU32(bytes, at + 12, message.sequence);
    writeU32(bytes, at + 16, (flags & DATA_BEGIN) !== 0 ? message.ppid : fsn);
  } else {
    writeU16(bytes, at + 10, message.sequence); // the type, 0, is there already
    writeU32(bytes, at + 12, message.ppid);
  }
  const { data } = message;
  bytes.set(size === data.length ? data : data.subarray(offset, offset + size), at + header);
  return at + padded(header + size);
}

/** The message identifier of an I-DATA chunk at `at`. */
export function messageIdOf(packet: Uint8Array, at: number): number {
  return readU32(packet, at + 12);
}

/** The payload protocol of an I-DATA chunk that begins a message, the number of the fragment in one that does not. */
export function ppidOrFsnOf(packet: Uint8Array, at: number): number {
  return readU32(packet, at + 16);
}

/** The stream of a DATA or I-DATA chunk. */
export function streamIdOf(packet: Uint8Array, at: number): number {
  return readU16(packet, at + 8);
}
