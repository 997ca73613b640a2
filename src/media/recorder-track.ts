import type { Instant } from '../core/index.ts';
import { OPUS_CLOCK_HZ, opusDuration } from '../codec/index.ts';
import { VIDEO_CLOCK_HZ } from './constants.ts';
import type { VideoCodec, WritableFrame } from './frame.ts';
import type { SegmentTrack } from './segment.ts';
import { type ClockReport, Timeline } from './timeline.ts';

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

/** How frames of a track get into a recording. */
export interface TrackPort {
  write(track: RecorderTrack, frame: RecordableFrame): Promise<void>;
  align(track: RecorderTrack): void;
}

/** One track of a recording. */
export class RecorderTrack implements SegmentTrack {
  readonly codec: VideoCodec | 'opus';
  readonly channels: number;
  readonly #port: TrackPort;
  /** State that the recorder keeps. */
  readonly state: TrackState;

  constructor(codec: VideoCodec | 'opus', channels: number, port: TrackPort) {
    this.codec = codec;
    this.channels = channels;
    this.#port = port;
    this.state = new TrackState(codec);
  }

  /**
   * Records a frame. The promise resolves when the recorder can take more; it need not be waited for: a failure also rejects every later
   * call and `finish`, and frames that the sink is too slow for are left out and counted.
   */
  write(frame: RecordableFrame): Promise<void> {
    return this.#port.write(this, frame);
  }

  /** Tells of a sender report of the track's SSRC, by which tracks of one sender are brought into step. */
  senderReport(report: ClockReport): void {
    this.state.timeline.report(report);
    this.#port.align(this);
  }

  /** Whether nothing is recorded until a keyframe comes: ask the sender for one. */
  get needsKeyframe(): boolean {
    return this.state.needsKeyframe;
  }

  stats(): RecorderTrackStats {
    const { framesWritten, framesWithoutKeyframe, framesLate, resolutionChanges } = this.state;
    return { framesWritten, framesWithoutKeyframe, framesLate, resolutionChanges };
  }
}

/** What a recorder remembers of a track. */
export class TrackState {
  readonly timeline: Timeline;
  needsKeyframe: boolean;
  /** Whether the frame before the next one that is given was not taken. */
  leftOut = false;
  framesWritten = 0;
  framesWithoutKeyframe = 0;
  framesLate = 0;
  resolutionChanges = 0;
  width = 0;
  height = 0;
  /** First byte of the last Opus packet. */
  toc: number | undefined;
  /** Where the frame that reaches furthest begins and ends, in milliseconds of the recording. */
  startMs: number = -Infinity;
  endMs = 0;
  #durationMs = 0;

  constructor(codec: VideoCodec | 'opus') {
    this.timeline = new Timeline(codec === 'opus' ? OPUS_CLOCK_HZ : VIDEO_CLOCK_HZ);
    this.needsKeyframe = codec !== 'opus';
  }

  /** How long a frame lasts in milliseconds: what it says, or as long as the one before. Throws `DecodeError` for what is no Opus. */
  durationOf(codec: string, { data, duration }: RecordableFrame, positionMs: number): number {
    if (codec === 'opus') return (opusDuration(data) * 1000) / OPUS_CLOCK_HZ;
    if (duration !== undefined && duration > 0) return (duration * 1000) / this.timeline.clockHz;
    if (positionMs > this.startMs && this.framesWritten > 0) this.#durationMs = positionMs - this.startMs;
    return this.#durationMs;
  }
}
