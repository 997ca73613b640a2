import { readU16, readU32, writeU32 } from '../core/bytes.ts';
import { DecodeError, randomU32, type RandomSource } from '../core/index.ts';
import { resolveSctpConfig, type SctpConfig } from './config.ts';
import { CHUNK_HEADER_BYTES, ChunkType } from './constants.ts';
import { decodeInit, encodeInit, type Init, ownInit } from './init.ts';
import { padded } from './packets.ts';

// INIT chunks that the two ends told each other before there was a path, as `a=sctp-init` (draft-hancke-tsvwg-snap): the
// association is up as soon as DTLS is, and INIT, INIT ACK, COOKIE ECHO and COOKIE ACK are not sent.

/** Two INIT chunks, with their headers. */
export interface SignalledInits {
  /** Ours, of {@link makeInit}. It is also what goes out when the peer has none. */
  readonly local: Uint8Array;
  /** The peer's, for which {@link readInit} holds. */
  readonly remote: Uint8Array | undefined;
}

/** The longest chunk that is looked at, in bytes. Those that are known have less than 100. */
export const MAX_SIGNALLED_INIT_BYTES = 1024;
const LEAST_BYTES = 20;
/** RFC 9260 3.3.2. */
const AT_TAG = 4;
const AT_TSN = 16;

/** The INIT of an association that is yet to be made with this configuration. */
export function makeInit(config: SctpConfig, random: RandomSource): Uint8Array {
  let like = made.get(config);
  if (like === undefined) made.set(config, (like = encodeInit(ChunkType.INIT, ownInit(resolveSctpConfig(config), 1, 1))));
  const chunk = like.slice();
  writeU32(chunk, AT_TAG, randomU32(random) || 1);
  writeU32(chunk, AT_TSN, randomU32(random));
  return chunk;
}

/** All of one configuration are the same, but for tag and TSN. */
const made: WeakMap<SctpConfig, Uint8Array> = new WeakMap();

/** What a chunk says; `undefined` when it is not one INIT that could come from the network. The padding behind its last parameter may be left out. */
export function readInit(chunk: Uint8Array): Init | undefined {
  if (chunk.length < LEAST_BYTES || chunk.length > MAX_SIGNALLED_INIT_BYTES || chunk[0] !== ChunkType.INIT) return undefined;
  const length = readU16(chunk, 2);
  if (chunk.length !== length && chunk.length !== padded(length)) return undefined;
  try {
    return decodeInit(chunk, CHUNK_HEADER_BYTES, length);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export function tagOf(chunk: Uint8Array): number {
  return readU32(chunk, AT_TAG);
}

export function tsnOf(chunk: Uint8Array): number {
  return readU32(chunk, AT_TSN);
}
