import { Bits } from './bits.ts';

/** What a sequence header says of the pictures (AV1 specification 5.5). */
export interface Av1Sequence {
  readonly profile: number;
  readonly level: number;
  readonly tier: number;
  readonly bitDepth: number;
  readonly monochrome: boolean;
  readonly subsamplingX: number;
  readonly subsamplingY: number;
  readonly chromaSamplePosition: number;
  readonly width: number;
  readonly height: number;
}

/** Reads the payload of a sequence header OBU. Throws `DecodeError`. */
export function decodeAv1Sequence(payload: Uint8Array): Av1Sequence {
  const bits = new Bits(payload, 'media.av1.sequence');
  const profile = bits.u(3);
  bits.skip(1); // still_picture
  const reduced = bits.flag();
  const { level, tier } = reduced ? { level: bits.u(5), tier: 0 } : operatingPoints(bits);
  const widthBits = bits.u(4) + 1;
  const heightBits = bits.u(4) + 1;
  const width = bits.u(widthBits) + 1;
  const height = bits.u(heightBits) + 1;
  if (!reduced && bits.flag()) bits.skip(7); // frame ids
  bits.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced) skipTools(bits);
  bits.skip(3); // enable_superres, enable_cdef, enable_restoration
  return { profile, level, tier, width, height, ...colorConfig(bits, profile) };
}

/** timing_info to the operating points (AV1 specification 5.5.1); the first of these counts. */
function operatingPoints(bits: Bits): { level: number; tier: number } {
  let delayBits = 0;
  if (bits.flag()) {
    bits.skip(64); // num_units_in_display_tick, time_scale
    if (bits.flag()) bits.uvlc(); // num_ticks_per_picture_minus_1
    if (bits.flag()) {
      delayBits = bits.u(5) + 1;
      bits.skip(42); // num_units_in_decoding_tick, the lengths of removal and presentation times
    }
  }
  const displayDelays = bits.flag();
  const count = bits.u(5) + 1;
  let first: { level: number; tier: number } | undefined;
  for (let i = 0; i < count; i++) {
    bits.skip(12); // operating_point_idc
    const level = bits.u(5);
    const tier = level > 7 ? bits.u(1) : 0;
    first ??= { level, tier };
    if (delayBits > 0 && bits.flag()) bits.skip(2 * delayBits + 1);
    if (displayDelays && bits.flag()) bits.skip(4);
  }
  return first as { level: number; tier: number };
}

/** enable_interintra_compound to order_hint_bits_minus_1. */
function skipTools(bits: Bits): void {
  bits.skip(4); // interintra, masked compound, warped motion, dual filter
  const orderHint = bits.flag();
  if (orderHint) bits.skip(2); // jnt_comp, ref_frame_mvs
  const screenContent = bits.flag() ? 2 : bits.bit();
  if (screenContent > 0 && !bits.flag()) bits.skip(1); // seq_choose_integer_mv, seq_force_integer_mv
  if (orderHint) bits.skip(3);
}

/** color_config (AV1 specification 5.5.2). */
function colorConfig(bits: Bits, profile: number): Pick<Av1Sequence, 'bitDepth' | 'monochrome' | 'subsamplingX' | 'subsamplingY' | 'chromaSamplePosition'> {
  const high = bits.flag();
  const bitDepth = profile === 2 && high ? (bits.flag() ? 12 : 10) : high ? 10 : 8;
  const monochrome = profile !== 1 && bits.flag();
  const described = bits.flag();
  const description = described ? bits.u(24) : 0;
  if (monochrome) return { bitDepth, monochrome, subsamplingX: 1, subsamplingY: 1, chromaSamplePosition: 0 };
  // BT.709 primaries (1), the transfer of sRGB (13) and the identity matrix (0): no subsampling.
  if (described && description === 0x01_0d_00) return { bitDepth, monochrome, subsamplingX: 0, subsamplingY: 0, chromaSamplePosition: 0 };
  bits.skip(1); // color_range
  let [subsamplingX, subsamplingY] = profile === 0 ? [1, 1] : profile === 1 ? [0, 0] : [1, 0];
  if (profile === 2 && bitDepth === 12) {
    subsamplingX = bits.bit();
    subsamplingY = subsamplingX === 1 ? bits.bit() : 0;
  }
  return { bitDepth, monochrome, subsamplingX, subsamplingY, chromaSamplePosition: subsamplingX === 1 && subsamplingY === 1 ? bits.u(2) : 0 };
}
