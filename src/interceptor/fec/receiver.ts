import { DecodeError, type Instant, Queue } from '../../core/index.ts';
import { codecRole } from '../../rtp/index.ts';
import { emptyPayload } from '../empty-payload.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { RemoteStream } from '../stream.ts';
import { FecDecoder } from './decoder.ts';
import type { FecFields } from './fields.ts';
import { decodeFlexfec } from './flexfec.ts';
import { RED_HEADER_BYTES, redBlockType, unwrapRed } from './red-video.ts';
import { decodeUlpfec } from './ulpfec.ts';

/** A stream that FEC was negotiated for. */
interface Protected {
  readonly decoder: FecDecoder;
  /** The payload type of ULPFEC inside RED, or −1. */
  ulpfec: number;
  /** That of the last media in RED, or −1. */
  media: number;
}

/**
 * Restores lost packets from FEC: FlexFEC with an SSRC of its own (draft-ietf-payload-flexible-fec-scheme-03) and ULPFEC inside RED
 * (RFC 5109). Video comes out of RED here. What is restored goes on behind the packet that made it possible.
 */
export class FecReceiver implements Interceptor {
  readonly name = 'fec-receiver';
  readonly wakes = true;
  readonly #context: InterceptorContext;
  readonly #streams: Map<RemoteStream, Protected> = new Map();
  readonly #recovered: Queue<IncomingPacket> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();

  constructor(context: InterceptorContext) {
    this.#context = context;
  }

  bindRemote(stream: RemoteStream): void {
    this.updateRemote(stream);
  }

  updateRemote(stream: RemoteStream): void {
    let ulpfec = -1;
    let isProtected = false;
    for (const codec of stream.codecs.values()) {
      const role = codecRole(codec);
      if (role === 'fec' && codec.name.toLowerCase() === 'ulpfec') ulpfec = codec.payloadType;
      isProtected ||= role === 'fec' || (role === 'red' && stream.kind === 'video');
    }
    const before = this.#streams.get(stream);
    if (!isProtected) this.#streams.delete(stream);
    else if (before === undefined) this.#streams.set(stream, { decoder: new FecDecoder(stream, this.#context.counters), ulpfec, media: -1 });
    else {
      before.ulpfec = ulpfec;
      before.decoder.update();
    }
  }

  unbindRemote(stream: RemoteStream): void {
    this.#streams.delete(stream);
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket | undefined {
    const { stream, header } = packet;
    const entry = this.#streams.get(stream);
    if (entry === undefined) return packet;
    this.#context.wake?.(); // what is restored, and told of, waits to be polled
    if (packet.role === 'fec') return this.#onFlexfec(packet, entry, now);
    if (header.ssrc !== stream.ssrc) return packet;
    if (packet.role === 'red' && stream.kind === 'video' && header.payloadEnd === header.payloadStart) emptyPayload(packet, entry.media);
    else if (packet.role === 'red' && stream.kind === 'video') {
      const blockType = redBlockType(packet);
      if (blockType >= 0 && blockType === entry.ulpfec) return this.#onUlpfec(packet, entry, now);
      const codec = stream.codecs.get(blockType);
      if (codec === undefined || codecRole(codec) !== 'media') return this.#drop('interceptor.fec.red');
      entry.media = blockType;
      unwrapRed(packet, blockType);
    }
    if (packet.role !== 'media' && packet.role !== 'padding') return packet;
    const isNew = entry.decoder.onMedia(packet, this.#recovered, now);
    return isNew ? packet : undefined;
  }

  pollReadRtp(): IncomingPacket | undefined {
    const packet = this.#recovered.shift();
    if (packet !== undefined) this.#events.push({ type: 'recovered', ssrc: packet.stream.ssrc, sequenceNumber: packet.header.sequenceNumber });
    return packet;
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  close(): void {
    this.#streams.clear();
    this.#recovered.clear();
  }

  #onFlexfec({ bytes, header, stream }: IncomingPacket, { decoder }: Protected, now: Instant): undefined {
    const fields = this.#decode(decodeFlexfec, bytes.subarray(header.payloadStart, header.payloadEnd));
    if (fields === undefined) return undefined;
    // It may protect the stream that it belongs to and no other, not even itself.
    if (fields.ssrc !== stream.ssrc || header.ssrc === stream.ssrc) return this.#drop('interceptor.fec.foreign');
    decoder.onFec(fields, this.#recovered, now);
    return undefined;
  }

  /** FEC in RED has a number among the media: what goes on in its place is padding, so that nobody waits for it. */
  #onUlpfec(packet: IncomingPacket, entry: Protected, now: Instant): IncomingPacket {
    const { bytes, header } = packet;
    const fields = this.#decode(decodeUlpfec, bytes.subarray(header.payloadStart + RED_HEADER_BYTES, header.payloadEnd));
    if (fields !== undefined) entry.decoder.onFec(fields, this.#recovered, now);
    emptyPayload(packet, entry.media);
    return packet;
  }

  #decode(decoder: (payload: Uint8Array) => FecFields, payload: Uint8Array): FecFields | undefined {
    try {
      return decoder(payload);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#drop(error.what);
    }
  }

  #drop(counter: string): undefined {
    this.#context.counters.add(counter);
    return undefined;
  }
}

/** Registers {@link FecReceiver}. */
export function fecReceiver(): InterceptorFactory {
  return { name: 'fec-receiver', slot: Slot.fec, create: (context) => new FecReceiver(context) };
}
