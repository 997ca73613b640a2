import { type Instant, type NtpTime, unixMsFromNtp } from '../core/index.ts';
import { Unwrapper } from '../rtp/index.ts';
import { MAX_REORDER_SECONDS, MAX_SYNC_CORRECTION_MS, SYNC_TOLERANCE_MS } from './constants.ts';

/** What a timeline needs of a frame. */
export interface TimedFrame {
  readonly timestamp: number;
  /** When it came; absent for frames of a file, whose timestamps have one origin in all tracks. */
  readonly arrivedAt?: Instant;
}

/** The sender's wall clock against the RTP clock of a track, as a sender report tells it (RFC 3550 6.4.1). */
export interface ClockReport {
  readonly ntp: NtpTime;
  readonly rtpTimestamp: number;
}

/**
 * Where the frames of one track stand in a recording, in milliseconds. RTP timestamps of different tracks have nothing to do with each
 * other (RFC 3550 5.1): the first frames are set beside each other by the times they came, and once sender reports have told the
 * sender's clock for both tracks, by that.
 */
export class Timeline {
  readonly clockHz: number;
  readonly #unwrapper = new Unwrapper(32);
  /** A frame's position is `base` and its unwrapped timestamp in milliseconds. */
  #base: number | undefined;
  /** The latest frame: its position and when it came. */
  #last: { readonly position: number; readonly arrivedAt: Instant | undefined } | undefined;
  /** The wall clock at unwrapped timestamp 0, in milliseconds of Unix time. */
  #wallAtZero: number | undefined;

  constructor(clockHz: number) {
    this.clockHz = clockHz;
  }

  /** The wall clock at the beginning of the recording, as far as this track's reports tell. */
  get wallAtStart(): number | undefined {
    return this.#wallAtZero === undefined || this.#base === undefined ? undefined : this.#wallAtZero - this.#base;
  }

  /**
   * The position of a frame in milliseconds since the recording began.
   *
   * @param startedAt - when the recording's first frame came; a track's own first frame is set against it
   */
  position({ timestamp, arrivedAt }: TimedFrame, startedAt: Instant): number {
    let ms = this.#ms(timestamp);
    this.#base ??= arrivedAt === undefined ? 0 : arrivedAt - startedAt - ms;
    const last = this.#last;
    if (last !== undefined && arrivedAt !== undefined && last.arrivedAt !== undefined) {
      // What the RTP clock and the clock of arrival disagree about this much is a stream that began anew.
      const expected = last.position + arrivedAt - last.arrivedAt;
      if (Math.abs(this.#base + ms - expected) > MAX_REORDER_SECONDS * 1000) {
        this.#unwrapper.reset();
        ms = this.#ms(timestamp);
        this.#base = expected - ms;
        this.#wallAtZero = undefined;
      }
    }
    const position = this.#base + ms;
    this.#last = { position, arrivedAt };
    return position;
  }

  /** Takes note of what a sender report says. */
  report({ ntp, rtpTimestamp }: ClockReport): void {
    if (this.#unwrapper.highest === undefined) this.#unwrapper.unwrap(rtpTimestamp);
    this.#wallAtZero = unixMsFromNtp(ntp) - (this.#unwrapper.peek(rtpTimestamp) / this.clockHz) * 1000;
  }

  /** Moves the track so that it stands right against another one of the same sender. Returns by how many milliseconds. */
  alignWith(reference: Timeline): number {
    const [ours, theirs] = [this.wallAtStart, reference.wallAtStart];
    if (ours === undefined || theirs === undefined || this.#base === undefined) return 0;
    const late = ours - theirs;
    if (Math.abs(late) < SYNC_TOLERANCE_MS || Math.abs(late) > MAX_SYNC_CORRECTION_MS) return 0;
    this.#base += late;
    if (this.#last !== undefined) this.#last = { ...this.#last, position: this.#last.position + late };
    return late;
  }

  #ms(timestamp: number): number {
    return (this.#unwrapper.unwrap(timestamp) / this.clockHz) * 1000;
  }
}
