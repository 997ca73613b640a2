export { DEFAULT_RTCP_LIMITS, type RtcpLimits } from './config.ts';
export {
  type CongestionFeedback,
  congestionMetric,
  type CongestionReport,
  metricEcn,
  metricOffset,
  metricReceived,
} from './congestion-feedback.ts';
export {
  ARRIVAL_TICK_MS,
  MAX_COUNT,
  MAX_FEEDBACK_STATUSES,
  OFFSET_OVERFLOW,
  OFFSET_UNIT_MS,
  OFFSET_UNKNOWN,
  PayloadFeedbackFormat,
  REFERENCE_TIME_TICKS,
  REPORT_BLOCK_BYTES,
  RTCP_HEADER_BYTES,
  RtcpType,
  SdesType,
  TransportFeedbackFormat,
  XrBlockType,
} from './constants.ts';
export { type ApplicationPacket, cnameOf, type Goodbye, type SdesChunk, type SdesItem, sdesText, type SourceDescription } from './description.ts';
export type { DlrrReport, ExtendedReport, XrBlock } from './extended-report.ts';
export type { FullIntraRequest, GenericNack, PictureLossIndication, ReceiverEstimate } from './feedback.ts';
export {
  decodeRtcp,
  decodeRtcpPacket,
  encodeRtcp,
  isRtcp,
  type OtherPacket,
  peekSenderSsrc,
  readRtcp,
  type RtcpDecodeOptions,
  type RtcpLayout,
  type RtcpPacket,
  splitRtcp,
} from './packets.ts';
export type { ReceiverReport, ReportBlock, SenderReport } from './report.ts';
export type { RtcpSlice } from './slice.ts';
export { type ArrivalRecord, arrivalTimes, feedbackFromArrivals, PacketStatus, type TransportFeedback } from './transport-feedback.ts';
