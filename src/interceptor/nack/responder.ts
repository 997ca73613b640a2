import { writeU16 } from '../../core/bytes.ts';
import { FLOAT_ZERO, type Instant, Queue, randomU32, RtcError, SparseMap } from '../../core/index.ts';
import type { RtcpPacket } from '../../rtcp/index.ts';
import { ExtensionUri, readHeader, remapExtensions, RtpHeader, setPayloadType, setSequenceNumber, setSsrc } from '../../rtp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import { beltPacket, OUTGOING_TAILROOM_BYTES, type OutgoingPacket } from '../packet.ts';
import { PacketHistory } from '../packet-history.ts';
import { Slot } from '../slot.ts';
import { type LocalStream, rtxPayloadType } from '../stream.ts';
import {
  FIRST_ROUND_TRIP_MS,
  HISTORY_BYTES,
  HISTORY_MS,
  HISTORY_PACKETS,
  MAX_RESENDS,
  MIN_RESEND_MS,
  OSN_BYTES,
  RESEND_BURST_BYTES,
  RESEND_SHARE,
  ROUND_TRIP_GAIN,
} from './constants.ts';
import { renamedId } from './rename.ts';

/** What is kept, and how much of it is sent again. */
export interface NackResponderConfig {
  /** Packets kept per stream, a power of two up to 32,768. Default 1024. */
  readonly maxPackets?: number;
  /** How long a packet is kept, in milliseconds. Default 2000. */
  readonly maxAgeMs?: number;
  /** Bytes kept per stream. Default 2 MiB. */
  readonly maxBytes?: number;
  /** How often one packet is sent again, 1 to 255. Default 10. */
  readonly maxResends?: number;
  /** What retransmissions may add to a stream's bytes, above 0. Default 0.1. */
  readonly maxShare?: number;
  /** Bytes of a stream that may be sent again at once. Default 64 KiB. */
  readonly burstBytes?: number;
}

/** One stream with what can be sent again of it. */
class Repair {
  readonly stream: LocalStream;
  readonly history: PacketHistory;
  /** By payload type: that of its retransmissions, −1 for none. */
  readonly rtxTypes: Int8Array = new Int8Array(128);
  /** RTX packets bear the repaired RID instead of the RID (RFC 8852 3.2). */
  ids: Uint8Array | undefined;
  // By place in the history.
  readonly resends: Uint8Array;
  readonly resentAt: Float64Array;
  rtxSequence: number;
  /** Bytes that went again and are not made up for by those that went first. */
  debt: number = FLOAT_ZERO;

  constructor(stream: LocalStream, config: Required<NackResponderConfig>, rtxSequence: number) {
    this.stream = stream;
    this.history = new PacketHistory(config);
    this.resends = new Uint8Array(config.maxPackets);
    this.resentAt = new Float64Array(config.maxPackets);
    this.rtxSequence = rtxSequence;
  }

  /** Takes over what was agreed upon. */
  update(): void {
    const { stream, rtxTypes } = this;
    rtxTypes.fill(-1);
    if (stream.rtxSsrc !== undefined) for (const payloadType of stream.codecs.keys()) rtxTypes[payloadType] = rtxPayloadType(stream, payloadType);
    this.ids = renamedId(stream.extensions, ExtensionUri.rid, ExtensionUri.repairedRid);
  }
}

/**
 * Sends lost packets again when the peer asks (RFC 4585 6.2.1), each so many times, no sooner than half a round trip after the last
 * time, and all together for a share of the stream's own bytes, so that requests cannot multiply traffic.
 *
 * With `rtx` as its way it makes retransmissions with an SSRC and numbers of their own (RFC 4588). With `repeat` it serves the payload
 * types that have no RTX, and stands below everything that changes packets: under SRTP a packet may go twice with one index only if
 * it is the same to the last byte (RFC 3711 9.1). Such packets have the role `rtx` and the SSRC of the stream itself.
 */
export class NackResponder implements Interceptor {
  readonly name: string;
  readonly keepsPayload = true;
  readonly wakes = true;
  readonly #context: InterceptorContext;
  readonly #config: Required<NackResponderConfig>;
  readonly #repeats: boolean;
  readonly #streams: SparseMap<LocalStream, Repair> = new SparseMap();
  /** Also of streams that pause: the numbers of their retransmissions go on. */
  readonly #known: WeakMap<LocalStream, Repair> = new WeakMap();
  readonly #packets: Queue<OutgoingPacket> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();
  /** Smoothed; `undefined` before the first. */
  #roundTripMs: number | undefined;

