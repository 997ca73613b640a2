// RTP numbers (RFC 3550, RFC 8285).

/** The version of RTP in the first two bits (RFC 3550 5.1). */
export const RTP_VERSION = 2;

/** Size of the fixed part of the header in bytes (RFC 3550 5.1). */
export const FIXED_HEADER_BYTES = 12;

/** Size of the header of an extension block in bytes: profile and length (RFC 3550 5.3.1). */
export const EXTENSION_HEADER_BYTES = 4;

/** Most contributing sources in a packet: a 4-bit count (RFC 3550 5.1). */
export const MAX_CSRCS = 15;

/** Highest payload type: 7 bits (RFC 3550 5.1). */
export const MAX_PAYLOAD_TYPE = 127;

/** Most bytes of padding, the count itself among them: one byte tells it (RFC 3550 5.1). */
export const MAX_PADDING_BYTES = 255;

/** Most 32-bit words in an extension block: a 16-bit count (RFC 3550 5.3.1). */
export const MAX_EXTENSION_WORDS = 0xffff;

/** The profile of extension elements with one-byte headers (RFC 8285 4.2). */
export const ONE_BYTE_PROFILE = 0xbede;

/** The profile of extension elements with two-byte headers; its last four bits are free (RFC 8285 4.3). */
export const TWO_BYTE_PROFILE = 0x1000;

/** Highest id of an element with a one-byte header: 15 is reserved, 0 is padding (RFC 8285 4.2). */
export const MAX_ONE_BYTE_ID = 14;

/** Most bytes in an element with a one-byte header; fewest is 1 (RFC 8285 4.2). */
export const MAX_ONE_BYTE_SIZE = 16;

/** Highest id of an element with a two-byte header (RFC 8285 4.3). */
export const MAX_TWO_BYTE_ID = 255;

/** Most bytes in an element with a two-byte header; fewest is 0 (RFC 8285 4.3). */
export const MAX_TWO_BYTE_SIZE = 255;

/** Most extensions in one map: as many as a section of a session description may list. */
export const MAX_EXTENSIONS = 64;
