import { SEQUENCE_SPACE } from './constants.ts';

const HALF = SEQUENCE_SPACE / 2;

/**
 * The 48-bit index (rollover counter · 2^16 + sequence number) that a sequence number most likely means (RFC 3711 3.3.1).
 * `highest` is the highest index so far, −1 before the first packet. The first round has no round before it, so there a
 * number that seems to lie behind the beginning is a jump ahead. The result may exceed 2^48 − 1, which the caller refuses.
 */
export function estimateIndex(highest: number, sequence: number): number {
  if (highest < 0) return sequence;
  const last = highest & 0xffff;
  const round = highest - last;
  if (last < HALF) return sequence - last > HALF && round > 0 ? round - SEQUENCE_SPACE + sequence : round + sequence;
  return last - HALF > sequence ? round + SEQUENCE_SPACE + sequence : round + sequence;
}
