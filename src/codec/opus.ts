import { DecodeError } from '../core/index.ts';
import { AudioDepacketizer, wholeFrame } from './audio.ts';
import { type FrameInfo, type PacketizedPayload, type Packetizer, PayloadRoom, type PayloadRoomConfig } from './payload-format.ts';

/** RTP clock of Opus in Hz, whatever its sampling rate is (RFC 7587 4.1). */
export const OPUS_CLOCK_HZ = 48_000;

/** Longest packet in microseconds (RFC 6716 3.2.5 R5). */
const MAX_OPUS_PACKET_US = 120_000;

/** Longest frame within a packet in bytes (RFC 6716 3.2.1). */
const MAX_OPUS_FRAME_BYTES = 1275;

/** What the first bytes of an Opus packet say (RFC 6716 3.1, 3.2). */
export interface OpusToc {
  readonly mode: 'silk' | 'hybrid' | 'celt';
  readonly bandwidth: 'narrow' | 'medium' | 'wide' | 'super-wide' | 'full';
  readonly stereo: boolean;
  /** How many frames the packet holds, 1–48. */
  readonly frames: number;
  /** Length of each frame in microseconds. */
  readonly frameDurationUs: number;
}

const SILK_US = [10_000, 20_000, 40_000, 60_000] as const;
const SILK_BANDWIDTHS = ['narrow', 'medium', 'wide'] as const;
const CELT_BANDWIDTHS = ['narrow', 'wide', 'super-wide', 'full'] as const;

/** Reads the head of an Opus packet. Throws {@link DecodeError} when there can be no such packet. */
export function decodeOpusToc(packet: Uint8Array): OpusToc {
  const toc = packet[0];
  if (toc === undefined) throw new DecodeError('codec.opus', 'empty packet');
  const frames = frameCount(packet, toc & 3);
  const config = toc >> 3;
  const stereo = (toc & 4) !== 0;
  let head: Pick<OpusToc, 'mode' | 'bandwidth' | 'frameDurationUs'>;
  if (config < 12) head = { mode: 'silk', bandwidth: SILK_BANDWIDTHS[config >> 2] as OpusToc['bandwidth'], frameDurationUs: SILK_US[config & 3] as number };
  else if (config < 16) head = { mode: 'hybrid', bandwidth: config < 14 ? 'super-wide' : 'full', frameDurationUs: (config & 1) === 0 ? 10_000 : 20_000 };
  else head = { mode: 'celt', bandwidth: CELT_BANDWIDTHS[(config - 16) >> 2] as OpusToc['bandwidth'], frameDurationUs: 2500 << (config & 3) };
  if (frames * head.frameDurationUs > MAX_OPUS_PACKET_US) throw new DecodeError('codec.opus', `${frames} frames of ${head.frameDurationUs} µs`);
  return { ...head, stereo, frames };
}

/** How many frames there are, with the sizes that every packet must have (RFC 6716 3.4). */
function frameCount(packet: Uint8Array, code: number): number {
  if (code === 0) {
    if (packet.length > 1 + MAX_OPUS_FRAME_BYTES) throw new DecodeError('codec.opus', `frame of ${packet.length - 1} bytes`);
    return 1;
  }
  if (code === 1 && packet.length % 2 === 0) throw new DecodeError('codec.opus', 'two frames of one size in an odd number of bytes');
  if (code < 3) return 2;
  const frames = (packet[1] ?? 0) & 0x3f;
  if (frames === 0) throw new DecodeError('codec.opus', 'no frame');
  return frames;
}

/** How long an Opus packet lasts, in ticks of the 48,000 Hz RTP clock. Throws {@link DecodeError}. */
export function opusDuration(packet: Uint8Array): number {
  const { frames, frameDurationUs } = decodeOpusToc(packet);
  return (frames * frameDurationUs * 48) / 1000;
}

/** Opus packets to payloads, one each (RFC 7587 4.2). A packet that does not fit is `ERR_MESSAGE_TOO_LARGE`. */
export class OpusPacketizer implements Packetizer {
  readonly room: PayloadRoom;

  constructor(config: PayloadRoomConfig = {}) {
    this.room = new PayloadRoom(config);
  }

  packetize(packet: Uint8Array, info?: FrameInfo): PacketizedPayload[] {
    return wholeFrame(this.room, packet, info);
  }
}

/** Payloads to Opus packets; what cannot be one is refused. */
export class OpusDepacketizer extends AudioDepacketizer {
  constructor() {
    super('codec.opus', decodeOpusToc);
  }
}
