// Numbers of redundant audio (RFC 2198).

/** How many earlier packets go along with each, at most: as many as the offsets of 14 bits reach with 20 ms at 48 kHz, and more than help. */
export const MAX_DISTANCE = 8;

/** Largest redundant block in bytes: a length of 10 bits (RFC 2198 3). */
export const MAX_BLOCK_BYTES = 1023;

/** Largest offset of a redundant block in ticks: 14 bits (RFC 2198 3). */
export const MAX_OFFSET = 0x3fff;

/** Largest payload with redundancy in bytes; older blocks are left out rather than that. */
export const MAX_PAYLOAD_BYTES = 1100;

/** How many sequence numbers back is known which packets came. */
export const SEEN_PACKETS = 64;
