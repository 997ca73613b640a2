import { DecodeError } from '../../core/index.ts';
import { believable, Bits, rawPayload } from './bits.ts';

/** What a sequence parameter set says of the pictures (H.265 7.3.2.2). */
export interface H265Sequence {
  readonly profileSpace: number;
  readonly tier: number;
  readonly profile: number;
  readonly compatibility: number;
  /** The 48 bits from general_progressive_source_flag on, as six bytes. */
  readonly constraints: readonly number[];
  readonly level: number;
  readonly width: number;
  readonly height: number;
  /** From the timing information of the VUI; absent where there is none. */
  readonly frameRate: number | undefined;
}

/** Most short-term reference picture sets, and most pictures in one (H.265 7.4.3.2.1, 7.4.8). */
const MAX_PICTURE_SETS = 64;
const MAX_PICTURES = 16;

/** aspect_ratio_idc that is followed by width and height (H.265 table E.1). */
const EXTENDED_SAR = 255;

/** Largest width and height in pixels that are believed. */
const MAX_SIDE = 65_535;

/** Reads a sequence parameter set, NAL unit header included. Throws {@link DecodeError}. */
export function decodeH265Sps(unit: Uint8Array): H265Sequence {
  const bits = new Bits(rawPayload(unit, 2), 'media.h265.sps');
  bits.skip(4); // sps_video_parameter_set_id
  const subLayers = bits.u(3);
  bits.skip(1); // sps_temporal_id_nesting_flag
  const profileSpace = bits.u(2);
  const tier = bits.u(1);
  const profile = bits.u(5);
  const compatibility = bits.u(32);
  const constraints = Array.from({ length: 6 }, () => bits.u(8));
  const level = bits.u(8);
  skipSubLayers(bits, subLayers);
  bits.ue(); // sps_seq_parameter_set_id
  const chroma = bits.ue();
  if (chroma > 3) throw new DecodeError('media.h265.sps', `chroma_format_idc ${chroma}`);
  const separatePlanes = chroma === 3 && bits.flag();
  let width = bits.ue();
  let height = bits.ue();
  if (width > MAX_SIDE || height > MAX_SIDE) throw new DecodeError('media.h265.sps', 'pictures too large');
  if (bits.flag()) {
    // Units of the conformance window: SubWidthC and SubHeightC (H.265 table 6-1).
    const unitX = (chroma === 1 || chroma === 2) && !separatePlanes ? 2 : 1;
    const unitY = chroma === 1 ? 2 : 1;
    width -= unitX * (bits.ue() + bits.ue());
    height -= unitY * (bits.ue() + bits.ue());
  }
  if (width <= 0 || height <= 0) throw new DecodeError('media.h265.sps', 'nothing is left of the picture');
  return { profileSpace, tier, profile, compatibility, constraints, level, width, height, frameRate: frameRateOf(bits, subLayers) };
}

/** The profiles and levels of temporal sub-layers (H.265 7.3.3). */
function skipSubLayers(bits: Bits, count: number): void {
  const present: boolean[] = [];
  for (let i = 0; i < count; i++) present.push(bits.flag(), bits.flag());
  if (count > 0) bits.skip(2 * (8 - count));
  for (let i = 0; i < present.length; i += 2) bits.skip((present[i] === true ? 88 : 0) + (present[i + 1] === true ? 8 : 0));
}

/** The frame rate of VUI parameters, which stand at the end of an SPS (H.265 E.2.1); what cannot be read is not there. */
function frameRateOf(bits: Bits, subLayers: number): number | undefined {
  try {
    skipToVui(bits, subLayers);
    if (!bits.flag()) return undefined;
    if (bits.flag() && bits.u(8) === EXTENDED_SAR) bits.skip(32);
    if (bits.flag()) bits.skip(1); // overscan
    if (bits.flag()) {
      bits.skip(4); // video_format, video_full_range_flag
      if (bits.flag()) bits.skip(24);
    }
    if (bits.flag()) for (let i = 0; i < 2; i++) bits.ue(); // chroma_sample_loc
    bits.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
    if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue(); // default display window
    if (!bits.flag()) return undefined;
    const unitsInTick = bits.u(32);
    return believable(bits.u(32) / unitsInTick);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** From bit_depth_luma_minus8 to the flag before the VUI (H.265 7.3.2.2.1). */
function skipToVui(bits: Bits, subLayers: number): void {
  bits.ue();
  bits.ue();
  const orderBits = bits.ue() + 4;
  for (let i = bits.flag() ? 0 : subLayers; i <= subLayers; i++) for (let field = 0; field < 3; field++) bits.ue();
  for (let field = 0; field < 6; field++) bits.ue(); // sizes of coding and transform blocks, depths of their hierarchy
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.skip(8); // sample depths of PCM
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  skipPictureSets(bits);
  if (bits.flag()) {
    const longTerm = bits.ue();
    if (longTerm > 32) throw new DecodeError('media.h265.sps', `${longTerm} long-term pictures`);
    bits.skip(longTerm * (orderBits + 1));
  }
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
}

/** H.265 7.3.4. */
function skipScalingLists(bits: Bits): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) bits.ue();
      else {
        if (size > 1) bits.se();
        for (let i = 0; i < Math.min(64, 1 << (4 + (size << 1))); i++) bits.se();
      }
    }
  }
}

/** st_ref_pic_set of an SPS (H.265 7.3.7): a set may be told by its difference from the one before. */
function skipPictureSets(bits: Bits): void {
  const count = bits.ue();
  if (count > MAX_PICTURE_SETS) throw new DecodeError('media.h265.sps', `${count} reference picture sets`);
  let pictures = 0;
  for (let set = 0; set < count; set++) {
    if (set > 0 && bits.flag()) {
      bits.skip(1); // delta_rps_sign
      bits.ue(); // abs_delta_rps_minus1
      let kept = 0;
      for (let i = 0; i <= pictures; i++) if (bits.flag() || bits.flag()) kept++;
      pictures = kept;
    } else {
      pictures = bits.ue() + bits.ue();
      if (pictures > MAX_PICTURES) throw new DecodeError('media.h265.sps', `${pictures} reference pictures`);
      for (let i = 0; i < pictures; i++) {
        bits.ue();
        bits.skip(1);
      }
    }
  }
}
