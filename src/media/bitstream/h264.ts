import { DecodeError } from '../../core/index.ts';
import { believable, Bits, rawPayload } from './bits.ts';

/** What a sequence parameter set says of the pictures (H.264 7.3.2.1.1). */
export interface H264Sequence {
  readonly profile: number;
  /** constraint_set0_flag to constraint_set5_flag, the first in the highest bit. */
  readonly constraints: number;
  readonly level: number;
  readonly width: number;
  readonly height: number;
  /** From the timing information of the VUI; absent where there is none. */
  readonly frameRate: number | undefined;
}

/** Profiles whose SPS says which chroma format it has (H.264 7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** aspect_ratio_idc that is followed by width and height (H.264 table E-1). */
const EXTENDED_SAR = 255;

/** Most macroblocks across and down that are believed. */
const MAX_MACROBLOCKS = 4096;

/** Reads a sequence parameter set, NAL unit header included. Throws {@link DecodeError}. */
export function decodeH264Sps(unit: Uint8Array): H264Sequence {
  const bits = new Bits(rawPayload(unit, 1), 'media.h264.sps');
  const profile = bits.u(8);
  const constraints = bits.u(8);
  const level = bits.u(8);
  bits.ue(); // seq_parameter_set_id
  let chroma = 1;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.ue();
    if (chroma > 3) throw new DecodeError('media.h264.sps', `chroma_format_idc ${chroma}`);
    if (chroma === 3) separatePlanes = bits.flag();
    bits.ue(); // bit_depth_luma_minus8
    bits.ue(); // bit_depth_chroma_minus8
    bits.skip(1); // qpprime_y_zero_transform_bypass_flag
    if (bits.flag()) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  skipPictureOrder(bits);
  bits.ue(); // max_num_ref_frames
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const macroblocksWide = bits.ue() + 1;
  const mapUnitsHigh = bits.ue() + 1;
  const framesOnly = bits.bit();
  if (framesOnly === 0) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  if (macroblocksWide > MAX_MACROBLOCKS || mapUnitsHigh > MAX_MACROBLOCKS) throw new DecodeError('media.h264.sps', 'pictures too large');
  // Units of cropping (H.264 7.4.2.1.1, equations 7-19 to 7-22).
  const cropX = chroma === 0 || separatePlanes || chroma === 3 ? 1 : 2;
  const cropY = (chroma === 1 && !separatePlanes ? 2 : 1) * (2 - framesOnly);
  let width = 16 * macroblocksWide;
  let height = 16 * mapUnitsHigh * (2 - framesOnly);
  if (bits.flag()) {
    width -= cropX * (bits.ue() + bits.ue());
    height -= cropY * (bits.ue() + bits.ue());
  }
  if (width <= 0 || height <= 0) throw new DecodeError('media.h264.sps', 'nothing is left of the picture');
  return { profile, constraints, level, width, height, frameRate: bits.left > 0 && bits.flag() ? frameRateOf(bits) : undefined };
}

function skipScalingLists(bits: Bits, count: number): void {
  for (let list = 0; list < count; list++) {
    if (!bits.flag()) continue;
    let next = 8;
    for (let i = 0; i < (list < 6 ? 16 : 64) && next !== 0; i++) next = (next + bits.se() + 256) % 256;
  }
}

/** pic_order_cnt_type and what depends on it. */
function skipPictureOrder(bits: Bits): void {
  bits.ue(); // log2_max_frame_num_minus4
  const type = bits.ue();
  if (type === 0) bits.ue();
  else if (type === 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    const count = bits.ue();
    if (count > 255) throw new DecodeError('media.h264.sps', `${count} reference frames in a cycle`);
    for (let i = 0; i < count; i++) bits.se();
  }
}

/** The frame rate of VUI parameters (H.264 E.1.1, E.2.1: a frame lasts two ticks). */
function frameRateOf(bits: Bits): number | undefined {
  try {
    if (bits.flag() && bits.u(8) === EXTENDED_SAR) bits.skip(32);
    if (bits.flag()) bits.skip(1); // overscan
    if (bits.flag()) {
      bits.skip(4); // video_format, video_full_range_flag
      if (bits.flag()) bits.skip(24);
    }
    if (bits.flag()) {
      bits.ue();
      bits.ue();
    }
    if (!bits.flag()) return undefined;
    const unitsInTick = bits.u(32);
    return believable(bits.u(32) / (2 * unitsInTick));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  return undefined;
}
