import { OPUS_CLOCK_HZ, opusDuration } from '../codec/index.ts';
import { VIDEO_CLOCK_HZ } from './constants.ts';
import type { VideoCodec } from './frame.ts';
import type { RecordableFrame, RecordedTrack, RecorderTrack, RecorderTrackStats } from './recorder.ts';
import type { SegmentTrack } from './segment.ts';
import { type ClockReport, Timeline } from './timeline.ts';

/** How frames of a track get into a recording. */
export interface TrackPort {
  write(track: RecordingTrack, frame: RecordableFrame): Promise<void>;
  align(): void;
}

/** One track of a recording that is being made. */
export class RecordingTrack implements RecorderTrack, SegmentTrack {
  readonly codec: VideoCodec | 'opus';
  readonly channels: number;
  readonly sender: string;
  readonly #port: TrackPort;
  readonly state: TrackState;

  constructor({ codec, channels = 2, sender = '' }: RecordedTrack, port: TrackPort) {
    this.codec = codec;
    this.channels = channels;
    this.sender = sender;
    this.#port = port;
    this.state = new TrackState(codec);
  }

  write(frame: RecordableFrame): Promise<void> {
    return this.#port.write(this, frame);
  }

  senderReport(report: ClockReport): void {
    this.state.timeline.report(report);
    this.#port.align();
  }

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
