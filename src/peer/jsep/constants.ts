/** Remote candidates that are kept for one ICE generation; more are left out (the agent would refuse them too). */
export const MAX_REMOTE_CANDIDATES = 100;
/** Transports of a connection besides the first: each has sockets of its own. Sections for more are rejected. */
export const MAX_BRANCHES = 15;
/** Lines that `addIceCandidate` adds to one remote description at most, over all its sections. */
export const MAX_TRICKLED = 1000;
/** Default of `a=max-message-size` in our descriptions, in bytes: 256 KiB, as browsers say. */
export const DEFAULT_RECEIVE_MESSAGE_SIZE_BYTES = 262_144;
/** Discard port of a section whose addresses are all in candidates (RFC 9429 5.2.1). */
export const PLACEHOLDER_PORT = 9;
/** Hash functions strong enough to bind a certificate to a description. */
export const STRONG_FINGERPRINTS: ReadonlySet<string> = new Set(['sha-256', 'sha-384', 'sha-512']);
/** Encodings of a sender at most; more than any layering that is in use. */
export const MAX_ENCODINGS = 8;
/** Longest RID that is written or believed (RFC 8852 3.3 names the two-byte header's 255). */
export const MAX_RID_LENGTH = 255;
/** Longest id of a stream or track in `a=msid`. RFC 8830 2 says 64; ids of other origin may be longer, and are kept whole. */
export const MAX_MSID_LENGTH = 255;
/** Payload types for codecs without one of their own (RFC 3551 6) … */
export const FIRST_DYNAMIC_PAYLOAD_TYPE = 96;
export const LAST_PAYLOAD_TYPE = 127;
/** … and where those run out (RFC 3551 3 leaves them unassigned) … */
export const FIRST_SPARE_PAYLOAD_TYPE = 35;
/** … up to where they would look like RTCP (RFC 5761 4). */
export const FIRST_UNUSABLE_PAYLOAD_TYPE = 64;
/** Ids of header extensions that fit into the one-byte form (RFC 8285 4.2); 15 is reserved, and more need the two-byte form. */
export const MAX_ONE_BYTE_EXTENSION_ID = 14;
export const MAX_EXTENSION_ID = 255;
/** Sources that are believed of one section. */
export const MAX_DECLARED_SOURCES = 64;
