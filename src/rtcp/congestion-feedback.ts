import { readU16, readU32 } from '../core/bytes.ts';
import { DecodeError, Writer } from '../core/index.ts';
import type { RtcpLimits } from './config.ts';
import { OFFSET_OVERFLOW, OFFSET_UNIT_MS, OFFSET_UNKNOWN, RtcpType, TransportFeedbackFormat } from './constants.ts';
import { checkWhole, type RtcpBody, type RtcpSlice } from './slice.ts';

/** What is told of the packets of one stream. */
export interface CongestionReport {
  readonly ssrc: number;
  /** The sequence number of the first packet. */
  readonly beginSequence: number;
  /** For each packet from there on a metric; see {@link metricReceived}, {@link metricEcn}, {@link metricOffset}. */
  readonly metrics: Uint16Array;
}

/** Congestion control feedback (RFC 8888 3.1). */
export interface CongestionFeedback {
  readonly type: 'congestion-feedback';
  readonly senderSsrc: number;
  readonly reports: readonly CongestionReport[];
  /** When this was sent: the middle 32 bits of an NTP timestamp. */
  readonly timestamp: number;
}

/** Whether the packet of a metric came. If not, the metric says nothing else. */
export function metricReceived(metric: number): boolean {
  return metric >= 0x8000;
}

/** The ECN bits that the packet of a metric came with (RFC 3168 5). */
export function metricEcn(metric: number): number {
  return metricReceived(metric) ? (metric >> 13) & 3 : 0;
}

/** How long before the report's timestamp the packet came, in units of 1/1024 s: 0x1ffe for this or more, 0x1fff when it is not known. */
export function metricOffset(metric: number): number {
  return metricReceived(metric) ? metric & 0x1fff : 0;
}

/** The metric of a packet that came `offsetMs` before the report's timestamp; one that came after it has no known offset (RFC 8888 3.1). */
export function congestionMetric(ecn: number, offsetMs: number): number {
  checkWhole('ECN', ecn, 0, 3);
  const offset = offsetMs < 0 || Number.isNaN(offsetMs) ? OFFSET_UNKNOWN : Math.min(Math.round(offsetMs / OFFSET_UNIT_MS), OFFSET_OVERFLOW);
  return 0x8000 | (ecn << 13) | offset;
}

/** The SSRC of the sender in front, the timestamp behind. */
const FIXED_BYTES = 8;
const REPORT_HEADER_BYTES = 8;

export function decodeCongestionFeedback(bytes: Uint8Array, { start, end }: RtcpSlice, limits: RtcpLimits): CongestionFeedback {
  if (end - start < FIXED_BYTES) throw new DecodeError('rtcp.congestion-feedback', `${end - start} bytes`);
  const reports: CongestionReport[] = [];
  const timestampAt = end - 4;
  let statuses = 0;
  for (let at = start + 4; at < timestampAt; ) {
    if (timestampAt - at < REPORT_HEADER_BYTES) throw new DecodeError('rtcp.congestion-feedback', 'report past the end');
    const count = readU16(bytes, at + 6);
    const first = at + REPORT_HEADER_BYTES;
    // Metrics are two bytes each, and a report fills whole words.
    const next = first + 4 * ((count + 1) >> 1);
    if (next > timestampAt) throw new DecodeError('rtcp.congestion-feedback', 'report past the end');
    // An empty report costs as much as one status, or many of them would be free.
    statuses += Math.max(count, 1);
    if (statuses > limits.maxFeedbackStatuses) throw new DecodeError('rtcp.congestion-feedback', 'too many statuses');
    const metrics = new Uint16Array(count);
    for (let i = 0; i < count; i++) metrics[i] = readU16(bytes, first + 2 * i);
    reports.push({ ssrc: readU32(bytes, at), beginSequence: readU16(bytes, at + 4), metrics });
    at = next;
  }
  return { type: 'congestion-feedback', senderSsrc: readU32(bytes, start), reports, timestamp: readU32(bytes, timestampAt) };
}

export function encodeCongestionFeedback({ senderSsrc, reports, timestamp }: CongestionFeedback): RtcpBody {
  const writer = new Writer().u32(senderSsrc);
  for (const { ssrc, beginSequence, metrics } of reports) {
    checkWhole('metrics', metrics.length, 0, 0xffff);
    writer.u32(ssrc).u16(beginSequence).u16(metrics.length);
    for (const metric of metrics) writer.u16(metric);
    writer.zeros(-writer.length & 3);
  }
  return { packetType: RtcpType.transportFeedback, count: TransportFeedbackFormat.congestionControl, body: writer.u32(timestamp).finish() };
}
