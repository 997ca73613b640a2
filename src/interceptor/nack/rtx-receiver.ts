import { readU16 } from '../../core/bytes.ts';
import { codecRole, ExtensionUri, remapExtensions, setPayloadType, setSequenceNumber, setSsrc } from '../../rtp/index.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { RemoteStream } from '../stream.ts';
import { OSN_BYTES } from './constants.ts';
import { renamedId } from './rename.ts';

/** What a retransmission's payload type stands for, and the ids of extensions that only retransmissions bear. */
interface Restoring {
  /** By payload type: the one that it repairs, −1 for those that are no RTX. */
  readonly originals: Int16Array;
  readonly ids: Uint8Array | undefined;
}

/**
 * Makes of a retransmission the packet that was lost (RFC 4588 4), in place, and of its role that of the original. A retransmission
 * without payload is padding and ends here.
 */
export class RtxReceiver implements Interceptor {
  readonly name = 'rtx-receiver';
  readonly #context: InterceptorContext;
  readonly #streams: Map<RemoteStream, Restoring> = new Map();

  constructor(context: InterceptorContext) {
    this.#context = context;
  }

  bindRemote(stream: RemoteStream): void {
    this.updateRemote(stream);
  }

  updateRemote(stream: RemoteStream): void {
    const originals = new Int16Array(128).fill(-1);
    for (const codec of stream.codecs.values()) {
      if (codecRole(codec) === 'rtx') originals[codec.payloadType] = Number(codec.parameters.get('apt') ?? -1);
    }
    const { extensions } = stream;
    this.#streams.set(stream, { originals, ids: renamedId(extensions, ExtensionUri.repairedRid, ExtensionUri.rid) });
  }

  unbindRemote(stream: RemoteStream): void {
    this.#streams.delete(stream);
  }

  readRtp(packet: IncomingPacket): IncomingPacket | undefined {
    if (packet.role !== 'rtx') return packet;
    const { header, stream } = packet;
    if (header.payloadEnd === header.payloadStart) return undefined;
    const restoring = this.#streams.get(stream);
    const original = restoring === undefined ? -1 : (restoring.originals[header.payloadType] as number);
    const codec = stream.codecs.get(original);
    if (restoring === undefined || codec === undefined || header.ssrc === stream.ssrc) return this.#drop('interceptor.rtx.unknown');
    const role = codecRole(codec);
    // Depth one: what was retransmitted was no retransmission itself.
    if (role === 'rtx') return this.#drop('interceptor.rtx.nested');
    if (header.payloadEnd - header.payloadStart < OSN_BYTES) return this.#drop('interceptor.rtx.short');
    this.#restore(packet, original, restoring.ids);
    packet.role = role === 'media' && header.payloadEnd === header.payloadStart ? 'padding' : role;
    return packet;
  }

  close(): void {
    this.#streams.clear();
  }

  /** The header moves over the original sequence number, so that the payload stays where it is. */
  #restore(packet: IncomingPacket, payloadType: number, ids: Uint8Array | undefined): void {
    const { header, stream } = packet;
    const sequence = readU16(packet.bytes, header.payloadStart);
    packet.bytes.copyWithin(OSN_BYTES, 0, header.payloadStart);
    const bytes = packet.bytes.subarray(OSN_BYTES);
    setPayloadType(bytes, payloadType);
    setSequenceNumber(bytes, sequence);
    setSsrc(bytes, stream.ssrc);
    packet.bytes = bytes;
    header.payloadType = payloadType;
    header.sequenceNumber = sequence;
    header.ssrc = stream.ssrc;
    header.payloadEnd -= OSN_BYTES;
    if (ids !== undefined && header.extensionProfile >= 0) remapExtensions(bytes, header, ids);
  }

  #drop(counter: string): undefined {
    this.#context.counters.add(counter);
    return undefined;
  }
}

/** Registers {@link RtxReceiver}. */
export function rtxReceiver(): InterceptorFactory {
  return { name: 'rtx-receiver', slot: Slot.nack, create: (context) => new RtxReceiver(context) };
}
