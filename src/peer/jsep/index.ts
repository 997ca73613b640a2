export type { BundlePolicy, JsepConfig } from './config.ts';
export type { ActiveDirection } from './direction.ts';
export type {
  CandidateInit,
  Description,
  DescriptionInit,
  DescriptionType,
  JsepChanges,
  JsepEffect,
  OfferOptions,
  SessionDescriptionInit,
  SignalingState,
  SignalledCandidate,
  TransportEffect,
} from './events.ts';
export { Jsep } from './machine.ts';
export type {
  CodecCapability,
  DeclaredSource,
  EncodingInit,
  HeaderExtensionCapability,
  MediaAgreement,
  MediaCapabilities,
  ReceiveEncoding,
  SendEncoding,
  TransceiverDirection,
  TransceiverInit,
  TransceiverView,
} from './media.ts';
