import { type RandomSource, randomU32 } from '../../core/index.ts';
import { INTERVAL_COMPENSATION, MEMBERS } from './constants.ts';

/**
 * How long to wait for the next report, in milliseconds (RFC 3550 6.3.1): long enough that all RTCP keeps within its bandwidth,
 * at least `minIntervalMs`, half of that before the first report, and spread at random so that ends do not fall into step.
 */
export function reportInterval(averageBytes: number, bandwidthBps: number, minIntervalMs: number, first: boolean, random: RandomSource): number {
  const fairMs = (MEMBERS * averageBytes * 8000) / bandwidthBps;
  const interval = Math.max(first ? minIntervalMs / 2 : minIntervalMs, fairMs);
  return (interval * (0.5 + randomU32(random) / 0x1_0000_0000)) / INTERVAL_COMPENSATION;
}
