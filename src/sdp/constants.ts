// Limits of what is read, against descriptions made to exhaust us. All can be overridden with SdpLimits.

/** Longest description, in UTF-16 code units (1 MiB). */
export const MAX_DESCRIPTION_LENGTH = 1_048_576;
/** Most lines of a description. */
export const MAX_LINES = 20_000;
/** Most `m=` sections of a description. */
export const MAX_MEDIA_SECTIONS = 512;
/** Longest line, in UTF-16 code units (16 KiB). */
export const MAX_LINE_LENGTH = 16_384;
/** Most formats of an `m=` line, and most `a=rtpmap` lines below it. */
export const MAX_FORMATS_PER_SECTION = 128;
/** Most `a=extmap` lines of a section. */
export const MAX_EXTENSIONS_PER_SECTION = 64;
/** Longest `a=mid` value; RFC 5888 4 has no bound, and a mid is repeated in every group and candidate. */
export const MAX_MID_LENGTH = 255;

/** ICE credentials (RFC 8839 5.4), in characters. */
export const MIN_ICE_UFRAG_LENGTH = 4;
export const MIN_ICE_PWD_LENGTH = 22;
export const MAX_ICE_CREDENTIAL_LENGTH = 256;

/** SCTP port where nothing else is said (RFC 8841 5.2 names no default; every stack uses this one). */
export const DEFAULT_SCTP_PORT = 5000;
/** What a peer without `a=max-message-size` accepts, in bytes (RFC 8841 6.1). */
export const DEFAULT_MAX_MESSAGE_SIZE_BYTES = 65_536;
