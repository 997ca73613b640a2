import { readU16, readU32, writeU16, writeU32 } from '../../core/bytes.ts';
import { DecodeError } from '../../core/index.ts';
import { FLEXFEC_FIXED_BYTES, FLEXFEC_MASK_BITS, MAX_MASK_BITS } from './constants.ts';
import { type FecFields, lastMaskBit, maskHas, maskIsEmpty, setMaskBit } from './fields.ts';

/**
 * Decodes the payload of a FlexFEC packet (draft-ietf-payload-flexible-fec-scheme-03 4.2) with a flexible mask for one stream. Fixed
 * masks of rows and columns, retransmissions and protection of several streams at once are refused. Throws {@link DecodeError}.
 */
export function decodeFlexfec(payload: Uint8Array): FecFields {
  if (payload.length < FLEXFEC_FIXED_BYTES + 2) throw new DecodeError('interceptor.flexfec', `${payload.length} bytes`);
  const first = payload[0] as number;
  if ((first & 0xc0) !== 0) throw new DecodeError('interceptor.flexfec', 'a retransmission or a fixed mask');
  if (payload[8] !== 1) throw new DecodeError('interceptor.flexfec', `${payload[8]} streams protected`);
  const mask = new Uint8Array(14);
  const payloadAt = readMask(payload, mask);
  if (maskIsEmpty(mask)) throw new DecodeError('interceptor.flexfec', 'nothing protected');
  return {
    ssrc: readU32(payload, 12),
    base: readU16(payload, 16),
    mask,
    first,
    second: payload[1] as number,
    length: readU16(payload, 2),
    timestamp: readU32(payload, 4),
    payload: payload.subarray(payloadAt),
  };
}

/** Reads the parts of a mask into one without the bits between; returns where the parity begins. */
function readMask(payload: Uint8Array, mask: Uint8Array): number {
  let at = FLEXFEC_FIXED_BYTES;
  let ahead = 0;
  for (const bits of FLEXFEC_MASK_BITS) {
    const bytes = (bits + 1) >> 3;
    if (at + bytes > payload.length) throw new DecodeError('interceptor.flexfec', 'mask past the end');
    const part = payload.subarray(at, at + bytes);
    for (let bit = 1; bit <= bits; bit++, ahead++) if (maskHas(part, bit)) setMaskBit(mask, ahead);
    at += bytes;
    if (maskHas(part, 0)) return at;
  }
  throw new DecodeError('interceptor.flexfec', `a mask of more than ${MAX_MASK_BITS} bits`);
}

/** The payload of a FlexFEC packet for at most 109 packets in a row. */
export function encodeFlexfec(fields: FecFields): Uint8Array {
  const last = lastMaskBit(fields.mask);
  let maskBits = 0;
  let maskBytes = 0;
  for (const bits of FLEXFEC_MASK_BITS) {
    maskBits += bits;
    maskBytes += (bits + 1) >> 3;
    if (last < maskBits) break;
  }
  const payload = new Uint8Array(FLEXFEC_FIXED_BYTES + maskBytes + fields.payload.length);
  payload[0] = fields.first & 0x3f;
  payload[1] = fields.second;
  writeU16(payload, 2, fields.length);
  writeU32(payload, 4, fields.timestamp);
  payload[8] = 1;
  writeU32(payload, 12, fields.ssrc);
  writeU16(payload, 16, fields.base);
  writeMask(payload.subarray(FLEXFEC_FIXED_BYTES, FLEXFEC_FIXED_BYTES + maskBytes), fields.mask);
  payload.set(fields.payload, FLEXFEC_FIXED_BYTES + maskBytes);
  return payload;
}

function writeMask(into: Uint8Array, mask: Uint8Array): void {
  let at = 0;
  let ahead = 0;
  for (const bits of FLEXFEC_MASK_BITS) {
    const bytes = (bits + 1) >> 3;
    const part = into.subarray(at, at + bytes);
    for (let bit = 1; bit <= bits; bit++, ahead++) if (maskHas(mask, ahead)) setMaskBit(part, bit);
    at += bytes;
    if (at < into.length) continue;
    setMaskBit(part, 0);
    return;
  }
}
