import { readU32 } from './bytes.ts';
import type { CryptoProvider, RandomSource } from './crypto.ts';

/** How much a log entry matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Takes log entries. Entries never hold keys, passwords, addresses or ICE credentials. */
export type Log = (level: LogLevel, room: string, message: string) => void;

/** What a machine cannot make of itself: cryptography, randomness, the relation to wall time, and a place for logs. */
export interface Environment {
  readonly crypto: CryptoProvider;
  readonly random: RandomSource;
  /** Add it to an `Instant` to get milliseconds since the Unix epoch. */
  readonly unixOffsetMs: number;
  readonly log?: Log;
}

/** Filled anew for every number. */
const word: Uint8Array = new Uint8Array(4);

/** A random unsigned 32-bit number. */
export function randomU32(random: RandomSource): number {
  random(word);
  return readU32(word, 0);
}

/** `length` random bytes. */
export function randomBytes(random: RandomSource, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  random(bytes);
  return bytes;
}
