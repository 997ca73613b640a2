import { DecodeError, RtcError } from '../core/index.ts';
import { type ExtensionMap, RtpPacket } from '../rtp/index.ts';
import { forwardRtp, PayloadCopies } from './rtp-forward.ts';
import { TrackLocalStatic, type TrackLocalOptions } from './track-local.ts';

/** What a track of RTP packets is made with. */
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
  readonly #copies: PayloadCopies = new PayloadCopies();

  /** Throws `ERR_INVALID_ARGUMENT` as {@link TrackLocalStatic} does. */
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
    const { bindings } = this;
    return forwardRtp(packet instanceof RtpPacket ? packet : decode(packet), bindings, bindings.size > 1 ? this.#copies : undefined, extensions, ({ codec }) => codec);
  }
}

function decode(bytes: Uint8Array): RtpPacket {
  try {
    return RtpPacket.decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new RtcError('ERR_INVALID_ARGUMENT', `not an RTP packet: ${error.message}`, { cause: error });
    throw error;
  }
}
