import type { RtcpPacket } from '../../rtcp/index.ts';

type Unsigned<Packet> = Packet extends { readonly senderSsrc: number }
  ? Omit<Packet, 'senderSsrc' | AboutNobody<Packet>> & { readonly senderSsrc?: number } & { readonly [Key in AboutNobody<Packet>]?: number }
  : Packet extends { readonly type: 'rr' | 'app' | 'xr' }
    ? Omit<Packet, 'ssrc'> & { readonly ssrc?: number }
    : Packet;

/** What these packets are about stands in their entries (RFC 5104 4.3.1.2, draft-alvestrand-rmcat-remb-03 2.2). */
type AboutNobody<Packet> = Packet extends { readonly type: 'fir' | 'remb' } ? 'mediaSsrc' : never;

/**
 * RTCP to send. Who sends it may be left out (`senderSsrc` of feedback, `ssrc` of `rr`, `app` and `xr`): it is the SSRC that
 * the connection's own reports and feedback come from then (RFC 3550 6.4.2). So may the `mediaSsrc` of `fir` and `remb`, which is 0.
 */
export type RtcpInit = Unsigned<RtcpPacket>;

/** Fills in who sends a packet. */
export function signRtcp(packet: RtcpInit, ssrc: number): RtcpPacket {
  switch (packet.type) {
    case 'nack':
    case 'pli':
    case 'transport-feedback':
    case 'congestion-feedback':
      return packet.senderSsrc === undefined ? { ...packet, senderSsrc: ssrc } : (packet as RtcpPacket);
    case 'fir':
    case 'remb':
      return { ...packet, senderSsrc: packet.senderSsrc ?? ssrc, mediaSsrc: packet.mediaSsrc ?? 0 };
    case 'rr':
    case 'app':
    case 'xr':
      return { ...packet, ssrc: packet.ssrc ?? ssrc };
    case 'sr':
    case 'sdes':
    case 'bye':
    case 'other':
      return packet;
    default:
      return packet satisfies never;
  }
}

/** An SSRC that a packet is about, which tells the transport that it goes over; `undefined` when it names none. */
export function subjectOf(packet: RtcpInit): number | undefined {
  switch (packet.type) {
    case 'nack':
    case 'pli':
    case 'transport-feedback':
      return packet.mediaSsrc;
    case 'congestion-feedback':
      return packet.reports[0]?.ssrc;
    case 'fir':
      return packet.entries[0]?.ssrc;
    case 'remb':
    case 'bye':
      return packet.ssrcs[0];
    case 'rr':
      return packet.reports[0]?.ssrc ?? packet.ssrc;
    case 'sr':
    case 'app':
    case 'xr':
      return packet.ssrc;
    case 'sdes':
      return packet.chunks[0]?.ssrc;
    case 'other':
      return undefined;
    default:
      return packet satisfies never;
  }
}
