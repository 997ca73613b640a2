// Numbers of the pacer.

/** How much may leave at once, as time at the pacing rate, in ms: fewer timers, and no queue to speak of. */
export const BURST_MS = 5;

/** What leaves at once at least, in bytes: a packet. */
export const LEAST_BURST_BYTES = 1500;

/** What was sent beyond the pace, as by a probe or audio, holds back the rest for this long at most, in ms. */
export const MAX_DEBT_MS = 20;

/** How long packets wait at most: the rate rises as far as it takes, in ms. */
export const MAX_QUEUE_MS = 1000;

/** Packets and bytes that wait at most; what comes beyond is dropped. */
export const MAX_QUEUE_PACKETS = 4096;
export const MAX_QUEUE_BYTES: number = 8 * 1024 * 1024;

/** A rate below it would stop the belt, in bit/s. */
export const LEAST_RATE_BPS = 10_000;

/** Probe clusters that wait, and how long they wait for something to send, in ms. */
export const MAX_CLUSTERS = 5;
export const CLUSTER_WAIT_MS = 5000;

/** How late the packets of a cluster may leave one after the other at once, in ms: timers are coarse, and bursts measure nothing. */
export const MAX_LATE_MS = 3;

/** Without padding a cluster begins when this part of it waits in the queue. */
export const CLUSTER_START_LEVEL = 0.5;

/** The padding of a packet, in bytes: one byte counts it (RFC 3550 5.1). */
export const PADDING_BYTES = 255;
