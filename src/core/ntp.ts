/** An NTP timestamp (RFC 5905 6) as two unsigned 32-bit numbers: a double cannot hold all of its 64 bits. */
export interface NtpTime {
  /** Seconds since the start of the era. */
  readonly seconds: number;
  /** In units of 2⁻³² s. */
  readonly fraction: number;
}

/** Seconds from 1900-01-01, where NTP begins, to 1970-01-01, where Unix time begins (RFC 5905 6). */
export const NTP_UNIX_OFFSET_SECONDS = 2_208_988_800;

/** The NTP timestamp of a Unix time in milliseconds. Eras wrap, as the format does. */
export function ntpFromUnixMs(unixMs: number): NtpTime {
  const whole = Math.floor(unixMs / 1000);
  const fraction = Math.floor((unixMs / 1000 - whole) * 0x1_0000_0000);
  return { seconds: (whole + NTP_UNIX_OFFSET_SECONDS) % 0x1_0000_0000 >>> 0, fraction: Math.min(fraction, 0xffff_ffff) };
}

/**
 * The Unix time in milliseconds of an NTP timestamp. Seconds with the first bit clear count from 2036, where the second
 * era begins (RFC 4330 3), so that the result lies between 1968 and 2104.
 */
export function unixMsFromNtp({ seconds, fraction }: NtpTime): number {
  const sinceFirstEra = seconds >= 0x8000_0000 ? seconds : seconds + 0x1_0000_0000;
  return (sinceFirstEra - NTP_UNIX_OFFSET_SECONDS) * 1000 + (fraction / 0x1_0000_0000) * 1000;
}

/** The middle 32 bits of an NTP timestamp, in units of 2⁻¹⁶ s, as reception reports quote it (RFC 3550 4). */
export function compactNtp({ seconds, fraction }: NtpTime): number {
  return ((seconds << 16) | (fraction >>> 16)) >>> 0;
}

/** A duration in milliseconds in units of 2⁻¹⁶ s, as in DLSR (RFC 3550 6.4.1); what does not fit becomes the nearest that does. */
export function compactDuration(ms: number): number {
  return Math.min(Math.max(Math.round(ms * 65.536), 0), 0xffff_ffff);
}

/** The milliseconds of a duration in units of 2⁻¹⁶ s. */
export function msFromCompactDuration(duration: number): number {
  return duration / 65.536;
}
