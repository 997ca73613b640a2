import { createDepacketizer, type DepacketizerConfig, hasPayloadFormat, type Sample, SampleBuilder, type SampleBuilderConfig } from '../codec/index.ts';
import { type Instant, Queue, RtcError } from '../core/index.ts';
import type { IncomingPacket } from '../interceptor/index.ts';
import { type ExtensionMap, type MediaKind, type RtpCodec, RtpPacket } from '../rtp/index.ts';

/**
 * Takes what a track receives as it comes, without a promise for each packet. Methods may be async, and are never waited for. What one throws is
 * reported to the connection's `onError`.
 */
export interface TrackRemoteHandler {
  /** Every packet, in the order of arrival. While this is set, `poll` and iteration get nothing. */
  onRtp?(packet: RtpPacket): void | Promise<void>;
  /** No packets are to be expected: the peer stopped sending. */
  onMute?(): void | Promise<void>;
  /** Packets come. */
  onUnmute?(): void | Promise<void>;
  /** The streams that the peer has it in are others now, as a new description told; none once it was removed, right before `onMute`. */
  onStreamsChange?(streamIds: readonly string[]): void | Promise<void>;
  /** There will be no more. */
  onEnded?(): void | Promise<void>;
}

/** How frames are put together. */
export interface FrameOptions extends SampleBuilderConfig, DepacketizerConfig {}

/** A frame of a remote track. */
export interface Frame extends Sample {
  readonly codec: RtpCodec;
}

/** What a track needs of its connection. */
export interface TrackRemotePort {
  codecs(): ReadonlyMap<number, RtpCodec>;
  extensions(): ExtensionMap;
  requestKeyframe(rid: string | undefined): void;
  now(): Instant;
  onCallbackError(error: unknown): void;
}

/** Packets that wait to be read: a second of video at 10 Mbit/s. The oldest go first. */
const MAX_UNREAD_PACKETS = 1024;

/**
 * A track that the peer sends, or one encoding of it where the peer sends several (simulcast). Read it as packets or as frames,
 * one reader at a time.
 *
 * @example
 * for await (const frame of track.frames()) save(frame.data, frame.timestamp, frame.keyframe);
 */
export class TrackRemote implements AsyncIterable<RtpPacket> {
  /** `audio` or `video`. */
  readonly kind: MediaKind;
  /** As the peer named it (RFC 8830), or a random one. */
  readonly id: string;
  /** The encoding of a simulcast (RFC 8852). */
  readonly rid: string | undefined;
  /** Set it to be called instead of reading. */
  handler: TrackRemoteHandler = {};
  readonly #port: TrackRemotePort;
  readonly #packets: Queue<RtpPacket> = new Queue();
  #waiting: ((packet: RtpPacket | undefined) => void) | undefined;
  #streamIds: readonly string[];
  #ssrc: number | undefined;
  #payloadType: number | undefined;
  /** Replaced as a whole, so that a tap may end itself or begin another. */
  #taps: readonly ((packet: RtpPacket) => void | Promise<void>)[] = [];
  /** Somebody reads, or may yet: packets are kept. */
  #isRead = false;
  #muted = true;
  #ended = false;
  #unread = 0;

  /** @internal Made by a receiver. */
  constructor(port: TrackRemotePort, init: { readonly kind: MediaKind; readonly id: string; readonly rid: string | undefined; readonly streamIds: readonly string[] }) {
    this.#port = port;
    this.kind = init.kind;
    this.id = init.id;
    this.rid = init.rid;
    this.#streamIds = init.streamIds;
  }

  /** The MediaStreams it belongs to. */
  get streamIds(): readonly string[] {
    return this.#streamIds;
  }

  /** The SSRC of the last packet; `undefined` before the first. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** The codec of the last packet; `undefined` before the first. */
  get codec(): RtpCodec | undefined {
    return this.#payloadType === undefined ? undefined : this.#port.codecs().get(this.#payloadType);
  }

  /** Which header extension goes by which id. */
  get extensions(): ExtensionMap {
    return this.#port.extensions();
  }

  /** Whether no packets are to be expected at present (W3C `MediaStreamTrack.muted`). */
  get muted(): boolean {
    return this.#muted;
  }

  /** Whether there will be no more packets: the transceiver has stopped, or the connection is closed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Packets that nobody read in time. */
  get packetsUnread(): number {
    return this.#unread;
  }

  /** The codec of a payload type of this track. */
  codecOf(payloadType: number): RtpCodec | undefined {
    return this.#port.codecs().get(payloadType);
  }

