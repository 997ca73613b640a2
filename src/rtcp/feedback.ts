import { readU16, readU32 } from '../core/bytes.ts';
import { DecodeError, Writer } from '../core/index.ts';
import type { RtcpLimits } from './config.ts';
import {
  MAX_REMB_SSRCS,
  NACK_BITS,
  PayloadFeedbackFormat,
  REMB_IDENTIFIER,
  REMB_MANTISSA_BITS,
  REMB_MAX_EXPONENT,
  RtcpType,
  TransportFeedbackFormat,
} from './constants.ts';
import { checkWhole, type RtcpBody, type RtcpSlice } from './slice.ts';

/** Packets that did not come (RFC 4585 6.2.1). */
export interface GenericNack {
  readonly type: 'nack';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** Their sequence numbers, in the order of the packet. */
  readonly lost: readonly number[];
}

/** A key frame is needed because a picture was lost (RFC 4585 6.3.1). */
export interface PictureLossIndication {
  readonly type: 'pli';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
}

/** Key frames are wanted (RFC 5104 4.3.1). */
export interface FullIntraRequest {
  readonly type: 'fir';
  readonly senderSsrc: number;
  /** 0 as a rule: the entries say whom it is for. */
  readonly mediaSsrc: number;
  /** `sequence` (0 to 255) tells a new request from one that is repeated. */
  readonly entries: readonly { readonly ssrc: number; readonly sequence: number }[];
}

/** The receiver's estimate of the most that may be sent (draft-alvestrand-rmcat-remb-03 2). */
export interface ReceiverEstimate {
  readonly type: 'remb';
  readonly senderSsrc: number;
  /** 0 by the draft. */
  readonly mediaSsrc: number;
  /** Up to 2⁸¹ by the format; whoever uses it bounds it. */
  readonly bitrateBps: number;
  /** The streams it is for, together; at most 255. */
  readonly ssrcs: readonly number[];
}

/** Bytes of the two SSRCs that all feedback begins with (RFC 4585 6.1). */
export const FEEDBACK_SSRC_BYTES = 8;

export function decodeNack(bytes: Uint8Array, { start, end }: RtcpSlice, limits: RtcpLimits): GenericNack {
  const first = start + FEEDBACK_SSRC_BYTES;
  if (first >= end || (end - first) % 4 !== 0) throw new DecodeError('rtcp.nack', `${end - start} bytes`);
  if ((end - first) / 4 > limits.maxNackEntries) throw new DecodeError('rtcp.nack', 'too many entries');
  const lost: number[] = [];
  for (let at = first; at < end; at += 4) {
    const sequence = readU16(bytes, at);
    lost.push(sequence);
    let mask = readU16(bytes, at + 2);
    for (let i = 1; mask !== 0; i++, mask >>>= 1) if (mask & 1) lost.push((sequence + i) & 0xffff);
  }
  return { type: 'nack', senderSsrc: readU32(bytes, start), mediaSsrc: readU32(bytes, start + 4), lost };
}

/** Numbers that follow each other, wraps included, share entries; each entry covers 17 of them. */
export function encodeNack({ senderSsrc, mediaSsrc, lost }: GenericNack): RtcpBody {
  checkWhole('lost packets', lost.length, 1, 0x1_0000);
  const writer = new Writer(FEEDBACK_SSRC_BYTES + 4 * lost.length).u32(senderSsrc).u32(mediaSsrc);
  for (let i = 0; i < lost.length; ) {
    const sequence = (lost[i] as number) & 0xffff;
    let mask = 0;
    for (i++; i < lost.length; i++) {
      const ahead = ((lost[i] as number) - sequence) & 0xffff;
      if (ahead === 0 || ahead > NACK_BITS) break;
      mask |= 1 << (ahead - 1);
    }
    writer.u16(sequence).u16(mask);
  }
  return { packetType: RtcpType.transportFeedback, count: TransportFeedbackFormat.nack, body: writer.finish() };
}

export function decodePictureLoss(bytes: Uint8Array, { start, end }: RtcpSlice): PictureLossIndication {
  if (end - start !== FEEDBACK_SSRC_BYTES) throw new DecodeError('rtcp.pli', `${end - start} bytes`);
  return { type: 'pli', senderSsrc: readU32(bytes, start), mediaSsrc: readU32(bytes, start + 4) };
}

