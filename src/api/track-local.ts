import { RtcError } from '../core/index.ts';
import type { OutgoingRtp } from '../peer/index.ts';
import type { ExtensionMap, MediaKind, RtpCodec } from '../rtp/index.ts';
import { type CodecInit, formatFmtp, parseFmtp, splitMimeType } from './media-engine.ts';

/** One encoding of one sender that a track is attached to and can send through. */
export interface TrackBinding {
  /** The codec that was agreed upon for this track; `undefined` before that, and when the peer does not take it. */
  readonly codec: RtpCodec | undefined;
  /** All payload types that the peer takes. */
  readonly codecs: ReadonlyMap<number, RtpCodec>;
  /** Which header extension goes by which id on this connection. */
  readonly extensions: ExtensionMap;
  /** The SSRC of the encoding; `undefined` before a negotiation. */
  readonly ssrc: number | undefined;
  /** The encoding of a simulcast (RFC 8852); `undefined` where there is one alone. */
  readonly rid: string | undefined;
  /** The next packet is of another source: its numbers and timestamps are joined to those of before. */
  beginSource(): void;
  /** Sends a packet; false, and counted in the statistics, when the connection cannot send it now. */
  write(packet: OutgoingRtp): boolean;
}

/**
 * What a connection can send. Attach it with `addTrack`, as often as you like: each sender gives its packets an SSRC, numbers and
 * header extensions of its own. Implement this interface for a source of another kind.
 */
export interface TrackLocal {
  /** Names the track to the peer (RFC 8830). Without white space. */
  readonly id: string;
  /** `audio` or `video`. */
  readonly kind: MediaKind;
  /** The MediaStream it belongs to, unless `addTrack` is given others. */
  readonly streamId: string;
  /** What it sends, so that a sender can choose a payload type for it. */
  readonly codec: TrackCodec;
  /** A sender has taken the track: from now on it can be written through. */
  onBind(binding: TrackBinding): void;
  /** The sender has let go of it. */
  onUnbind(binding: TrackBinding): void;
  /** A receiver cannot decode and wants a keyframe. */
  onKeyframeRequest?(binding: TrackBinding): void;
}

/** The codec of a local track. */
export interface TrackCodec {
  readonly name: string;
  readonly clockRateHz: number;
  readonly channels?: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What a local track is made with. */
export interface TrackLocalOptions {
  /** As in `{ mimeType: 'video/VP8', clockRate: 90_000 }`; the MIME type alone does for the codecs of the default engine. */
  readonly codec: string | Pick<CodecInit, 'mimeType' | 'clockRate' | 'channels' | 'sdpFmtpLine'>;
  /** Default: a random one. */
  readonly id?: string;
  /** Default: a random one. */
  readonly streamId?: string;
}

/** What both kinds of static tracks share. */
export abstract class TrackLocalStatic implements TrackLocal {
  /** Names the track to the peer (RFC 8830). */
  readonly id: string;
  /** `audio` or `video`, as its codec is. */
  readonly kind: MediaKind;
  /** The MediaStream it belongs to, unless `addTrack` is given others. */
  readonly streamId: string;
  /** What it sends. */
  readonly codec: TrackCodec;
  readonly #bindings: Set<TrackBinding> = new Set();
  #onKeyframeRequest: ((binding: TrackBinding) => void) | undefined;

  /** Throws `ERR_INVALID_ARGUMENT` for what is no MIME type, and for ids with white space. */
  constructor({ codec, id, streamId }: TrackLocalOptions) {
    const init = typeof codec === 'string' ? { mimeType: codec, clockRate: undefined } : codec;
    const [kind, name] = splitMimeType(init.mimeType);
    this.kind = kind;
    this.id = id ?? globalThis.crypto.randomUUID();
    this.streamId = streamId ?? globalThis.crypto.randomUUID();
    if (/\s/.test(this.id + this.streamId)) throw new RtcError('ERR_INVALID_ARGUMENT', 'the ids of tracks and streams have no white space');
    const channels = 'channels' in init ? init.channels : undefined;
    this.codec = {
      name,
      clockRateHz: init.clockRate ?? defaultClockRate(kind, name),
      ...(channels !== undefined && { channels }),
      parameters: parseFmtp(('sdpFmtpLine' in init ? init.sdpFmtpLine : undefined) ?? ''),
    };
  }

  /** The senders it is attached to. */
  get bindings(): ReadonlySet<TrackBinding> {
    return this.#bindings;
  }

  /** Called when a receiver cannot decode what comes and wants a keyframe (RTCP PLI or FIR). */
  get onkeyframerequest(): ((binding: TrackBinding) => void) | undefined {
    return this.#onKeyframeRequest;
  }

  set onkeyframerequest(callback: ((binding: TrackBinding) => void) | undefined) {
    this.#onKeyframeRequest = callback;
  }

  /**
   * What is written from here on comes from another source, as when a program that sends was started anew: to each receiver its
   * numbers and timestamps go on from those of before.
   */
  beginSource(): void {
    for (const binding of this.#bindings) binding.beginSource();
  }

  /** For the connection: see {@link TrackLocal.onBind}. */
  onBind(binding: TrackBinding): void {
    this.#bindings.add(binding);
  }

  /** For the connection: see {@link TrackLocal.onUnbind}. */
  onUnbind(binding: TrackBinding): void {
    this.#bindings.delete(binding);
  }

  /** For the connection: calls {@link TrackLocalStatic.onkeyframerequest}. */
  onKeyframeRequest(binding: TrackBinding): void {
    this.#onKeyframeRequest?.(binding);
  }
}

function defaultClockRate(kind: MediaKind, name: string): number {
  if (kind === 'video') return 90_000;
  return name.toLowerCase() === 'opus' ? 48_000 : 8000;
}

/** The codec of a list that suits a track: its name, rate and channels, and where there are several, its profile. */
export function chooseCodec(track: TrackCodec, codecs: Iterable<RtpCodec>): RtpCodec | undefined {
  let first: RtpCodec | undefined;
  for (const codec of codecs) {
    if (codec.name.toLowerCase() !== track.name.toLowerCase() || codec.clockRateHz !== track.clockRateHz) continue;
    if (track.channels !== undefined && codec.channels !== undefined && track.channels !== codec.channels) continue;
    first ??= codec;
    if (profileOf(codec) === profileOf(track)) return codec;
  }
  return first;
}

/** The parameters that say what a decoder must be able to do. */
const PROFILE_PARAMETERS: readonly string[] = ['profile-level-id', 'packetization-mode', 'profile-id', 'profile'];

function profileOf({ parameters }: Pick<TrackCodec, 'parameters'>): string {
  return formatFmtp(new Map(PROFILE_PARAMETERS.flatMap((name) => (parameters.has(name) ? [[name, parameters.get(name) as string] as const] : []))));
}
