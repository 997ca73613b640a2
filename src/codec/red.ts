import { readU16 } from '../core/bytes.ts';
import { DecodeError, RtcError } from '../core/index.ts';
import { MAX_RED_BLOCKS } from './constants.ts';

/** Largest offset of a redundant block in ticks (14 bits) and largest block in bytes (10 bits), RFC 2198 3. */
const MAX_OFFSET = 0x3fff;
const MAX_BLOCK_BYTES = 0x3ff;

/** One block of a RED payload. */
export interface RedBlock {
  readonly payloadType: number;
  /** How far its timestamp is behind the packet's, in ticks, 0–16,383; 0 for the primary block. */
  readonly timestampOffset: number;
  readonly data: Uint8Array;
}

/**
 * The blocks of a RED payload (RFC 2198 3) as views, the oldest first and the primary one last.
 *
 * @param redPayloadType - the payload type of RED itself: RED within RED is refused
 * @throws DecodeError
 */
export function decodeRed(payload: Uint8Array, redPayloadType?: number): RedBlock[] {
  const headers: number[] = [];
  let at = 0;
  for (; ((payload[at] ?? 0) & 0x80) !== 0; at += 4) {
    if (headers.length === MAX_RED_BLOCKS - 1) throw new DecodeError('codec.red', 'too many blocks');
    headers.push(at);
  }
  if (at >= payload.length) throw new DecodeError('codec.red', 'no primary block');
  const primary = (payload[at++] as number) & 0x7f;
  const blocks: RedBlock[] = [];
  for (const header of headers) {
    const length = readU16(payload, header + 2) & MAX_BLOCK_BYTES;
    if (length > payload.length - at) throw new DecodeError('codec.red', `block of ${length} bytes in ${payload.length - at}`);
    const offset = (readU16(payload, header + 1) >> 2) & MAX_OFFSET;
    blocks.push({ payloadType: (payload[header] as number) & 0x7f, timestampOffset: offset, data: payload.subarray(at, at + length) });
    at += length;
  }
  blocks.push({ payloadType: primary, timestampOffset: 0, data: payload.subarray(at) });
  if (redPayloadType !== undefined && blocks.some(({ payloadType }) => payloadType === redPayloadType)) throw new DecodeError('codec.red', 'RED within RED');
  return blocks;
}

/** A RED payload of blocks, the oldest first and the primary one last. Throws `ERR_INVALID_ARGUMENT`. */
export function encodeRed(blocks: readonly RedBlock[]): Uint8Array {
  if (blocks.length === 0 || blocks.length > MAX_RED_BLOCKS) throw new RtcError('ERR_INVALID_ARGUMENT', `${blocks.length} blocks`);
  let length = 4 * blocks.length - 3;
  for (const { data } of blocks) length += data.length;
  const payload = new Uint8Array(length);
  let header = 0;
  let at = 4 * blocks.length - 3;
  for (let i = 0; i < blocks.length; i++) {
    const { payloadType, timestampOffset, data } = blocks[i] as RedBlock;
    const last = i === blocks.length - 1;
    const fits = payloadType >= 0 && payloadType <= 127 && (last || (timestampOffset >= 0 && timestampOffset <= MAX_OFFSET && data.length <= MAX_BLOCK_BYTES));
    if (!fits) throw new RtcError('ERR_INVALID_ARGUMENT', `block of payload type ${payloadType}, ${data.length} bytes, ${timestampOffset} ticks back`);
    payload[header] = (last ? 0 : 0x80) | payloadType;
    if (!last) {
      payload[header + 1] = timestampOffset >> 6;
      payload[header + 2] = ((timestampOffset & 0x3f) << 2) | (data.length >> 8);
      payload[header + 3] = data.length;
    }
    header += 4;
    payload.set(data, at);
    at += data.length;
  }
  return payload;
}
