export { type ErrorCode, type Log, RtcError } from '../core/index.ts';
export { Certificate, type Fingerprint } from '../dtls/index.ts';
export type { IceConnectionState } from '../ice/index.ts';
export { type Interceptor, type InterceptorFactory, InterceptorRegistry } from '../interceptor/index.ts';
export type {
  ActiveDirection,
  CandidateInit,
  CodecCapability,
  ConnectionState,
  DescriptionInit,
  EncodingInit,
  HeaderExtensionCapability,
  IceCandidateError,
  IceGatheringState,
  RtcpInit,
  SelectedCandidatePair,
  SessionDescriptionInit,
  SignalingState,
  SignalledCandidate,
  TransceiverDirection,
} from '../peer/index.ts';
export type { RtcpPacket } from '../rtcp/index.ts';
export type { ExtensionMap, MediaKind, RtpCodec, RtpPacket } from '../rtp/index.ts';
export type { Runtime } from '../runtime/index.ts';
export { type RtcStats, StatsReport } from '../stats/index.ts';
export { createPeerConnection, PeerConnectionBuilder } from './builder.ts';
export { type GenerateCertificateOptions, generateCertificate, importCertificate } from './certificate.ts';
export type { DataChannelEvent, DataChannelHandler, DataChannelMessage } from './channel-events.ts';
export type { Configuration, DataChannelInit, IceServer, OfferOptions, Settings } from './configuration.ts';
export { DataChannel, type DataChannelPayload, type DataChannelState } from './data-channel.ts';
export type { PeerConnectionEvent, PeerConnectionEventHandler, TrackEvent } from './handler.ts';
export type { TransceiverInit } from './media.ts';
export { type CodecInit, MediaEngine } from './media-engine.ts';
export type { PeerConnectionOptions } from './connection-options.ts';
export { PeerConnection } from './peer-connection.ts';
export type { Priority } from './priority.ts';
export { type ContributingSource, RtpReceiver, type RtpReceiveParameters } from './rtp-receiver.ts';
export { type RtpEncoding, RtpSender, type RtpSendParameters } from './rtp-sender.ts';
export { RtpTransceiver } from './rtp-transceiver.ts';
export { TrackForwarder } from './track-forwarder.ts';
export { type TrackBinding, type TrackCodec, type TrackLocal, type TrackLocalOptions, TrackLocalStatic } from './track-local.ts';
export { TrackLocalStaticRtp, type TrackLocalStaticRtpOptions } from './track-local-rtp.ts';
export { type LocalSample, TrackLocalStaticSample, type TrackLocalStaticSampleOptions } from './track-local-sample.ts';
export { type Frame, type FrameOptions, TrackRemote, type TrackRemoteHandler } from './track-remote.ts';
