import { type Deadline, type Instant, Queue, RtcError, SparseMap } from '../../core/index.ts';
import type { RtcpPacket } from '../../rtcp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import { type RemoteStream, wantsFeedback } from '../stream.ts';
import { FIRST_ROUND_TRIP_MS, GIVE_UP_MS, MAX_LOST_PER_NACK, MAX_TRIES, REORDER_MS, ROUND_TRIP_GAIN } from './constants.ts';
import { Gaps } from './gaps.ts';

/** How lost packets are asked for. */
export interface NackGeneratorConfig {
  /** How long packets may swap places before one is taken for lost, in milliseconds. Default 10. */
  readonly reorderMs?: number;
  /** How often a packet is asked for, 1 to 255. Default 10. */
  readonly maxTries?: number;
  /** When a packet is given up, in milliseconds. Default 2000. */
  readonly giveUpMs?: number;
  /** Whether a keyframe is asked for when video packets are given up; never of a stream with ULPFEC. Default true. */
  readonly keyframeOnLoss?: boolean;
}

/**
 * Asks for packets that did not come, where `nack` was negotiated (RFC 4585 6.2.1): after a short wait, again after each round trip, and
 * not for ever. Packets that come twice, as when a retransmission and the late original do, end here.
 */
export class NackGenerator implements Interceptor {
  readonly name = 'nack-generator';
  readonly wakes = true;
  readonly #context: InterceptorContext;
  readonly #config: Required<NackGeneratorConfig>;
  readonly #streams: SparseMap<RemoteStream, Gaps> = new SparseMap();
  readonly #rtcp: Queue<RtcpPacket> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();
  /** Smoothed; `undefined` before the first. */
  #roundTripMs: number | undefined;
  #nextAt: Instant = Infinity;

  /** Throws `ERR_INVALID_ARGUMENT` for a configuration out of range. */
  constructor(context: InterceptorContext, config: NackGeneratorConfig = {}) {
    const { reorderMs = REORDER_MS, maxTries = MAX_TRIES, giveUpMs = GIVE_UP_MS, keyframeOnLoss = true } = config;
    if (!(reorderMs >= 0 && giveUpMs >= 0 && maxTries >= 1 && maxTries <= 255)) {
      throw new RtcError('ERR_INVALID_ARGUMENT', `NACK after ${reorderMs} ms, ${maxTries} times, for ${giveUpMs} ms`);
    }
    this.#context = context;
    this.#config = { reorderMs, maxTries, giveUpMs, keyframeOnLoss };
  }

  bindRemote(stream: RemoteStream): void {
    this.updateRemote(stream);
  }

  updateRemote(stream: RemoteStream): void {
    if (!wantsFeedback(stream, 'nack')) this.#streams.delete(stream);
    else if (!this.#streams.has(stream)) this.#streams.set(stream, new Gaps(this.#config));
  }

  unbindRemote(stream: RemoteStream): void {
    this.#streams.delete(stream);
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket | undefined {
    const { header, stream } = packet;
    if (header.ssrc !== stream.ssrc) return packet;
    const gaps = this.#streams.get(stream);
    if (gaps === undefined) return packet;
    switch (gaps.arrive(header.sequenceNumber, now)) {
      case 'duplicate':
        this.#context.counters.add('interceptor.nack.duplicate');
        return undefined;
      case 'gap':
        this.#nextAt = Math.min(this.#nextAt, now + this.#config.reorderMs);
        this.#context.wake?.();
        return packet;
      case 'jump':
        this.#wantKeyframe(stream);
        this.#context.wake?.();
        return packet;
      default:
        return packet;
    }
  }

  pollRtcp(): RtcpPacket | undefined {
    return this.#rtcp.shift();
  }

  handleEvent(event: InterceptorEvent): void {
    if (event.type === 'round-trip') {
      const before = this.#roundTripMs ?? FIRST_ROUND_TRIP_MS;
      this.#roundTripMs = before + (event.roundTripMs - before) * ROUND_TRIP_GAIN;
    } else if (event.type === 'recovered') {
      for (const stream of this.#streams.keys()) if (stream.ssrc === event.ssrc) this.#streams.get(stream)?.recovered(event.sequenceNumber);
    }
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#nextAt = Infinity;
    for (const stream of this.#streams.keys()) {
      const gaps = this.#streams.get(stream);
      if (gaps === undefined || gaps.missing === 0) continue;
      const lost: number[] = [];
      const before = gaps.abandoned;
      this.#nextAt = Math.min(this.#nextAt, gaps.ask(lost, this.#roundTripMs ?? FIRST_ROUND_TRIP_MS, now));
      if (gaps.abandoned > before) {
        this.#context.counters.add('interceptor.nack.abandoned', gaps.abandoned - before);
        this.#wantKeyframe(stream);
      }
      for (let i = 0; i < lost.length; i += MAX_LOST_PER_NACK) {
        this.#rtcp.push({ type: 'nack', senderSsrc: this.#context.rtcpSsrc, mediaSsrc: stream.ssrc, lost: lost.slice(i, i + MAX_LOST_PER_NACK) });
      }
    }
  }

  pollTimeout(): Deadline | undefined {
    return this.#nextAt === Infinity ? undefined : { at: this.#nextAt, reason: 'interceptor.nack' };
  }

  close(): void {
    this.#streams.clear();
    this.#nextAt = Infinity;
  }

  #wantKeyframe(stream: RemoteStream): void {
    if (!this.#config.keyframeOnLoss || stream.kind !== 'video') return;
    // Where FEC has numbers among the media, what did not come may have been FEC, which nobody sends again and nobody misses.
    for (const { name } of stream.codecs.values()) if (name.toLowerCase() === 'ulpfec') return;
    this.#events.push({ type: 'request-keyframe', ssrc: stream.ssrc });
  }
}

/** Registers {@link NackGenerator}. */
export function nackGenerator(config: NackGeneratorConfig = {}): InterceptorFactory {
  return { name: 'nack-generator', slot: Slot.nack, create: (context) => new NackGenerator(context, config) };
}
