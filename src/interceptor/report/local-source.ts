import { type Environment, FLOAT_ZERO, type Instant } from '../../core/index.ts';
import type { ReportBlock, SenderReport } from '../../rtcp/index.ts';
import type { OutgoingPacket } from '../packet.ts';
import type { LocalStream } from '../stream.ts';
import { SILENT_REPORTS } from './constants.ts';
import { ntpAt } from './round-trip.ts';

/** What was sent with the SSRC of a stream, and how its RTP clock relates to time. */
export class LocalSource {
  readonly stream: LocalStream;
  packets: number = 0;
  #octets = 0;
  /** Whether the SSRC of the retransmissions sent, and so has to say goodbye. */
  sentRtx: boolean = false;
  #timestamp: number = FLOAT_ZERO;
  #capturedAt: Instant = FLOAT_ZERO;
  #clockRateHz = 0;
  #reportsSince: number = SILENT_REPORTS;

  constructor(stream: LocalStream) {
    this.stream = stream;
  }

  /** A sender in the sense of RFC 3550 6.3.8: it sent since the report before the last. */
  get isSender(): boolean {
    return this.#reportsSince < SILENT_REPORTS && this.#clockRateHz > 0;
  }

  count(packet: OutgoingPacket): void {
    const { header, stream, role } = packet;
    if (header.ssrc !== stream.ssrc) {
      this.sentRtx ||= header.ssrc === stream.rtxSsrc;
      return;
    }
    this.packets++;
    this.#octets += header.payloadEnd - header.payloadStart;
    this.#reportsSince = 0;
    // What is sent again or only repairs bears times of long ago.
    if (role !== 'media' && role !== 'red') return;
    const clockRateHz = stream.codecs.get(header.payloadType)?.clockRateHz ?? 0;
    if (clockRateHz === 0) return;
    this.#clockRateHz = clockRateHz;
    this.#timestamp = header.timestamp;
    this.#capturedAt = packet.at;
  }

  /** The report of this instant: the RTP timestamp is where the clock of the last packet would stand now (RFC 3550 6.4.1). */
  report(environment: Environment, now: Instant, reports: readonly ReportBlock[]): SenderReport {
    this.#reportsSince++;
    const elapsed = Math.round(((now - this.#capturedAt) * this.#clockRateHz) / 1000);
    return {
      type: 'sr',
      ssrc: this.stream.ssrc,
      ntp: ntpAt(environment, now),
      rtpTimestamp: (this.#timestamp + elapsed) >>> 0,
      packetCount: this.packets >>> 0,
      octetCount: this.#octets % 0x1_0000_0000,
      reports,
    };
  }
}
