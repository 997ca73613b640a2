import { compactDuration, compactNtp, type Deadline, type Instant, Queue, RtcError, SparseMap } from '../../core/index.ts';
import type { DlrrReport, ExtendedReport, ReportBlock, RtcpPacket, XrBlock } from '../../rtcp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket, OutgoingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { LocalStream, RemoteStream } from '../stream.ts';
import { DESCRIPTION_BYTES, LOWER_HEADER_BYTES, MAX_BLOCKS, MAX_REFERENCE_TIMES, MIN_INTERVAL_MS, RTCP_BANDWIDTH_BPS, SIZE_GAIN } from './constants.ts';
import { reportInterval } from './interval.ts';
import { LocalSource } from './local-source.ts';
import { RemoteSource } from './remote-source.ts';
import { ntpAt, roundTripMs } from './round-trip.ts';

/** How reports are made. */
export interface ReportsConfig {
  /** Least mean time between reports in milliseconds (RFC 3550 6.2). Default 1000. */
  readonly minIntervalMs?: number;
  /** What all RTCP may take, in bits per second; above it reports become rarer. Default 50,000. */
  readonly rtcpBandwidthBps?: number;
  /** Whether an end that sends no media asks for the round trip, where that was negotiated (RFC 3611 4.4 and 5.2). Default true. */
  readonly receiverReferenceTime?: boolean;
}

/** When another receiver asked for the round trip. */
interface ReferenceTime {
  readonly compact: number;
  readonly at: Instant;
}

/**
 * Sender and receiver reports, extended ones for the round trip of an end that only receives, and farewells (RFC 3550 6,
 * RFC 3611 4.4 and 4.5). While nothing flows it keeps quiet and has no timer.
 */
export class Reports implements Interceptor {
  readonly name = 'reports';
  readonly keepsPayload = true;
  readonly wakes = true;
  readonly #context: InterceptorContext;
  readonly #config: Required<ReportsConfig>;
  readonly #locals: SparseMap<LocalStream, LocalSource> = new SparseMap();
  /** Also of streams that pause: their counts go on. */
  readonly #sources: WeakMap<LocalStream, LocalSource> = new WeakMap();
  readonly #remotes: SparseMap<number, RemoteSource> = new SparseMap();
  readonly #rtcp: Queue<RtcpPacket> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();
  /** By the SSRC that asked. */
  readonly #referenceTimes: Map<number, ReferenceTime> = new Map();
  /** A mean is seldom whole, and a field that begins with a whole number would change its form (see `FLOAT_ZERO`). */
  #averageBytes: number = LOWER_HEADER_BYTES + DESCRIPTION_BYTES + 52.5;
  #reported = false;
  #nextAt: Instant = Infinity;

  /** Throws `ERR_INVALID_ARGUMENT` for an interval or bandwidth below 1. */
  constructor(context: InterceptorContext, config: ReportsConfig = {}) {
    const { minIntervalMs = MIN_INTERVAL_MS, rtcpBandwidthBps = RTCP_BANDWIDTH_BPS } = config;
    if (!(minIntervalMs >= 1 && rtcpBandwidthBps >= 1)) throw new RtcError('ERR_INVALID_ARGUMENT', `reports every ${minIntervalMs} ms with ${rtcpBandwidthBps} bit/s`);
    this.#context = context;
    this.#config = { minIntervalMs, rtcpBandwidthBps, receiverReferenceTime: config.receiverReferenceTime ?? true };
  }

  bindLocal(stream: LocalStream): void {
    const source = this.#sources.get(stream) ?? new LocalSource(stream);
    this.#sources.set(stream, source);
    this.#locals.set(stream, source);
  }

  unbindLocal(stream: LocalStream): void {
    const source = this.#locals.get(stream);
    if (source === undefined) return;
    this.#locals.delete(stream);
    if (source.packets === 0) return;
    const ssrcs = source.sentRtx && stream.rtxSsrc !== undefined ? [stream.ssrc, stream.rtxSsrc] : [stream.ssrc];
    this.#rtcp.push({ type: 'bye', ssrcs });
  }

