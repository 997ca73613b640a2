import { readU16, readU32 } from '../core/bytes.ts';
import { DecodeError, type NtpTime, Writer } from '../core/index.ts';
import type { RtcpLimits } from './config.ts';
import { RtcpType, XrBlockType } from './constants.ts';
import { checkWhole, type RtcpBody, type RtcpSlice } from './slice.ts';

/** What a sender needs to hear back from a receiver that sends no media (RFC 3611 4.5). */
export interface DlrrReport {
  readonly ssrc: number;
  /** The middle 32 bits of the last receiver reference time; 0 when there was none. */
  readonly lastReceiverReport: number;
  /** The time since then, in units of 2⁻¹⁶ s. */
  readonly delaySinceLastReceiverReport: number;
}

/** One block of an extended report (RFC 3611 3). */
export type XrBlock =
  /** Receiver reference time (RFC 3611 4.4). */
  | { readonly type: 'rrtr'; readonly ntp: NtpTime }
  /** Delay since the last receiver report (RFC 3611 4.5). */
  | { readonly type: 'dlrr'; readonly reports: readonly DlrrReport[] }
  /** Any other; `data` is a multiple of 4 bytes. */
  | { readonly type: 'other'; readonly blockType: number; readonly specific: number; readonly data: Uint8Array };

/** An extended report (RFC 3611 2). */
export interface ExtendedReport {
  readonly type: 'xr';
  readonly ssrc: number;
  readonly blocks: readonly XrBlock[];
}

const BLOCK_HEADER_BYTES = 4;
const RRTR_BYTES = 8;
const DLRR_REPORT_BYTES = 12;

export function decodeExtendedReport(bytes: Uint8Array, { start, end }: RtcpSlice, limits: RtcpLimits): ExtendedReport {
  if (end - start < 4) throw new DecodeError('rtcp.xr', 'no source');
  const blocks: XrBlock[] = [];
  for (let at = start + 4; at < end; ) {
    if (end - at < BLOCK_HEADER_BYTES) throw new DecodeError('rtcp.xr', 'block past the end');
    const data = at + BLOCK_HEADER_BYTES;
    const next = data + 4 * readU16(bytes, at + 2);
    if (next > end) throw new DecodeError('rtcp.xr', 'block past the end');
    if (blocks.length === limits.maxXrBlocks) throw new DecodeError('rtcp.xr', 'too many blocks');
    blocks.push(decodeBlock(bytes, at, data, next, limits));
    at = next;
  }
  return { type: 'xr', ssrc: readU32(bytes, start), blocks };
}

function decodeBlock(bytes: Uint8Array, at: number, data: number, end: number, limits: RtcpLimits): XrBlock {
  const blockType = bytes[at] as number;
  if (blockType === XrBlockType.receiverReferenceTime) {
    if (end - data !== RRTR_BYTES) throw new DecodeError('rtcp.xr', `reference time of ${end - data} bytes`);
    return { type: 'rrtr', ntp: { seconds: readU32(bytes, data), fraction: readU32(bytes, data + 4) } };
  }
  if (blockType === XrBlockType.delaySinceLastReceiverReport) {
    const count = (end - data) / DLRR_REPORT_BYTES;
    if (!Number.isInteger(count) || count > limits.maxDlrrReports) throw new DecodeError('rtcp.xr', `delays of ${end - data} bytes`);
    const reports: DlrrReport[] = [];
    for (let i = data; i < end; i += DLRR_REPORT_BYTES) {
      reports.push({ ssrc: readU32(bytes, i), lastReceiverReport: readU32(bytes, i + 4), delaySinceLastReceiverReport: readU32(bytes, i + 8) });
    }
    return { type: 'dlrr', reports };
  }
  return { type: 'other', blockType, specific: bytes[at + 1] as number, data: bytes.subarray(data, end) };
}

export function encodeExtendedReport({ ssrc, blocks }: ExtendedReport): RtcpBody {
  const writer = new Writer().u32(ssrc);
  for (const block of blocks) {
    switch (block.type) {
      case 'rrtr':
        writer.u8(XrBlockType.receiverReferenceTime).u8(0).u16(RRTR_BYTES / 4).u32(block.ntp.seconds).u32(block.ntp.fraction);
        break;
      case 'dlrr':
        checkWhole('words of delays', 3 * block.reports.length, 0, 0xffff);
        writer.u8(XrBlockType.delaySinceLastReceiverReport).u8(0).u16(3 * block.reports.length);
        for (const report of block.reports) writer.u32(report.ssrc).u32(report.lastReceiverReport).u32(report.delaySinceLastReceiverReport);
        break;
      case 'other':
        checkWhole('block type', block.blockType, 0, 0xff);
        checkWhole('type-specific byte', block.specific, 0, 0xff);
        checkWhole('words of a block', block.data.length / 4, 0, 0xffff);
        writer.u8(block.blockType).u8(block.specific).u16(block.data.length / 4).append(block.data);
        break;
      default:
        block satisfies never;
    }
  }
  return { packetType: RtcpType.xr, count: 0, body: writer.finish() };
}
