import { compactNtp, type Environment, type Instant, msFromCompactDuration, ntpFromUnixMs, type NtpTime } from '../../core/index.ts';
import { CLOCK_TOLERANCE_MS, MAX_ROUND_TRIP_MS } from './constants.ts';

/** The NTP time of an instant. */
export function ntpAt(environment: Environment, now: Instant): NtpTime {
  return ntpFromUnixMs(now + environment.unixOffsetMs);
}

/**
 * The round trip that a quoted time and the delay since tell (RFC 3550 6.4.1, RFC 3611 4.5), in milliseconds; `undefined` when nothing
 * was quoted or the numbers cannot be true.
 */
export function roundTripMs(environment: Environment, now: Instant, quoted: number, delay: number): number | undefined {
  if (quoted === 0) return undefined;
  const ms = msFromCompactDuration((compactNtp(ntpAt(environment, now)) - quoted - delay) | 0);
  return ms < -CLOCK_TOLERANCE_MS || ms > MAX_ROUND_TRIP_MS ? undefined : Math.max(ms, 0);
}