  unbindRemote(stream: RemoteStream): void {
    for (const source of [...this.#remotes.values()]) if (source.stream === stream) this.#remotes.delete(source.ssrc);
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket {
    const { header, stream } = packet;
    const source = this.#remotes.get(header.ssrc) ?? this.#meet(header.ssrc, stream);
    source?.count(header.sequenceNumber, header.timestamp, packet.at, stream.codecs.get(header.payloadType)?.clockRateHz ?? 0);
    if (this.#nextAt === Infinity) this.#schedule(now);
    return packet;
  }

  writeRtp(packet: OutgoingPacket, now: Instant): OutgoingPacket {
    this.#locals.get(packet.stream)?.count(packet);
    if (this.#nextAt === Infinity) this.#schedule(now);
    return packet;
  }

  readRtcp(packet: RtcpPacket, now: Instant): void {
    switch (packet.type) {
      case 'sr':
        this.#remotes.get(packet.ssrc)?.onSenderReport(packet.ntp, now);
        this.#onBlocks(packet.reports, now);
        return;
      case 'rr':
        this.#onBlocks(packet.reports, now);
        return;
      case 'xr':
        this.#onExtended(packet, now);
        return;
      case 'bye':
        for (const ssrc of packet.ssrcs) this.#onBye(ssrc);
    }
  }

  pollRtcp(): RtcpPacket | undefined {
    return this.#rtcp.shift();
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#nextAt = Infinity;
    if (this.#report(now)) this.#schedule(now);
  }

  pollTimeout(): Deadline | undefined {
    return this.#nextAt === Infinity ? undefined : { at: this.#nextAt, reason: 'interceptor.report' };
  }

  close(): void {
    this.#nextAt = Infinity;
    this.#rtcp.clear();
  }

  /** A source that is heard for the first time; only the SSRCs that a stream is bound with have one. */
  #meet(ssrc: number, stream: RemoteStream): RemoteSource | undefined {
    if (ssrc !== stream.ssrc && ssrc !== stream.rtxSsrc && ssrc !== stream.fecSsrc) return undefined;
    const source = new RemoteSource(ssrc, stream);
    this.#remotes.set(ssrc, source);
    return source;
  }

  #schedule(now: Instant): void {
    const { minIntervalMs, rtcpBandwidthBps } = this.#config;
    this.#nextAt = now + reportInterval(this.#averageBytes, rtcpBandwidthBps, minIntervalMs, !this.#reported, this.#context.environment.random);
    this.#context.wake?.();
  }

  #onBlocks(blocks: readonly ReportBlock[], now: Instant): void {
    for (const block of blocks) {
      for (const stream of this.#locals.keys()) {
        if (stream.ssrc === block.ssrc) this.#tellRoundTrip(now, block.lastSenderReport, block.delaySinceLastSenderReport);
      }
    }
  }

  #onExtended({ ssrc, blocks }: ExtendedReport, now: Instant): void {
    for (const block of blocks) {
      if (block.type === 'rrtr') {
        if (!this.#answers) this.#context.counters.add('interceptor.report.reference-time');
        else if (this.#referenceTimes.has(ssrc) || this.#referenceTimes.size < MAX_REFERENCE_TIMES) {
          this.#referenceTimes.set(ssrc, { compact: compactNtp(block.ntp), at: now });
        }
      } else if (block.type === 'dlrr') {
        for (const report of block.reports) {
          if (report.ssrc === this.#context.rtcpSsrc) this.#tellRoundTrip(now, report.lastReceiverReport, report.delaySinceLastReceiverReport);
        }
      }
    }
  }

  /** Whether somebody is heard of whom it was agreed that they answer. */
  get #asks(): boolean {
    if (this.#config.receiverReferenceTime) for (const { stream, isHeard } of this.#remotes.values()) if (isHeard && stream.receiverRoundTrip) return true;
    return false;
  }

  /** Whether it was agreed that we answer those who hear a stream of ours. */
  get #answers(): boolean {
    for (const stream of this.#locals.keys()) if (stream.receiverRoundTrip) return true;
    return false;
  }

  #tellRoundTrip(now: Instant, quoted: number, delay: number): void {
    const ms = roundTripMs(this.#context.environment, now, quoted, delay);
    if (ms !== undefined) this.#events.push({ type: 'round-trip', roundTripMs: ms });
    else if (quoted !== 0) this.#context.counters.add('interceptor.report.round-trip');
  }

  /** Only sources that are heard can leave. */
  #onBye(ssrc: number): void {
    const source = this.#remotes.get(ssrc);
    if (source === undefined) return this.#context.counters.add('interceptor.report.bye');
    source.leave();
    this.#events.push({ type: 'bye', ssrc });
  }

  /** Makes the reports of this instant; false when there is nothing to tell. */
  #report(now: Instant): boolean {
    const { environment, rtcpSsrc } = this.#context;
    const blocks: ReportBlock[] = [];
    for (const source of this.#remotes.values()) if (source.isHeard) blocks.push(source.block(now));
    const before = this.#rtcp.length;
    let speaker = -1;
    let told = 0;
    for (const source of this.#locals.values()) {
      if (!source.isSender) continue;
      if (speaker < 0) speaker = source.stream.ssrc;
      this.#rtcp.push(source.report(environment, now, blocks.slice(told, told + MAX_BLOCKS)));
      told += MAX_BLOCKS;
    }
    const sends = speaker >= 0;
    if (!sends) speaker = rtcpSsrc;
    for (; told < blocks.length; told += MAX_BLOCKS) this.#rtcp.push({ type: 'rr', ssrc: speaker, reports: blocks.slice(told, told + MAX_BLOCKS) });
    const packets = this.#rtcp.length - before;
    if (packets === 0) return false;
    this.#extend(speaker, !sends && this.#asks, now);
    const bytes = LOWER_HEADER_BYTES + DESCRIPTION_BYTES + 28 * packets + 24 * blocks.length;
    this.#averageBytes += (bytes - this.#averageBytes) * SIZE_GAIN;
    this.#reported = true;
    return true;
  }

  /** Adds the extended report, if there is something for it: our question for the round trip, and answers to others'. */
  #extend(ssrc: number, asks: boolean, now: Instant): void {
    const blocks: XrBlock[] = [];
    if (asks) blocks.push({ type: 'rrtr', ntp: ntpAt(this.#context.environment, now) });
    if (this.#referenceTimes.size > 0) {
      const reports: DlrrReport[] = [];
      for (const [asker, { compact, at }] of this.#referenceTimes) {
        reports.push({ ssrc: asker, lastReceiverReport: compact, delaySinceLastReceiverReport: compactDuration(now - at) });
      }
      this.#referenceTimes.clear();
      blocks.push({ type: 'dlrr', reports });
    }
    if (blocks.length > 0) this.#rtcp.push({ type: 'xr', ssrc, blocks });
  }
}

/** Registers {@link Reports}. */
export function reports(config: ReportsConfig = {}): InterceptorFactory {
  return { name: 'reports', slot: Slot.report, create: (context) => new Reports(context, config) };
}
