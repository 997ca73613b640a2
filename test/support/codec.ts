import { concat } from '../../src/core/index.ts';
import { type Depacketizer, LONG_START_CODE, type MediaPacket, type PacketizedPayload, sizedObuHeader, splitNalUnits } from '../../src/codec/index.ts';
import { seeded } from './fuzz.ts';

/** Bytes of a seed in which no start code can be and which do not end in zero, as in a NAL unit. */
export function plainBytes(length: number, seed = 1): Uint8Array {
  const next = seeded(seed);
  return Uint8Array.from({ length }, () => 1 + Math.floor(next() * 255));
}

/** An H.264 NAL unit of `length` bytes. Its slice is the first of a picture unless said otherwise. */
export function h264Nal(type: number, length: number, seed = 1, first = true): Uint8Array {
  const nal = plainBytes(length, seed);
  nal[0] = 0x60 | type;
  if (length > 1) nal[1] = (nal[1] as number) | 0x80;
  if (length > 1 && !first) nal[1] = ((nal[1] as number) & 0x7f) | 1;
  return nal;
}

/** An H.265 NAL unit of `length` bytes, layer 0, temporal id 0. */
export function h265Nal(type: number, length: number, seed = 1): Uint8Array {
  const nal = plainBytes(length, seed);
  nal[0] = type << 1;
  nal[1] = 1;
  if (length > 2) nal[2] = (nal[2] as number) | 0x80;
  return nal;
}

/** An access unit with long start codes. */
export function annexB(...units: readonly Uint8Array[]): Uint8Array {
  return concat(...units.flatMap((unit) => [LONG_START_CODE, unit]));
}

/** An OBU with its size field. */
export function obu(type: number, payload: Uint8Array, extension?: number): Uint8Array {
  return concat(sizedObuHeader((type << 3) | (extension === undefined ? 0 : 4), extension, payload.length), payload);
}

/** A frame of all its payloads. */
export function depacketizeAll(depacketizer: Depacketizer, payloads: readonly Uint8Array[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const payload of payloads) depacketizer.depacketize(payload, pieces);
  depacketizer.endFrame();
  return concat(...pieces);
}

export function payloadsOf(packets: readonly PacketizedPayload[]): Uint8Array[] {
  return packets.map(({ payload }) => payload);
}

/** The NAL units of an access unit as hexadecimal text. */
export function nalHex(stream: Uint8Array): string[] {
  return splitNalUnits(stream).map((unit) => Buffer.from(unit).toString('hex'));
}

/** RTP packets of frames: sequence numbers from `sequenceNumber` on, timestamps from `timestamp` on in steps of `step`. */
export function packetsOf(frames: readonly (readonly PacketizedPayload[])[], { sequenceNumber = 0, timestamp = 0, step = 3000, markers = true } = {}): MediaPacket[] {
  const packets: MediaPacket[] = [];
  frames.forEach((payloads, i) => {
    for (const { payload, marker } of payloads) {
      packets.push({ sequenceNumber: (sequenceNumber + packets.length) & 0xffff, timestamp: (timestamp + i * step) >>> 0, marker: markers && marker, payload });
    }
  });
  return packets;
}

/** A VP8 frame of `length` bytes. */
export function vp8Frame(length: number, key: boolean, seed = 1): Uint8Array {
  const frame = plainBytes(length, seed);
  frame[0] = key ? 0x10 : 0x11;
  return frame;
}

/** A VP9 frame of `length` bytes. */
export function vp9Frame(length: number, key: boolean, seed = 1): Uint8Array {
  const frame = plainBytes(length, seed);
  frame[0] = key ? 0x82 : 0x86;
  return frame;
}

/** An AV1 temporal unit with one frame of `length` bytes, behind a sequence header when it is a key frame. */
export function av1Unit(length: number, key: boolean, seed = 1): Uint8Array {
  const frame = plainBytes(length, seed);
  frame[0] = key ? 0x10 : 0x30;
  return key ? concat(obu(1, Uint8Array.of(0, 0, 0, 1)), obu(6, frame)) : obu(6, frame);
}
