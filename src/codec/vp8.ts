import { readU16, writeU16 } from '../core/bytes.ts';
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

/** A VP8 payload descriptor (RFC 7741 4.2). */
export interface Vp8Descriptor {
  /** N: no other frame refers to this one. */
  readonly nonReference: boolean;
  /** S: the payload begins a partition. */
  readonly startsPartition: boolean;
  /** PID, 0–7. */
  readonly partitionId: number;
  readonly pictureId?: number;
  readonly tl0PicIdx?: number;
  readonly temporalId?: number;
  /** Y: the frame depends on the base layer only. Present with `temporalId`. */
  readonly layerSync?: boolean;
  readonly keyIdx?: number;
  /** Size of the descriptor in bytes. */
  readonly length: number;
}

const X = 0x80;
const N = 0x20;
const S = 0x10;
const PID = 0x07;
const I = 0x80;
const L = 0x40;
const T = 0x20;
const K = 0x10;
const M = 0x80;

/** The size in bytes that a payload's descriptor claims; the payload may be shorter. */
function descriptorLength(payload: Uint8Array): number {
  let length = 1;
  if (((payload[0] ?? 0) & X) !== 0) {
    const extension = payload[1] ?? 0;
    length = 2;
    if ((extension & I) !== 0) length += ((payload[2] ?? 0) & M) !== 0 ? 2 : 1;
    if ((extension & L) !== 0) length++;
    if ((extension & (T | K)) !== 0) length++;
  }
  return length;
}

/** The size of a payload's descriptor in bytes. Throws {@link DecodeError} when the payload is shorter. */
function checkedDescriptorLength(payload: Uint8Array): number {
  const length = descriptorLength(payload);
  if (payload.length < length) throw new DecodeError('codec.vp8', `descriptor of ${length} bytes in ${payload.length}`);
  return length;
}

/** Reads the descriptor at the start of a payload (RFC 7741 4.2). Throws {@link DecodeError}. */
export function decodeVp8Descriptor(payload: Uint8Array): Vp8Descriptor {
  const length = checkedDescriptorLength(payload);
  const first = payload[0] as number;
  const extension = (first & X) === 0 ? 0 : (payload[1] as number);
  const base = { nonReference: (first & N) !== 0, startsPartition: (first & S) !== 0, partitionId: first & PID, length };
  let at = 2;
  let pictureId: number | undefined;
  if ((extension & I) !== 0) {
    const long = ((payload[at] as number) & M) !== 0;
    pictureId = long ? readU16(payload, at) & 0x7fff : (payload[at] as number);
    at += long ? 2 : 1;
  }
  const tl0PicIdx = (extension & L) === 0 ? undefined : (payload[at++] as number);
  const layers = payload[at] as number;
  return {
    ...base,
    ...(pictureId === undefined ? {} : { pictureId }),
    ...(tl0PicIdx === undefined ? {} : { tl0PicIdx }),
    ...((extension & T) === 0 ? {} : { temporalId: layers >> 6, layerSync: (layers & 0x20) !== 0 }),
    ...((extension & K) === 0 ? {} : { keyIdx: layers & 0x1f }),
  };
}

/** What payload descriptors say (RFC 7741 4.2). */
export interface Vp8PacketizerConfig extends PayloadRoomConfig {
  /** Size of picture ids in bits; 0 sends none. Default 15. */
  readonly pictureIdBits?: 0 | 7 | 15;
  /** The first picture id; it should be random (RFC 7741 4.2). Default 0. */
  readonly firstPictureId?: number;
}

/** VP8 frames to payloads (RFC 7741), in parts of nearly the same size, without regard to partitions. */
export class Vp8Packetizer implements Packetizer {
  readonly room: PayloadRoom;
  readonly #pictureIdBits: 0 | 7 | 15;
  #pictureId: number;
  #tl0PicIdx = 0;

  constructor(config: Vp8PacketizerConfig = {}) {
    this.room = new PayloadRoom(config);
    this.#pictureIdBits = config.pictureIdBits ?? 15;
    this.#pictureId = config.firstPictureId ?? 0;
  }

