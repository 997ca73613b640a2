import { readU16, readU24, readU32 } from '../core/bytes.ts';
import { DecodeError, RtcError, Writer } from '../core/index.ts';
import type { RtcpLimits } from './config.ts';
import { ARRIVAL_TICK_MS, MAX_FEEDBACK_STATUSES, MAX_RUN_LENGTH, REFERENCE_TIME_TICKS, RtcpType, TransportFeedbackFormat } from './constants.ts';
import { FEEDBACK_SSRC_BYTES } from './feedback.ts';
import { checkWhole, type RtcpBody, type RtcpSlice } from './slice.ts';

// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 3).

/** What became of a packet, and how its arrival is told. */
export const PacketStatus = {
  lost: 0,
  /** One byte: 0 to 63.75 ms after the one before. */
  smallDelta: 1,
  /** Two bytes, signed: up to 8 s before or after the one before. */
  largeDelta: 2,
  /** Reserved. It came, as some senders mean it, and nothing is said of when. */
  noDelta: 3,
} as const;

/** When packets arrived, over all streams of a transport. */
export interface TransportFeedback {
  readonly type: 'transport-feedback';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** The transport-wide sequence number of the first packet. */
  readonly baseSequence: number;
  /** What the first delta counts from, in units of 64 ms modulo 2²⁴. */
  readonly referenceTime: number;
  /** Counts the feedback packets, modulo 256. */
  readonly feedbackCount: number;
  /** A {@link PacketStatus} for each packet, 1 to 8192 of them. */
  readonly statuses: Uint8Array;
  /** For each packet how long after the one before that has a delta it came, in units of 0.25 ms; 0 for those without. */
  readonly deltas: Int16Array;
}

const FIXED_BYTES = FEEDBACK_SSRC_BYTES + 8;
/** Statuses in a vector chunk of one bit and of two bits each. */
const ONE_BIT_STATUSES = 14;
const TWO_BIT_STATUSES = 7;

export function decodeTransportFeedback(bytes: Uint8Array, slice: RtcpSlice, limits: RtcpLimits): TransportFeedback {
  const { start } = slice;
  // Whether the last bytes are padding is told by the deltas: some senders set the P bit and count bytes that are none.
  const end = slice.packetEnd;
  if (end - start < FIXED_BYTES) throw new DecodeError('rtcp.transport-feedback', `${end - start} bytes`);
  const fixed = start + FEEDBACK_SSRC_BYTES;
  const count = readU16(bytes, fixed + 2);
  if (count === 0 || count > limits.maxFeedbackStatuses) throw new DecodeError('rtcp.transport-feedback', `${count} statuses`);
  const statuses = new Uint8Array(count);
  const deltas = new Int16Array(count);
  readDeltas(bytes, readStatuses(bytes, start + FIXED_BYTES, end, statuses), end, statuses, deltas);
  return {
    type: 'transport-feedback',
    senderSsrc: readU32(bytes, start),
    mediaSsrc: readU32(bytes, start + 4),
    baseSequence: readU16(bytes, fixed),
    referenceTime: readU24(bytes, fixed + 4),
    feedbackCount: bytes[fixed + 7] as number,
    statuses,
    deltas,
  };
}

/** Fills `statuses` and returns where the chunks end. The last chunk may say more than there is to say. */
function readStatuses(bytes: Uint8Array, start: number, end: number, statuses: Uint8Array): number {
  let at = start;
  for (let i = 0; i < statuses.length; at += 2) {
    if (end - at < 2) throw new DecodeError('rtcp.transport-feedback', 'statuses past the end');
    const chunk = readU16(bytes, at);
    if (chunk < 0x8000) {
      const next = Math.min(i + (chunk & 0x1fff), statuses.length);
      statuses.fill(chunk >> 13, i, next);
      i = next;
    } else if (chunk < 0xc000) {
      for (let bit = ONE_BIT_STATUSES - 1; bit >= 0 && i < statuses.length; bit--) statuses[i++] = (chunk >> bit) & 1;
    } else {
      for (let bit = 2 * TWO_BIT_STATUSES - 2; bit >= 0 && i < statuses.length; bit -= 2) statuses[i++] = (chunk >> bit) & 3;
    }
  }
  return at;
}

function readDeltas(bytes: Uint8Array, start: number, end: number, statuses: Uint8Array, deltas: Int16Array): void {
  let at = start;
  for (let i = 0; i < statuses.length; i++) {
    const status = statuses[i];
    if (status === PacketStatus.smallDelta) {
      if (at >= end) throw new DecodeError('rtcp.transport-feedback', 'deltas past the end');
      deltas[i] = bytes[at++] as number;
    } else if (status === PacketStatus.largeDelta) {
      if (end - at < 2) throw new DecodeError('rtcp.transport-feedback', 'deltas past the end');
      deltas[i] = readU16(bytes, at);
      at += 2;
    }
  }
}

/**
 * When each packet arrived, in milliseconds on the receiver's clock; NaN where that is not known.
 *
 * @param referenceTime - the reference time without its wraps; by default as the packet tells it
 */
export function arrivalTimes(feedback: TransportFeedback, referenceTime: number = feedback.referenceTime): Float64Array {
  const { statuses, deltas } = feedback;
  const times = new Float64Array(statuses.length).fill(NaN);
  let ticks = referenceTime * REFERENCE_TIME_TICKS;
  for (let i = 0; i < times.length; i++) {
    if (statuses[i] !== PacketStatus.smallDelta && statuses[i] !== PacketStatus.largeDelta) continue;
    ticks += deltas[i] as number;
    times[i] = ticks * ARRIVAL_TICK_MS;
  }
  return times;
}

