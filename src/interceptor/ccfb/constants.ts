// Numbers of congestion control feedback (RFC 8888).

/** Packets of one source that can be found by their sequence number; a power of two. */
export const SOURCE_PACKETS = 4096;

/** Packets of one source that a report tells of at most; a power of two. RFC 8888 3 allows 16,384, a datagram far less. */
export const REPORT_PACKETS = 512;

/** Sources that are told of at most: declared ones and what a connection takes of others. */
export const MAX_SOURCES = 256;

/** The largest feedback packet, in bytes: it shares a datagram with others. */
export const MAX_FEEDBACK_BYTES = 1100;

/** `a=rtcp-fb` of a payload type whose peer wants this feedback (RFC 8888 6). */
export const CCFB_FEEDBACK = 'ack ccfb';

/** The unit of the report's timestamp, in ms: 1/65,536 s (RFC 8888 3.1). */
export const TIMESTAMP_UNIT_MS: number = 1000 / 65_536;
