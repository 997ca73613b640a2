import { DecodeError, type Instant, RtcError } from '../core/index.ts';
import { OPUS_CLOCK_HZ } from '../codec/index.ts';
import { describeKeyframe, type KeyframeInfo } from './bitstream/describe.ts';
import {
  MAX_HELD_RECORDING_BYTES,
  SILENCE_AFTER_MS,
  SILENCE_BEHIND_MS,
  TRACK_START_TIMEOUT_MS,
  TRACK_STALL_MS,
} from './constants.ts';
import type { Mediabunny } from './mediabunny.ts';
import { opusSilence } from './opus-silence.ts';
import type { RecordableFrame, RecordedTrack, Recorder, RecorderConfig, RecorderSink } from './recorder.ts';
import { RecordingTrack } from './recording-track.ts';
import { Segment } from './segment.ts';

interface Held {
  readonly track: RecordingTrack;
  readonly frame: RecordableFrame;
}

/** A WebM or MP4 recording that is being made. */
export class Recording implements Recorder {
  readonly tracks: readonly RecordingTrack[];
  readonly #library: Mediabunny;
  readonly #container: 'webm' | 'mp4';
  readonly #sink: RecorderSink;
  readonly #config: RecorderConfig;
  /** Frames that wait for all tracks to begin; `undefined` once the recording has begun. */
  #held: Held[] | undefined = [];
  #pendingBytes = 0;
  #segment: Segment | undefined;
  /** The tracks in the file, in its order. */
  #present: readonly RecordingTrack[] = [];
  #parts = 0;
  /** Where the present file begins, in milliseconds of the recording. */
  #segmentStartMs = 0;
  #startedAt: Instant = 0;
  /** All work, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #failure: unknown;
  #finished: Promise<void> | undefined;

  constructor(library: Mediabunny, container: 'webm' | 'mp4', sink: RecorderSink, tracks: readonly RecordedTrack[], config: RecorderConfig) {
    this.#library = library;
    this.#container = container;
    this.#sink = sink;
    this.#config = config;
    const port = {
      write: (track: RecordingTrack, frame: RecordableFrame): Promise<void> => this.#write(track, frame),
      align: (): void => this.#align(),
    };
    this.tracks = tracks.map((track) => new RecordingTrack(track, port));
  }

  get parts(): number {
    return this.#parts;
  }

  finish(): Promise<void> {
    this.#finished ??= this.#enqueue(async () => {
      if (this.#held !== undefined && this.#held.length > 0) await this.#begin();
      const segment = this.#segment;
      this.#segment = undefined;
      await segment?.finish();
      await this.#closeUnused();
    });
    return this.#finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
  }

  #write(track: RecordingTrack, frame: RecordableFrame): Promise<void> {
    if (this.#finished !== undefined) return Promise.reject(new RtcError('ERR_INVALID_STATE', 'the recording is finished'));
    const size = frame.data.length;
    if (this.#pendingBytes + size > MAX_HELD_RECORDING_BYTES) {
      track.state.framesLate++;
      track.state.leftOut = true;
      if (track.codec !== 'opus') this.#config.onKeyframeNeeded?.(track);
      return this.#work;
    }
    this.#pendingBytes += size;
    const taken = track.state.leftOut ? { ...frame, discontinuity: true } : frame;
    track.state.leftOut = false;
    return this.#enqueue(async () => {
      if (this.#held !== undefined) await this.#hold(track, taken, this.#held);
      else {
        this.#pendingBytes -= size;
        await this.#record(track, taken);
      }
    });
  }

  /** Does something after all that was asked for before. The first failure ends the recording. */
  #enqueue(job: () => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await job();
      } catch (error) {
        this.#failure = error;
        const segment = this.#segment;
        this.#segment = undefined;
        await (segment === undefined ? this.#closeUnused() : segment.cancel()).catch(() => undefined);
        throw error;
      }
    });
    this.#work = done.catch(() => undefined);
    // Nobody needs to look at each frame's promise: the failure is told again.
    done.catch(() => undefined);
    return done;
  }

  /** Closes a sink into which nothing was written. */
  async #closeUnused(): Promise<void> {
    if (this.#parts === 0 && typeof this.#sink !== 'function') await this.#sink.close?.();
  }

  async #hold(track: RecordingTrack, frame: RecordableFrame, held: Held[]): Promise<void> {
    const first = track.state.needsKeyframe;
    if (first && this.#infoOf(track, frame) === undefined) {
      this.#pendingBytes -= frame.data.length;
      track.state.framesWithoutKeyframe++;
      this.#needKeyframe(track);
      if (this.#isLate(frame, held)) await this.#begin();
      return;
    }
    track.state.needsKeyframe = false;
    held.push({ track, frame });
    const all = this.tracks.every((one) => held.some((entry) => entry.track === one));
    if (all || this.#isLate(frame, held) || this.#pendingBytes > MAX_HELD_RECORDING_BYTES / 2) await this.#begin();
  }

  /** Whether missing tracks were waited for long enough. Frames of files are not waited for by time, as they come as fast as they are read. */
  #isLate({ arrivedAt }: RecordableFrame, [first]: readonly Held[]): boolean {
    const since = first?.frame.arrivedAt;
    return arrivedAt !== undefined && since !== undefined && arrivedAt - since >= (this.#config.startTimeoutMs ?? TRACK_START_TIMEOUT_MS);
  }

  /** Begins the first file and writes what was held. */
  async #begin(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#present = this.tracks.filter((track) => held.some((entry) => entry.track === track));
    this.#startedAt = held.reduce((least, { frame }) => Math.min(least, frame.arrivedAt ?? least), Infinity);
    const firsts = this.#present.map((track) => held.find((entry) => entry.track === track)?.frame as RecordableFrame);
    this.#present.forEach(({ state }, i) => state.timeline.position(firsts[i] as RecordableFrame, this.#startedAt));
    this.#align();
    // In step with the other, a track may begin before the frame that came first.
    const positions = this.#present.map(({ state }, i) => state.timeline.position(firsts[i] as RecordableFrame, this.#startedAt));
    await this.#open(Math.min(0, ...positions));
    for (const { track, frame } of held) {
      this.#pendingBytes -= frame.data.length;
      await this.#record(track, frame);
    }
  }

  async #open(startMs: number): Promise<void> {
    const sink = typeof this.#sink === 'function' ? await this.#sink(this.#parts) : this.#sink;
    this.#parts++;
    this.#segmentStartMs = startMs;
    this.#segment = new Segment(this.#library, this.#container, sink, this.#config.appendOnly ?? false, this.#present);
    await this.#segment.start();
  }

  async #record(track: RecordingTrack, frame: RecordableFrame): Promise<void> {
    const { state } = track;
    const index = this.#present.indexOf(track);
    if (index < 0 || this.#segment === undefined || this.#segment.isClosed(index)) {
      state.framesLate++;
      return;
    }
    const positionMs = state.timeline.position(frame, this.#startedAt);
    if (track.codec === 'opus') await this.#recordSound(track, index, frame, positionMs);
    else await this.#recordPicture(track, index, frame, positionMs);
  }

  async #recordPicture(track: RecordingTrack, index: number, frame: RecordableFrame, positionMs: number): Promise<void> {
    const { state } = track;
    if (frame.discontinuity === true && !frame.keyframe) state.needsKeyframe = true;
    const info = frame.keyframe ? this.#infoOf(track, frame) : undefined;
    if (state.needsKeyframe && (state.framesWritten === 0 ? info === undefined : !frame.keyframe)) {
      state.framesWithoutKeyframe++;
      this.#needKeyframe(track);
      return;
    }
    state.needsKeyframe = false;
    if (info !== undefined && (info.width !== state.width || info.height !== state.height)) {
      if (state.width > 0) await this.#resize(state, positionMs);
      state.width = info.width;
      state.height = info.height;
    }
    // A keyframe must not stand before what was written; other frames may, where pictures are reordered.
    const place = frame.keyframe ? Math.max(positionMs, state.startMs) : positionMs;
    await this.#place(track, index, frame, place, info);
    if (frame.arrivedAt !== undefined) await this.#keepSoundUp(positionMs);
  }

  async #resize(state: RecordingTrack['state'], positionMs: number): Promise<void> {
    state.resolutionChanges++;
    if (this.#config.resolutionChange !== 'split') return;
    await this.#segment?.finish();
    this.#segment = undefined;
    await this.#open(positionMs);
  }

  async #recordSound(track: RecordingTrack, index: number, frame: RecordableFrame, positionMs: number): Promise<void> {
    const { state } = track;
    // Sound that comes behind later sound, or behind the silence that was put in its place, has none.
    if (positionMs < state.startMs || (positionMs < this.#segmentStartMs && this.#parts > 1)) {
      state.framesLate++;
      return;
    }
    state.toc = frame.data[0];
    await this.#place(track, index, frame, positionMs, undefined);
    if (frame.arrivedAt !== undefined) this.#giveUpStalled(positionMs);
  }

  async #place(track: RecordingTrack, index: number, frame: RecordableFrame, positionMs: number, info: KeyframeInfo | undefined): Promise<void> {
    const { state } = track;
    const durationMs = durationOf(track, frame, positionMs);
    if (durationMs === undefined) {
      state.framesLate++;
      return;
    }
    const inFile = Math.max(0, positionMs - this.#segmentStartMs);
    await this.#segment?.write(index, { data: frame.data, keyframe: frame.keyframe, positionMs: inFile, durationMs, info });
    state.framesWritten++;
    state.startMs = Math.max(state.startMs, positionMs);
    state.endMs = Math.max(state.endMs, positionMs + durationMs);
  }

  /** Silence for sound that no longer comes, as other tracks' frames are held until it does. */
  async #keepSoundUp(nowMs: number): Promise<void> {
    for (const [index, track] of this.#present.entries()) {
      const { state } = track;
      if (track.codec !== 'opus' || state.toc === undefined || nowMs - state.endMs < SILENCE_AFTER_MS) continue;
      const ticks = ((nowMs - SILENCE_BEHIND_MS - state.endMs) * OPUS_CLOCK_HZ) / 1000;
      for (const { data } of opusSilence(state.toc, ticks)) {
        await this.#place(track, index, { data, timestamp: 0, keyframe: true }, state.endMs, undefined);
        state.framesWritten--;
      }
    }
  }

  /** A picture that stands still for minutes is given up, as sound is held until it goes on. */
  #giveUpStalled(nowMs: number): void {
    this.#present.forEach(({ codec, state }, index) => {
      const stalled = codec !== 'opus' && nowMs - Math.max(state.endMs, this.#segmentStartMs) > TRACK_STALL_MS;
      if (stalled && this.#segment?.isClosed(index) === false) this.#segment.closeTrack(index);
    });
  }

  /** Brings tracks of one sender into step. Sound stays where it is, as a jump is heard: the pictures are moved. */
  #align(): void {
    for (const track of this.tracks) {
      const known = this.tracks.filter(({ sender, state }) => sender === track.sender && state.timeline.wallAtStart !== undefined);
      const reference = known.find(({ codec }) => codec === 'opus') ?? known[0];
      if (reference !== undefined && reference !== track) track.state.timeline.alignWith(reference.state.timeline);
    }
  }

  #infoOf(track: RecordingTrack, frame: RecordableFrame): KeyframeInfo | undefined {
    return track.codec === 'opus' || !frame.keyframe ? undefined : describeKeyframe(track.codec, frame.data);
  }

  #needKeyframe(track: RecordingTrack): void {
    if (track.codec === 'opus') return;
    track.state.needsKeyframe = true;
    this.#config.onKeyframeNeeded?.(track);
  }
}

/** `undefined` for what is no frame. */
function durationOf({ codec, state }: RecordingTrack, frame: RecordableFrame, positionMs: number): number | undefined {
  try {
    return state.durationOf(codec, frame, positionMs);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
