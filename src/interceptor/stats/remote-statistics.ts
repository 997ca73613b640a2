import { FLOAT_ZERO, type Instant, unixMsFromNtp } from '../../core/index.ts';
import type { SenderReport } from '../../rtcp/index.ts';
import { codecRole } from '../../rtp/index.ts';
import type { IncomingPacket } from '../packet.ts';
import { Reception } from '../report/index.ts';
import type { RemoteStream } from '../stream.ts';
import { RoundTrips } from './round-trips.ts';
import type { RemoteStreamStats } from './snapshots.ts';

/** Counts of a stream that is received. */
export class RemoteStatistics {
  readonly stream: RemoteStream;
  nackCount: number = 0;
  pliCount: number = 0;
  firCount: number = 0;
  discarded: number = 0;
  recovered: number = 0;
  readonly roundTrips: RoundTrips = new RoundTrips();
  readonly #reception: Reception = new Reception();
  /** Which payload types are FEC, alone or inside RED. */
  readonly #fecTypes: Uint8Array = new Uint8Array(128);
  #hasRtx = false;
  #hasFec = false;
  #packets = 0;
  #bytes = 0;
  #headerBytes = 0;
  #resentPackets = 0;
  #resentBytes = 0;
  #fecPackets = 0;
  #fecBytes = 0;
  #payloadType = -1;
  #clockRateHz = 0;
  #lastAt: Instant = -Infinity;
  #report: SenderReport | undefined;
  #reports = 0;
  #reportAt: Instant = FLOAT_ZERO;

  constructor(stream: RemoteStream) {
    this.stream = stream;
    this.update();
  }

  /** What was agreed upon changed. */
  update(): void {
    for (const codec of this.stream.codecs.values()) {
      const role = codecRole(codec);
      this.#hasRtx ||= role === 'rtx';
      this.#hasFec ||= role === 'fec';
      this.#fecTypes[codec.payloadType] = role === 'fec' ? 1 : 0;
    }
  }

  count(packet: IncomingPacket): void {
    const { header, bytes, role, at } = packet;
    const payloadBytes = header.payloadEnd - header.payloadStart;
    this.#lastAt = at;
    if (header.payloadType !== this.#payloadType && (role === 'media' || role === 'red')) this.#onPayloadType(header.payloadType);
    if (header.ssrc === this.stream.ssrc) this.#reception.count(header.sequenceNumber, header.timestamp, at, this.#clockRateHz);
    const isFec = role === 'fec' || (role === 'red' && payloadBytes > 0 && this.#fecTypes[(bytes[header.payloadStart] as number) & 0x7f] === 1);
    if (isFec) {
      this.#fecPackets++;
      this.#fecBytes += payloadBytes;
      if (header.ssrc !== this.stream.ssrc) return;
    } else if (role === 'rtx' && payloadBytes > 0) {
      this.#resentPackets++;
      this.#resentBytes += payloadBytes;
    }
    this.#packets++;
    this.#bytes += payloadBytes;
    this.#headerBytes += bytes.length - payloadBytes;
  }

  onReport(report: SenderReport, now: Instant): void {
    this.#report = report;
    this.#reports++;
    this.#reportAt = now;
  }

  snapshot(): RemoteStreamStats {
    const { ssrc, rtxSsrc, fecSsrc } = this.stream;
    const report = this.#report;
    return {
      inbound: {
        ssrc,
        rtxSsrc,
        fecSsrc,
        payloadType: this.#payloadType < 0 ? undefined : this.#payloadType,
        packetsReceived: this.#packets,
        packetsLost: this.#reception.lost,
        packetsDiscarded: this.discarded,
        jitter: this.#reception.jitterSeconds,
        bytesReceived: this.#bytes,
        headerBytesReceived: this.#headerBytes,
        retransmittedPacketsReceived: this.#hasRtx ? this.#resentPackets : undefined,
        retransmittedBytesReceived: this.#hasRtx ? this.#resentBytes : undefined,
        fecPacketsReceived: this.#hasFec ? this.#fecPackets : undefined,
        fecBytesReceived: this.#hasFec ? this.#fecBytes : undefined,
        fecPacketsRecovered: this.#hasFec ? this.recovered : undefined,
        nackCount: this.nackCount,
        pliCount: this.pliCount,
        firCount: this.firCount,
        lastPacketReceivedAt: this.#lastAt < 0 ? undefined : this.#lastAt,
      },
      remoteOutbound: report && {
        ssrc,
        packetsSent: report.packetCount,
        bytesSent: report.octetCount,
        remoteTimestamp: unixMsFromNtp(report.ntp),
        rtpTimestamp: report.rtpTimestamp,
        reportsSent: this.#reports,
        at: this.#reportAt,
        ...this.roundTrips.stats,
      },
    };
  }

  #onPayloadType(payloadType: number): void {
    this.#payloadType = payloadType;
    this.#clockRateHz = this.stream.codecs.get(payloadType)?.clockRateHz ?? 0;
  }
}
