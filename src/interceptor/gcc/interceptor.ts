import { type Deadline, FLOAT_ZERO, type Instant, Queue, SparseMap } from '../../core/index.ts';
import type { RtcpPacket } from '../../rtcp/index.ts';
import { CongestionFeedbackReader, wantsCcfb } from '../ccfb/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { OutgoingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { LocalStream } from '../stream.ts';
import {
  PACKET_OVERHEAD_BYTES,
  PacketResults,
  SentHistory,
  stampIdsOf,
  stampSendTime,
  stampTransportSequence,
  TransportFeedbackReader,
} from '../twcc/index.ts';
import type { EstimatorConfig } from './config.ts';
import { TARGET_CHANGE } from './constants.ts';
import type { BandwidthEstimator } from './estimator.ts';
import { GoogleCongestionControl } from './google.ts';

/** What part of a packet's bytes on the path is RTP, smoothed over packets: the weight of a new one. */
const SHARE_SMOOTHING = 1 / 64;

/** What the feedback at hand tells, for all connections: of fifty of their own, none would be in the processor's caches. */
const results: PacketResults = new PacketResults();

/** How the packets of a stream are followed. */
interface Following {
  readonly transportSequence: number;
  readonly absoluteSendTime: number;
  readonly wantsCcfb: boolean;
}

/** What congestion control is made with. */
export interface CongestionControlOptions extends EstimatorConfig {
  /** Makes the estimator of a connection. Default: {@link GoogleCongestionControl}. */
  readonly estimator?: (now: Instant) => BandwidthEstimator;
}

/**
 * Stamps what leaves, follows what the peer tells of it (transport-wide feedback, RFC 8888, REMB), and lets an estimator
 * decide the rate. Does nothing to streams for which none of these was negotiated.
 */
export class CongestionControl implements Interceptor {
  readonly name: string = 'congestion-control';
  readonly keepsPayload = true;
  readonly wakes = true;
  readonly estimator: BandwidthEstimator;
  readonly #context: InterceptorContext;
  readonly #streams: SparseMap<LocalStream, Following> = new SparseMap();
  readonly #history: SentHistory = new SentHistory();
  readonly #transport: TransportFeedbackReader = new TransportFeedbackReader(this.#history);
  readonly #ccfb: CongestionFeedbackReader = new CongestionFeedbackReader();
  readonly #events: Queue<InterceptorEvent> = new Queue();
  #rtpShare = 1;
  #toldTargetBps: number = FLOAT_ZERO;
  #toldPacingBps: number = FLOAT_ZERO;

  constructor(context: InterceptorContext, estimator: BandwidthEstimator) {
    this.#context = context;
    this.estimator = estimator;
  }

  bindLocal(stream: LocalStream): void {
    this.updateLocal(stream);
  }

  updateLocal(stream: LocalStream): void {
    this.#streams.delete(stream);
    const { transportSequence, absoluteSendTime } = stampIdsOf(stream);
    const following = { transportSequence, absoluteSendTime, wantsCcfb: wantsCcfb(stream) }; // not a copy with a field added: each of those would have a shape of its own
    if (following.transportSequence !== 0 || following.absoluteSendTime !== 0 || following.wantsCcfb) this.#streams.set(stream, following);
    if (following.transportSequence !== 0 || following.wantsCcfb) this.#tell();
  }

  unbindLocal(stream: LocalStream): void {
    this.#streams.delete(stream);
    this.#ccfb.forget(stream.ssrc);
    if (stream.rtxSsrc !== undefined) this.#ccfb.forget(stream.rtxSsrc);
    if (stream.fecSsrc !== undefined) this.#ccfb.forget(stream.fecSsrc);
  }

  writeRtp(packet: OutgoingPacket, now: Instant): OutgoingPacket {
    const following = this.#streams.get(packet.stream);
    if (following === undefined) return packet;
    if (following.absoluteSendTime !== 0) stampSendTime(packet, following.absoluteSendTime, now);
    const rtpBytes = packet.bytes.length;
    const sizeBytes = rtpBytes + PACKET_OVERHEAD_BYTES;
    if (stampTransportSequence(packet, following.transportSequence, this.#history.next)) this.#history.record(sizeBytes, packet.probe ?? 0, now);
    else if (following.wantsCcfb) this.#ccfb.sent(packet.header.ssrc, packet.header.sequenceNumber, sizeBytes, packet.probe ?? 0, now);
    else return packet;
    this.#rtpShare += SHARE_SMOOTHING * (rtpBytes / sizeBytes - this.#rtpShare);
    if (this.estimator.packetSent(sizeBytes, now) === false) return packet;
    this.#pollProbes();
    this.#context.wake?.();
    return packet;
  }

  readRtcp(packet: RtcpPacket, now: Instant): void {
    if (packet.type === 'transport-feedback') this.#handleResults(this.#transport.read(packet, results), now);
    else if (packet.type === 'congestion-feedback') this.#handleResults(this.#ccfb.read(packet, results), now);
    else if (packet.type === 'remb') {
      this.estimator.handleReceiverEstimate(packet.bitrateBps, now);
      this.#tell();
    }
  }

  handleEvent(event: InterceptorEvent, now: Instant): void {
    if (event.type === 'round-trip') this.estimator.handleRoundTrip(event.roundTripMs);
    else if (event.type === 'path-changed') {
      this.estimator.handlePathChange(now);
      this.#pollProbes();
      if (this.#toldTargetBps > 0) this.#tell();
    }
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    this.estimator.handleTimeout(now);
    this.#pollProbes();
    if (this.#toldTargetBps > 0) this.#tell();
  }

  pollTimeout(): Deadline | undefined {
    return this.estimator.pollTimeout();
  }

  #handleResults(isKnown: boolean, now: Instant): void {
    if (!isKnown) {
      this.#context.counters.add('interceptor.congestion.unknown');
      return;
    }
    this.estimator.handleFeedback(results, now);
    this.#pollProbes();
    this.#tell();
  }

  #pollProbes(): void {
    for (let plan = this.estimator.pollProbe(); plan !== undefined; plan = this.estimator.pollProbe()) this.#events.push({ type: 'probe', ...plan });
  }

  /** Tells the rates when they changed enough to matter. */
  #tell(): void {
    const { targetBps, pacingBps } = this.estimator;
    if (!changed(this.#toldTargetBps, targetBps) && !changed(this.#toldPacingBps, pacingBps)) return;
    this.#toldTargetBps = targetBps;
    this.#toldPacingBps = pacingBps;
    // The application counts its RTP packets, the pacer what they take on the path.
    this.#events.push({ type: 'target-rate', targetBps: Math.floor(targetBps * this.#rtpShare), pacingBps: Math.floor(pacingBps) });
  }
}

function changed(told: number, now: number): boolean {
  return Math.abs(now - told) > TARGET_CHANGE * told;
}

/** Congestion control of what is sent. See {@link CongestionControl}. */
export function congestionControl(options: CongestionControlOptions = {}): InterceptorFactory {
  return {
    name: 'congestion-control',
    slot: Slot.transport,
    create: (context, now) => new CongestionControl(context, options.estimator?.(now) ?? new GoogleCongestionControl(options)),
  };
}