/** What {@link feedbackFromArrivals} makes feedback of. */
export interface ArrivalRecord {
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  readonly feedbackCount: number;
  readonly baseSequence: number;
  /** When each packet from `baseSequence` on arrived, in milliseconds; NaN for those that did not. */
  readonly arrivalsMs: ArrayLike<number>;
  /** Largest packet in bytes, at least 64. Default 1200. */
  readonly maxBytes?: number;
}

/**
 * Feedback on as many of the packets, from the first on, as one packet can tell: it ends where an arrival lies more than 8 s
 * from the one before, where the size or 8192 statuses are reached. `covered` says how many; go on from there. No feedback
 * when none of them arrived.
 */
export function feedbackFromArrivals(record: ArrivalRecord): { feedback: TransportFeedback | undefined; covered: number } {
  const { arrivalsMs, maxBytes = 1200 } = record;
  const most = Math.min(arrivalsMs.length, MAX_FEEDBACK_STATUSES);
  const statuses = new Uint8Array(most);
  const deltas = new Int16Array(most);
  let referenceTime = -1;
  let ticks = 0;
  let deltaBytes = 0;
  let covered = 0;
  for (; covered < most; covered++) {
    const arrival = arrivalsMs[covered] as number;
    let size = 0;
    if (!Number.isNaN(arrival)) {
      const at = Math.round(arrival / ARRIVAL_TICK_MS);
      if (referenceTime < 0) {
        const reference = Math.floor(at / REFERENCE_TIME_TICKS);
        ticks = reference * REFERENCE_TIME_TICKS;
        referenceTime = ((reference % 0x100_0000) + 0x100_0000) % 0x100_0000;
      }
      const delta = at - ticks;
      if (delta < -0x8000 || delta > 0x7fff) break;
      ticks = at;
      size = delta >= 0 && delta <= 0xff ? 1 : 2;
      statuses[covered] = size;
      deltas[covered] = delta;
    }
    // Two-bit vectors are the least compact form.
    const chunkBytes = 2 * Math.ceil((covered + 1) / TWO_BIT_STATUSES);
    if (4 + FIXED_BYTES + chunkBytes + deltaBytes + size + 3 > maxBytes) break;
    deltaBytes += size;
  }
  if (covered === 0 && most > 0) throw new RtcError('ERR_INVALID_ARGUMENT', `feedback in ${maxBytes} bytes`);
  if (referenceTime < 0) return { feedback: undefined, covered };
  const { senderSsrc, mediaSsrc, feedbackCount, baseSequence } = record;
  const told = { statuses: statuses.subarray(0, covered), deltas: deltas.subarray(0, covered) };
  return { feedback: { type: 'transport-feedback', senderSsrc, mediaSsrc, feedbackCount, baseSequence, referenceTime, ...told }, covered };
}

export function encodeTransportFeedback(packet: TransportFeedback): RtcpBody {
  const { statuses, deltas } = packet;
  checkWhole('statuses', statuses.length, 1, 0xffff);
  checkWhole('deltas', deltas.length, statuses.length, statuses.length);
  const writer = new Writer(FIXED_BYTES + 3 * statuses.length).u32(packet.senderSsrc).u32(packet.mediaSsrc);
  writer.u16(packet.baseSequence).u16(statuses.length).u24(packet.referenceTime).u8(packet.feedbackCount);
  writeStatuses(writer, statuses);
  for (let i = 0; i < statuses.length; i++) {
    if (statuses[i] === PacketStatus.smallDelta) {
      checkWhole('small delta', deltas[i] as number, 0, 0xff);
      writer.u8(deltas[i] as number);
    } else if (statuses[i] === PacketStatus.largeDelta) writer.u16((deltas[i] as number) & 0xffff);
  }
  writer.zeros(-writer.length & 3);
  return { packetType: RtcpType.transportFeedback, count: TransportFeedbackFormat.transportWide, body: writer.finish() };
}

function writeStatuses(writer: Writer, statuses: Uint8Array): void {
  for (let i = 0; i < statuses.length; ) {
    const run = runLength(statuses, i);
    const oneBit = fitsOneBit(statuses, i);
    const end = Math.min(i + (oneBit ? ONE_BIT_STATUSES : TWO_BIT_STATUSES), statuses.length);
    // A run is worth a chunk where a vector would not hold more.
    if (run >= end - i) {
      writer.u16(((statuses[i] as number) << 13) | run);
      i += run;
      continue;
    }
    let chunk = oneBit ? 0x8000 : 0xc000;
    const step = oneBit ? 1 : 2;
    for (let bit = ONE_BIT_STATUSES - step; i < end; bit -= step) chunk |= (statuses[i++] as number) << bit;
    writer.u16(chunk);
  }
}

function runLength(statuses: Uint8Array, start: number): number {
  const end = Math.min(start + MAX_RUN_LENGTH, statuses.length);
  let at = start + 1;
  while (at < end && statuses[at] === statuses[start]) at++;
  return at - start;
}

function fitsOneBit(statuses: Uint8Array, start: number): boolean {
  const end = Math.min(start + ONE_BIT_STATUSES, statuses.length);
  for (let i = start; i < end; i++) if ((statuses[i] as number) > 1) return false;
  return true;
}
