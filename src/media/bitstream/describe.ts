import { DecodeError } from '../../core/index.ts';
import {
  H264NalType,
  H265NalType,
  isAv1Keyframe,
  isH264Keyframe,
  isH265Keyframe,
  isVp8Keyframe,
  isVp9Keyframe,
  ObuType,
  splitObus,
  visitNalUnits,
  vp8Dimensions,
} from '../../codec/index.ts';
import type { VideoCodec } from '../frame.ts';
import { type Av1Sequence, decodeAv1Sequence } from './av1.ts';
import { decodeH264Sps, type H264Sequence } from './h264.ts';
import { decodeH265Sps, type H265Sequence } from './h265.ts';
import { decodeVp9Keyframe, type Vp9Keyframe } from './vp9.ts';

/** What a keyframe says of the stream that it begins. */
export interface KeyframeInfo {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** As in the `codecs` parameter of media types (RFC 6381), for instance `avc1.42c01e`. */
  readonly codecString: string;
  /** Frames per second, where the stream says so (VUI of H.264 and H.265). */
  readonly frameRate?: number;
}

/**
 * What a keyframe says of its stream; `undefined` when it does not say, as an IDR picture without parameter sets or what is no
 * keyframe.
 */
export function describeKeyframe(codec: VideoCodec, frame: Uint8Array): KeyframeInfo | undefined {
  try {
    return DESCRIBE[codec](frame);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const IS_KEYFRAME: Readonly<Record<VideoCodec, (frame: Uint8Array) => boolean>> = {
  VP8: isVp8Keyframe,
  VP9: isVp9Keyframe,
  H264: isH264Keyframe,
  H265: isH265Keyframe,
  AV1: isAv1Keyframe,
};

/** Whether decoding can begin with a frame. */
export function isKeyframe(codec: VideoCodec, frame: Uint8Array): boolean {
  return IS_KEYFRAME[codec](frame);
}

const DESCRIBE: Readonly<Record<VideoCodec, (frame: Uint8Array) => KeyframeInfo | undefined>> = {
  VP8: (frame) => {
    const size = vp8Dimensions(frame);
    return size === undefined || size.width === 0 || size.height === 0 ? undefined : { ...size, codecString: 'vp8' };
  },
  VP9: (frame) => {
    const key = decodeVp9Keyframe(frame);
    return key === undefined ? undefined : { width: key.width, height: key.height, codecString: vp9String(key) };
  },
  H264: (frame) => {
    const unit = findUnit(frame, (first) => (first & 0x1f) === H264NalType.sps);
    if (unit === undefined) return undefined;
    const { width, height, frameRate, ...profile } = decodeH264Sps(unit);
    return { width, height, codecString: h264String(profile), ...(frameRate === undefined ? {} : { frameRate }) };
  },
  H265: (frame) => {
    const unit = findUnit(frame, (first) => ((first >> 1) & 0x3f) === H265NalType.sps);
    if (unit === undefined) return undefined;
    const sequence = decodeH265Sps(unit);
    return { width: sequence.width, height: sequence.height, codecString: h265String(sequence), ...(sequence.frameRate === undefined ? {} : { frameRate: sequence.frameRate }) };
  },
  AV1: (frame) => {
    const header = splitObus(frame).find(({ type }) => type === ObuType.sequenceHeader);
    if (header === undefined) return undefined;
    const sequence = decodeAv1Sequence(header.payload);
    return { width: sequence.width, height: sequence.height, codecString: av1String(sequence) };
  },
};

/** The first NAL unit of a kind. */
export function findUnit(frame: Uint8Array, is: (first: number) => boolean): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  visitNalUnits(frame, (unit) => {
    if (is(unit[0] as number)) found = unit;
    return found === undefined;
  });
  return found;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function decimal(value: number): string {
  return String(value).padStart(2, '0');
}

/** RFC 6381 3.3. */
function h264String({ profile, constraints, level }: Pick<H264Sequence, 'profile' | 'constraints' | 'level'>): string {
  return `avc1.${hex(profile)}${hex(constraints)}${hex(level)}`;
}

/** ISO/IEC 14496-15 E.3: the compatibility flags in reverse order, trailing zero bytes of the constraints left out. */
function h265String({ profileSpace, profile, compatibility, tier, level, constraints }: H265Sequence): string {
  let reversed = 0;
  for (let i = 0; i < 32; i++) if (((compatibility >>> i) & 1) === 1) reversed += 2 ** (31 - i);
  const used = constraints.slice(0, constraints.findLastIndex((byte) => byte !== 0) + 1);
  const space = profileSpace === 0 ? '' : String.fromCharCode(64 + profileSpace);
  return [`hvc1.${space}${profile}`, reversed.toString(16), `${tier === 0 ? 'L' : 'H'}${level}`, ...used.map((byte) => byte.toString(16))].join('.');
}

/** The levels of VP9 (annex A), each with the most samples of a luma picture. */
const VP9_LEVELS = [
  [10, 36_864], [11, 73_728], [20, 122_880], [21, 245_760], [30, 552_960], [31, 983_040], [40, 2_228_224], [50, 8_912_896], [60, 35_651_584],
] as const;

/** VP codec ISO media file format binding: profile, level, depth. The header holds no level: it is taken from the size of the picture. */
function vp9String({ profile, bitDepth, width, height, chroma }: Vp9Keyframe): string {
  const level = VP9_LEVELS.find(([, samples]) => width * height <= samples)?.[0] ?? 62;
  // Full form only where the chroma format is not the default of the short form.
  return `vp09.${decimal(profile)}.${decimal(level)}.${decimal(bitDepth)}${chroma === 0 ? '' : `.${decimal(chroma)}.02.02.02.00`}`;
}

/** AV1 codec ISO media file format binding, section 5. */
function av1String({ profile, level, tier, bitDepth, monochrome, subsamplingX, subsamplingY, chromaSamplePosition }: Av1Sequence): string {
  const short = `av01.${profile}.${decimal(level)}${tier === 0 ? 'M' : 'H'}.${decimal(bitDepth)}`;
  const usual = !monochrome && subsamplingX === 1 && subsamplingY === 1 && chromaSamplePosition === 0;
  return usual ? short : `${short}.${monochrome ? 1 : 0}.${subsamplingX}${subsamplingY}${chromaSamplePosition}.01.01.01.0`;
}
