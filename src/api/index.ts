export { type ErrorCode, RtcError } from '../core/index.ts';
export { Certificate, type Fingerprint } from '../dtls/index.ts';
export type { IceConnectionState } from '../ice/index.ts';
export type {
  CandidateInit,
  ConnectionState,
  DescriptionInit,
  IceCandidateError,
  IceGatheringState,
  SelectedCandidatePair,
  SessionDescriptionInit,
  SignalingState,
  SignalledCandidate,
} from '../peer/index.ts';
export type { Runtime } from '../runtime/index.ts';
export { StatsReport } from '../stats/index.ts';
export { createPeerConnection, PeerConnectionBuilder } from './builder.ts';
export { type GenerateCertificateOptions, generateCertificate, importCertificate } from './certificate.ts';
export type { Configuration, DataChannelInit, IceServer, OfferOptions, Settings } from './configuration.ts';
export {
  DataChannel,
  type DataChannelEvent,
  type DataChannelHandler,
  type DataChannelMessage,
  type DataChannelPayload,
  type DataChannelState,
} from './data-channel.ts';
export type { PeerConnectionEvent, PeerConnectionEventHandler, TrackEvent } from './handler.ts';
export { PeerConnection, type PeerConnectionOptions } from './peer-connection.ts';
