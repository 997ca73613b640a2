import type { OutgoingRtp } from '../peer/index.ts';
import { type ExtensionElement, extensionElements, type ExtensionMap, ExtensionUri, type RtpCodec, type RtpPacket } from '../rtp/index.ts';
import type { TrackBinding } from './track-local.ts';

/** Extensions that each connection writes by itself. */
const OWN_EXTENSIONS: ReadonlySet<string> = new Set([
  ExtensionUri.mid,
  ExtensionUri.rid,
  ExtensionUri.repairedRid,
  ExtensionUri.transportSequence,
  ExtensionUri.absoluteSendTime,
]);

const FIRST_SLAB_BYTES = 2048;
const LARGEST_SLAB_BYTES = 32_768;

/**
 * Copies of payloads that several receivers share, side by side in slabs. Each source has its own, so that what keeps a payload to send it
 * again holds on to little else.
 */
export class PayloadCopies {
  #slab: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** A copy that nobody changes. */
  copy(payload: Uint8Array): Uint8Array {
    const { length } = payload;
    if (this.#used + length > this.#slab.length) {
      if (length > LARGEST_SLAB_BYTES) return payload.slice();
      this.#slab = new Uint8Array(Math.max(length, Math.min(Math.max(2 * this.#slab.length, FIRST_SLAB_BYTES), LARGEST_SLAB_BYTES)));
      this.#used = 0;
    }
    const copied = this.#slab.subarray(this.#used, this.#used + length);
    copied.set(payload);
    this.#used += length;
    return copied;
  }
}

const NONE: readonly ExtensionElement[] = Object.freeze([]);

/**
 * Writes a packet to each binding, under the payload type that it has there. Sequence number, timestamp and marker are those of the
 * packet. Returns how many took it.
 *
 * @param copies - what makes a copy of the payload that all receivers share; for one alone it does not pay
 * @param extensions - the ids of the packet's header extensions; those that a receiver knows are passed on
 * @param codecOf - the codec of the packet at a receiver; without one it is not for that receiver
 */
export function forwardRtp(
  packet: RtpPacket,
  bindings: Iterable<TrackBinding>,
  copies: PayloadCopies | undefined,
  extensions: ExtensionMap | undefined,
  codecOf: (binding: TrackBinding) => RtpCodec | undefined,
): number {
  const { header, bytes, csrcs } = packet;
  const payload = copies === undefined ? packet.payload : copies.copy(packet.payload);
  const { timestamp, marker, sequenceNumber } = header;
  const elements = extensions === undefined || header.extensionProfile < 0 ? NONE : foreignElements(extensionElements(bytes, header), extensions);
  const isShared = copies !== undefined;
  let outgoing: OutgoingRtp | undefined;
  let taken = 0;
  for (const binding of bindings) {
    const codec = codecOf(binding);
    if (codec === undefined) continue;
    const { payloadType } = codec;
    const translated = extensions !== undefined && elements.length > 0 ? translate(elements, extensions, binding) : undefined;
    // Most receivers agreed upon the same, and what is shared stays as it is.
    if (outgoing?.payloadType !== payloadType || outgoing.extensions !== translated) {
      outgoing = { payload, timestamp, marker, sequenceNumber, payloadType, csrcs: csrcs.length > 0 ? csrcs : undefined, extensions: translated, inPlace: false, isShared };
    }
    if (binding.write(outgoing)) taken++;
  }
  return taken;
}

function foreignElements(elements: readonly ExtensionElement[], extensions: ExtensionMap): readonly ExtensionElement[] {
  return elements.filter(({ id }) => {
    const uri = extensions.uriOf(id);
    return uri !== undefined && !OWN_EXTENSIONS.has(uri);
  });
}

function translate(elements: readonly ExtensionElement[], from: ExtensionMap, { extensions }: TrackBinding): readonly ExtensionElement[] | undefined {
  const translated: ExtensionElement[] = [];
  for (const { id, value } of elements) {
    const to = extensions.idOf(from.uriOf(id) as string);
    if (to !== 0) translated.push({ id: to, value });
  }
  return translated.length > 0 ? translated : undefined;
}
