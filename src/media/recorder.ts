import { type Instant, RtcError } from '../core/index.ts';
import type { AudioCodec, VideoCodec, WritableFrame } from './frame.ts';
import { loadMediabunny } from './mediabunny.ts';
import { Recording } from './recording.ts';
import type { MediaSink } from './sink.ts';
import type { ClockReport } from './timeline.ts';

/** What a recording can hold. */
export const RECORDABLE: Readonly<Record<'webm' | 'mp4', readonly (VideoCodec | AudioCodec)[]>> = {
  webm: ['VP8', 'VP9', 'AV1', 'opus'],
  mp4: ['H264', 'H265', 'AV1', 'VP9', 'opus'],
};

/** One track of a recording. */
export interface RecordedTrack {
  readonly codec: VideoCodec | 'opus';
  /** Of sound, 1 or 2. Default 2, as Opus in WebRTC is decoded (RFC 7587 7). */
  readonly channels?: number;
  /**
   * Tracks of the same sender are brought into step by its sender reports: they have one CNAME (RFC 3550 6.5.1). Default: all tracks are
   * of one sender.
   */
  readonly sender?: string;
}

/** How a recorder writes. */
export interface RecorderConfig {
  /** How long in milliseconds the first frame of every track is waited for; then the recording begins without those that are missing. Default 5000. */
  readonly startTimeoutMs?: number;
  /**
   * Whether the file is only ever appended to, for a pipe or for a file that survives a crash: WebM without an index, fragmented MP4.
   * Default false.
   */
  readonly appendOnly?: boolean;
  /**
   * What happens when the size of the picture changes: `keep` goes on in the same file, whose players scale; `split` begins a new file
   * with that keyframe, for which `sink` must be a function. Default `keep`.
   */
  readonly resolutionChange?: 'keep' | 'split';
  /**
   * Called for each frame of a video track that is left out because a keyframe is missing: ask the sender for one, as often as is polite.
   * It must not throw.
   */
  readonly onKeyframeNeeded?: (track: RecorderTrack) => void;
}

/** Where a recording goes: one sink, or a function that gives one for each file, counted from 0. */
export type RecorderSink = MediaSink | ((part: number) => MediaSink | Promise<MediaSink>);

/** What a recorder takes: a `Sample` of a `SampleBuilder`, or a `MediaFrame` of a file. */
export interface RecordableFrame extends WritableFrame {
  /** When it came; without it, timestamps of all tracks count from the same origin. */
  readonly arrivedAt?: Instant;
  /** Whether something before it was lost. */
  readonly discontinuity?: boolean;
}

/** Counts of one track. */
export interface RecorderTrackStats {
  readonly framesWritten: number;
  /** Left out because a decoder could not have shown them: before the first keyframe, and behind a loss until the next one. */
  readonly framesWithoutKeyframe: number;
  /** Left out because they came after later ones were written, or the sink was too slow. */
  readonly framesLate: number;
  /** Times that the size of the picture changed. */
  readonly resolutionChanges: number;
}

/** One track of a recording. */
export interface RecorderTrack {
  readonly codec: VideoCodec | 'opus';
  readonly channels: number;
  /** Whether nothing is recorded until a keyframe comes: ask the sender for one. */
  readonly needsKeyframe: boolean;
  /**
   * Records a frame. The promise resolves when the recorder can take more; it need not be waited for: a failure also rejects every later
   * call and `finish`, and frames that the sink is too slow for are left out and counted.
   */
  write(frame: RecordableFrame): Promise<void>;
  /** Tells of a sender report of the track's SSRC, by which tracks of one sender are brought into step. */
  senderReport(report: ClockReport): void;
  stats(): RecorderTrackStats;
}

/** A recording that is being made. */
export interface Recorder extends AsyncDisposable {
  /** In the order in which they were asked for. */
  readonly tracks: readonly RecorderTrack[];
  /** How many files were begun. */
  readonly parts: number;
  /** Writes what is left and closes the sink. A recording of no frames writes nothing. Rejects with what failed, if anything did. */
  finish(): Promise<void>;
}

/**
 * Records tracks into a WebM or MP4 file with `mediabunny`.
 *
 * @throws RtcError - `ERR_NOT_SUPPORTED` when the package is not installed or the container cannot hold a codec
 * @example
 * const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }, { codec: 'opus' }]);
 * const [video, audio] = recorder.tracks;
 * for await (const sample of samples) await video.write(sample);
 * await recorder.finish();
 */
export async function createRecorder(container: 'webm' | 'mp4', sink: RecorderSink, tracks: readonly RecordedTrack[], config: RecorderConfig = {}): Promise<Recorder> {
  const allowed = Object.hasOwn(RECORDABLE, container) ? RECORDABLE[container] : [];
  for (const { codec } of tracks) if (!allowed.includes(codec)) throw new RtcError('ERR_NOT_SUPPORTED', `${codec} in ${container}`);
  if (tracks.length === 0) throw new RtcError('ERR_INVALID_ARGUMENT', 'no track to record');
  if (config.resolutionChange === 'split' && typeof sink !== 'function') throw new RtcError('ERR_INVALID_ARGUMENT', 'split needs a function that makes sinks');
  return new Recording(await loadMediabunny(), container, sink, tracks, config);
}
