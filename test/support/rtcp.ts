import { cnameOf, encodeRtcp, type ReportBlock, type RtcpPacket } from '../../src/rtcp/index.ts';
import { hex, loadVectors } from './vectors.ts';

export const REPORT: ReportBlock = {
  ssrc: 0xbc5e9a40,
  fractionLost: 255,
  cumulativeLost: -0x80_0000,
  highestSequence: 0xffff_ffff,
  jitter: 0x8000_0000,
  lastSenderReport: 0x7fff_ffff,
  delaySinceLastSenderReport: 1,
};

/** One packet of every kind that the room knows. */
export const PACKETS: readonly RtcpPacket[] = [
  {
    type: 'sr',
    ssrc: 0xffff_ffff,
    ntp: { seconds: 0x8000_0000, fraction: 0xffff_ffff },
    rtpTimestamp: 0x8000_0000,
    packetCount: 0xffff_ffff,
    octetCount: 0x7fff_ffff,
    reports: [REPORT, { ...REPORT, cumulativeLost: 0x7f_ffff }],
    extension: Uint8Array.of(1, 2, 3, 4),
  },
  { type: 'rr', ssrc: 1, reports: [REPORT] },
  { type: 'rr', ssrc: 2, reports: [] },
  cnameOf(0xffff_ffff, 'someone@éxample'),
  { type: 'sdes', chunks: [1, 2, 3, 4].map((n) => ({ ssrc: n, items: [{ type: 15, value: new Uint8Array(n).fill(0x61) }] })) },
  { type: 'bye', ssrcs: [1, 0xffff_ffff], reason: 'enough' },
  { type: 'bye', ssrcs: [] },
  { type: 'app', subtype: 31, ssrc: 7, name: 'test', data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  {
    type: 'xr',
    ssrc: 9,
    blocks: [
      { type: 'rrtr', ntp: { seconds: 0xffff_ffff, fraction: 0x8000_0000 } },
      { type: 'dlrr', reports: [{ ssrc: 3, lastReceiverReport: 0x8000_0000, delaySinceLastReceiverReport: 0xffff_ffff }] },
      { type: 'dlrr', reports: [] },
      { type: 'other', blockType: 7, specific: 255, data: new Uint8Array(32).fill(7) },
    ],
  },
  { type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: [65_530, 65_535, 0, 10, 11, 12, 100] },
  { type: 'pli', senderSsrc: 1, mediaSsrc: 0xffff_ffff },
  { type: 'fir', senderSsrc: 1, mediaSsrc: 0, entries: [{ ssrc: 0xffff_ffff, sequence: 255 }, { ssrc: 5, sequence: 0 }] },
  { type: 'remb', senderSsrc: 1, mediaSsrc: 0, bitrateBps: 8_927_168, ssrcs: [0x4874ed16, 5] },
  {
    type: 'transport-feedback',
    senderSsrc: 1,
    mediaSsrc: 2,
    baseSequence: 65_530,
    referenceTime: 0xff_ffff,
    feedbackCount: 255,
    statuses: Uint8Array.of(1, 0, 2, 2, 3, 1, ...new Array<number>(40).fill(0), 1, 1, 2),
    deltas: Int16Array.of(255, 0, -32_768, 32_767, 0, 0, ...new Array<number>(40).fill(0), 1, 2, 256),
  },
  {
    type: 'congestion-feedback',
    senderSsrc: 1,
    reports: [
      { ssrc: 2, beginSequence: 65_535, metrics: Uint16Array.of(0x8000, 0, 0x9fff) },
      { ssrc: 3, beginSequence: 0, metrics: new Uint16Array(0) },
      { ssrc: 4, beginSequence: 7, metrics: Uint16Array.of(0xffff, 0xbffe) },
    ],
    timestamp: 0xffff_ffff,
  },
  { type: 'other', packetType: 205, count: 5, body: new Uint8Array(8).fill(9) },
  { type: 'other', packetType: 206, count: 15, body: new Uint8Array(16).fill(1) },
  { type: 'other', packetType: 192, count: 0, body: new Uint8Array(0) },
];

/** Every packet alone, all in one datagram, and the recorded ones. */
export function samplePackets(): Uint8Array[] {
  const { rtcp, twcc } = loadVectors('rtp-rtcp.json') as Record<string, { hex: string }[]>;
  return [...PACKETS.map((packet) => encodeRtcp([packet])), encodeRtcp(PACKETS), ...[...(rtcp ?? []), ...(twcc ?? [])].map((vector) => hex(vector.hex))];
}
