import { Queue, RtcError } from '../../core/index.ts';
import { codecRole } from '../../rtp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket, OutgoingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { LocalStream, RemoteStream } from '../stream.ts';
import { MAX_DISTANCE } from './constants.ts';
import { RedReceiver } from './receiver.ts';
import { RedSender } from './sender.ts';

/** How much of what was sent is sent again (RFC 2198). */
export interface RedundantAudioConfig {
  /** How many earlier packets go along with each that is sent, 0 to 8. Default 0: RED is received only. */
  readonly distance?: number;
}

/**
 * Redundant audio (RFC 2198), where `red` was negotiated for an audio stream: each packet brings the payloads of those before it, so
 * that single losses cost no round trip.
 */
export class RedundantAudio implements Interceptor {
  readonly name = 'redundant-audio';
  readonly wakes = true;
  readonly keepsPayload = true;
  readonly #context: InterceptorContext;
  readonly #distance: number;
  readonly #senders: Map<LocalStream, RedSender> = new Map();
  readonly #receivers: Map<RemoteStream, RedReceiver> = new Map();
  readonly #ready: Queue<IncomingPacket> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();

  /** Throws `ERR_INVALID_ARGUMENT` for a distance out of range. */
  constructor(context: InterceptorContext, { distance = 0 }: RedundantAudioConfig = {}) {
    if (!(Number.isInteger(distance) && distance >= 0 && distance <= MAX_DISTANCE)) throw new RtcError('ERR_INVALID_ARGUMENT', `redundancy of ${distance} packets`);
    this.#context = context;
    this.#distance = distance;
  }

  bindLocal(stream: LocalStream): void {
    this.updateLocal(stream);
  }

  updateLocal(stream: LocalStream): void {
    const sender = stream.kind === 'audio' && this.#distance > 0 ? RedSender.of(stream, this.#distance) : undefined;
    if (sender === undefined) this.#senders.delete(stream);
    else this.#senders.set(stream, sender);
  }

  unbindLocal(stream: LocalStream): void {
    this.#senders.delete(stream);
  }

  bindRemote(stream: RemoteStream): void {
    this.updateRemote(stream);
  }

  updateRemote(stream: RemoteStream): void {
    if (stream.kind !== 'audio') return;
    let hasRed = false;
    for (const codec of stream.codecs.values()) hasRed ||= codecRole(codec) === 'red';
    if (!hasRed) this.#receivers.delete(stream);
    else if (!this.#receivers.has(stream)) this.#receivers.set(stream, new RedReceiver(stream, this.#context.counters));
  }

  unbindRemote(stream: RemoteStream): void {
    this.#receivers.delete(stream);
  }

  readRtp(packet: IncomingPacket): IncomingPacket | undefined {
    if (packet.stream.kind !== 'audio') return packet;
    const receiver = this.#receivers.get(packet.stream);
    if (receiver === undefined) return packet;
    if (packet.role !== 'red' || packet.header.payloadEnd === packet.header.payloadStart) {
      receiver.note(packet);
      return packet;
    }
    const recovered: number[] = [];
    receiver.unwrap(packet, this.#ready, recovered);
    for (const sequenceNumber of recovered) this.#events.push({ type: 'recovered', ssrc: packet.stream.ssrc, sequenceNumber });
    this.#context.wake?.();
    return undefined;
  }

  pollReadRtp(): IncomingPacket | undefined {
    return this.#ready.shift();
  }

  writeRtp(packet: OutgoingPacket): OutgoingPacket {
    if (packet.stream.kind === 'audio') this.#senders.get(packet.stream)?.wrap(packet);
    return packet;
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  close(): void {
    this.#senders.clear();
    this.#receivers.clear();
    this.#ready.clear();
  }
}

/** Registers {@link RedundantAudio}. */
export function redundantAudio(config: RedundantAudioConfig = {}): InterceptorFactory {
  return { name: 'redundant-audio', slot: Slot.red, create: (context) => new RedundantAudio(context, config) };
}
