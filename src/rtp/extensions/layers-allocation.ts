import { readU16, writeU16 } from '../../core/bytes.ts';
import { DecodeError, RtcError } from '../../core/index.ts';
import { MAX_TWO_BYTE_SIZE } from '../constants.ts';
import { ExtensionUri } from '../uris.ts';
import type { ExtensionCodec } from './codec.ts';

/** One spatial layer that is being sent. */
export interface SpatialLayerAllocation {
  /** 0 to 3. */
  readonly spatialId: number;
  /**
   * The bitrate that each temporal layer needs, 1 to 4 of them from the lowest up, in kbit/s. Each holds the temporal layers
   * below it, and the spatial layers below unless these are streams of their own.
   */
  readonly bitratesKbps: readonly number[];
  /** Known for all layers of an allocation or for none. */
  readonly resolution?: { readonly width: number; readonly height: number; readonly framesPerSecond: number };
}

/** What a sender of video sends in each of its streams and layers. */
export interface VideoLayersAllocation {
  /** The stream, counted from 0, that this was sent on. */
  readonly streamIndex: number;
  /** The layers of each stream, 1 to 4 of them, in ascending order of their ids. Empty when nothing is sent at all. */
  readonly streams: readonly (readonly SpatialLayerAllocation[])[];
}

/** Streams, spatial layers in each, temporal layers in each: all 2-bit numbers. */
const MAX_STREAMS = 4;
const MAX_SPATIAL_LAYERS = 4;
const MAX_TEMPORAL_LAYERS = 4;

const RESOLUTION_BYTES = 5;

/** Most bytes of a bitrate: LEB128 of 32 bits. */
const MAX_LEB128_BYTES = 5;

/** The allocation of layers, 1 to 255 bytes. */
export const videoLayersAllocationExtension: ExtensionCodec<VideoLayersAllocation> = {
  uri: ExtensionUri.videoLayersAllocation,
  decode: decodeAllocation,
  sizeOf: (value) => encodeAllocation(value).length,
  write: (value, bytes, at) => bytes.set(encodeAllocation(value), at),
};

function decodeAllocation(bytes: Uint8Array, start: number, end: number): VideoLayersAllocation {
  if (start >= end) throw new DecodeError('rtp.extension', 'empty layers allocation');
  const first = bytes[start] as number;
  // One zero byte says that nothing is sent.
  if (first === 0 && end - start === 1) return { streamIndex: 0, streams: [] };
  const streamCount = ((first >> 4) & 3) + 1;
  if (first >> 6 >= streamCount) throw new DecodeError('rtp.extension', 'layers allocation of a stream that is not there');
  const masks: number[] = [];
  let at = start + 1;
  for (let i = 0; i < streamCount; i++) {
    const common = first & 0x0f;
    if (common !== 0) masks.push(common);
    else masks.push((byteAt(bytes, at + (i >> 1), end) >> (i % 2 === 0 ? 4 : 0)) & 0x0f);
  }
  if ((first & 0x0f) === 0) at += (streamCount + 1) >> 1;

  const layers: { stream: number; spatialId: number; bitratesKbps: number[] }[] = [];
  for (let stream = 0; stream < streamCount; stream++) {
    for (let spatialId = 0; spatialId < MAX_SPATIAL_LAYERS; spatialId++) {
      if ((masks[stream] as number) & (1 << spatialId)) layers.push({ stream, spatialId, bitratesKbps: [] });
    }
  }
  const counts = layers.map((_, i) => ((byteAt(bytes, at + (i >> 2), end) >> (6 - 2 * (i % 4))) & 3) + 1);
  at += (layers.length + 3) >> 2;
  for (let i = 0; i < layers.length; i++) {
    for (let left = counts[i] as number; left > 0; left--) {
      const size = leb128Size(bytes, at, end);
      layers[i]?.bitratesKbps.push(readLeb128(bytes, at, size));
      at += size;
    }
  }
  // What is too short for the resolutions of all layers has none.
  const withResolution = layers.length > 0 && end - at >= RESOLUTION_BYTES * layers.length;
  const streams: SpatialLayerAllocation[][] = masks.map(() => []);
  for (const { stream, spatialId, bitratesKbps } of layers) {
    streams[stream]?.push(withResolution ? { spatialId, bitratesKbps, resolution: readResolution(bytes, at) } : { spatialId, bitratesKbps });
    at += RESOLUTION_BYTES;
  }
  return { streamIndex: first >> 6, streams };
}