  /** The next packet; `undefined` at the end. Rejects with `ERR_INVALID_STATE` while another reader waits. */
  poll(): Promise<RtpPacket | undefined> {
    this.#isRead = true;
    const packet = this.#packets.shift();
    if (packet !== undefined || this.#ended) return Promise.resolve(packet);
    if (this.#waiting !== undefined) return Promise.reject(new RtcError('ERR_INVALID_STATE', 'the track has another reader'));
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  /** Every packet from the first that was not read, until the end. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<RtpPacket> {
    for (let packet = await this.poll(); packet !== undefined; packet = await this.poll()) yield packet;
  }

  /** The track as whole frames, in order. Packets are waited for as long as `maxHoldMs` says; a frame with a gap is left out. */
  async *frames(options: FrameOptions = {}): AsyncIterableIterator<Frame> {
    let codec: RtpCodec | undefined;
    let builder: SampleBuilder | undefined;
    for await (const packet of this) {
      const { header } = packet;
      if (header.payloadType !== codec?.payloadType) {
        const next = this.codecOf(header.payloadType);
        if (next === undefined || !hasPayloadFormat(next.name)) continue;
        if (builder !== undefined && codec !== undefined) yield* drain(builder, codec, true);
        codec = next;
        builder = new SampleBuilder(createDepacketizer(codec.name, options), options);
      }
      const { sequenceNumber, timestamp, marker } = header;
      const now = this.#port.now();
      builder?.handleRead({ sequenceNumber, timestamp, marker, payload: packet.payload }, now);
      builder?.handleTimeout(now);
      if (builder !== undefined && codec !== undefined) yield* drain(builder, codec, false);
    }
    if (builder !== undefined && codec !== undefined) yield* drain(builder, codec, true);
  }

  /** Asks the peer for a keyframe (RTCP PLI, or FIR where only that was agreed upon). */
  requestKeyframe(): void {
    this.#port.requestKeyframe(this.rid);
  }

  /** Calls back with every packet, beside whoever reads. Returns how to end that. */
  tap(onRtp: (packet: RtpPacket) => void | Promise<void>): () => void {
    this.#taps = [...this.#taps, onRtp];
    return () => {
      this.#taps = this.#taps.filter((tap) => tap !== onRtp);
    };
  }

  /** @internal A packet came. */
  onPacket({ bytes, header }: IncomingPacket): void {
    if (this.#ended) return;
    this.#ssrc = header.ssrc;
    this.#payloadType = header.payloadType;
    if (this.#muted) this.setMuted(false);
    const packet = new RtpPacket(bytes, header);
    for (const tap of this.#taps) this.#call(() => tap(packet));
    if (this.handler.onRtp !== undefined) return this.#deliver(packet);
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      return waiting(packet);
    }
    if (this.#taps.length > 0 && !this.#isRead) return;
    this.#packets.push(packet);
    if (this.#packets.length <= MAX_UNREAD_PACKETS) return;
    this.#packets.shift();
    this.#unread++;
  }

  /** @internal The peer has it in these streams from now on. */
  setStreams(streamIds: readonly string[]): void {
    const before = this.#streamIds;
    this.#streamIds = streamIds;
    if (this.#ended || (before.length === streamIds.length && before.every((streamId, i) => streamId === streamIds[i]))) return;
    this.#call(() => this.handler.onStreamsChange?.(streamIds));
  }

  /** @internal The peer stopped sending, or sends again. */
  setMuted(muted: boolean): void {
    if (this.#muted === muted || this.#ended) return;
    this.#muted = muted;
    this.#call(() => (muted ? this.handler.onMute?.() : this.handler.onUnmute?.()));
  }

  /** @internal There will be no more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting?.(undefined);
    this.#waiting = undefined;
    this.#call(() => this.handler.onEnded?.());
  }

  /** {@link TrackRemote.#call} for the callback that runs for every packet, without a closure. */
  #deliver(packet: RtpPacket): void {
    try {
      const result = this.handler.onRtp?.(packet);
      if (result instanceof Promise) result.catch(this.#port.onCallbackError);
    } catch (error) {
      this.#port.onCallbackError(error);
    }
  }

  #call(callback: () => void | Promise<void>): void {
    try {
      const result = callback();
      if (result instanceof Promise) result.catch(this.#port.onCallbackError);
    } catch (error) {
      this.#port.onCallbackError(error);
    }
  }
}

function* drain(builder: SampleBuilder, codec: RtpCodec, isLast: boolean): Generator<Frame> {
  if (isLast) builder.close();
  for (let sample = builder.pollRead(); sample !== undefined; sample = builder.pollRead()) yield { ...sample, codec };
}
