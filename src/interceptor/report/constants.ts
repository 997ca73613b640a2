// Numbers of sender and receiver reports (RFC 3550 6).

/** Least time between reports in milliseconds; RFC 3550 6.2 says 5 s, RFC 4585 3.4 lets it be less, and peers use 1 s. */
export const MIN_INTERVAL_MS = 1000;

/** What all RTCP of a session may take, in bits per second: 5 % of 1 Mbit/s (RFC 3550 6.2). */
export const RTCP_BANDWIDTH_BPS = 50_000;

/** Members of a session: one end here and one there, whose SSRCs report together (RFC 8108 5.3). */
export const MEMBERS = 2;

/** What the mean of a randomised interval falls short of without reconsideration: e − 3/2 (RFC 3550 6.3.1). */
export const INTERVAL_COMPENSATION: number = Math.E - 1.5;

/** IPv4 and UDP headers, which count as RTCP bandwidth (RFC 3550 6.2), in bytes. */
export const LOWER_HEADER_BYTES = 28;

/** Bytes of the source description that goes with a report, as an estimate. */
export const DESCRIPTION_BYTES = 32;

/** How much a new size changes the average (RFC 3550 6.3.3). */
export const SIZE_GAIN: number = 1 / 16;

/** A source is told of until this many reports passed without a packet of it (RFC 3550 6.3.8). */
export const SILENT_REPORTS = 2;

/** Most report blocks in one packet: a 5-bit count (RFC 3550 6.4.1). */
export const MAX_BLOCKS = 31;

/** A jump ahead by this much or more is another stream with the same SSRC, not loss (RFC 3550 A.1). */
export const MAX_DROPOUT = 3000;

/** A jump back by this much or more is one too (RFC 3550 A.1). */
export const MAX_MISORDER = 100;

/** How much a new transit time changes the jitter (RFC 3550 6.4.1). */
export const JITTER_GAIN: number = 1 / 16;

/** A transit time that differs by more seconds is a clock that was set, not jitter. */
export const MAX_TRANSIT_STEP_S = 5;

/** A round trip beyond this, in milliseconds, is a forged or broken report. */
export const MAX_ROUND_TRIP_MS = 60_000;

/** How far, in milliseconds, a round trip may be below zero for clocks that tick in steps. */
export const CLOCK_TOLERANCE_MS = 20;

/** Receivers whose reference times are remembered until answered; those of one peer are few. */
export const MAX_REFERENCE_TIMES = 32;
