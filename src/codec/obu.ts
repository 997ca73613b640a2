import { DecodeError } from '../core/index.ts';
import { decodeLeb128, leb128Length, writeLeb128 } from './leb128.ts';

/** OBU types (AV1 specification 6.2.2). */
export const ObuType = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;

/** A temporal delimiter with its size field, as it stands before each temporal unit in a file. RTP carries none. */
export const TEMPORAL_DELIMITER: Uint8Array = Uint8Array.of((ObuType.temporalDelimiter << 3) | 0x02, 0);

export const OBU_FORBIDDEN = 0x80;
export const OBU_EXTENSION = 0x04;
export const OBU_HAS_SIZE = 0x02;

/** Most bytes of an OBU header with extension and size field. */
export const MAX_OBU_HEADER_BYTES = 10;

/** The type in the first byte of an OBU. */
export function obuTypeOf(header: number): number {
  return (header >> 3) & 0x0f;
}

/** One OBU of a byte string. */
export interface Obu {
  readonly type: number;
  /** The first byte. */
  readonly header: number;
  /** The byte with temporal and spatial id, where there is one. */
  readonly extension: number | undefined;
  /** What follows the header and the size field. */
  readonly payload: Uint8Array;
}

/**
 * The OBUs of a temporal unit in the low-overhead format (AV1 specification 5.2), as views. Only the last may be without
 * a size field. Throws {@link DecodeError}.
 */
export function splitObus(unit: Uint8Array): Obu[] {
  const obus: Obu[] = [];
  for (let at = 0; at < unit.length; ) {
    const header = unit[at++] as number;
    if ((header & OBU_FORBIDDEN) !== 0) throw new DecodeError('codec.obu', 'obu_forbidden_bit is set');
    let extension: number | undefined;
    if ((header & OBU_EXTENSION) !== 0) {
      extension = unit[at++];
      if (extension === undefined) throw new DecodeError('codec.obu', 'no extension');
    }
    let size = unit.length - at;
    if ((header & OBU_HAS_SIZE) !== 0) {
      const field = decodeLeb128(unit, at);
      at += field.length;
      if (field.value > unit.length - at) throw new DecodeError('codec.obu', `OBU of ${field.value} bytes in ${unit.length - at}`);
      size = field.value;
    }
    obus.push({ type: obuTypeOf(header), header, extension, payload: unit.subarray(at, at + size) });
    at += size;
  }
  return obus;
}

/** The header of an OBU with a size field for `size` bytes of payload. */
export function sizedObuHeader(header: number, extension: number | undefined, size: number): Uint8Array {
  const out = new Uint8Array((extension === undefined ? 1 : 2) + leb128Length(size));
  out[0] = header | OBU_HAS_SIZE;
  if (extension !== undefined) out[1] = extension;
  writeLeb128(out, extension === undefined ? 1 : 2, size);
  return out;
}

/** Whether a temporal unit begins a coded video sequence: a sequence header and a key frame behind it. */
export function isAv1Keyframe(unit: Uint8Array): boolean {
  let sequence = false;
  try {
    for (const { type, payload } of splitObus(unit)) {
      const first = payload[0] ?? 0xff;
      if (type === ObuType.sequenceHeader) {
        sequence = true;
        // seq_profile (3 bits), still_picture, reduced_still_picture_header: such a stream has key frames only.
        if ((first & 0x08) !== 0 && payload.length > 0) return true;
      } else if (type === ObuType.frame || type === ObuType.frameHeader) {
        // show_existing_frame 0, frame_type (2 bits) 0 (AV1 specification 5.9.2)
        return sequence && (first & 0xe0) === 0;
      }
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  return false;
}
