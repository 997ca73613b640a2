import { distance16 } from '../../core/index.ts';
import { encodeRed, type RedBlock } from '../../codec/index.ts';
import { codecRole, readHeader, setPayloadType } from '../../rtp/index.ts';
import { OUTGOING_TAILROOM_BYTES, type OutgoingPacket } from '../packet.ts';
import type { LocalStream } from '../stream.ts';
import { MAX_BLOCK_BYTES, MAX_OFFSET, MAX_PAYLOAD_BYTES } from './constants.ts';

/** A payload that goes along with later ones. */
interface Earlier {
  readonly sequence: number;
  readonly timestamp: number;
  readonly payloadType: number;
  readonly data: Uint8Array;
}

/** Which payload types RED may hold, as its format parameters list them (RFC 2198 5): none listed, all media. */
function heldTypes(stream: LocalStream): { red: number; held: ReadonlySet<number> } | undefined {
  for (const codec of stream.codecs.values()) {
    if (codecRole(codec) !== 'red') continue;
    const held = new Set<number>();
    for (const list of codec.parameters.keys()) for (const type of list.split('/')) held.add(Number(type));
    if (held.size === 0) for (const other of stream.codecs.values()) if (codecRole(other) === 'media' && other.name.toLowerCase() === 'opus') held.add(other.payloadType);
    return { red: codec.payloadType, held };
  }
  return undefined;
}

/** Sends each payload of an audio stream with those before it, in RED (RFC 2198). */
export class RedSender {
  readonly #red: number;
  readonly #held: ReadonlySet<number>;
  readonly #distance: number;
  /** The oldest first; at most `distance` of them. */
  #earlier: Earlier[] = [];

  private constructor(red: number, held: ReadonlySet<number>, distance: number) {
    this.#red = red;
    this.#held = held;
    this.#distance = distance;
  }

  /** `undefined` when RED was not negotiated for the stream. */
  static of(stream: LocalStream, distance: number): RedSender | undefined {
    const types = heldTypes(stream);
    return types && new RedSender(types.red, types.held, distance);
  }

  /** Exchanges the payload of a packet for RED, if it is of a kind that RED may hold. */
  wrap(packet: OutgoingPacket): void {
    const { header, bytes } = packet;
    if (packet.role !== 'media' || !this.#held.has(header.payloadType)) return;
    const data = bytes.slice(header.payloadStart, header.payloadEnd);
    const now: Earlier = { sequence: header.sequenceNumber, timestamp: header.timestamp, payloadType: header.payloadType, data };
    const payload = encodeRed([...this.#redundant(now), { payloadType: now.payloadType, timestampOffset: 0, data }]);
    this.#earlier.push(now);
    if (this.#earlier.length > this.#distance) this.#earlier = this.#earlier.slice(1);
    const size = header.payloadStart + payload.length;
    const wrapped = new Uint8Array(size + OUTGOING_TAILROOM_BYTES).subarray(0, size);
    wrapped.set(bytes.subarray(0, header.payloadStart));
    wrapped.set(payload, header.payloadStart);
    // Padding stays behind.
    wrapped[0] = (wrapped[0] as number) & 0xdf;
    setPayloadType(wrapped, this.#red);
    packet.bytes = wrapped;
    packet.sharedPayload = undefined;
    packet.role = 'red';
    readHeader(wrapped, header);
  }

  /**
   * The blocks that go along, the oldest first. Who receives them tells their numbers by their place, so none may be missing between
   * them and the packet.
   */
  #redundant(now: Earlier): RedBlock[] {
    const blocks: RedBlock[] = [];
    let left = MAX_PAYLOAD_BYTES - now.data.length;
    for (let i = this.#earlier.length - 1; i >= 0; i--) {
      const { sequence, timestamp, payloadType, data } = this.#earlier[i] as Earlier;
      const back = this.#earlier.length - i;
      const timestampOffset = (now.timestamp - timestamp) >>> 0;
      left -= data.length + 4;
      if (distance16(now.sequence, sequence) !== back || timestampOffset > MAX_OFFSET || data.length > MAX_BLOCK_BYTES || left < 0) break;
      blocks.unshift({ payloadType, timestampOffset, data });
    }
    return blocks;
  }
}
