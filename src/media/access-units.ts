import { H264NalType, H265NalType } from '../codec/index.ts';

/**
 * What a NAL unit is to the access units around it: `picture` – the first slice of a picture; `slice` – another one; `delimiter` –
 * certainly opens an access unit; `opening` – opens one if it comes behind the last slice of a picture; `other` – goes with what is before it.
 */
export type UnitRole = 'picture' | 'slice' | 'delimiter' | 'opening' | 'other';

/** How a codec's NAL units make access units. */
export interface AccessUnitRules {
  /** How many bytes of a NAL unit are needed to tell its role. */
  readonly headBytes: number;
  /** @param head - the first bytes of the unit; fewer only where the unit is shorter */
  roleOf(head: Uint8Array): UnitRole;
}

/** Types of H.264 (table 7-1) that RTP has no use for. */
const H264_PARTITION_B = 3;
const H264_PARTITION_C = 4;
const H264_LAST_RESERVED_PREFIX = 18;

/** H.264: 7.4.1.2.3. The first slice of a picture has first_mb_in_slice 0, whose ue(v) is a single 1 bit. */
const H264_RULES: AccessUnitRules = {
  headBytes: 2,
  roleOf(head) {
    const type = (head[0] ?? 0) & 0x1f;
    switch (type) {
      case H264NalType.slice:
      case H264NalType.partitionA:
      case H264NalType.idr:
        return ((head[1] ?? 0) & 0x80) !== 0 ? 'picture' : 'slice';
      case H264_PARTITION_B:
      case H264_PARTITION_C:
        return 'slice';
      case H264NalType.accessUnitDelimiter:
      case H264NalType.sps:
        return 'delimiter';
      case H264NalType.sei:
      case H264NalType.pps:
        return 'opening';
      default:
        return type >= H264NalType.prefix && type <= H264_LAST_RESERVED_PREFIX ? 'opening' : 'other';
    }
  },
};

/** H.265: 7.4.2.4.4. Units of higher layers never open an access unit. */
const H265_RULES: AccessUnitRules = {
  headBytes: 3,
  roleOf(head) {
    const type = ((head[0] ?? 0) >> 1) & 0x3f;
    const layer = (((head[0] ?? 0) & 1) << 5) | ((head[1] ?? 0) >> 3);
    if (type <= H265NalType.lastSlice) return layer === 0 && ((head[2] ?? 0) & 0x80) !== 0 ? 'picture' : 'slice';
    if (layer !== 0) return 'other';
    if (type === H265NalType.accessUnitDelimiter || type === H265NalType.vps) return 'delimiter';
    const opens = type === H265NalType.sps || type === H265NalType.pps || type === H265NalType.prefixSei;
    // RSV_NVCL41 to 44, UNSPEC48 to 55
    return opens || (type >= 41 && type <= 44) || (type >= 48 && type <= 55) ? 'opening' : 'other';
  },
};

export const ACCESS_UNIT_RULES: Readonly<Record<'H264' | 'H265', AccessUnitRules>> = { H264: H264_RULES, H265: H265_RULES };
