import { RtcError } from '../core/index.ts';
import { Unwrapper } from '../rtp/index.ts';
import { MAX_GAP_SECONDS, MAX_REORDER_SECONDS } from './constants.ts';
import type { WritableFrame } from './frame.ts';

/** Bytes that belong over others that were written before. */
export interface Patch {
  /** In bytes from the start of the file. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** The end of a file. */
export interface FileEnd {
  /** To be appended. */
  readonly bytes: Uint8Array;
  /**
   * What a header could not know: numbers of frames, sizes. Where the output cannot be written over, as in a pipe, they are left
   * out, and the file says that it does not know.
   */
  readonly patches: readonly Patch[];
}

/**
 * Makes a file of frames, without knowing where its bytes go.
 *
 * @example
 * const writer = new IvfWriter('VP8');
 * for await (const frame of frames) await file.write(writer.write(frame));
 * for (const { bytes, position } of writer.finish().patches) await file.write(bytes, 0, bytes.length, position);
 */
export interface MediaWriter {
  /**
   * The bytes to append for a frame, the header included with the first; none where nothing can be written yet. Video begins with
   * a keyframe: frames before the first one are left out.
   *
   * @throws RtcError - `ERR_INVALID_ARGUMENT` when it is no frame of the format, `ERR_INVALID_STATE` after `finish`
   */
  write(frame: WritableFrame): Uint8Array;
  /** What remains to be written. Call it once. */
  finish(): FileEnd;
}

/** Makes frames' timestamps, which wrap, into ticks since the first frame. */
export class FrameClock {
  readonly #clockHz: number;
  readonly #unwrapper = new Unwrapper(32);
  /** What is to be taken from an unwrapped timestamp. */
  #origin: number | undefined;
  /** Ticks of the latest frame, and its duration. */
  #last = 0;
  #duration = 0;

  constructor(clockHz: number) {
    this.#clockHz = clockHz;
  }

  /** How far the highest timestamp is, in ticks since the first frame. */
  get last(): number {
    return this.#last;
  }

  /** The end of the last frame, in ticks since the first. A frame without a duration is as long as the one before. */
  get end(): number {
    return this.#last + this.#duration;
  }

  /** Ticks since the first frame. A jump that no stream makes is one that began anew: it goes on where the one before ended. */
  ticks({ timestamp, duration }: WritableFrame): number {
    if (!Number.isFinite(timestamp)) throw new RtcError('ERR_INVALID_ARGUMENT', `timestamp ${timestamp}`);
    let unwrapped = this.#unwrapper.unwrap(Math.round(timestamp));
    this.#origin ??= unwrapped;
    let ticks = unwrapped - this.#origin;
    const jump = ticks - this.#last;
    if (jump > MAX_GAP_SECONDS * this.#clockHz || jump < -MAX_REORDER_SECONDS * this.#clockHz) {
      this.#unwrapper.reset();
      unwrapped = this.#unwrapper.unwrap(Math.round(timestamp));
      ticks = this.#last + this.#duration;
      this.#origin = unwrapped - ticks;
    }
    if (duration !== undefined) this.#duration = duration;
    else if (ticks > this.#last) this.#duration = ticks - this.#last;
    this.#last = Math.max(this.#last, ticks);
    return Math.max(ticks, 0);
  }
}

/** Throws the error for a frame that cannot be written. */
export function refuse(what: string): never {
  throw new RtcError('ERR_INVALID_ARGUMENT', what);
}

/** Throws the error of a writer that is used after its end. */
export function refuseLate(): never {
  throw new RtcError('ERR_INVALID_STATE', 'the file is finished');
}
