/** Payload protocol identifiers (RFC 8831 8). */
export const Ppid = {
  DCEP: 50,
  STRING: 51,
  /** Deprecated (RFC 8831 6.6); refused. */
  BINARY_PARTIAL: 52,
  BINARY: 53,
  /** Deprecated; refused. */
  STRING_PARTIAL: 54,
  STRING_EMPTY: 56,
  BINARY_EMPTY: 57,
} as const;

/** Types of DCEP messages (RFC 8832 8.2.1). */
export const DcepType = { ACK: 2, OPEN: 3 } as const;

/** Channel types (RFC 8832 8.2.2): the low bits say what reliability means, the high bit that order does not matter. */
export const CHANNEL_RELIABLE = 0;
export const CHANNEL_MAX_RETRANSMITS = 1;
export const CHANNEL_LIFETIME = 2;
export const CHANNEL_UNORDERED = 0x80;

/** Bytes of DATA_CHANNEL_OPEN before label and protocol (RFC 8832 5.1). */
export const OPEN_HEADER_BYTES = 12;

/** The priority "low", which is the default (RFC 8831 6.4, W3C 6.1). */
export const DEFAULT_PRIORITY = 256;

/** The highest stream id of a channel; 65,535 is not one (RFC 8832 6). */
export const MAX_CHANNEL_ID = 65_534;
/** Labels and protocols of ours: a length has 16 bits (RFC 8832 5.1). */
export const MAX_LABEL_BYTES = 65_535;
/** Labels and protocols of a peer, each, in bytes. */
export const MAX_INBOUND_LABEL_BYTES: number = 8 * 1024;
/** Data that came before its OPEN, per stream and on all streams, in bytes. */
export const MAX_EARLY_STREAM_BYTES: number = 64 * 1024;
export const MAX_EARLY_BYTES: number = 1024 * 1024;
/** How many such messages are kept per stream. */
export const MAX_EARLY_STREAM_MESSAGES = 256;
