import { createDepacketizer, type Depacketizer, hasPayloadFormat } from '../codec/index.ts';
import type { MediaKind, RtpCodec, RtpPacket } from '../rtp/index.ts';
import { forwardRtp, PayloadCopies } from './rtp-forward.ts';
import { chooseCodec, type TrackBinding, type TrackCodec, type TrackLocal } from './track-local.ts';
import type { TrackRemote } from './track-remote.ts';

/** Which codec of a receiver stands for each of the source's payload types. */
interface Translation {
  readonly from: ReadonlyMap<number, RtpCodec>;
  readonly codecs: Map<number, RtpCodec | undefined>;
}

/**
 * Sends what a remote track receives to any number of connections, as an SFU does: nothing is decoded, requests for keyframes go to
 * the source, and the source can be changed, as from one encoding of a simulcast to another.
 *
 * @example
 * const forwarder = new TrackForwarder(camera);
 * for (const viewer of viewers) viewer.addTrack(forwarder);
 * forwarder.switchTo(smallerEncoding); // at its next keyframe, which is asked for
 */
export class TrackForwarder implements TrackLocal {
  /** As the source is named, unless the options say otherwise. */
  readonly id: string;
  /** That of the source; it never changes. */
  readonly kind: MediaKind;
  /** The MediaStream it belongs to, unless `addTrack` is given others. Default: the first of the source. */
  readonly streamId: string;
  readonly #bindings: Map<TrackBinding, Translation> = new Map();
  readonly #copies: PayloadCopies = new PayloadCopies();
  readonly #depacketizers: Map<string, Depacketizer> = new Map();
  #source: TrackRemote;
  #untap: () => void;
  /** The source that takes over with its next keyframe. */
  #next: TrackRemote | undefined;
  #untapNext: (() => void) | undefined;

  /** @param source - where the packets come from, until {@link TrackForwarder.switchTo} */
  constructor(source: TrackRemote, options: { readonly id?: string; readonly streamId?: string } = {}) {
    this.kind = source.kind;
    this.id = options.id ?? source.id;
    this.streamId = options.streamId ?? source.streamIds[0] ?? this.id;
    this.#source = source;
    this.#untap = source.tap((packet) => this.#forward(packet));
  }

  /** Where the packets come from. */
  get source(): TrackRemote {
    return this.#source;
  }

  /** The codec of the source's last packet. */
  get codec(): TrackCodec {
    return this.#source.codec ?? { name: '', clockRateHz: this.kind === 'video' ? 90_000 : 48_000, parameters: new Map() };
  }

  /** The senders it is attached to. */
  get bindings(): Iterable<TrackBinding> {
    return this.#bindings.keys();
  }

  /** Takes another source: sound at once, pictures with the next keyframe, so that no decoder stumbles. */
  switchTo(source: TrackRemote): void {
    this.#untapNext?.();
    this.#untapNext = undefined;
    this.#next = undefined;
    if (source === this.#source) return;
    if (this.kind === 'audio') return this.#takeOver(source);
    this.#next = source;
    this.#untapNext = source.tap((packet) => {
      if (!this.#isKeyframe(source, packet)) return;
      this.#takeOver(source);
      this.#forward(packet);
    });
    source.requestKeyframe();
  }

  /** For the connection: see {@link TrackLocal.onBind}. */
  onBind(binding: TrackBinding): void {
    this.#bindings.set(binding, { from: new Map(), codecs: new Map() });
    if (this.kind === 'video') this.#source.requestKeyframe();
  }

  /** For the connection: see {@link TrackLocal.onUnbind}. */
  onUnbind(binding: TrackBinding): void {
    this.#bindings.delete(binding);
  }

  /** For the connection: passes the request on to the source. */
  onKeyframeRequest(): void {
    this.#source.requestKeyframe();
    this.#next?.requestKeyframe();
  }

  /** Forwards no more. */
  close(): void {
    this.#untap();
    this.#untapNext?.();
  }

  #takeOver(source: TrackRemote): void {
    this.close();
    this.#untapNext = undefined;
    this.#next = undefined;
    this.#source = source;
    for (const binding of this.#bindings.keys()) binding.beginSource();
    this.#untap = source.tap((packet) => this.#forward(packet));
  }

  #forward(packet: RtpPacket): void {
    const copies = this.#bindings.size > 1 ? this.#copies : undefined;
    forwardRtp(packet, this.#bindings.keys(), copies, this.#source.extensions, (binding) => this.#codecFor(binding, packet.header.payloadType));
  }

  #codecFor(binding: TrackBinding, payloadType: number): RtpCodec | undefined {
    let translation = this.#bindings.get(binding) as Translation;
    const { codecs } = binding;
    if (translation.from !== codecs) {
      translation = { from: codecs, codecs: new Map() };
      this.#bindings.set(binding, translation);
    }
    if (translation.codecs.has(payloadType)) return translation.codecs.get(payloadType);
    const source = this.#source.codecOf(payloadType);
    const chosen = source && chooseCodec(source, codecs.values());
    translation.codecs.set(payloadType, chosen);
    return chosen;
  }

  #isKeyframe(source: TrackRemote, { header, payload }: RtpPacket): boolean {
    const name = source.codecOf(header.payloadType)?.name;
    if (name === undefined || !hasPayloadFormat(name)) return true;
    let depacketizer = this.#depacketizers.get(name);
    if (depacketizer === undefined) this.#depacketizers.set(name, (depacketizer = createDepacketizer(name)));
    return depacketizer.isKeyframePayload(payload);
  }
}
