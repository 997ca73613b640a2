export type {
  InboundStats,
  LocalStreamStats,
  OutboundStats,
  RemoteInboundStats,
  RemoteOutboundStats,
  RemoteStreamStats,
  RoundTripStats,
} from './snapshots.ts';
export { statistics, StreamStatistics } from './statistics.ts';
