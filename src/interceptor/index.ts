export { ccfbReceiver, CcfbReceiver } from './ccfb/index.ts';
export { defaultInterceptors } from './default.ts';
export { type DumpRecord, PacketDump, type PacketDumpConfig } from './dump/index.ts';
export { streamElements } from './elements.ts';
export type { InterceptorEvent } from './events.ts';
export { fecReceiver, FecReceiver, fecSender, FecSender, type FecSenderConfig } from './fec/index.ts';
export {
  type BandwidthEstimator,
  CongestionControl,
  congestionControl,
  type CongestionControlOptions,
  type EstimatorConfig,
  type EstimatorState,
  GoogleCongestionControl,
  type ProbePlan,
} from './gcc/index.ts';
export type { Interceptor, InterceptorContext, InterceptorFactory } from './interceptor.ts';
export { jitterBuffer, type JitterBufferConfig, JitterBuffers, type JitterBufferStats } from './jitter/index.ts';
export { intervalKeyframes, IntervalKeyframes, type IntervalKeyframesConfig, keyframes, Keyframes, type KeyframesConfig } from './keyframe/index.ts';
export { InterceptorChain, type InterceptorChainConfig, type OutgoingRtcp } from './machine.ts';
export {
  nackGenerator,
  NackGenerator,
  type NackGeneratorConfig,
  nackRepeater,
  nackResponder,
  NackResponder,
  type NackResponderConfig,
  rtxReceiver,
  RtxReceiver,
} from './nack/index.ts';
export { Pacer, pacer, type PacerConfig, type PacerStats } from './pacer/index.ts';
export { type BeltPacket, beltPacket, type IncomingPacket, OUTGOING_TAILROOM_BYTES, type OutgoingPacket } from './packet.ts';
export { redundantAudio, RedundantAudio, type RedundantAudioConfig } from './red/index.ts';
export { InterceptorRegistry } from './registry.ts';
export { reports, Reports, type ReportsConfig } from './report/index.ts';
export { Slot } from './slot.ts';
export {
  type InboundStats,
  type LocalStreamStats,
  type OutboundStats,
  type RemoteInboundStats,
  type RemoteOutboundStats,
  type RemoteStreamStats,
  type RoundTripStats,
  statistics,
  StreamStatistics,
} from './stats/index.ts';
export type { InterceptorChainStats } from './stats.ts';
export { hasFeedback, type LocalStream, type RemoteStream, rtxPayloadType, type StreamInfo, wantsFeedback } from './stream.ts';
export { PACKET_OVERHEAD_BYTES, PacketResults, TwccReceiver, twccReceiver, type TwccReceiverStats } from './twcc/index.ts';
