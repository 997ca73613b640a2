import {
  MAX_COMPOUND_PACKETS,
  MAX_DLRR_REPORTS,
  MAX_FEEDBACK_STATUSES,
  MAX_FIR_ENTRIES,
  MAX_NACK_ENTRIES,
  MAX_SDES_ITEMS,
  MAX_XR_BLOCKS,
} from './constants.ts';

/** How much a decoder takes before it refuses a packet, beyond what the formats themselves bound. */
export interface RtcpLimits {
  /** Packets in one datagram. Default 128. */
  readonly maxCompoundPackets: number;
  /** Items about one source in a source description. Default 32. */
  readonly maxSdesItems: number;
  /** Blocks in an extended report. Default 64. */
  readonly maxXrBlocks: number;
  /** Reports in one DLRR block. Default 256. */
  readonly maxDlrrReports: number;
  /** Entries of a generic NACK, each for up to 17 packets. Default 512. */
  readonly maxNackEntries: number;
  /** Entries of a full intra request. Default 256. */
  readonly maxFirEntries: number;
  /** Packet statuses in one congestion-control feedback, of all SSRCs together. Default 8192. */
  readonly maxFeedbackStatuses: number;
}

/** What is put up with, unless a caller says otherwise. */
export const DEFAULT_RTCP_LIMITS: RtcpLimits = Object.freeze({
  maxCompoundPackets: MAX_COMPOUND_PACKETS,
  maxSdesItems: MAX_SDES_ITEMS,
  maxXrBlocks: MAX_XR_BLOCKS,
  maxDlrrReports: MAX_DLRR_REPORTS,
  maxNackEntries: MAX_NACK_ENTRIES,
  maxFirEntries: MAX_FIR_ENTRIES,
  maxFeedbackStatuses: MAX_FEEDBACK_STATUSES,
});
