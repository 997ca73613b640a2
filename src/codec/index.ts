export { AudioDepacketizer, type OctetAudioConfig, OctetAudioPacketizer } from './audio.ts';
export { Av1Depacketizer, Av1Packetizer } from './av1.ts';
export { type ComfortNoise, decodeComfortNoise, encodeComfortNoise } from './comfort-noise.ts';
export type { SampleBuilderConfig } from './config.ts';
export {
  DEFAULT_MAX_PAYLOAD_BYTES,
  MAX_AGGREGATED_UNITS,
  MAX_FRAME_BYTES,
  MAX_FRAME_PACKETS,
  MAX_FRAME_PIECES,
  MAX_GROWTH_BYTES,
  MAX_HELD_PACKETS,
  MAX_HOLD_MS,
  MAX_READY_BYTES,
  MAX_READY_FRAMES,
  MAX_RED_BLOCKS,
} from './constants.ts';
export { createDepacketizer, createPacketizer, type DepacketizerConfig, hasPayloadFormat, type PacketizerConfig } from './formats.ts';
export { decodePcma, decodePcmu, encodePcma, encodePcmu, G711_CLOCK_HZ, G711Depacketizer, G711Packetizer } from './g711.ts';
export { G722_CLOCK_HZ, G722Depacketizer, G722Packetizer } from './g722.ts';
export {
  H264Depacketizer,
  type H264DepacketizerConfig,
  H264NalType,
  H264Packetizer,
  type H264PacketizerConfig,
  isH264Keyframe,
} from './h264.ts';
export {
  H265Depacketizer,
  type H265DepacketizerConfig,
  H265NalType,
  H265Packetizer,
  type H265PacketizerConfig,
  isH265Keyframe,
} from './h265.ts';
export { decodeLeb128, type Leb128, leb128Length, writeLeb128 } from './leb128.ts';
export { decodeParameterSets, LONG_START_CODE, type NalFormat, SHORT_START_CODE, splitNalUnits, visitNalUnits } from './nal.ts';
export { isAv1Keyframe, type Obu, ObuType, obuTypeOf, sizedObuHeader, splitObus, TEMPORAL_DELIMITER } from './obu.ts';
export { decodeOpusToc, OPUS_CLOCK_HZ, OpusDepacketizer, opusDuration, OpusPacketizer, type OpusToc } from './opus.ts';
export {
  type Depacketizer,
  type FrameInfo,
  type FrameStart,
  type PacketizedPayload,
  type Packetizer,
  PayloadRoom,
  type PayloadRoomConfig,
} from './payload-format.ts';
export { decodeRed, encodeRed, type RedBlock } from './red.ts';
export type { MediaPacket } from './reorder-buffer.ts';
export type { Sample, SampleBuilderStats, SampleLoss, SampleLossReason } from './sample.ts';
export { SampleBuilder } from './sample-builder.ts';
export {
  decodeTelephoneEvents,
  DTMF_DIGITS,
  dtmfEvent,
  encodeTelephoneEvent,
  type TelephoneEvent,
  type TelephoneEventPacket,
  telephoneEventPackets,
  type TelephoneToneOptions,
} from './telephone-event.ts';
export { decodeVp8Descriptor, isVp8Keyframe, type Vp8Descriptor, Vp8Depacketizer, vp8Dimensions, Vp8Packetizer, type Vp8PacketizerConfig } from './vp8.ts';
export { Vp8Numbering } from './vp8-numbering.ts';
export { isVp9Keyframe, Vp9Depacketizer, Vp9Packetizer, type Vp9PacketizerConfig } from './vp9.ts';
export {
  decodeVp9Descriptor,
  encodeVp9Descriptor,
  type Vp9Descriptor,
  type Vp9GroupPicture,
  type Vp9ScalabilityStructure,
} from './vp9-descriptor.ts';
