import { DecodeError, RtcError } from '../core/index.ts';
import {
  type Depacketizer,
  type FrameInfo,
  type FrameStart,
  type PacketizedPayload,
  type Packetizer,
  PayloadRoom,
  type PayloadRoomConfig,
  refuseFrame,
} from './payload-format.ts';

// What the audio formats share: a packet is a frame, and a packet lost takes nothing else with it.

/** Payloads that are frames as they are. */
export class AudioDepacketizer implements Depacketizer {
  readonly #what: string;
  readonly #check: ((payload: Uint8Array) => void) | undefined;

  /** @param check - throws {@link DecodeError} when a payload is not one of this format */
  constructor(what: string, check?: (payload: Uint8Array) => void) {
    this.#what = what;
    this.#check = check;
  }

  frameStart(): FrameStart {
    return 'certain';
  }

  isFrameEnd(): boolean {
    return true;
  }

  isKeyframePayload(): boolean {
    return true;
  }

  isKeyframe(): boolean {
    return true;
  }

  depacketize(payload: Uint8Array, into: Uint8Array[]): void {
    if (payload.length === 0) throw new DecodeError(this.#what, 'empty payload');
    this.#check?.(payload);
    into.push(payload);
  }

  endFrame(): void {}

  reset(): void {}
}

/** One payload of one frame; the marker says that a talkspurt begins (RFC 3551 4.1). */
export function wholeFrame(room: PayloadRoom, frame: Uint8Array, info: FrameInfo | undefined): PacketizedPayload[] {
  if (frame.length === 0) refuseFrame('empty frame');
  if (frame.length > room.maxPayloadBytes) throw new RtcError('ERR_MESSAGE_TOO_LARGE', `frame of ${frame.length} bytes, ${room.maxPayloadBytes} fit`);
  const payload = room.allocate(frame.length);
  payload.set(frame);
  return [{ payload, marker: info?.startsTalkspurt ?? false, timestampOffset: 0 }];
}

/** How samples of one octet each are packed (RFC 3551 4.5). */
export interface OctetAudioConfig extends PayloadRoomConfig {
  /** Longest packet in milliseconds; longer frames become several packets. Default 20. */
  readonly packetDurationMs?: number;
}

/** Audio of one octet for each tick of an 8000 Hz RTP clock, which may be cut anywhere (RFC 3551 4.5). */
export class OctetAudioPacketizer implements Packetizer {
  readonly room: PayloadRoom;
  readonly #packetBytes: number;

  constructor(config: OctetAudioConfig = {}) {
    this.room = new PayloadRoom(config);
    this.#packetBytes = Math.floor(8 * (config.packetDurationMs ?? 20));
    if (!(this.#packetBytes >= 1)) throw new RtcError('ERR_INVALID_ARGUMENT', `packetDurationMs ${config.packetDurationMs}`);
  }

  packetize(frame: Uint8Array, info?: FrameInfo): PacketizedPayload[] {
    if (frame.length === 0) refuseFrame('empty frame');
    const size = Math.min(this.#packetBytes, this.room.maxPayloadBytes);
    const payloads: PacketizedPayload[] = [];
    for (let at = 0; at < frame.length; at += size) {
      const part = frame.subarray(at, at + size);
      const payload = this.room.allocate(part.length);
      payload.set(part);
      payloads.push({ payload, marker: at === 0 && info?.startsTalkspurt === true, timestampOffset: at });
    }
    return payloads;
  }
}
