import { readU24, readU32 } from '../core/bytes.ts';
import { DecodeError, EMPTY, type NtpTime, Writer } from '../core/index.ts';
import { MAX_COUNT, REPORT_BLOCK_BYTES, RtcpType } from './constants.ts';
import { checkWhole, type RtcpBody, type RtcpSlice } from './slice.ts';

/** What a receiver tells of one source (RFC 3550 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** The part of the packets since the last report that was lost, in units of 1/256: 0 to 255. */
  readonly fractionLost: number;
  /** Packets lost in all; negative when more came twice than were lost. 24 bits, signed. */
  readonly cumulativeLost: number;
  /** The highest sequence number with the number of wraps before it in its upper half. */
  readonly highestSequence: number;
  /** In units of the RTP clock. */
  readonly jitter: number;
  /** The middle 32 bits of the last sender report's NTP time; 0 when there was none. */
  readonly lastSenderReport: number;
  /** The time since then, in units of 2⁻¹⁶ s. */
  readonly delaySinceLastSenderReport: number;
}

/** A sender report (RFC 3550 6.4.1). */
export interface SenderReport {
  readonly type: 'sr';
  readonly ssrc: number;
  readonly ntp: NtpTime;
  /** The same instant on the RTP clock. */
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  /** Bytes of payload, modulo 2³². */
  readonly octetCount: number;
  /** At most 31. */
  readonly reports: readonly ReportBlock[];
  /** Profile-specific extensions (RFC 3550 6.4.3); a multiple of 4 bytes. */
  readonly extension?: Uint8Array;
}

/** A receiver report (RFC 3550 6.4.2). */
export interface ReceiverReport {
  readonly type: 'rr';
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
  readonly extension?: Uint8Array;
}

const SENDER_INFO_BYTES = 20;

export function decodeSenderReport(bytes: Uint8Array, slice: RtcpSlice): SenderReport {
  const { start } = slice;
  const rest = decodeReports(bytes, slice, start + 4 + SENDER_INFO_BYTES);
  return {
    type: 'sr',
    ssrc: readU32(bytes, start),
    ntp: { seconds: readU32(bytes, start + 4), fraction: readU32(bytes, start + 8) },
    rtpTimestamp: readU32(bytes, start + 12),
    packetCount: readU32(bytes, start + 16),
    octetCount: readU32(bytes, start + 20),
    ...rest,
  };
}

export function decodeReceiverReport(bytes: Uint8Array, slice: RtcpSlice): ReceiverReport {
  return { type: 'rr', ...decodeReports(bytes, slice, slice.start + 4), ssrc: readU32(bytes, slice.start) };
}

function decodeReports(bytes: Uint8Array, { count, end }: RtcpSlice, at: number): { reports: ReportBlock[]; extension?: Uint8Array } {
  const extensionAt = at + count * REPORT_BLOCK_BYTES;
  if (extensionAt > end) throw new DecodeError('rtcp.report', `no room for ${count} reports`);
  const reports: ReportBlock[] = [];
  for (let i = 0; i < count; i++) reports.push(decodeReportBlock(bytes, at + i * REPORT_BLOCK_BYTES));
  return extensionAt < end ? { reports, extension: bytes.subarray(extensionAt, end) } : { reports };
}

function decodeReportBlock(bytes: Uint8Array, at: number): ReportBlock {
  return {
    ssrc: readU32(bytes, at),
    fractionLost: bytes[at + 4] as number,
    cumulativeLost: (readU24(bytes, at + 5) << 8) >> 8,
    highestSequence: readU32(bytes, at + 8),
    jitter: readU32(bytes, at + 12),
    lastSenderReport: readU32(bytes, at + 16),
    delaySinceLastSenderReport: readU32(bytes, at + 20),
  };
}

export function encodeSenderReport(packet: SenderReport): RtcpBody {
  const writer = new Writer(4 + SENDER_INFO_BYTES + packet.reports.length * REPORT_BLOCK_BYTES);
  writer.u32(packet.ssrc).u32(packet.ntp.seconds).u32(packet.ntp.fraction).u32(packet.rtpTimestamp);
  writer.u32(packet.packetCount).u32(packet.octetCount);
  return finishReports(RtcpType.sr, writer, packet.reports, packet.extension);
}

export function encodeReceiverReport(packet: ReceiverReport): RtcpBody {
  const writer = new Writer(4 + packet.reports.length * REPORT_BLOCK_BYTES).u32(packet.ssrc);
  return finishReports(RtcpType.rr, writer, packet.reports, packet.extension);
}

function finishReports(packetType: number, writer: Writer, reports: readonly ReportBlock[], extension: Uint8Array = EMPTY): RtcpBody {
  checkWhole('report blocks', reports.length, 0, MAX_COUNT);
  checkWhole('words of profile-specific extension', extension.length / 4, 0, 0xffff);
  for (const report of reports) {
    checkWhole('fraction lost', report.fractionLost, 0, 0xff);
    checkWhole('cumulative lost', report.cumulativeLost, -0x80_0000, 0x7f_ffff);
    writer.u32(report.ssrc).u8(report.fractionLost).u24(report.cumulativeLost & 0xff_ffff).u32(report.highestSequence);
    writer.u32(report.jitter).u32(report.lastSenderReport).u32(report.delaySinceLastSenderReport);
  }
  return { packetType, count: reports.length, body: writer.append(extension).finish() };
}
