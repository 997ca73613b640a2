import { compactNtp, type Deadline, type Environment, type Instant, ntpFromUnixMs, Queue } from '../../core/index.ts';
import { type CongestionReport, congestionMetric, type RtcpPacket } from '../../rtcp/index.ts';
import { Unwrapper } from '../../rtp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { RemoteStream } from '../stream.ts';
import { FeedbackInterval, PACKET_OVERHEAD_BYTES } from '../twcc/index.ts';
import { MAX_FEEDBACK_BYTES, MAX_SOURCES, REPORT_PACKETS } from './constants.ts';
import { wantsCcfb } from './negotiated.ts';

const RTCP_AND_FIXED_BYTES = 12;
const REPORT_HEADER_BYTES = 8;

/** When the packets of one source came, since what was told of it. */
class SourceArrivals {
  readonly #times: Float64Array = new Float64Array(REPORT_PACKETS).fill(NaN);
  readonly #unwrapper: Unwrapper = new Unwrapper(16);
  #begin = 0;
  #end = 0;
  #isNew = true;

  get hasNews(): boolean {
    return this.#begin < this.#end;
  }

  record(sequence: number, at: Instant): void {
    const number = this.#unwrapper.unwrap(sequence);
    if (this.#isNew) this.#begin = this.#end = number;
    this.#isNew = false;
    // A late one is told of if it came before the others of its report; the first copy of a packet counts (RFC 8888 3.1).
    if (number < this.#begin) return;
    if (number >= this.#end) this.#advance(number + 1);
    const slot = number & (REPORT_PACKETS - 1);
    if (Number.isNaN(this.#times[slot] as number)) this.#times[slot] = at;
  }

  /** A report on as many packets as have room, oldest first, which are then told. */
  take(ssrc: number, most: number, now: Instant): CongestionReport {
    const begin = this.#begin;
    const metrics = new Uint16Array(Math.min(this.#end - begin, most));
    for (let i = 0; i < metrics.length; i++) {
      const at = this.#times[(begin + i) & (REPORT_PACKETS - 1)] as number;
      // ECN bits are out of reach of a socket here, so a packet is told of as not marked.
      metrics[i] = Number.isNaN(at) ? 0 : congestionMetric(0, now - at);
    }
    this.#begin += metrics.length;
    return { ssrc, beginSequence: begin & 0xffff, metrics };
  }

  #advance(end: number): void {
    const ahead = end - this.#end;
    if (ahead >= REPORT_PACKETS) this.#times.fill(NaN);
    else for (let number = this.#end; number < end; number++) this.#times[number & (REPORT_PACKETS - 1)] = NaN;
    this.#end = end;
    this.#begin = Math.max(this.#begin, end - REPORT_PACKETS);
  }
}

/** Tells the sender when packets arrived, by source and sequence number (RFC 8888), where that was negotiated. */
export class CcfbReceiver implements Interceptor {
  readonly name: string = 'ccfb-receiver';
  readonly wakes = true;
  readonly #rtcpSsrc: number;
  readonly #environment: Environment;
  readonly #wake: (() => void) | undefined;
  readonly #interval: FeedbackInterval = new FeedbackInterval();
  readonly #streams: Set<RemoteStream> = new Set();
  readonly #sources: Map<number, SourceArrivals> = new Map();
  readonly #out: Queue<RtcpPacket> = new Queue();
  #dueAt: Instant = Infinity;

  constructor({ rtcpSsrc, environment, wake }: InterceptorContext) {
    this.#rtcpSsrc = rtcpSsrc;
    this.#wake = wake;
    this.#environment = environment;
  }

  bindRemote(stream: RemoteStream): void {
    this.updateRemote(stream);
  }

  updateRemote(stream: RemoteStream): void {
    if (wantsCcfb(stream)) this.#streams.add(stream);
    else this.#streams.delete(stream);
  }

  unbindRemote(stream: RemoteStream): void {
    this.#streams.delete(stream);
    this.#sources.delete(stream.ssrc);
    if (stream.rtxSsrc !== undefined) this.#sources.delete(stream.rtxSsrc);
    if (stream.fecSsrc !== undefined) this.#sources.delete(stream.fecSsrc);
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket {
    if (!this.#streams.has(packet.stream)) return packet;
    const { ssrc, sequenceNumber } = packet.header;
    let source = this.#sources.get(ssrc);
    if (source === undefined) {
      if (this.#sources.size >= MAX_SOURCES) return packet;
      this.#sources.set(ssrc, (source = new SourceArrivals()));
    }
    source.record(sequenceNumber, packet.at);
    this.#interval.received(packet.bytes.length + PACKET_OVERHEAD_BYTES);
    if (this.#dueAt !== Infinity) return packet;
    this.#dueAt = now + this.#interval.next(now);
    this.#wake?.();
    return packet;
  }

  pollRtcp(): RtcpPacket | undefined {
    return this.#out.shift();
  }

  handleEvent(event: InterceptorEvent): void {
    if (event.type === 'target-rate') this.#interval.setTarget(event.targetBps);
  }

  handleTimeout(now: Instant): void {
    if (now < this.#dueAt) return;
    this.#dueAt = this.#tell(now) ? now + this.#interval.next(now) : Infinity;
  }

  pollTimeout(): Deadline | undefined {
    return this.#dueAt === Infinity ? undefined : { at: this.#dueAt, reason: 'ccfb-feedback' };
  }

  /** All sources in as many packets as it takes; false when there is no news. */
  #tell(now: Instant): boolean {
    const timestamp = compactNtp(ntpFromUnixMs(now + this.#environment.unixOffsetMs));
    let reports: CongestionReport[] = [];
    let free = MAX_FEEDBACK_BYTES - RTCP_AND_FIXED_BYTES;
    let told = false;
    const flush = (): void => {
      if (reports.length > 0) this.#out.push({ type: 'congestion-feedback', senderSsrc: this.#rtcpSsrc, reports, timestamp });
      reports = [];
      free = MAX_FEEDBACK_BYTES - RTCP_AND_FIXED_BYTES;
    };
    for (const [ssrc, source] of this.#sources) {
      while (source.hasNews) {
        told = true;
        if (free < REPORT_HEADER_BYTES + 4) flush();
        const report = source.take(ssrc, 2 * Math.floor((free - REPORT_HEADER_BYTES) / 4), now);
        reports.push(report);
        free -= REPORT_HEADER_BYTES + 4 * ((report.metrics.length + 1) >> 1);
      }
    }
    flush();
    return told;
  }
}

/** Feedback on what arrives, as RFC 8888 has it. Does nothing for streams without `ack ccfb`. */
export function ccfbReceiver(): InterceptorFactory {
  return { name: 'ccfb-receiver', slot: Slot.transport, create: (context) => new CcfbReceiver(context) };
}
