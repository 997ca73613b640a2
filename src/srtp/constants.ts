/** Fixed part of an RTP header, in bytes (RFC 3550 5.1). */
export const RTP_HEADER_BYTES = 12;
/** Header of a header extension, in front of its words (RFC 3550 5.3.1). */
export const EXTENSION_HEADER_BYTES = 4;
/** The part of an SRTCP packet that stays in the clear: header and SSRC (RFC 3711 3.4). */
export const RTCP_HEADER_BYTES = 8;
/** The E bit and the index behind an SRTCP packet (RFC 3711 3.4). */
export const SRTCP_INDEX_BYTES = 4;
/** The E bit: the packet is encrypted. */
export const SRTCP_ENCRYPTED = 0x8000_0000;

/** One more than the largest RTP sequence number. */
export const SEQUENCE_SPACE = 0x1_0000;
/** The last packet index: 2^48 packets are all that a key may protect (RFC 3711 9.2, RFC 7714 12). */
export const MAX_RTP_INDEX: number = 2 ** 48 - 1;
/** Packets of SRTCP that a key protects; the index has 31 bits (RFC 3711 3.4 and 9.2). */
export const MAX_RTCP_PACKETS: number = 2 ** 31 - 1;

/** Tag of AES-GCM, in bytes (RFC 7714 5.1). */
export const GCM_TAG_BYTES = 16;
/** Tag of SRTCP with HMAC-SHA1, also where SRTP has a shorter one (RFC 3711 5.2, RFC 5764 4.1.2). */
export const RTCP_HMAC_TAG_BYTES = 10;
/** Session key of HMAC-SHA1, in bytes (RFC 3711 5.2). */
export const HMAC_KEY_BYTES = 20;
/** A counter block of AES, in bytes. */
export const COUNTER_BYTES = 16;
/** Salt of counter mode, in bytes (RFC 3711 4.1.1). */
export const CM_SALT_BYTES = 14;
/** Salt and nonce of AES-GCM, in bytes (RFC 7714 8.1). */
export const GCM_NONCE_BYTES = 12;

/** "Defined by profile" of a header extension: one-byte and two-byte elements (RFC 8285 4.2, 4.3), and both under Cryptex (RFC 9335 5.1). */
export const ONE_BYTE_PROFILE = 0xbede;
export const TWO_BYTE_PROFILE = 0x1000;
export const CRYPTEX_ONE_BYTE_PROFILE = 0xc0de;
export const CRYPTEX_TWO_BYTE_PROFILE = 0xc2de;

/** Room behind a packet: the tag of GCM and the index of SRTCP, or the empty extension that Cryptex adds to SRTP. */
export const TAILROOM_BYTES = 20;

/** Replay window of SRTP, in packets; at least 64 (RFC 3711 3.3.2). */
export const RTP_REPLAY_WINDOW = 1024;
/** Replay window of SRTCP, in packets. */
export const RTCP_REPLAY_WINDOW = 128;
/** Bounds of the windows; half the sequence space is where the rollover counter becomes ambiguous (RFC 3711 3.3.1). */
export const MIN_REPLAY_WINDOW = 64;
export const MAX_REPLAY_WINDOW = 0x4000;
/** SSRCs that the peer may send without being declared, for SRTP and SRTCP each. */
export const MAX_UNDECLARED_STREAMS = 256;
/** SSRCs that may ever send under one key. */
export const MAX_SEND_STREAMS = 4096;
