export {
  EXTENSION_HEADER_BYTES,
  FIXED_HEADER_BYTES,
  MAX_CSRCS,
  MAX_EXTENSIONS,
  MAX_ONE_BYTE_ID,
  MAX_ONE_BYTE_SIZE,
  MAX_PADDING_BYTES,
  MAX_PAYLOAD_TYPE,
  MAX_TWO_BYTE_ID,
  MAX_TWO_BYTE_SIZE,
  ONE_BYTE_PROFILE,
  RTP_VERSION,
  TWO_BYTE_PROFILE,
} from './constants.ts';
export {
  elementHeaderBytes,
  type ExtensionElement,
  extensionElements,
  type ExtensionForm,
  extensionId,
  extensionSize,
  extensionValue,
  findExtension,
  nextExtension,
  remapExtensions,
  removeExtension,
} from './elements.ts';
export { ExtensionMap } from './extension-map.ts';
export { type AudioLevel, audioLevelExtension, mixerToClientAudioLevelExtension } from './extensions/audio-level.ts';
export { encodeExtension, type ExtensionCodec, extensionElement, rawExtension, readExtension, rewriteExtension } from './extensions/codec.ts';
export {
  decodeDependencyDescriptor,
  DependencyDescriptorReader,
  peekEndOfFrame,
  peekFrameNumber,
  peekStartOfFrame,
} from './extensions/dependency/decode.ts';
export { type DependencyDescriptorInit, encodeDependencyDescriptor } from './extensions/dependency/encode.ts';
export {
  DecodeTargetIndication,
  type DependencyDescriptor,
  type DependencyStructure,
  type FrameDependencies,
  MAX_DECODE_TARGETS,
  MAX_TEMPLATES,
} from './extensions/dependency/structure.ts';
export { midExtension, repairedRidExtension, ridExtension } from './extensions/identity.ts';
export { type SpatialLayerAllocation, type VideoLayersAllocation, videoLayersAllocationExtension } from './extensions/layers-allocation.ts';
export {
  type AbsoluteCaptureTime,
  absoluteCaptureTimeExtension,
  absoluteSendTime,
  absoluteSendTimeExtension,
  msFromAbsoluteSendTime,
  type PlayoutDelay,
  playoutDelayExtension,
  type TransportSequence2,
  transportSequence2Extension,
  transportSequenceExtension,
  transmissionOffsetExtension,
  type VideoTiming,
  videoTimingExtension,
} from './extensions/timing.ts';
export {
  type Chromaticity,
  type ColorSpace,
  colorSpaceExtension,
  type HdrMetadata,
  VideoContentType,
  videoContentTypeExtension,
  type VideoOrientation,
  videoOrientationExtension,
} from './extensions/video.ts';
export { RtpHeader } from './header.ts';
export { RtpPacket } from './packet.ts';
export {
  csrcAt,
  decodeRtp,
  encodeRtp,
  isRtp,
  peekMarker,
  peekPayloadType,
  peekSequenceNumber,
  peekSsrc,
  peekTimestamp,
  readHeader,
  readPadding,
  rewriteRtp,
  type RtpLayout,
  type RtpPacketInit,
  setMarker,
  setPayloadType,
  setSequenceNumber,
  setSsrc,
  setTimestamp,
} from './packets.ts';
export { codecRole, type CodecRole, type MediaKind, type RtpCodec } from './parameters.ts';
export { Unwrapper } from './unwrapper.ts';
export { ExtensionUri } from './uris.ts';
