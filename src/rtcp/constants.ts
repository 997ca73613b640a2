// RTCP numbers (RFC 3550, RFC 4585, RFC 5104, RFC 3611, RFC 8888).

/** The version in the first two bits, that of RTP (RFC 3550 6.4.1). */
export const RTCP_VERSION = 2;

/** Size of the header that all packets have, in bytes (RFC 3550 6.4.1). */
export const RTCP_HEADER_BYTES = 4;

/** The range of packet types when RTP and RTCP share a port (RFC 5761 4). */
export const MIN_PACKET_TYPE = 192;
export const MAX_PACKET_TYPE = 223;

/** Highest value of the 5-bit count, which some packets use as format or subtype (RFC 3550 6.4.1). */
export const MAX_COUNT = 31;

/** Packet types (RFC 3550 12.1, RFC 4585 6.1, RFC 3611 2). */
export const RtcpType = { sr: 200, rr: 201, sdes: 202, bye: 203, app: 204, transportFeedback: 205, payloadFeedback: 206, xr: 207 } as const;

/** Formats of transport-layer feedback (RFC 4585 6.2, RFC 8888 3.1, draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1). */
export const TransportFeedbackFormat = { nack: 1, congestionControl: 11, transportWide: 15 } as const;

/** Formats of payload-specific feedback (RFC 4585 6.3, RFC 5104 4.3.1). */
export const PayloadFeedbackFormat = { pli: 1, fir: 4, application: 15 } as const;

/** Items of a source description (RFC 3550 6.5, RFC 9143 15.1, RFC 8852 4). */
export const SdesType = {
  cname: 1,
  name: 2,
  email: 3,
  phone: 4,
  location: 5,
  tool: 6,
  note: 7,
  private: 8,
  rid: 12,
  repairedRid: 13,
  mid: 15,
} as const;

/** Blocks of an extended report (RFC 3611 4). */
export const XrBlockType = { receiverReferenceTime: 4, delaySinceLastReceiverReport: 5 } as const;

/** Size of a report block in bytes (RFC 3550 6.4.1). */
export const REPORT_BLOCK_BYTES = 24;

/** Most bytes of an item's text or of a reason for leaving: one byte tells it (RFC 3550 6.5, 6.6). */
export const MAX_TEXT_BYTES = 255;

/** "REMB" (draft-alvestrand-rmcat-remb-03 2.2). */
export const REMB_IDENTIFIER = 0x52454d42;

/** Bits of a REMB's mantissa and highest exponent (draft-alvestrand-rmcat-remb-03 2.2). */
export const REMB_MANTISSA_BITS = 18;
export const REMB_MAX_EXPONENT = 63;

/** Most SSRCs of a REMB: one byte counts them. */
export const MAX_REMB_SSRCS = 255;

/** How far a packet lies behind the first one of its NACK entry, at most (RFC 4585 6.2.1). */
export const NACK_BITS = 16;

/** The unit of a transport-wide arrival delta, in milliseconds (draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1.5). */
export const ARRIVAL_TICK_MS = 0.25;

/** The unit of a transport-wide reference time, in arrival ticks: 64 ms. */
export const REFERENCE_TIME_TICKS = 256;

/** How long a run-length chunk can run: 13 bits. */
export const MAX_RUN_LENGTH = 8191;

/** The unit of an arrival time offset of RFC 8888 3.1, in milliseconds: 1/1024 s. */
export const OFFSET_UNIT_MS: number = 1000 / 1024;

/** The arrival time offset that stands for "this or more" (RFC 8888 3.1). */
export const OFFSET_OVERFLOW = 0x1ffe;

/** The arrival time offset that stands for "not known" (RFC 8888 3.1). */
export const OFFSET_UNKNOWN = 0x1fff;

/** Defaults of the limits; see `RtcpLimits`. */
export const MAX_COMPOUND_PACKETS = 128;
export const MAX_SDES_ITEMS = 32;
export const MAX_XR_BLOCKS = 64;
export const MAX_DLRR_REPORTS = 256;
export const MAX_NACK_ENTRIES = 512;
export const MAX_FIR_ENTRIES = 256;
/** Packets that one transport-wide feedback tells of at the most. */
export const MAX_FEEDBACK_STATUSES = 8192;
