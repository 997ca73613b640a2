import { DecodeError } from '../../core/index.ts';
import { Bits, rawPayload } from './bits.ts';

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
}

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
  return { profileSpace, tier, profile, compatibility, constraints, level, width, height };
}

/** The profiles and levels of temporal sub-layers (H.265 7.3.3). */
function skipSubLayers(bits: Bits, count: number): void {
  const present: boolean[] = [];
  for (let i = 0; i < count; i++) present.push(bits.flag(), bits.flag());
  if (count > 0) bits.skip(2 * (8 - count));
  for (let i = 0; i < present.length; i += 2) bits.skip((present[i] === true ? 88 : 0) + (present[i + 1] === true ? 8 : 0));
}
