import { DecodeError } from '../core/index.ts';
import {
  type Depacketizer,
  type FrameInfo,
  type FrameStart,
  type PacketizedPayload,
  type Packetizer,
  PayloadRoom,
  type PayloadRoomConfig,
  partsOf,
  refuseFrame,
} from './payload-format.ts';
import {
  encodeVp9Descriptor,
  MAX_VP9_REFERENCES,
  Vp9Bit,
  type Vp9Descriptor,
  vp9LayerOffset,
  vp9PayloadOffset,
  type Vp9ScalabilityStructure,
} from './vp9-descriptor.ts';

/** What payload descriptors say (RFC 9628 4.2). */
export interface Vp9PacketizerConfig extends PayloadRoomConfig {
  /** Flexible mode: each picture names its references (RFC 9628 3). Default false. */
  readonly flexible?: boolean;
  /** Size of picture ids in bits. Default 15. */
  readonly pictureIdBits?: 7 | 15;
  /** The first picture id; it should be random. Default 0. */
  readonly firstPictureId?: number;
  /** Sent with the first payload of each keyframe of the lowest spatial layer. Default none. */
  readonly scalability?: Vp9ScalabilityStructure;
}

/** VP9 layer frames to payloads (RFC 9628), in parts of nearly the same size. Without layers a frame is a picture. */
export class Vp9Packetizer implements Packetizer {
  readonly room: PayloadRoom;
  readonly #config: Vp9PacketizerConfig;
  #pictureId: number;
  #tl0PicIdx = 0;
  #pictureBegun = false;

  constructor(config: Vp9PacketizerConfig = {}) {
    this.room = new PayloadRoom(config);
    this.#config = config;
    this.#pictureId = config.firstPictureId ?? 0;
  }

  packetize(frame: Uint8Array, info: FrameInfo = {}): PacketizedPayload[] {
    if (frame.length === 0) refuseFrame('empty frame');
    const limit = this.room.maxPayloadBytes;
    const { scalability, ...descriptor } = this.#descriptorOf(frame, info);
    const rest = encodeVp9Descriptor(descriptor);
    const first = scalability === undefined ? rest : encodeVp9Descriptor({ ...descriptor, scalability });
    if (first.length >= limit) refuseFrame(`descriptor of ${first.length} bytes`);
    const last = info.endOfPicture ?? true;
    const payloads = this.#split(frame, first, rest, last);
    this.#pictureBegun = !last;
    if (last) this.#pictureId = (this.#pictureId + 1) & (this.#config.pictureIdBits === 7 ? 0x7f : 0x7fff);
    return payloads;
  }

  #split(frame: Uint8Array, first: Uint8Array, rest: Uint8Array, endsPicture: boolean): PacketizedPayload[] {
    const count = partsOf(frame.length, this.room.maxPayloadBytes - first.length);
    const size = Math.ceil(frame.length / count);
    const payloads: PacketizedPayload[] = [];
    for (let at = 0; at < frame.length; at += size) {
      const end = Math.min(at + size, frame.length);
      const descriptor = at === 0 ? first : rest;
      const payload = this.room.allocate(descriptor.length + end - at);
      payload.set(descriptor);
      payload[0] = (payload[0] as number) | (at === 0 ? Vp9Bit.B : 0) | (end === frame.length ? Vp9Bit.E : 0);
      payload.set(frame.subarray(at, end), descriptor.length);
      payloads.push({ payload, marker: endsPicture && end === frame.length, timestampOffset: 0 });
    }
    return payloads;
  }

  /** The descriptor of a frame's first payload but for B and E. */
  #descriptorOf(frame: Uint8Array, info: FrameInfo): Omit<Vp9Descriptor, 'length'> {
    const { flexible = false, pictureIdBits = 15, scalability } = this.#config;
    const key = isVp9Keyframe(frame);
    const layered = info.temporalId !== undefined || info.spatialId !== undefined;
    const { temporalId = 0, spatialId = 0 } = info;
    const inRange = temporalId >= 0 && temporalId <= 7 && spatialId >= 0 && spatialId <= 7;
    if (!inRange) refuseFrame(`layer ${temporalId}/${spatialId}`);
    if (layered && temporalId === 0 && !this.#pictureBegun) this.#tl0PicIdx = (this.#tl0PicIdx + 1) & 0xff;
    const references = info.references ?? (key ? [] : [1]);
    const sound = references.length <= MAX_VP9_REFERENCES && references.every((back) => back >= 1 && back <= 127);
    if (!sound) refuseFrame(`references ${references.join(' ')}`);
    return {
      interPicturePredicted: !key && references.length > 0,
      flexible,
      startsFrame: false,
      endsFrame: false,
      notReferenceForUpperLayers: layered ? info.discardable === true : true,
      pictureId: pictureIdBits === 7 ? this.#pictureId & 0x7f : this.#pictureId,
      longPictureId: pictureIdBits === 15,
      ...(layered
        ? {
            temporalId,
            spatialId,
            switchingPoint: info.switchingPoint === true,
            interLayerPredicted: info.interLayerPredicted ?? spatialId > 0,
            tl0PicIdx: this.#tl0PicIdx,
          }
        : {}),
      references,
      ...(key && spatialId === 0 && scalability !== undefined ? { scalability } : {}),
    };
  }
}

