import { OPUS_CLOCK_HZ } from '../codec/index.ts';
import { VIDEO_CLOCK_HZ } from './constants.ts';

/** Video codecs, by the encoding names of RTP. */
export type VideoCodec = 'VP8' | 'VP9' | 'H264' | 'H265' | 'AV1';

/**
 * Audio codecs, by the encoding names of RTP; `pcm16` is linear sound of 16 bits, little-endian and interleaved, which RTP
 * does not carry as it is.
 */
export type AudioCodec = 'opus' | 'PCMU' | 'PCMA' | 'pcm16';

/** What the frames of a video track are. */
export interface VideoFormat {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** The unit of timestamps and durations: 90,000 per second, as in RTP. */
  readonly clockHz: number;
  /** In pixels, of the first picture; absent while unknown. */
  readonly width?: number;
  readonly height?: number;
}

/** What the frames of an audio track are. */
export interface AudioFormat {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  /** The unit of timestamps and durations: 48,000 per second for Opus, else the sampling rate, as in RTP. */
  readonly clockHz: number;
  readonly channels: number;
}

/** The codecs that readers and writers of files know. */
export type MediaFormat = VideoFormat | AudioFormat;

/**
 * A whole frame with its time, in the form that the packetizers of `sansrtc/codec` take: an Annex B access unit, an AV1
 * temporal unit without its delimiter, an Opus packet, some milliseconds of G.711 …
 */
export interface MediaFrame {
  /** A buffer of the frame's own. */
  readonly data: Uint8Array;
  /** When it is to be shown or heard, in ticks of the track's `clockHz`, counted from the start of the file. May be negative. */
  readonly timestamp: number;
  /** In ticks of the track's `clockHz`; 0 when it is not known. */
  readonly duration: number;
  /** Whether decoding can begin here. Always true for audio. */
  readonly keyframe: boolean;
}

/**
 * What writers take: a {@link MediaFrame}, or a `Sample` of a `SampleBuilder`. Timestamps count from any number, in ticks of
 * the track's `clockHz`, and may wrap as those of RTP do.
 */
export interface WritableFrame {
  readonly data: Uint8Array;
  readonly timestamp: number;
  readonly keyframe: boolean;
  /** In ticks. Default: what the codec says, or as long as the frame before. */
  readonly duration?: number;
}

/** The format of a video track. */
export function videoFormat(codec: VideoCodec, width?: number, height?: number): VideoFormat {
  const size = width === undefined || height === undefined ? {} : { width, height };
  return { kind: 'video', codec, clockHz: VIDEO_CLOCK_HZ, ...size };
}

/** The format of an audio track. `sampleRate` is in Hz and does not matter for Opus, whose clock is always 48,000 Hz. */
export function audioFormat(codec: AudioCodec, channels: number, sampleRate: number = codec === 'opus' ? OPUS_CLOCK_HZ : 8000): AudioFormat {
  return { kind: 'audio', codec, clockHz: codec === 'opus' ? OPUS_CLOCK_HZ : sampleRate, channels };
}
