import { compactNtp, msFromCompactDuration, ntpFromUnixMs } from 'sansrtc/core';
import { type ReportBlock, type RtcpPacket, SdesType, sdesText } from 'sansrtc/rtcp';

/** From when our sender report left until now, without the time that it lay at the other end (RFC 3550 6.4.1). */
function roundTripMs({ lastSenderReport, delaySinceLastSenderReport }: ReportBlock, unixMs: number): number | undefined {
  if (lastSenderReport === 0) return undefined;
  return Math.max(0, msFromCompactDuration((compactNtp(ntpFromUnixMs(unixMs)) - lastSenderReport - delaySinceLastSenderReport) | 0));
}

function describeBlock(block: ReportBlock, unixMs: number): string {
  const trip = roundTripMs(block, unixMs);
  const loss = `loss ${((block.fractionLost * 100) / 256).toFixed(1)} % (${block.cumulativeLost} in all), jitter ${(block.jitter / 90).toFixed(1)} ms`;
  return trip === undefined ? loss : `${loss}, round trip ${trip.toFixed(1)} ms`;
}

/** What a packet says, in a line. */
export function describe(packet: RtcpPacket, unixMs: number): string {
  switch (packet.type) {
    case 'sr':
      return [`${packet.packetCount} packets, ${packet.octetCount} bytes sent`, ...packet.reports.map((block) => describeBlock(block, unixMs))].join('; ');
    case 'rr':
      return packet.reports.map((block) => describeBlock(block, unixMs)).join('; ');
    case 'sdes':
      return `CNAME ${packet.chunks.map(({ ssrc }) => sdesText(packet, ssrc, SdesType.cname)).join(', ')}`;
    case 'bye':
      return `${packet.ssrcs.length} sources leave`;
    case 'nack':
      return `${packet.lost.length} packets missing`;
    case 'pli':
    case 'fir':
      return 'a keyframe, please';
    case 'remb':
      return `at most ${(packet.bitrateBps / 1000).toFixed(0)} kbit/s`;
    case 'transport-feedback':
      return `arrival of ${packet.statuses.length} packets`;
    case 'xr':
      return packet.blocks.map(({ type }) => type).join(', ');
    default:
      return '';
  }
}
