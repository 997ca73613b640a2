import { RtcError } from '../core/index.ts';

/** One packet of a datagram: where its body lies, between the common header and the padding. */
export interface RtcpSlice {
  readonly packetType: number;
  /** The 5-bit field: a count, format or subtype. */
  readonly count: number;
  /** Where the body starts, behind the common header. */
  readonly start: number;
  /** Where the body ends and the padding, if any, begins. */
  readonly end: number;
  /** Where the packet ends. */
  readonly packetEnd: number;
}

/** What an encoder of one packet gives back: the 5-bit field, and the body whose size is a multiple of four. */
export interface RtcpBody {
  readonly packetType: number;
  readonly count: number;
  readonly body: Uint8Array;
}

/** Throws `ERR_INVALID_ARGUMENT` unless `value` is a whole number in `[least, most]`. */
export function checkWhole(what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) throw new RtcError('ERR_INVALID_ARGUMENT', `${what}: ${value}`);
}
