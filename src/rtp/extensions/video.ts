import { readU16, writeU16 } from '../../core/bytes.ts';
import { RtcError } from '../../core/index.ts';
import { ExtensionUri } from '../uris.ts';
import { checkSize, type ExtensionCodec } from './codec.ts';

/** How a receiver must turn a frame before it shows it (3GPP TS 26.114 7.4.5). */
export interface VideoOrientation {
  readonly camera: 'front' | 'back';
  /** Whether the frame is mirrored; to be undone before the rotation. */
  readonly flip: boolean;
  /** Degrees, clockwise, that the receiver turns the frame by. */
  readonly rotation: 0 | 90 | 180 | 270;
}

const ROTATIONS = [0, 90, 180, 270] as const;

/** The orientation of a frame. */
export const videoOrientationExtension: ExtensionCodec<VideoOrientation> = {
  uri: ExtensionUri.videoOrientation,
  decode(bytes, start, end) {
    checkSize('video orientation', start, end, 1);
    const byte = bytes[start] as number;
    return { camera: byte & 8 ? 'back' : 'front', flip: (byte & 4) !== 0, rotation: ROTATIONS[byte & 3] as 0 | 90 | 180 | 270 };
  },
  sizeOf: () => 1,
  write({ camera, flip, rotation }, bytes, at) {
    const turns = ROTATIONS.indexOf(rotation);
    if (turns < 0) throw new RtcError('ERR_INVALID_ARGUMENT', `rotation by ${rotation} degrees`);
    bytes[at] = (camera === 'back' ? 8 : 0) | (flip ? 4 : 0) | turns;
  },
};

/** What a video shows. The other values are of experiments. */
export const VideoContentType = { unspecified: 0, screen: 1 } as const;

/** What a video shows; see {@link VideoContentType}. */
export const videoContentTypeExtension: ExtensionCodec<number> = {
  uri: ExtensionUri.videoContentType,
  decode(bytes, start, end) {
    checkSize('video content type', start, end, 1);
    return bytes[start] as number;
  },
  sizeOf: () => 1,
  write(value, bytes, at) {
    if (!(Number.isInteger(value) && value >= 0 && value <= 0xff)) throw new RtcError('ERR_INVALID_ARGUMENT', `content type ${value}`);
    bytes[at] = value;
  },
};

/** CIE 1931 coordinates, 0 to 1.31 in steps of 0.00002. */
export interface Chromaticity {
  readonly x: number;
  readonly y: number;
}

/** The display that a high-dynamic-range video was made on (SMPTE ST 2086), and its light levels. */
export interface HdrMetadata {
  /** In cd/m². */
  readonly luminanceMax: number;
  /** In cd/m², in steps of 0.0001. */
  readonly luminanceMin: number;
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly white: Chromaticity;
  /** In cd/m². */
  readonly maxContentLightLevel: number;
  /** In cd/m². */
  readonly maxFrameAverageLightLevel: number;
}

/** How the numbers of a frame stand for colours. */
export interface ColorSpace {
  /** Colour primaries (ITU-T H.273 8.1). */
  readonly primaries: number;
  /** Transfer characteristics (ITU-T H.273 8.2). */
  readonly transfer: number;
  /** Matrix coefficients (ITU-T H.273 8.3). */
  readonly matrix: number;
  /** 0 unspecified, 1 limited, 2 full, 3 derived, as in Matroska's `Range`. */
  readonly range: number;
  /** 0 unspecified, 1 collocated, 2 half, as in Matroska's `ChromaSitingHorz` and `ChromaSitingVert`. */
  readonly chromaSitingHorizontal: number;
  readonly chromaSitingVertical: number;
  readonly hdr?: HdrMetadata;
}

const SDR_BYTES = 4;
const HDR_BYTES = 28;
const CHROMATICITY_STEPS = 50_000;
const LUMINANCE_STEPS = 10_000;

/** The colour space of a frame: 4 bytes, or 28 with metadata. Only with the last packet of a frame. */
export const colorSpaceExtension: ExtensionCodec<ColorSpace> = {
  uri: ExtensionUri.colorSpace,
  decode(bytes, start, end) {
    checkSize('color space', start, end, SDR_BYTES, HDR_BYTES);
    const siting = bytes[start + 3] as number;
    return {
      primaries: bytes[start] as number,
      transfer: bytes[start + 1] as number,
      matrix: bytes[start + 2] as number,
      range: (siting >> 4) & 3,
      chromaSitingHorizontal: (siting >> 2) & 3,
      chromaSitingVertical: siting & 3,
      ...(end - start === HDR_BYTES ? { hdr: decodeHdr(bytes, start + SDR_BYTES) } : {}),
    };
  },
  sizeOf: (value) => (value.hdr ? HDR_BYTES : SDR_BYTES),
  write(value, bytes, at) {
    bytes[at] = whole(value.primaries, 0xff);
    bytes[at + 1] = whole(value.transfer, 0xff);
    bytes[at + 2] = whole(value.matrix, 0xff);
    bytes[at + 3] = (whole(value.range, 3) << 4) | (whole(value.chromaSitingHorizontal, 3) << 2) | whole(value.chromaSitingVertical, 3);
    if (value.hdr) writeHdr(value.hdr, bytes, at + SDR_BYTES);
  },
};

function decodeHdr(bytes: Uint8Array, at: number): HdrMetadata {
  const point = (offset: number): Chromaticity => ({
    x: readU16(bytes, at + offset) / CHROMATICITY_STEPS,
    y: readU16(bytes, at + offset + 2) / CHROMATICITY_STEPS,
  });
  return {
    luminanceMax: readU16(bytes, at),
    luminanceMin: readU16(bytes, at + 2) / LUMINANCE_STEPS,
    red: point(4),
    green: point(8),
    blue: point(12),
    white: point(16),
    maxContentLightLevel: readU16(bytes, at + 20),
    maxFrameAverageLightLevel: readU16(bytes, at + 22),
  };
}

function writeHdr(hdr: HdrMetadata, bytes: Uint8Array, at: number): void {
  const points = [hdr.red, hdr.green, hdr.blue, hdr.white].flatMap(({ x, y }) => [x * CHROMATICITY_STEPS, y * CHROMATICITY_STEPS]);
  const fields = [hdr.luminanceMax, hdr.luminanceMin * LUMINANCE_STEPS, ...points, hdr.maxContentLightLevel, hdr.maxFrameAverageLightLevel];
  for (let i = 0; i < fields.length; i++) writeU16(bytes, at + 2 * i, whole(Math.round(fields[i] as number), 0xffff));
}

function whole(value: number, most: number): number {
  if (!(Number.isInteger(value) && value >= 0 && value <= most)) throw new RtcError('ERR_INVALID_ARGUMENT', `color space field ${value}`);
  return value;
}