  /** Throws `ERR_INVALID_ARGUMENT` for a configuration out of range. */
  constructor(context: InterceptorContext, config: NackResponderConfig = {}, way: 'rtx' | 'repeat' = 'rtx') {
    this.name = way === 'rtx' ? 'nack-responder' : 'nack-repeater';
    this.#context = context;
    this.#config = resolveConfig(config);
    this.#repeats = way === 'repeat';
  }

  bindLocal(stream: LocalStream): void {
    this.updateLocal(stream);
  }

  updateLocal(stream: LocalStream): void {
    if (!this.#serves(stream)) return this.unbindLocal(stream);
    // In the lower half, so that the first packets being lost cannot hide a wrap from SRTP (RFC 3711 3.3.1).
    const repair = this.#known.get(stream) ?? new Repair(stream, this.#config, randomU32(this.#context.environment.random) & 0x7fff);
    repair.update();
    this.#known.set(stream, repair);
    this.#streams.set(stream, repair);
  }

  unbindLocal(stream: LocalStream): void {
    this.#streams.get(stream)?.history.clear();
    this.#streams.delete(stream);
  }

  writeRtp(packet: OutgoingPacket, now: Instant): OutgoingPacket {
    const { header, stream } = packet;
    if (header.ssrc !== stream.ssrc) return packet;
    const repair = this.#streams.get(stream);
    if (repair === undefined || (repair.rtxTypes[header.payloadType] as number) < 0 !== this.#repeats) return packet;
    repair.debt = Math.max(0, repair.debt - packet.bytes.length * this.#config.maxShare);
    // Padding of an original is not sent again by RTX, but a repetition is the same to its end.
    const length = this.#repeats ? packet.bytes.length : header.payloadEnd;
    const shared = packet.sharedPayload;
    const isWhole = shared !== undefined && header.payloadStart + shared.length === length;
    const place = repair.history.keep(header.sequenceNumber, packet.bytes, length, now, isWhole ? shared : undefined);
    if (place >= 0) repair.resends[place] = 0;
    return packet;
  }

  pollWriteRtp(): OutgoingPacket | undefined {
    return this.#packets.shift();
  }

  readRtcp(packet: RtcpPacket, now: Instant): void {
    if (packet.type !== 'nack') return;
    for (const repair of this.#streams.values()) {
      if (repair.stream.ssrc === packet.mediaSsrc) this.#onNack(repair, packet.lost, now);
    }
  }

  handleEvent(event: InterceptorEvent): void {
    if (event.type !== 'round-trip') return;
    const before = this.#roundTripMs ?? FIRST_ROUND_TRIP_MS;
    this.#roundTripMs = before + (event.roundTripMs - before) * ROUND_TRIP_GAIN;
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  close(): void {
    this.#streams.clear();
    this.#packets.clear();
  }

  /** Whether there is a payload type to repair in this way. */
  #serves(stream: LocalStream): boolean {
    for (const { payloadType, feedback } of stream.codecs.values()) {
      const hasRtx = stream.rtxSsrc !== undefined && rtxPayloadType(stream, payloadType) >= 0;
      if (feedback.includes('nack') && hasRtx !== this.#repeats) return true;
    }
    return false;
  }

  #onNack(repair: Repair, lost: readonly number[], now: Instant): void {
    const { counters } = this.#context;
    // No more than are kept can be meant.
    const asked = Math.min(lost.length, this.#config.maxPackets);
    let unknown = lost.length - asked;
    for (let i = 0; i < asked; i++) {
      const place = repair.history.find(lost[i] as number, now);
      if (place < 0) {
        unknown++;
        continue;
      }
      const refusal = this.#refusal(repair, place, now);
      if (refusal === undefined) this.#resend(repair, place, now);
      else counters.add(refusal);
    }
    if (unknown > 0) counters.add('interceptor.nack.unknown', unknown);
  }

  /** Why a packet does not go again now, as the name of a counter. */
  #refusal(repair: Repair, place: number, now: Instant): string | undefined {
    const resends = repair.resends[place] as number;
    if (resends >= this.#config.maxResends) return 'interceptor.nack.too-often';
    const gap = Math.max((this.#roundTripMs ?? FIRST_ROUND_TRIP_MS) / 2, MIN_RESEND_MS);
    if (resends > 0 && now - (repair.resentAt[place] as number) < gap) return 'interceptor.nack.too-soon';
    return repair.debt + repair.history.lengthAt(place) > this.#config.burstBytes ? 'interceptor.nack.rate' : undefined;
  }

  #resend(repair: Repair, place: number, now: Instant): void {
    const original = repair.history.bytesAt(place);
    repair.debt += original.length;
    repair.resends[place] = (repair.resends[place] as number) + 1;
    repair.resentAt[place] = now;
    this.#packets.push(this.#repeats ? this.#repeat(repair, original, now) : retransmission(repair, original, now));
  }

  #repeat({ stream }: Repair, original: Uint8Array, now: Instant): OutgoingPacket {
    const bytes = withTailroom(original.length);
    bytes.set(original);
    const header = new RtpHeader();
    readHeader(bytes, header);
    this.#events.push({ type: 'repeated', ssrc: stream.ssrc, headerBytes: header.payloadStart, payloadBytes: bytes.length - header.payloadStart });
    return beltPacket(bytes, header, stream, 'rtx', now);
  }
}

/** A packet with the original sequence number before its payload, and SSRC, number and type of its own (RFC 4588 4). */
function retransmission(repair: Repair, original: Uint8Array, now: Instant): OutgoingPacket {
  const { stream, ids } = repair;
  const header = new RtpHeader();
  readHeader(original, header);
  const { payloadStart, sequenceNumber } = header;
  const bytes = withTailroom(original.length + OSN_BYTES);
  bytes.set(original.subarray(0, payloadStart));
  bytes.set(original.subarray(payloadStart), payloadStart + OSN_BYTES);
  writeU16(bytes, payloadStart, sequenceNumber);
  // The padding of the original was left behind.
  bytes[0] = (bytes[0] as number) & 0xdf;
  setPayloadType(bytes, repair.rtxTypes[header.payloadType] as number);
  setSequenceNumber(bytes, repair.rtxSequence);
  setSsrc(bytes, stream.rtxSsrc as number);
  repair.rtxSequence = (repair.rtxSequence + 1) & 0xffff;
  readHeader(bytes, header);
  if (ids !== undefined && header.extensionProfile >= 0) remapExtensions(bytes, header, ids);
  return beltPacket(bytes, header, stream, 'rtx', now);
}

function withTailroom(length: number): Uint8Array {
  return new Uint8Array(length + OUTGOING_TAILROOM_BYTES).subarray(0, length);
}

function resolveConfig(config: NackResponderConfig): Required<NackResponderConfig> {
  const resolved = {
    maxPackets: config.maxPackets ?? HISTORY_PACKETS,
    maxAgeMs: config.maxAgeMs ?? HISTORY_MS,
    maxBytes: config.maxBytes ?? HISTORY_BYTES,
    maxResends: config.maxResends ?? MAX_RESENDS,
    maxShare: config.maxShare ?? RESEND_SHARE,
    burstBytes: config.burstBytes ?? RESEND_BURST_BYTES,
  };
  const { maxPackets, maxAgeMs, maxBytes, maxResends, maxShare, burstBytes } = resolved;
  const power = Number.isInteger(maxPackets) && maxPackets >= 1 && maxPackets <= 32_768 && (maxPackets & (maxPackets - 1)) === 0;
  const positive = maxAgeMs >= 0 && maxBytes >= 1 && maxResends >= 1 && maxResends <= 255 && maxShare > 0 && burstBytes >= 0;
  if (!power || !positive) throw new RtcError('ERR_INVALID_ARGUMENT', `retransmission with ${Object.values(resolved).join(', ')}`);
  return resolved;
}

/** Registers {@link NackResponder} for payload types that have RTX. */
export function nackResponder(config: NackResponderConfig = {}): InterceptorFactory {
  return { name: 'nack-responder', slot: Slot.nack, create: (context) => new NackResponder(context, config, 'rtx') };
}

/** Registers {@link NackResponder} for payload types that have none. */
export function nackRepeater(config: NackResponderConfig = {}): InterceptorFactory {
  return { name: 'nack-repeater', slot: Slot.repeat, create: (context) => new NackResponder(context, config, 'repeat') };
}
