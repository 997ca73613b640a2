// Numbers of asking for lost packets and of sending them again (RFC 4585 6.2.1, RFC 4588).

/** How long after a gap opens its packets are asked for, in milliseconds: packets that only swapped places come within. */
export const REORDER_MS = 10;

/** How often one packet is asked for. */
export const MAX_TRIES = 10;

/** When a packet that did not come is given up, in milliseconds: as long as senders keep theirs. */
export const GIVE_UP_MS = 2000;

/** The round trip while none was measured, in milliseconds. */
export const FIRST_ROUND_TRIP_MS = 100;

/** How much of a new round trip goes into the one that is used. */
export const ROUND_TRIP_GAIN = 0.25;

/** What is added to a round trip before a packet is asked for again, in milliseconds. */
export const RETRY_MARGIN_MS = 10;

/** Least and most time between two requests for one packet, in milliseconds. */
export const MIN_RETRY_MS = 20;
export const MAX_RETRY_MS = 500;

/** How much longer each further wait is. */
export const RETRY_GROWTH = 1.25;

/** Sequence numbers that a receiver has an eye on; a power of two. A jump beyond them is another beginning. */
export const RECEIVE_WINDOW = 1024;

/** Most numbers in one NACK packet: at most 1 KiB when none lie close together. */
export const MAX_LOST_PER_NACK = 256;

/** What is kept to be sent again, per stream. */
export const HISTORY_PACKETS = 1024;
export const HISTORY_MS = 2000;
export const HISTORY_BYTES: number = 2 * 1024 * 1024;

/** How often one packet is sent again. */
export const MAX_RESENDS = 10;

/** Least time between two retransmissions of one packet in milliseconds, while half a round trip is not longer. */
export const MIN_RESEND_MS = 5;

/** What retransmissions may add to the media that is sent. */
export const RESEND_SHARE = 0.1;

/** Bytes that may be sent again at once, before the share counts. */
export const RESEND_BURST_BYTES = 65_536;

/** Size of the original sequence number before a retransmitted payload (RFC 4588 4). */
export const OSN_BYTES = 2;
