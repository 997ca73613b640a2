import { ObuType, obuTypeOf } from '../codec/index.ts';

const HAS_EXTENSION = 0x04;
const HAS_SIZE = 0x02;

/** An AV1 temporal unit without the temporal delimiters that it begins with; RTP carries none (AV1 RTP 1.0, 4.5). */
export function withoutDelimiter(unit: Uint8Array): Uint8Array {
  let at = 0;
  for (;;) {
    const header = unit[at];
    if (header === undefined || obuTypeOf(header) !== ObuType.temporalDelimiter || (header & HAS_SIZE) === 0) break;
    const size = at + ((header & HAS_EXTENSION) === 0 ? 1 : 2);
    if (unit[size] !== 0) break;
    at = size + 1;
  }
  return unit.subarray(at);
}