function byteAt(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) throw new DecodeError('rtp.extension', 'layers allocation cut short');
  return bytes[at] as number;
}

function leb128Size(bytes: Uint8Array, at: number, end: number): number {
  for (let size = 1; size <= MAX_LEB128_BYTES; size++) if (byteAt(bytes, at + size - 1, end) < 0x80) return size;
  throw new DecodeError('rtp.extension', 'bitrate of too many bytes');
}

function readLeb128(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 128 + ((bytes[at + i] as number) & 0x7f);
  if (value > 0xffff_ffff) throw new DecodeError('rtp.extension', 'bitrate above 32 bits');
  return value;
}

function readResolution(bytes: Uint8Array, at: number): { width: number; height: number; framesPerSecond: number } {
  return { width: readU16(bytes, at) + 1, height: readU16(bytes, at + 2) + 1, framesPerSecond: bytes[at + 4] as number };
}

function encodeAllocation({ streamIndex, streams }: VideoLayersAllocation): Uint8Array {
  if (streams.length === 0) return Uint8Array.of(0);
  const masks = checkAllocation(streamIndex, streams);
  const layers = streams.flat();
  const first = masks[0] as number;
  const common = masks.every((mask) => mask === first) ? first : 0;
  const out: number[] = [(streamIndex << 6) | ((streams.length - 1) << 4) | common];
  if (common === 0) for (let i = 0; i < masks.length; i += 2) out.push(((masks[i] as number) << 4) | (masks[i + 1] ?? 0));
  for (let i = 0; i < layers.length; i += 4) {
    let byte = 0;
    for (let j = 0; j < 4; j++) byte |= ((layers[i + j]?.bitratesKbps.length ?? 1) - 1) << (6 - 2 * j);
    out.push(byte);
  }
  for (const { bitratesKbps } of layers) for (const bitrate of bitratesKbps) pushLeb128(out, bitrate);
  for (const { resolution } of layers) {
    if (!resolution) continue;
    const field = new Uint8Array(RESOLUTION_BYTES);
    writeU16(field, 0, resolution.width - 1);
    writeU16(field, 2, resolution.height - 1);
    field[4] = resolution.framesPerSecond;
    out.push(...field);
  }
  if (out.length > MAX_TWO_BYTE_SIZE) throw new RtcError('ERR_INVALID_ARGUMENT', `layers allocation of ${out.length} bytes`);
  return Uint8Array.from(out);
}

function pushLeb128(out: number[], value: number): void {
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) out.push(0x80 | (left & 0x7f));
  out.push(left);
}

/** The bit masks of the streams' layers. Throws {@link RtcError} `ERR_INVALID_ARGUMENT`. */
function checkAllocation(streamIndex: number, streams: VideoLayersAllocation['streams']): number[] {
  if (streams.length > MAX_STREAMS || !(streamIndex >= 0 && streamIndex < streams.length)) refuse(`stream ${streamIndex} of ${streams.length}`);
  const known = streams.flat().filter((layer) => layer.resolution).length;
  if (known !== 0 && known !== streams.flat().length) refuse('some layers without a resolution');
  return streams.map((layers) => {
    let mask = 0;
    for (const { spatialId, bitratesKbps, resolution } of layers) {
      if (!(Number.isInteger(spatialId) && spatialId >= 0 && spatialId < MAX_SPATIAL_LAYERS)) refuse(`spatial layer ${spatialId}`);
      if (mask >> spatialId !== 0) refuse('spatial layers out of order');
      mask |= 1 << spatialId;
      if (bitratesKbps.length < 1 || bitratesKbps.length > MAX_TEMPORAL_LAYERS) refuse(`${bitratesKbps.length} temporal layers`);
      for (const bitrate of bitratesKbps) checkWhole('bitrate', bitrate, 0, 0xffff_ffff);
      if (resolution) {
        checkWhole('width', resolution.width, 1, 0x1_0000);
        checkWhole('height', resolution.height, 1, 0x1_0000);
        checkWhole('frame rate', resolution.framesPerSecond, 0, 0xff);
      }
    }
    return mask;
  });
}

function checkWhole(what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) refuse(`${what} ${value}`);
}

function refuse(what: string): never {
  throw new RtcError('ERR_INVALID_ARGUMENT', `layers allocation: ${what}`);
}