export function encodePictureLoss({ senderSsrc, mediaSsrc }: PictureLossIndication): RtcpBody {
  const body = new Writer(FEEDBACK_SSRC_BYTES).u32(senderSsrc).u32(mediaSsrc).finish();
  return { packetType: RtcpType.payloadFeedback, count: PayloadFeedbackFormat.pli, body };
}

export function decodeFullIntraRequest(bytes: Uint8Array, { start, end }: RtcpSlice, limits: RtcpLimits): FullIntraRequest {
  const first = start + FEEDBACK_SSRC_BYTES;
  if (first >= end || (end - first) % 8 !== 0) throw new DecodeError('rtcp.fir', `${end - start} bytes`);
  if ((end - first) / 8 > limits.maxFirEntries) throw new DecodeError('rtcp.fir', 'too many entries');
  const entries: { ssrc: number; sequence: number }[] = [];
  for (let at = first; at < end; at += 8) entries.push({ ssrc: readU32(bytes, at), sequence: bytes[at + 4] as number });
  return { type: 'fir', senderSsrc: readU32(bytes, start), mediaSsrc: readU32(bytes, start + 4), entries };
}

export function encodeFullIntraRequest({ senderSsrc, mediaSsrc, entries }: FullIntraRequest): RtcpBody {
  checkWhole('entries', entries.length, 1, 0x7fff);
  const writer = new Writer(FEEDBACK_SSRC_BYTES + 8 * entries.length).u32(senderSsrc).u32(mediaSsrc);
  for (const { ssrc, sequence } of entries) writer.u32(ssrc).u8(sequence & 0xff).u24(0);
  return { packetType: RtcpType.payloadFeedback, count: PayloadFeedbackFormat.fir, body: writer.finish() };
}

/** Whether application-layer feedback is a REMB. */
export function isReceiverEstimate(bytes: Uint8Array, { start, end }: RtcpSlice): boolean {
  return end - start >= FEEDBACK_SSRC_BYTES + 4 && readU32(bytes, start + FEEDBACK_SSRC_BYTES) === REMB_IDENTIFIER;
}

export function decodeReceiverEstimate(bytes: Uint8Array, { start, end }: RtcpSlice): ReceiverEstimate {
  const at = start + FEEDBACK_SSRC_BYTES + 4;
  const count = end - at >= 4 ? (bytes[at] as number) : -1;
  if (end - at !== 4 + 4 * count) throw new DecodeError('rtcp.remb', `${end - start} bytes for ${count} sources`);
  const exponent = (bytes[at + 1] as number) >> 2;
  const mantissa = (((bytes[at + 1] as number) & 3) << 16) | readU16(bytes, at + 2);
  const ssrcs: number[] = [];
  for (let i = at + 4; i < end; i += 4) ssrcs.push(readU32(bytes, i));
  return { type: 'remb', senderSsrc: readU32(bytes, start), mediaSsrc: readU32(bytes, start + 4), bitrateBps: mantissa * 2 ** exponent, ssrcs };
}

/** The bitrate is rounded down to what the format can say. */
export function encodeReceiverEstimate({ senderSsrc, mediaSsrc, bitrateBps, ssrcs }: ReceiverEstimate): RtcpBody {
  checkWhole('sources', ssrcs.length, 0, MAX_REMB_SSRCS);
  let exponent = 0;
  let mantissa = Math.floor(bitrateBps);
  for (; mantissa >= 2 ** REMB_MANTISSA_BITS && exponent < REMB_MAX_EXPONENT; exponent++) mantissa = Math.floor(mantissa / 2);
  checkWhole('mantissa of the bitrate', mantissa, 0, 2 ** REMB_MANTISSA_BITS - 1);
  const writer = new Writer(FEEDBACK_SSRC_BYTES + 8 + 4 * ssrcs.length).u32(senderSsrc).u32(mediaSsrc).u32(REMB_IDENTIFIER);
  writer.u8(ssrcs.length).u8((exponent << 2) | (mantissa >> 16)).u16(mantissa & 0xffff);
  for (const ssrc of ssrcs) writer.u32(ssrc);
  return { packetType: RtcpType.payloadFeedback, count: PayloadFeedbackFormat.application, body: writer.finish() };
}
