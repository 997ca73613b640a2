/** A segment of a virtual TCP connection: 12 bytes of header, as much as TCP has more than UDP, then data. */
export interface Segment {
  readonly kind: SegmentKind;
  readonly sequence: number;
  /** The first byte that has not arrived yet at whoever sent this. */
  readonly acknowledged: number;
  readonly data: Uint8Array;
}

export const SEGMENT = { SYN: 1, SYN_ACK: 2, DATA: 3, ACK: 4, FIN: 5, RESET: 6 } as const;
export type SegmentKind = (typeof SEGMENT)[keyof typeof SEGMENT];

export const SEGMENT_HEADER_BYTES = 12;

/** A segment as bytes: kind, 24 bits of checksum, sequence number, acknowledged number. */
export function encodeSegment(kind: SegmentKind, sequence: number, acknowledged: number, data?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES + (data?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(4, sequence);
  view.setUint32(8, acknowledged);
  if (data !== undefined) bytes.set(data, SEGMENT_HEADER_BYTES);
  view.setUint32(0, (kind << 24) | checksum(bytes, kind));
  return bytes;
}

/** A segment that arrived; `undefined` when it was corrupted on the way, as TCP's checksum would tell. */
export function decodeSegment(bytes: Uint8Array): Segment | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = view.getUint32(0);
  const kind = (first >>> 24) as SegmentKind;
  if (kind < SEGMENT.SYN || kind > SEGMENT.RESET || (first & 0xff_ffff) !== checksum(bytes, kind)) return undefined;
  return { kind, sequence: view.getUint32(4), acknowledged: view.getUint32(8), data: bytes.subarray(SEGMENT_HEADER_BYTES) };
}

function checksum(bytes: Uint8Array, kind: number): number {
  let sum = kind;
  for (let i = 4; i < bytes.length; i++) sum = (Math.imul(sum, 31) + (bytes[i] as number)) >>> 0;
  return (sum ^ (sum >>> 8)) & 0xff_ffff;
}
