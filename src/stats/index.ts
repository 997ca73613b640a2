export { dropStats } from './drops.ts';
export type {
  CodecStats,
  InboundRtpStats,
  MediaSourceStats,
  MediaStats,
  OutboundRtpStats,
  RemoteInboundRtpStats,
  RemoteOutboundRtpStats,
} from './media-types.ts';
export { StatsReport } from './report.ts';
export { selectStreams } from './select.ts';
export type {
  CandidatePairStats,
  CandidateStats,
  CertificateStats,
  DataChannelStats,
  DropStats,
  PeerConnectionStats,
  RtcStats,
  RtcStatsBase,
  RtcStatsOf,
  RtcStatsType,
  TransportStats,
} from './types.ts';
