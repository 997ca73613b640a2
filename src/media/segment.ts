import { OPUS_CLOCK_HZ } from '../codec/index.ts';
import type { EncodedAudioPacketSource, EncodedVideoPacketSource, Output } from 'mediabunny';
import type { KeyframeInfo } from './bitstream/describe.ts';
import type { VideoCodec } from './frame.ts';
import type { Mediabunny } from './mediabunny.ts';
import { encodeOpusHead } from './opus-head.ts';
import type { MediaSink } from './sink.ts';

const CODEC = { VP8: 'vp8', VP9: 'vp9', AV1: 'av1', H264: 'avc', H265: 'hevc' } as const satisfies Record<VideoCodec, string>;

/** Bytes that are collected before they are written where the file may be written over. */
const CHUNK_BYTES = 1_048_576;

/** Samples at 48,000 Hz that libopus needs before what it makes is right. */
const PRE_SKIP = 312;

/** A track of a file that is being written. */
export interface SegmentTrack {
  readonly codec: VideoCodec | 'opus';
  /** Of sound. */
  readonly channels: number;
}

/** A frame at its place. */
export interface PlacedFrame {
  readonly data: Uint8Array;
  readonly keyframe: boolean;
  /** In milliseconds since the file began. */
  readonly positionMs: number;
  readonly durationMs: number;
  /** What the keyframe says; needed for the first one of a video track. */
  readonly info: KeyframeInfo | undefined;
}

interface State {
  begun: boolean;
  closed: boolean;
}

type Source = State &
  (
    | { readonly kind: 'audio'; readonly source: EncodedAudioPacketSource; readonly channels: number }
    | { readonly kind: 'video'; readonly source: EncodedVideoPacketSource }
  );

/** One WebM or MP4 file that is being written. */
export class Segment {
  readonly #library: Mediabunny;
  readonly #output: Output;
  readonly #sink: MediaSink;
  readonly #sources: readonly Source[];

  constructor(library: Mediabunny, container: 'webm' | 'mp4', sink: MediaSink, appendOnly: boolean, tracks: readonly SegmentTrack[]) {
    this.#library = library;
    this.#sink = sink;
    const stream = new WritableStream<{ readonly data: Uint8Array; readonly position: number }>({ write: ({ data, position }) => sink.write(data, position) });
    const format = container === 'webm' ? new library.WebMOutputFormat({ appendOnly }) : new library.Mp4OutputFormat({ fastStart: appendOnly ? 'fragmented' : false });
    const target = new library.StreamTarget(stream, appendOnly ? {} : { chunked: true, chunkSize: CHUNK_BYTES });
    this.#output = new library.Output({ format, target });
    this.#sources = tracks.map((track) => this.#add(track));
  }

  async start(): Promise<void> {
    await this.#output.start();
  }

  /** Writes a frame; resolves when more may come. */
  async write(index: number, { data, keyframe, positionMs, durationMs, info }: PlacedFrame): Promise<void> {
    const entry = this.#sources[index] as Source;
    if (entry.closed) return;
    const packet = new this.#library.EncodedPacket(data, keyframe ? 'key' : 'delta', positionMs / 1000, durationMs / 1000);
    const first = !entry.begun;
    entry.begun = true;
    if (entry.kind === 'audio') await entry.source.add(packet, first ? soundMeta(entry.channels) : undefined);
    else await entry.source.add(packet, first ? pictureMeta(info) : undefined);
  }

  /** Whether a track was closed. */
  isClosed(index: number): boolean {
    return (this.#sources[index] as Source).closed;
  }

  /** Says that nothing more comes of a track, so that the others need not wait for it. */
  closeTrack(index: number): void {
    const entry = this.#sources[index] as Source;
    entry.closed = true;
    entry.source.close();
  }

  async finish(): Promise<void> {
    try {
      await this.#output.finalize();
    } finally {
      await this.#sink.close?.();
    }
  }

  async cancel(): Promise<void> {
    try {
      await this.#output.cancel();
    } finally {
      await this.#sink.close?.();
    }
  }

  #add({ codec, channels }: SegmentTrack): Source {
    const { EncodedAudioPacketSource: Audio, EncodedVideoPacketSource: Video } = this.#library;
    if (codec === 'opus') {
      const source = new Audio('opus');
      this.#output.addAudioTrack(source);
      return { kind: 'audio', source, channels, begun: false, closed: false };
    }
    const source = new Video(CODEC[codec]);
    this.#output.addVideoTrack(source);
    return { kind: 'video', source, begun: false, closed: false };
  }
}

/** What a decoder must know, for the header of the file. */
function soundMeta(channels: number): EncodedAudioChunkMetadata {
  const description = encodeOpusHead({ channels, preSkip: PRE_SKIP, inputSampleRate: OPUS_CLOCK_HZ, outputGain: 0 });
  return { decoderConfig: { codec: 'opus', numberOfChannels: channels, sampleRate: OPUS_CLOCK_HZ, description } };
}

/** The same for a picture. Parameter sets of H.264 and H.265 are taken from the first keyframe. */
function pictureMeta({ codecString, width, height }: KeyframeInfo = { codecString: '', width: 0, height: 0 }): EncodedVideoChunkMetadata {
  return { decoderConfig: { codec: codecString, codedWidth: width, codedHeight: height } };
}
