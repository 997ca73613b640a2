export { DEFAULT_MAX_MESSAGE_SIZE_BYTES, DEFAULT_MTU_BYTES, DEFAULT_RECEIVE_WINDOW_BYTES, type PeerConfig } from './config.ts';
export { type DatagramKind, demux } from './demux.ts';
export type { IceCandidateError, PeerEvent, PeerInput } from './events.ts';
export { parseIceServerUrl, type StunServer } from './gatherer/index.ts';
export type {
  ActiveDirection,
  CandidateInit,
  CodecCapability,
  DescriptionInit,
  DescriptionType,
  EncodingInit,
  HeaderExtensionCapability,
  MediaAgreement,
  MediaCapabilities,
  SendEncoding,
  SessionDescriptionInit,
  SignalledCandidate,
  TransceiverDirection,
  TransceiverInit,
  TransceiverView,
} from './jsep/index.ts';
export { Peer } from './machine.ts';
export { PacketMemory } from '../sctp/index.ts';
export { type MediaEvent, OUTGOING_HEADROOM_BYTES, type OutgoingRtp, PeerMedia, type ReceivedPacket, type ReceiveStream, type RtcpInit, type Section, type SendStream } from './media/index.ts';
export { type ConnectionState, connectionStateOf, type IceGatheringState, type SignalingState } from './states.ts';
export type { SelectedCandidatePair } from './stats.ts';
