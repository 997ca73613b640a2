import { readU16, readU32, writeU16, writeU32 } from '../../core/bytes.ts';
import { DecodeError } from '../../core/index.ts';
import { ULPFEC_FIXED_BYTES, ULPFEC_LONG_MASK_BYTES, ULPFEC_SHORT_MASK_BYTES } from './constants.ts';
import { type FecFields, lastMaskBit, maskIsEmpty } from './fields.ts';

/** Decodes the payload of a ULPFEC packet (RFC 5109 7.3): level 0, which is all that is in use. Throws {@link DecodeError}. */
export function decodeUlpfec(payload: Uint8Array): FecFields {
  const first = payload[0] ?? 0;
  const maskBytes = (first & 0x40) === 0 ? ULPFEC_SHORT_MASK_BYTES : ULPFEC_LONG_MASK_BYTES;
  const headerBytes = ULPFEC_FIXED_BYTES + maskBytes;
  if (payload.length < headerBytes) throw new DecodeError('interceptor.ulpfec', `${payload.length} bytes`);
  if ((first & 0x80) !== 0) throw new DecodeError('interceptor.ulpfec', 'an extension of the header');
  const protectedBytes = readU16(payload, 10);
  if (protectedBytes > payload.length - headerBytes) throw new DecodeError('interceptor.ulpfec', 'protection past the end');
  const mask = payload.subarray(ULPFEC_FIXED_BYTES, headerBytes);
  if (maskIsEmpty(mask)) throw new DecodeError('interceptor.ulpfec', 'nothing protected');
  return {
    ssrc: -1,
    base: readU16(payload, 2),
    mask,
    first,
    second: payload[1] as number,
    length: readU16(payload, 8),
    timestamp: readU32(payload, 4),
    payload: payload.subarray(headerBytes, headerBytes + protectedBytes),
  };
}

/** The payload of a ULPFEC packet for at most 48 packets in a row. */
export function encodeUlpfec(fields: FecFields): Uint8Array {
  const maskBytes = lastMaskBit(fields.mask) < 8 * ULPFEC_SHORT_MASK_BYTES ? ULPFEC_SHORT_MASK_BYTES : ULPFEC_LONG_MASK_BYTES;
  const headerBytes = ULPFEC_FIXED_BYTES + maskBytes;
  const payload = new Uint8Array(headerBytes + fields.payload.length);
  payload[0] = (maskBytes === ULPFEC_LONG_MASK_BYTES ? 0x40 : 0) | (fields.first & 0x3f);
  payload[1] = fields.second;
  writeU16(payload, 2, fields.base);
  writeU32(payload, 4, fields.timestamp);
  writeU16(payload, 8, fields.length);
  writeU16(payload, 10, fields.payload.length);
  payload.set(fields.mask.subarray(0, maskBytes), ULPFEC_FIXED_BYTES);
  payload.set(fields.payload, headerBytes);
  return payload;
}
