import { createPacketizer, type FrameInfo, hasPayloadFormat, type Packetizer, type PacketizerConfig } from '../codec/index.ts';
import { RtcError } from '../core/index.ts';
import { OUTGOING_TAILROOM_BYTES } from '../interceptor/index.ts';
import { OUTGOING_HEADROOM_BYTES } from '../peer/index.ts';
import { type TrackBinding, TrackLocalStatic, type TrackLocalOptions } from './track-local.ts';

/** One frame to send. */
export interface LocalSample extends FrameInfo {
  /** A frame as its codec makes it: Annex B with all its NAL units for H.264 and H.265, OBUs for AV1. */
  readonly data: Uint8Array;
  /**
   * How long it lasts, in milliseconds: the timestamp of the next frame follows from it. Default 0; give this or {@link LocalSample.timestamp}, since
   * frames with neither are all of one time.
   */
  readonly durationMs?: number;
  /** RTP timestamp in ticks of the codec's clock. Default: where the durations of the frames before have come to. */
  readonly timestamp?: number;
}

/** What a track of frames is made with. */
export interface TrackLocalStaticSampleOptions extends TrackLocalOptions {
  /** Settings of the packetizer, `maxPayloadBytes` among them. */
  readonly packetizer?: PacketizerConfig;
}

/**
 * A track that is written as whole frames, which it makes into RTP packets.
 *
 * @example
 * const track = new TrackLocalStaticSample({ codec: 'audio/opus' });
 * pc.addTrack(track);
 * track.writeSample({ data: opusPacket, durationMs: 20 });
 */
export class TrackLocalStaticSample extends TrackLocalStatic {
  readonly #packetizer: Packetizer;
  /** In ticks; a fraction remains where a duration has no whole number of them. */
  #timestamp = 0;

  /** Throws `ERR_NOT_SUPPORTED` for a codec without a payload format. */
  constructor(options: TrackLocalStaticSampleOptions) {
    super(options);
    if (!hasPayloadFormat(this.codec.name)) throw new RtcError('ERR_NOT_SUPPORTED', `no payload format for ${this.codec.name}: write RTP packets with TrackLocalStaticRtp`);
    this.#packetizer = createPacketizer(this.codec.name, {
      ...options.packetizer,
      headroomBytes: OUTGOING_HEADROOM_BYTES,
      tailroomBytes: OUTGOING_TAILROOM_BYTES,
    });
  }

  /**
   * Sends a frame to everyone it is attached to. Returns how many took all of it; while nobody can, time goes on all the same.
   * Throws `ERR_INVALID_ARGUMENT` for what is no frame of the codec, `ERR_MESSAGE_TOO_LARGE` where the format cannot split it.
   */
  writeSample(sample: LocalSample): number {
    const timestamp = sample.timestamp ?? Math.round(this.#timestamp) >>> 0;
    this.#timestamp = ((sample.timestamp ?? this.#timestamp) + ((sample.durationMs ?? 0) * this.codec.clockRateHz) / 1000) % 2 ** 32;
    const bindings = [...this.bindings].filter(({ codec }) => codec !== undefined);
    if (bindings.length === 0) return 0;
    const payloads = this.#packetizer.packetize(sample.data, sample);
    const taken = bindings.map(() => true);
    // One receiver may build its packet around the payload itself; several copy it, and share it as what may be sent again.
    const isAlone = bindings.length === 1;
    for (const { payload, marker, timestampOffset } of payloads) {
      bindings.forEach((binding: TrackBinding, i) => {
        const payloadType = binding.codec?.payloadType as number;
        taken[i] = binding.write({ payload, payloadType, marker, timestamp: (timestamp + timestampOffset) >>> 0, inPlace: isAlone, isShared: !isAlone }) && (taken[i] as boolean);
      });
    }
    return taken.filter(Boolean).length;
  }
}
