export { DEFAULT_SDP_LIMITS, type SdpLimits } from './config.ts';
export { DEFAULT_MAX_MESSAGE_SIZE_BYTES, DEFAULT_SCTP_PORT, MAX_DESCRIPTION_LENGTH, MAX_LINE_LENGTH, MAX_LINES, MAX_MEDIA_SECTIONS } from './constants.ts';
export { type DataSectionFields, dataSectionOf } from './data.ts';
export {
  makeMediaSection,
  makeSessionSection,
  type MediaFields,
  MediaSection,
  type SdpAttribute,
  type SdpLine,
  SdpSection,
  type SessionDescription,
} from './description.ts';
export { bundleGroupsOf, isRejected, midOf } from './group.ts';
export { parseSdp } from './parse.ts';
export { type SdpRid, ridsOf, type SdpSimulcast, simulcastOf, type SdpSimulcastRid } from './rid.ts';
export { codecsOf, type Direction, directionOf, extensionsOf, isMediaSection, parseParameters, type SdpCodec, type SdpExtension, staticCodec, wantsReceiverRoundTrip } from './rtp.ts';
export { serializeSdp } from './serialize.ts';
export { msidsOf, type SdpMsid, type SdpSource, type SdpSourceGroup, sourceGroupsOf, sourcesOf } from './source.ts';
export {
  candidateLinesOf,
  fingerprintsOf,
  hasEndOfCandidates,
  iceCredentialsOf,
  iceOptionsOf,
  isIceLite,
  originOf,
  type SdpFingerprint,
  type SdpOrigin,
  type SetupRole,
  setupOf,
} from './transport.ts';
