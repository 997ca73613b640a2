// Numbers of transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01).

/** Packets that the sender remembers at most; a power of two, and below half the space of 16-bit numbers. */
export const HISTORY_PACKETS = 8192;

/** Packets that the first ring of the sender holds. */
export const LEAST_HISTORY_PACKETS = 512;

/** How long a packet that nothing was told of is remembered even if the ring has to grow for it, in ms. */
export const HISTORY_MS = 5000;

/** The same of a packet that was told to be lost, in ms: if it comes late, it is told of within {@link BACK_WINDOW_MS}, and feedback takes its time. */
export const LOST_HISTORY_MS = 1000;

/** What every packet takes on the path besides its RTP bytes: IPv4 (20), UDP (8), the tag of AES-GCM (16, RFC 7714). */
export const PACKET_OVERHEAD_BYTES = 44;

/** How often the receiver tells of arrivals, in ms: the interval in which feedback takes {@link FEEDBACK_FRACTION} of the rate, within these. */
export const MIN_FEEDBACK_INTERVAL_MS = 50;
export const MAX_FEEDBACK_INTERVAL_MS = 250;

/** The part of the rate that feedback may take. */
export const FEEDBACK_FRACTION = 0.05;

/** What a feedback packet takes on the path, in bytes: IP, UDP, SRTCP and 30 bytes of feedback. */
export const FEEDBACK_PACKET_BYTES = 92;

/** Arrivals that the receiver remembers at most: 16-bit numbers, of which one feedback tells 8192. A power of two. */
export const ARRIVALS = 8192;

/** Arrivals that its first ring holds. */
export const LEAST_ARRIVALS = 512;

/** A packet that comes late is told of with those behind it while these arrived within this time, in ms. */
export const BACK_WINDOW_MS = 500;

/** The largest feedback packet, in bytes: it shares a datagram with others. */
export const MAX_FEEDBACK_BYTES = 1100;

/** Most feedback packets that are made at one time. */
export const MAX_FEEDBACK_BURST = 8;
