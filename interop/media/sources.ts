// The sample media of the examples, played in real time.
import { readFile } from 'node:fs/promises';
import type { TrackLocalStaticSample } from 'sansrtc';
import { AnnexBReader, IvfReader, type MediaFrame, type MediaReader, ObuReader, OggReader } from 'sansrtc/media';

/** Files of `examples/media` by the encoding name of RTP: 25 frames a second, sound in packets of 20 ms. */
const FILES: Readonly<Record<string, { readonly file: string; readonly reader: () => MediaReader }>> = {
  VP8: { file: 'picture.vp8.ivf', reader: () => new IvfReader() },
  VP9: { file: 'picture.vp9.ivf', reader: () => new IvfReader() },
  AV1: { file: 'picture.av1.ivf', reader: () => new IvfReader() },
  H264: { file: 'picture.h264', reader: () => new AnnexBReader('H264') },
  H265: { file: 'picture.h265', reader: () => new AnnexBReader('H265') },
  AV1_OBU: { file: 'picture.av1.obu', reader: () => new ObuReader() },
  opus: { file: 'tone.ogg', reader: () => new OggReader() },
};

export const FRAMES_PER_SECOND = 25;

/** The frames of a sample file. */
export async function sampleFrames(codec: string): Promise<readonly MediaFrame[]> {
  const source = FILES[codec];
  if (source === undefined) throw new Error(`no sample media for ${codec}`);
  const reader = source.reader();
  reader.push(await readFile(new URL(`../../examples/media/${source.file}`, import.meta.url)));
  reader.end();
  const frames: MediaFrame[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  return frames;
}

/** Plays frames in a loop, each at its time, until it is stopped. */
export class Playback {
  /** Frames that were handed over while somebody took them. */
  framesTaken = 0;
  readonly #track: TrackLocalStaticSample;
  readonly #frames: readonly MediaFrame[];
  readonly #frameMs: number;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  /** When the first frame was, on the clock of `performance.now`. */
  #start = 0;
  #played = 0;

  constructor(track: TrackLocalStaticSample, frames: readonly MediaFrame[], frameMs: number) {
    this.#track = track;
    this.#frames = frames;
    this.#frameMs = frameMs;
  }

  start(): this {
    this.#start = performance.now();
    this.#timer = setInterval(() => this.#play(), Math.min(10, this.#frameMs / 2));
    return this;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The next frame is a keyframe, as one that a receiver asked for: the file is played on from there. */
  skipToKeyframe(): void {
    for (let i = 0; i < this.#frames.length; i++) {
      const at = (this.#next + i) % this.#frames.length;
      if (this.#frames[at]?.keyframe === true) return void (this.#next = at);
    }
  }

  #play(): void {
    const due = Math.floor((performance.now() - this.#start) / this.#frameMs);
    for (; this.#played < due; this.#played++) {
      const frame = this.#frames[this.#next] as MediaFrame;
      this.#next = (this.#next + 1) % this.#frames.length;
      if (this.#track.writeSample({ data: frame.data, durationMs: this.#frameMs }) > 0) this.framesTaken++;
    }
  }
}

/** Starts to play sample media on a track; a keyframe comes when a receiver asks for one, at most twice a second. */
export async function play(track: TrackLocalStaticSample, codec: string): Promise<Playback> {
  const frames = await sampleFrames(codec);
  const playback = new Playback(track, frames, codec === 'opus' ? 20 : 1000 / FRAMES_PER_SECOND);
  let last = -Infinity;
  track.onkeyframerequest = () => {
    if (performance.now() - last < 500) return;
    last = performance.now();
    playback.skipToKeyframe();
  };
  return playback.start();
}
