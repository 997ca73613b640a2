import { type Instant, SparseMap } from '../../core/index.ts';
import type { ExtendedReport, ReportBlock, RtcpPacket } from '../../rtcp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket, OutgoingPacket } from '../packet.ts';
import { roundTripMs } from '../report/index.ts';
import { Slot } from '../slot.ts';
import type { LocalStream, RemoteStream } from '../stream.ts';
import { LocalStatistics } from './local-statistics.ts';
import { RemoteStatistics } from './remote-statistics.ts';
import type { LocalStreamStats, RemoteStreamStats } from './snapshots.ts';

/**
 * Counts packets and feedback of every stream, where they pass the wire. Find it with `chain.find(StreamStatistics)`.
 *
 * @example
 * const lost = chain.find(StreamStatistics)?.remote(ssrc)?.inbound.packetsLost;
 */
export class StreamStatistics implements Interceptor {
  readonly name = 'statistics';
  readonly keepsPayload = true;
  readonly #context: InterceptorContext;
  // By the SSRC of the media; the streams of one end have different ones.
  readonly #locals: SparseMap<number, LocalStatistics> = new SparseMap();
  /** Also of streams that pause: their counts go on. */
  readonly #known: WeakMap<LocalStream, LocalStatistics> = new WeakMap();
  readonly #remotes: SparseMap<number, RemoteStatistics> = new SparseMap();

  #feedbackSent = 0;
  #feedbackReceived = 0;

  constructor(context: InterceptorContext) {
    this.#context = context;
  }

  /** Congestion control feedback packets (RFC 8888 3.1) of the whole connection. */
  get congestionFeedback(): { readonly sent: number; readonly received: number } {
    return { sent: this.#feedbackSent, received: this.#feedbackReceived };
  }

  /** What is known of a stream that is sent, by its SSRC; `undefined` when none is bound. */
  local(ssrc: number): LocalStreamStats | undefined {
    return this.#locals.get(ssrc)?.snapshot();
  }

  /** What is known of a stream that is received, by its SSRC; `undefined` when none is bound. */
  remote(ssrc: number): RemoteStreamStats | undefined {
    return this.#remotes.get(ssrc)?.snapshot();
  }

  bindLocal(stream: LocalStream): void {
    const counts = this.#known.get(stream) ?? new LocalStatistics(stream);
    this.#known.set(stream, counts);
    this.#locals.set(stream.ssrc, counts);
  }

  unbindLocal(stream: LocalStream): void {
    if (this.#locals.get(stream.ssrc)?.stream === stream) this.#locals.delete(stream.ssrc);
  }

  bindRemote(stream: RemoteStream): void {
    this.#remotes.set(stream.ssrc, new RemoteStatistics(stream));
  }

  updateRemote(stream: RemoteStream): void {
    this.#remotes.get(stream.ssrc)?.update();
  }

  unbindRemote(stream: RemoteStream): void {
    if (this.#remotes.get(stream.ssrc)?.stream === stream) this.#remotes.delete(stream.ssrc);
  }

  readRtp(packet: IncomingPacket): IncomingPacket {
    this.#remotes.get(packet.stream.ssrc)?.count(packet);
    return packet;
  }

  writeRtp(packet: OutgoingPacket, now: Instant): OutgoingPacket {
    this.#locals.get(packet.stream.ssrc)?.count(packet, now);
    return packet;
  }

  readRtcp(packet: RtcpPacket, now: Instant): void {
    switch (packet.type) {
      case 'sr':
        this.#remotes.get(packet.ssrc)?.onReport(packet, now);
        return this.#onBlocks(packet.reports, now);
      case 'rr':
        return this.#onBlocks(packet.reports, now);
      case 'xr':
        return this.#onExtended(packet, now);
      case 'congestion-feedback':
        this.#feedbackReceived++;
        return;
      default:
        countRequests(packet, this.#locals);
    }
  }

  writeRtcp(packet: RtcpPacket): void {
    if (packet.type === 'congestion-feedback') this.#feedbackSent++;
    countRequests(packet, this.#remotes);
  }

  handleEvent(event: InterceptorEvent): void {
    if (event.type === 'repeated') this.#locals.get(event.ssrc)?.countRepeated(event.headerBytes, event.payloadBytes);
    else if (event.type === 'recovered') {
      const statistics = this.#remotes.get(event.ssrc);
      if (statistics !== undefined) statistics.recovered++;
    } else if (event.type === 'discarded') {
      const statistics = this.#remotes.get(event.ssrc);
      if (statistics !== undefined) statistics.discarded += event.packets;
    }
  }

  #onBlocks(blocks: readonly ReportBlock[], now: Instant): void {
    for (const block of blocks) this.#locals.get(block.ssrc)?.onBlock(block, this.#context.environment, now);
  }

  /** The round trip of an end that only receives belongs to the streams of who answered (RFC 3611 4.5). */
  #onExtended({ ssrc, blocks }: ExtendedReport, now: Instant): void {
    for (const block of blocks) {
      if (block.type !== 'dlrr') continue;
      for (const report of block.reports) {
        if (report.ssrc !== this.#context.rtcpSsrc) continue;
        const ms = roundTripMs(this.#context.environment, now, report.lastReceiverReport, report.delaySinceLastReceiverReport);
        if (ms !== undefined) this.#remotes.get(ssrc)?.roundTrips.add(ms);
      }
    }
  }
}

interface RequestCounts {
  nackCount: number;
  pliCount: number;
  firCount: number;
}

function countRequests(packet: RtcpPacket, streams: { get(ssrc: number): RequestCounts | undefined }): void {
  if (packet.type === 'nack' || packet.type === 'pli') {
    const counts = streams.get(packet.mediaSsrc);
    if (counts === undefined) return;
    if (packet.type === 'nack') counts.nackCount++;
    else counts.pliCount++;
  } else if (packet.type === 'fir') {
    for (const { ssrc } of packet.entries) {
      const counts = streams.get(ssrc);
      if (counts !== undefined) counts.firCount++;
    }
  }
}

/** Registers {@link StreamStatistics}. */
export function statistics(): InterceptorFactory {
  return { name: 'statistics', slot: Slot.report, create: (context) => new StreamStatistics(context) };
}
