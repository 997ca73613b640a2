export { dropStats } from './drops.ts';
export { StatsReport } from './report.ts';
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
