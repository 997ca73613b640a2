import { type Environment, FLOAT_ZERO, type Instant } from '../../core/index.ts';
import type { ReportBlock } from '../../rtcp/index.ts';
import type { OutgoingPacket } from '../packet.ts';
import { roundTripMs } from '../report/index.ts';
import type { LocalStream } from '../stream.ts';
import { RoundTrips } from './round-trips.ts';
import type { LocalStreamStats } from './snapshots.ts';

/** Counts of a stream that is sent. */
export class LocalStatistics {
  readonly stream: LocalStream;
  nackCount: number = 0;
  pliCount: number = 0;
  firCount: number = 0;
  readonly #roundTrips: RoundTrips = new RoundTrips();
  #packets = 0;
  #bytes = 0;
  #headerBytes = 0;
  #resentPackets = 0;
  #resentBytes = 0;
  #fecPackets = 0;
  #fecBytes = 0;
  #frames = 0;
  #timestamp = -1;
  #payloadType = -1;
  #clockRateHz = 0;
  #lastAt: Instant = -Infinity;
  #block: ReportBlock | undefined;
  #blockAt: Instant = FLOAT_ZERO;

  constructor(stream: LocalStream) {
    this.stream = stream;
  }

  count(packet: OutgoingPacket, now: Instant): void {
    const { header, bytes, role } = packet;
    const payloadBytes = header.payloadEnd - header.payloadStart;
    this.#lastAt = now;
    if (role === 'fec') {
      this.#fecPackets++;
      this.#fecBytes += payloadBytes;
      if (header.ssrc !== this.stream.ssrc) return;
    } else if (role === 'rtx') {
      this.#resentPackets++;
      this.#resentBytes += payloadBytes;
    } else if (role !== 'padding') this.#countMedia(header.timestamp, header.payloadType);
    this.#packets++;
    this.#bytes += payloadBytes;
    this.#headerBytes += bytes.length - payloadBytes;
  }

  /** A packet went again below where packets are counted. */
  countRepeated(headerBytes: number, payloadBytes: number): void {
    this.#packets++;
    this.#bytes += payloadBytes;
    this.#headerBytes += headerBytes;
    this.#resentPackets++;
    this.#resentBytes += payloadBytes;
  }

  onBlock(block: ReportBlock, environment: Environment, now: Instant): void {
    this.#block = block;
    this.#blockAt = now;
    const ms = roundTripMs(environment, now, block.lastSenderReport, block.delaySinceLastSenderReport);
    if (ms !== undefined) this.#roundTrips.add(ms);
  }

  snapshot(): LocalStreamStats {
    const { ssrc, rtxSsrc, kind } = this.stream;
    const block = this.#block;
    return {
      outbound: {
        ssrc,
        rtxSsrc,
        payloadType: this.#payloadType < 0 ? undefined : this.#payloadType,
        packetsSent: this.#packets,
        bytesSent: this.#bytes,
        headerBytesSent: this.#headerBytes,
        retransmittedPacketsSent: this.#resentPackets,
        retransmittedBytesSent: this.#resentBytes,
        fecPacketsSent: this.#fecPackets,
        fecBytesSent: this.#fecBytes,
        framesSent: kind === 'video' ? this.#frames : undefined,
        nackCount: this.nackCount,
        pliCount: this.pliCount,
        firCount: this.firCount,
        lastPacketSentAt: this.#lastAt < 0 ? undefined : this.#lastAt,
      },
      remoteInbound: block && {
        ssrc,
        packetsLost: block.cumulativeLost,
        jitter: this.#clockRateHz === 0 ? 0 : block.jitter / this.#clockRateHz,
        fractionLost: block.fractionLost / 256,
        at: this.#blockAt,
        ...this.#roundTrips.stats,
      },
    };
  }

  #countMedia(timestamp: number, payloadType: number): void {
    if (timestamp !== this.#timestamp) {
      this.#timestamp = timestamp;
      this.#frames++;
    }
    if (payloadType === this.#payloadType) return;
    this.#payloadType = payloadType;
    this.#clockRateHz = this.stream.codecs.get(payloadType)?.clockRateHz ?? 0;
  }
}
