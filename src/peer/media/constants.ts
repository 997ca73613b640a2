/** SSRCs that the peer may use without having declared them; beyond, the one longest unused is forgotten. */
export const MAX_UNDECLARED_STREAMS = 256;
/** Shared packets that wait to be built; the next one has them built at once. */
export const MAX_WRITTEN = 256;
/** Label of the keys that DTLS makes for SRTP (RFC 5764 4.2). */
export const EXPORTER_LABEL = 'EXTRACTOR-dtls_srtp';
/** Bytes of a canonical name before base64 (RFC 7022 4.2: at least 96 bits). */
export const CNAME_BYTES = 12;

/** Most packets that are sealed before the first of them is sent. */
export const SEALED_AT_ONCE = 16;
/** Most packets that come before the first of them is opened. */
export const OPENED_AT_ONCE = 32;
