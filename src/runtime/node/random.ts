import { randomFillSync } from 'node:crypto';
import type { RandomSource } from '../../core/index.ts';

const POOL_BYTES = 4096;
/** What is longer is drawn by itself. */
const LONGEST_BYTES = 256;

const pool: Uint8Array = new Uint8Array(POOL_BYTES);
let used: number = POOL_BYTES;

function fill(into: Uint8Array): void {
  if (into.length > LONGEST_BYTES) {
    randomFillSync(into);
    return;
  }
  if (used + into.length > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  into.set(pool.subarray(used, used + into.length));
  pool.fill(0, used, used + into.length);
  used += into.length;
}

/**
 * Fills a buffer from the system's generator. A call costs some microseconds however few bytes it asks for, and a
 * connection asks for few bytes often; so short requests share a pool, whose bytes are wiped as they are handed out.
 */
export const random: RandomSource = Object.assign(fill, { isSystem: true } as const);
