import { DecodeError, RtcError } from '../core/index.ts';
import type { OutgoingRtp } from '../peer/index.ts';
import { type ExtensionElement, extensionElements, type ExtensionMap, RtpPacket } from '../rtp/index.ts';
import { type TrackBinding, TrackLocalStatic, type TrackLocalOptions } from './track-local.ts';

export interface TrackLocalStaticRtpOptions extends TrackLocalOptions {
  /** Which header extension goes by which id in the packets that are written. Those that the peer knows are passed on. Default: none are. */
  readonly extensions?: ExtensionMap;
}

/**
 * A track that is written as RTP packets: to forward what comes from another connection or program. Payload type and SSRC
 * are rewritten for each receiver; sequence numbers and timestamps keep their distances, so that what was lost before stays
 * visible.
 *
 * @example
 * const track = new TrackLocalStaticRtp({ codec: 'video/VP8' });
 * viewer.addTrack(track);
 * for await (const packet of remoteTrack) track.writeRtp(packet);
 */
export class TrackLocalStaticRtp extends TrackLocalStatic {
  readonly #extensions: ExtensionMap | undefined;

  constructor(options: TrackLocalStaticRtpOptions) {
    super(options);
    this.#extensions = options.extensions;
  }

  /**
   * Sends a packet to everyone it is attached to; its bytes are copied. Returns how many took it. Throws `ERR_INVALID_ARGUMENT`
   * for what is no RTP packet.
   *
   * @param extensions - the ids of this packet's header extensions, when they differ from those of the track
   */
  writeRtp(packet: RtpPacket | Uint8Array, extensions: ExtensionMap | undefined = this.#extensions): number {
    const { header, payload, bytes, csrcs } = packet instanceof RtpPacket ? packet : decode(packet);
    const { timestamp, marker, sequenceNumber } = header;
    const elements = extensions === undefined || header.extensionProfile < 0 ? NONE : extensionElements(bytes, header);
    const outgoing: Outgoing = { payload, timestamp, marker, sequenceNumber, payloadType: 0, csrcs: csrcs.length > 0 ? csrcs : undefined, extensions: undefined, inPlace: false };
    let taken = 0;
    for (const binding of this.bindings) {
      const { codec } = binding;
      if (codec === undefined) continue;
      outgoing.payloadType = codec.payloadType;
      if (extensions !== undefined && elements.length > 0) outgoing.extensions = translate(elements, extensions, binding);
      if (binding.write(outgoing)) taken++;
    }
    return taken;
  }
}

/** Serves all receivers of a packet, one after the other. */
type Outgoing = { -readonly [Key in keyof OutgoingRtp]: OutgoingRtp[Key] };

const NONE: readonly ExtensionElement[] = Object.freeze([]);

function decode(bytes: Uint8Array): RtpPacket {
  try {
    return RtpPacket.decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new RtcError('ERR_INVALID_ARGUMENT', `not an RTP packet: ${error.message}`, { cause: error });
    throw error;
  }
}

function translate(elements: readonly ExtensionElement[], from: ExtensionMap, { extensions }: TrackBinding): readonly ExtensionElement[] | undefined {
  const translated: ExtensionElement[] = [];
  for (const { id, value } of elements) {
    const uri = from.uriOf(id);
    const to = uri === undefined ? 0 : extensions.idOf(uri);
    if (to !== 0) translated.push({ id: to, value });
  }
  return translated.length > 0 ? translated : undefined;
}