  packetize(frame: Uint8Array, info: FrameInfo = {}): PacketizedPayload[] {
    if (frame.length === 0) refuseFrame('empty frame');
    const descriptor = this.#descriptor(info);
    const count = partsOf(frame.length, this.room.maxPayloadBytes - descriptor.length);
    const size = Math.ceil(frame.length / count);
    const payloads: PacketizedPayload[] = [];
    for (let at = 0; at < frame.length; at += size) {
      const end = Math.min(at + size, frame.length);
      const payload = this.room.allocate(descriptor.length + end - at);
      payload.set(descriptor);
      if (at === 0) payload[0] = (payload[0] as number) | S;
      payload.set(frame.subarray(at, end), descriptor.length);
      payloads.push({ payload, marker: end === frame.length, timestampOffset: 0 });
    }
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    return payloads;
  }

  /** The descriptor of a frame's payloads but for S. */
  #descriptor({ temporalId, switchingPoint, discardable }: FrameInfo): Uint8Array {
    const out = new Uint8Array(6);
    const bits = this.#pictureIdBits;
    let at = 2;
    if (bits === 15) writeU16(out, at, 0x8000 | this.#pictureId);
    else if (bits === 7) out[at] = this.#pictureId & 0x7f;
    at += bits === 15 ? 2 : bits === 7 ? 1 : 0;
    if (temporalId !== undefined) {
      if (!(temporalId >= 0 && temporalId <= 3)) refuseFrame(`temporalId ${temporalId}`);
      if (temporalId === 0) this.#tl0PicIdx = (this.#tl0PicIdx + 1) & 0xff;
      out[at++] = this.#tl0PicIdx;
      out[at++] = (temporalId << 6) | (switchingPoint === true ? 0x20 : 0);
    }
    out[0] = discardable === true ? N : 0;
    if (at === 2) return out.subarray(0, 1);
    out[0] |= X;
    out[1] = (bits === 0 ? 0 : I) | (temporalId === undefined ? 0 : L | T);
    return out.subarray(0, at);
  }
}

/** Payloads to VP8 frames. */
export class Vp8Depacketizer implements Depacketizer {
  #started = false;

  frameStart(payload: Uint8Array): FrameStart {
    return startsFrame(payload) ? 'certain' : 'never';
  }

  isFrameEnd(_payload: Uint8Array, marker: boolean): boolean {
    return marker;
  }

  isKeyframePayload(payload: Uint8Array): boolean {
    const at = descriptorLength(payload);
    return startsFrame(payload) && at < payload.length && ((payload[at] as number) & 1) === 0;
  }

  isKeyframe(frame: Uint8Array): boolean {
    return isVp8Keyframe(frame);
  }

  depacketize(payload: Uint8Array, into: Uint8Array[]): void {
    const length = checkedDescriptorLength(payload);
    if (payload.length === length) throw new DecodeError('codec.vp8', 'nothing behind the descriptor');
    const starts = startsFrame(payload);
    if (starts === this.#started) throw new DecodeError('codec.vp8', starts ? 'a frame begins within another' : 'the beginning of the frame is missing');
    this.#started = true;
    into.push(payload.subarray(length));
  }

  endFrame(): void {
    this.reset();
  }

  reset(): void {
    this.#started = false;
  }
}

/** S=1 and PID=0: the first partition begins, and with it the frame (RFC 7741 4.2). */
function startsFrame(payload: Uint8Array): boolean {
  return payload.length > 0 && ((payload[0] as number) & (S | PID)) === S;
}

/** Whether a VP8 frame is a keyframe: the first bit of its tag (RFC 6386 9.1). */
export function isVp8Keyframe(frame: Uint8Array): boolean {
  return frame.length > 0 && ((frame[0] as number) & 1) === 0;
}

/** Width and height in pixels that a VP8 keyframe declares (RFC 6386 9.1); `undefined` for other frames. */
export function vp8Dimensions(frame: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  if (frame.length < 10 || !isVp8Keyframe(frame) || frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) return undefined;
  return {
    width: ((frame[6] as number) | ((frame[7] as number) << 8)) & 0x3fff,
    height: ((frame[8] as number) | ((frame[9] as number) << 8)) & 0x3fff,
  };
}
