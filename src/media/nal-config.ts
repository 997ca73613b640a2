import { readU16 } from '../core/bytes.ts';
import { concat, DecodeError, Reader } from '../core/index.ts';
import { H264NalType, H265NalType, LONG_START_CODE, SHORT_START_CODE } from '../codec/index.ts';

/** What a decoder configuration record says (ISO/IEC 14496-15 5.3.3.1 and 8.3.3.1). */
export interface NalConfig {
  readonly codec: 'H264' | 'H265';
  /** Size of the length before each NAL unit: 1, 2 or 4 bytes. */
  readonly lengthBytes: number;
  readonly parameterSets: readonly Uint8Array[];
}

/** Reads an AVCDecoderConfigurationRecord. Throws {@link DecodeError}. */
export function decodeAvcConfig(record: Uint8Array): NalConfig {
  const reader = new Reader(record, 'media.avcc');
  if (reader.u8() !== 1) throw new DecodeError('media.avcc', 'unknown version');
  reader.skip(3); // profile, constraints, level
  const lengthBytes = (reader.u8() & 0x03) + 1;
  const parameterSets: Uint8Array[] = [];
  for (let sps = reader.u8() & 0x1f; sps > 0; sps--) parameterSets.push(reader.vector16());
  for (let pps = reader.u8(); pps > 0; pps--) parameterSets.push(reader.vector16());
  return { codec: 'H264', lengthBytes: checked(lengthBytes), parameterSets };
}

/** Reads an HEVCDecoderConfigurationRecord. Throws {@link DecodeError}. */
export function decodeHevcConfig(record: Uint8Array): NalConfig {
  const reader = new Reader(record, 'media.hvcc');
  if (reader.u8() !== 1) throw new DecodeError('media.hvcc', 'unknown version');
  reader.skip(20);
  const lengthBytes = (reader.u8() & 0x03) + 1;
  const parameterSets: Uint8Array[] = [];
  for (let arrays = reader.u8(); arrays > 0; arrays--) {
    reader.skip(1); // NAL unit type
    for (let units = reader.u16(); units > 0; units--) parameterSets.push(reader.vector16());
  }
  return { codec: 'H265', lengthBytes: checked(lengthBytes), parameterSets };
}

function checked(lengthBytes: number): number {
  if (lengthBytes === 3) throw new DecodeError('media.nal', 'lengths of three bytes');
  return lengthBytes;
}

/**
 * A sample of an MP4 file as an access unit in Annex B form. Keyframes get the parameter sets of the configuration, unless they bring
 * an SPS of their own. Throws {@link DecodeError}.
 */
export function annexBOf(sample: Uint8Array, { codec, lengthBytes, parameterSets }: NalConfig, keyframe: boolean): Uint8Array {
  const units: Uint8Array[] = [];
  for (let at = 0; at < sample.length; ) {
    const start = at + lengthBytes;
    if (start > sample.length) throw new DecodeError('media.nal', 'no length');
    const length = lengthBytes === 4 ? readU16(sample, at) * 0x1_0000 + readU16(sample, at + 2) : lengthBytes === 2 ? readU16(sample, at) : (sample[at] as number);
    if (length > sample.length - start) throw new DecodeError('media.nal', `NAL unit of ${length} bytes in ${sample.length - start}`);
    if (length > 0) units.push(sample.subarray(start, start + length));
    at = start + length;
  }
  const hasSets = units.some(([first = 0]) => (codec === 'H264' ? (first & 0x1f) === H264NalType.sps : ((first >> 1) & 0x3f) === H265NalType.sps));
  const all = keyframe && !hasSets ? withSets(units, codec, parameterSets) : units;
  return concat(...all.flatMap((unit, i) => [i === 0 || isParameterSet(codec, unit) ? LONG_START_CODE : SHORT_START_CODE, unit]));
}

/** Parameter sets go behind an access unit delimiter, which comes first (H.264 7.4.1.2.3, H.265 7.4.2.4.4). */
function withSets(units: readonly Uint8Array[], codec: 'H264' | 'H265', sets: readonly Uint8Array[]): Uint8Array[] {
  const [first = 0] = units[0] ?? [];
  const delimited = codec === 'H264' ? (first & 0x1f) === H264NalType.accessUnitDelimiter : ((first >> 1) & 0x3f) === H265NalType.accessUnitDelimiter;
  const at = delimited ? 1 : 0;
  return [...units.slice(0, at), ...sets, ...units.slice(at)];
}

function isParameterSet(codec: 'H264' | 'H265', [first = 0]: Uint8Array): boolean {
  if (codec === 'H264') return (first & 0x1f) === H264NalType.sps || (first & 0x1f) === H264NalType.pps;
  const type = (first >> 1) & 0x3f;
  return type >= H265NalType.vps && type <= H265NalType.pps;
}
