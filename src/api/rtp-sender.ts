import { type Instant, RtcError } from '../core/index.ts';
import type { OutgoingRtp, PeerMedia, SendEncoding } from '../peer/index.ts';
import { ExtensionMap, type MediaKind, type RtpCodec } from '../rtp/index.ts';
import type { StatsReport } from '../stats/index.ts';
import { chooseCodec, type TrackBinding, type TrackLocal } from './track-local.ts';

/** One encoding of a sender (W3C `RTCRtpEncodingParameters`). */
export interface RtpEncoding {
  readonly rid?: string;
  readonly active: boolean;
  readonly ssrc: number;
  readonly rtxSsrc: number;
}

/** W3C `RTCRtpSendParameters`, as far as a sender of encoded media has them. */
export interface RtpSendParameters {
  /** Names this state of the parameters: `setParameters` takes what `getParameters` gave last. */
  readonly transactionId: string;
  readonly encodings: readonly RtpEncoding[];
  /** As the peer wants them, the best liked first. */
  readonly codecs: readonly RtpCodec[];
  readonly headerExtensions: readonly { readonly uri: string; readonly id: number }[];
  readonly rtcp: { readonly cname: string; readonly reducedSize: boolean };
}

/** What a sender needs of its connection. */
export interface SenderPort {
  readonly media: PeerMedia;
  now(): Instant;
  wake(): void;
  updateNegotiationNeeded(): void;
  checkOpen(): void;
  stopTransceiver(transceiver: number): void;
  stats(select: { readonly ssrcs: ReadonlySet<number> }): Promise<StatsReport>;
}

const NO_CODECS: ReadonlyMap<number, RtpCodec> = new Map();
const NO_EXTENSIONS: ExtensionMap = new ExtensionMap();

/** Sends tracks through one transceiver (W3C 5.2). */
export class RtpSender {
  /** `audio` or `video`. */
  readonly kind: MediaKind;
  readonly #port: SenderPort;
  readonly #transceiver: number;
  /** The track of each encoding; the first is the sender's. */
  readonly #bindings: (SenderBinding | undefined)[] = [];
  #transactions = 0;

  /** @internal Made by a connection with its transceiver. */
  constructor(port: SenderPort, transceiver: number, kind: MediaKind) {
    this.#port = port;
    this.#transceiver = transceiver;
    this.kind = kind;
  }

  /** The track of the first encoding. */
  get track(): TrackLocal | null {
    return this.#bindings[0]?.track ?? null;
  }

  /** The encodings, with the SSRCs that they have for as long as the connection lives. */
  get encodings(): readonly SendEncoding[] {
    return this.#port.media.transceivers.find(({ id }) => id === this.#transceiver)?.encodings ?? [];
  }

  /** What congestion control makes of the path, over all senders of the connection, in bits per second; `undefined` before it knows. */
  get targetBitrateBps(): number | undefined {
    return this.#port.media.targetBps;
  }

  /**
   * Sends another track, or none, with no negotiation. Sequence numbers and timestamps go on. Rejects with
   * `ERR_INVALID_ARGUMENT` for a track of another kind or a RID that is not there, `ERR_INVALID_STATE` when stopped.
   *
   * @param rid - the encoding of a simulcast that it is for; default the first
   */
  async replaceTrack(track: TrackLocal | null, rid?: string): Promise<void> {
    this.#port.checkOpen();
    if (track !== null && track.kind !== this.kind) throw new RtcError('ERR_INVALID_ARGUMENT', `a sender of ${this.kind} cannot send ${track.kind}`);
    const index = rid === undefined ? 0 : this.encodings.findIndex((encoding) => encoding.rid === rid);
    if (index < 0) throw new RtcError('ERR_INVALID_ARGUMENT', `there is no encoding ${rid}`);
    this.attach(track, index);
    if (index === 0) this.#port.media.setTrack(this.#transceiver, track?.id);
  }

  /** The MediaStreams that the track belongs to, from the next negotiation on. */
  setStreams(...streamIds: string[]): void {
    this.#port.checkOpen();
    this.#port.media.setStreams(this.#transceiver, streamIds);
    this.#port.updateNegotiationNeeded();
  }

