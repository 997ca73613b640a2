import { RtcError } from '../core/index.ts';
import { DEFAULT_MAX_PAYLOAD_BYTES, MAX_MAX_PAYLOAD_BYTES, MIN_MAX_PAYLOAD_BYTES } from './constants.ts';

/** One RTP payload of a frame. */
export interface PacketizedPayload {
  /** A view with the headroom and tailroom of the packetizer's room around it, in a buffer that nothing else uses. */
  readonly payload: Uint8Array;
  /** The RTP marker bit. */
  readonly marker: boolean;
  /** How far its RTP timestamp is ahead of the frame's, in units of the RTP clock; 0 for all video. */
  readonly timestampOffset: number;
}

/** What a packetizer cannot read from the frame itself. All of it is optional; each format uses what concerns it. */
export interface FrameInfo {
  /** Audio: the first frame after silence; its packet bears the marker (RFC 3551 4.1). Default false. */
  readonly startsTalkspurt?: boolean;
  /** VP8, VP9: the temporal layer, 0–3 (VP8) or 0–7. Absent where there are no layers. */
  readonly temporalId?: number;
  /** VP9: the spatial layer, 0–7. */
  readonly spatialId?: number;
  /** VP8: layer sync (Y); VP9: switching up point (U). Default false. */
  readonly switchingPoint?: boolean;
  /** VP8: no other frame refers to this one (N); VP9: no frame of a higher spatial layer does (Z). Default false. */
  readonly discardable?: boolean;
  /** VP9: predicted from the lower spatial layer of the same picture (D). Default: true above the lowest layer. */
  readonly interLayerPredicted?: boolean;
  /** VP9, flexible mode: how many pictures back the references are, 1–127, at most three. Default: `[1]` unless a keyframe. */
  readonly references?: readonly number[];
  /** VP9: whether this is the picture's highest spatial layer, whose last packet bears the marker. Default true. */
  readonly endOfPicture?: boolean;
}

/** Splits frames into RTP payloads. */
export interface Packetizer {
  /** The size of payloads; may be changed between frames. */
  readonly room: PayloadRoom;
  /**
   * The payloads of one frame, in order, none larger than `room.maxPayloadBytes`. The frame is copied, not kept.
   *
   * @throws RtcError - `ERR_INVALID_ARGUMENT` when it is not a frame of this format, `ERR_MESSAGE_TOO_LARGE` when the
   * format cannot split what does not fit
   */
  packetize(frame: Uint8Array, info?: FrameInfo): PacketizedPayload[];
}

/** Whether a frame begins with a payload: `possible` when only the packet before can tell. */
export type FrameStart = 'never' | 'possible' | 'certain';

/**
 * Puts frames together from RTP payloads, which come in order and without gaps. One per stream. The four questions about
 * a payload or frame need no state and never throw: what cannot be decoded is `never` and `false`.
 */
export interface Depacketizer {
  frameStart(payload: Uint8Array): FrameStart;
  /** Whether a frame ends with this payload. */
  isFrameEnd(payload: Uint8Array, marker: boolean): boolean;
  /** Whether the payload shows that its frame is a keyframe: by its picture, or by parameter sets that go before it. */
  isKeyframePayload(payload: Uint8Array): boolean;
  /** Whether decoding can begin with a frame (as {@link Depacketizer.depacketize} makes it). Always true for audio. */
  isKeyframe(frame: Uint8Array): boolean;
  /**
   * Appends the pieces of the frame that this payload completes. The pieces are views of payloads or constants: they
   * must not be written to. A piece may come later than the payload that holds its beginning.
   *
   * @throws DecodeError - the payload is malformed or does not continue the one before; the frame is lost, call `reset`
   */
  depacketize(payload: Uint8Array, into: Uint8Array[]): void;
  /**
   * Ends the frame.
   *
   * @throws DecodeError - a part is missing at its end. The next frame may begin all the same.
   */
  endFrame(): void;
  /** Forgets an unfinished frame. */
  reset(): void;
}

/** How large payloads are, and what room is left around them. */
export interface PayloadRoomConfig {
  /** Largest payload in bytes. Default 1148: a 1200-byte datagram less RTP header, extensions and SRTP tag. */
  readonly maxPayloadBytes?: number;
  /** Bytes left free before each payload, for the RTP header and its extensions. Default 0. */
  readonly headroomBytes?: number;
  /** Bytes left free after each payload, for padding and the SRTP tag. Default 0. */
  readonly tailroomBytes?: number;
}

/** Makes the buffers of payloads, so that a packet is built once, in its final place. */
export class PayloadRoom {
  readonly headroomBytes: number;
  readonly tailroomBytes: number;
  #maxPayloadBytes = 0;

  /** @throws RtcError - `ERR_INVALID_ARGUMENT` */
  constructor(config: PayloadRoomConfig = {}) {
    this.headroomBytes = config.headroomBytes ?? 0;
    this.tailroomBytes = config.tailroomBytes ?? 0;
    if (!(this.headroomBytes >= 0 && this.tailroomBytes >= 0)) throw new RtcError('ERR_INVALID_ARGUMENT', 'headroom and tailroom must not be negative');
    this.maxPayloadBytes = config.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES;
  }

  /** Largest payload in bytes, 64 to 65,495; set it when the path's MTU changes. */
  get maxPayloadBytes(): number {
    return this.#maxPayloadBytes;
  }

  set maxPayloadBytes(bytes: number) {
    if (!(bytes >= MIN_MAX_PAYLOAD_BYTES && bytes <= MAX_MAX_PAYLOAD_BYTES)) throw new RtcError('ERR_INVALID_ARGUMENT', `maxPayloadBytes ${bytes}`);
    this.#maxPayloadBytes = Math.floor(bytes);
  }

  /** A new payload of `length` zero bytes. */
  allocate(length: number): Uint8Array {
    const { headroomBytes, tailroomBytes } = this;
    const buffer = new Uint8Array(headroomBytes + length + tailroomBytes);
    return headroomBytes + tailroomBytes === 0 ? buffer : buffer.subarray(headroomBytes, headroomBytes + length);
  }
}

/** How many parts of at most `limit` bytes `length` bytes make. */
export function partsOf(length: number, limit: number): number {
  return Math.max(1, Math.ceil(length / limit));
}

/** Throws the error for a frame that is not one. */
export function refuseFrame(what: string): never {
  throw new RtcError('ERR_INVALID_ARGUMENT', what);
}
