import type { Instant } from '../../core/index.ts';

/** The global is a getter, which is not free for each packet. */
const clock: { now(): Instant } = performance;

/** Milliseconds of the process's monotonic clock, with fractions. */
export function monotonicNow(): Instant {
  return clock.now();
}

/** Milliseconds since the Unix epoch. Jumps when somebody sets the clock, so nothing but certificates and stats may use it. */
export function unixNow(): number {
  return Date.now();
}
