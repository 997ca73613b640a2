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

/** Serves all receivers of a packet, one after the other. */
type Outgoing = { -readonly [Key in keyof OutgoingRtp]: OutgoingRtp[Key] };

const NONE: readonly ExtensionElement[] = Object.freeze([]);

/**
 * Writes a packet to each binding, under the payload type that it has there. Sequence number, timestamp and marker are those of the
 * packet. Returns how many took it.
 *
 * @param extensions - the ids of the packet's header extensions; those that a receiver knows are passed on
 * @param codecOf - the codec of the packet at a receiver; without one it is not for that receiver
 */
export function forwardRtp(packet: RtpPacket, bindings: Iterable<TrackBinding>, extensions: ExtensionMap | undefined, codecOf: (binding: TrackBinding) => RtpCodec | undefined): number {
  const { header, payload, bytes, csrcs } = packet;
  const { timestamp, marker, sequenceNumber } = header;
  const elements = extensions === undefined || header.extensionProfile < 0 ? NONE : foreignElements(extensionElements(bytes, header), extensions);
  const outgoing: Outgoing = { payload, timestamp, marker, sequenceNumber, payloadType: 0, csrcs: csrcs.length > 0 ? csrcs : undefined, extensions: undefined, inPlace: false };
  let taken = 0;
  for (const binding of bindings) {
    const codec = codecOf(binding);
    if (codec === undefined) continue;
    outgoing.payloadType = codec.payloadType;
    if (extensions !== undefined && elements.length > 0) outgoing.extensions = translate(elements, extensions, binding);
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