  /** What is sent, as it was agreed upon (W3C 5.2): encodings with their SSRCs, codecs in the peer's order, header extensions, RTCP. */
  getParameters(): RtpSendParameters {
    const streams = this.#port.media.sendersOf(this.#transceiver);
    const section = streams[0]?.section;
    return {
      transactionId: String(this.#transactions),
      encodings: this.encodings.map(({ rid, active, ssrc, rtxSsrc }) => ({ active, ssrc, rtxSsrc, ...(rid !== undefined && { rid }) })),
      codecs: section?.agreement.sendCodecs ?? [],
      headerExtensions: section?.agreement.extensions ?? [],
      rtcp: { cname: this.#port.media.cname, reducedSize: section?.agreement.reducedSizeRtcp ?? false },
    };
  }

  /** Switches encodings on and off. Rejects with `ERR_INVALID_MODIFICATION` when anything else differs from what `getParameters` gave last. */
  async setParameters(parameters: RtpSendParameters): Promise<void> {
    this.#port.checkOpen();
    const present = this.getParameters();
    const isSame =
      parameters.transactionId === present.transactionId &&
      parameters.encodings.length === present.encodings.length &&
      parameters.encodings.every((encoding, i) => encoding.rid === present.encodings[i]?.rid && encoding.ssrc === present.encodings[i]?.ssrc);
    if (!isSame) throw new RtcError('ERR_INVALID_MODIFICATION', 'take what getParameters gives and change nothing but active');
    this.#transactions++;
    parameters.encodings.forEach(({ active }, i) => this.#port.media.setEncodingActive(this.#transceiver, i, active));
  }

  /** The statistics of what this sender sends, with all that they refer to. */
  getStats(): Promise<StatsReport> {
    return this.#port.stats({ ssrcs: new Set(this.encodings.map(({ ssrc }) => ssrc)) });
  }

  /** @internal Attaches a track to an encoding. */
  attach(track: TrackLocal | null, index = 0): void {
    const before = this.#bindings[index];
    if (before?.track === track) return;
    if (before !== undefined) {
      this.#bindings[index] = undefined;
      before.track.onUnbind(before);
    }
    if (track === null) return;
    const binding = new SenderBinding(this.#port, this.#transceiver, index, track);
    this.#bindings[index] = binding;
    this.#port.media.beginSource(this.#transceiver, index);
    track.onBind(binding);
  }

  /** @internal The peer wants a keyframe. */
  onKeyframeWanted(index: number): void {
    const binding = this.#bindings[index];
    binding?.track.onKeyframeRequest?.(binding);
  }

  /** @internal Lets go of the tracks. */
  detach(): void {
    this.#bindings.forEach((_, i) => this.attach(null, i));
  }
}

class SenderBinding implements TrackBinding {
  readonly track: TrackLocal;
  readonly #port: SenderPort;
  readonly #transceiver: number;
  readonly #index: number;
  /** The codec chosen from this set; chosen again when another set is agreed upon. */
  #chosenFrom: ReadonlyMap<number, RtpCodec> = NO_CODECS;
  #codec: RtpCodec | undefined;

  constructor(port: SenderPort, transceiver: number, index: number, track: TrackLocal) {
    this.#port = port;
    this.#transceiver = transceiver;
    this.#index = index;
    this.track = track;
  }

  get codecs(): ReadonlyMap<number, RtpCodec> {
    return this.#stream()?.codecs ?? NO_CODECS;
  }

  get codec(): RtpCodec | undefined {
    const { codecs } = this;
    if (codecs !== this.#chosenFrom) {
      this.#chosenFrom = codecs;
      this.#codec = chooseCodec(this.track.codec, codecs.values());
    }
    return this.#codec;
  }

  get extensions(): ExtensionMap {
    return this.#stream()?.extensions ?? NO_EXTENSIONS;
  }

  get ssrc(): number | undefined {
    return this.#stream()?.ssrc;
  }

  get rid(): string | undefined {
    return this.#stream()?.rid;
  }

  beginSource(): void {
    this.#port.media.beginSource(this.#transceiver, this.#index);
  }

  write(packet: OutgoingRtp): boolean {
    const isSent = this.#port.media.write(this.#transceiver, this.#index, packet, this.#port.now());
    if (isSent) this.#port.wake();
    return isSent;
  }

  #stream(): ReturnType<PeerMedia['sendersOf']>[number] | undefined {
    return this.#port.media.sendersOf(this.#transceiver)[this.#index];
  }
}