/** Payloads to VP9 pictures: the layer frames of a picture one after the other. */
export class Vp9Depacketizer implements Depacketizer {
  #open = false;

  frameStart(payload: Uint8Array): FrameStart {
    const first = payload[0] ?? 0;
    if ((first & Vp9Bit.B) === 0) return 'never';
    if ((first & Vp9Bit.L) === 0) return 'certain';
    const layers = payload[vp9LayerOffset(payload)] ?? 0;
    if ((layers & 0x0e) === 0) return 'certain';
    // A higher layer begins a picture only where the lower ones were left out and are not needed.
    return (layers & 1) === 0 ? 'possible' : 'never';
  }

  isFrameEnd(_payload: Uint8Array, marker: boolean): boolean {
    return marker;
  }

  isKeyframePayload(payload: Uint8Array): boolean {
    const first = payload[0] ?? 0;
    if ((first & (Vp9Bit.P | Vp9Bit.B)) !== Vp9Bit.B) return false;
    if ((first & Vp9Bit.L) !== 0 && ((payload[vp9LayerOffset(payload)] ?? 0) & 0x0e) !== 0) return false;
    const at = vp9PayloadOffset(payload);
    return at >= 0 && isKeyHeader(payload[at] ?? 0);
  }

  isKeyframe(frame: Uint8Array): boolean {
    return isVp9Keyframe(frame);
  }

  depacketize(payload: Uint8Array, into: Uint8Array[]): void {
    const at = vp9PayloadOffset(payload);
    if (at < 0 || at === payload.length) throw new DecodeError('codec.vp9', 'no whole descriptor, or nothing behind it');
    const first = payload[0] as number;
    const begins = (first & Vp9Bit.B) !== 0;
    if (begins === this.#open) throw new DecodeError('codec.vp9', begins ? 'a layer frame begins within another' : 'the beginning of the layer frame is missing');
    this.#open = (first & Vp9Bit.E) === 0;
    into.push(payload.subarray(at));
  }

  endFrame(): void {
    const open = this.#open;
    this.reset();
    if (open) throw new DecodeError('codec.vp9', 'the last layer frame does not end');
  }

  reset(): void {
    this.#open = false;
  }
}

/**
 * The first byte of the uncompressed header (VP9 specification 6.2): frame_marker 2, two profile bits, one reserved bit
 * in profile 3, show_existing_frame, frame_type (0 for a keyframe).
 */
function isKeyHeader(byte: number): boolean {
  if (byte >> 6 !== 2) return false;
  const profile3 = (byte & 0x30) === 0x30;
  return profile3 ? (byte & 0x06) === 0 : (byte & 0x0c) === 0;
}

/** Whether a VP9 frame, or the first frame of a superframe, is a keyframe. */
export function isVp9Keyframe(frame: Uint8Array): boolean {
  return frame.length > 0 && isKeyHeader(frame[0] as number);
}
