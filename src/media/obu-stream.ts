import { concat, DecodeError, EMPTY } from '../core/index.ts';
import { decodeLeb128, isAv1Keyframe, MAX_FRAME_BYTES, ObuType, obuTypeOf, splitObus, TEMPORAL_DELIMITER } from '../codec/index.ts';
import type { ByteStreamConfig } from './annexb.ts';
import { describeKeyframe } from './bitstream/describe.ts';
import { DEFAULT_FRAME_RATE, VIDEO_CLOCK_HZ } from './constants.ts';
import { type MediaFrame, type VideoFormat, videoFormat, type WritableFrame } from './frame.ts';
import { type MediaReader, PushReader } from './reader.ts';
import { withoutDelimiter } from './temporal-unit.ts';
import { type FileEnd, type MediaWriter, refuse, refuseLate } from './writer.ts';

const FORBIDDEN = 0x80;
const HAS_EXTENSION = 0x04;
const HAS_SIZE = 0x02;
/** Header, extension and the longest size field (AV1 specification 5.3.2, 4.10.5). */
const MAX_HEAD_BYTES = 10;

/**
 * Reads AV1 in the low-overhead format (AV1 specification 5.2): a temporal unit is what stands between temporal delimiters, which
 * are left out. Times are those of a constant frame rate.
 */
export class ObuReader extends PushReader<MediaFrame> implements MediaReader {
  readonly #frameRate: number;
  #format: VideoFormat | undefined;
  #frames = 0;
  /** How many bytes of the present temporal unit were looked at. */
  #scanned = 0;
  #begun = false;

  constructor(config: ByteStreamConfig = {}) {
    super();
    this.#frameRate = config.frameRate ?? DEFAULT_FRAME_RATE;
    if (!(this.#frameRate > 0 && this.#frameRate <= VIDEO_CLOCK_HZ)) refuse(`frameRate ${this.#frameRate}`);
  }

  get format(): VideoFormat | undefined {
    return this.#format;
  }

  protected read(): MediaFrame | undefined {
    for (;;) {
      const bytes = this.input.view();
      const obu = this.#obuAt(bytes, this.#scanned);
      if (obu === undefined) break;
      if (obu.type !== ObuType.temporalDelimiter) {
        if (!this.#begun) throw new DecodeError('media.obu', 'no temporal delimiter at the beginning');
        if (obu.end > MAX_FRAME_BYTES) throw new DecodeError('media.obu', 'temporal unit too large');
        if (obu.end > bytes.length) break;
        this.#scanned = obu.end;
        continue;
      }
      if (obu.end > bytes.length) break;
      const unit = this.#scanned;
      const data = this.input.take(unit);
      this.input.skip(obu.end - unit);
      this.#scanned = 0;
      this.#begun = true;
      if (unit > 0) return this.#giveOut(data);
    }
    return this.ended ? this.#last() : undefined;
  }

  /** The last temporal unit, of which only whole OBUs count. */
  #last(): MediaFrame | undefined {
    const data = this.input.take(this.#scanned);
    this.#scanned = 0;
    this.truncate();
    return data.length === 0 ? undefined : this.#giveOut(data);
  }

  /** The type of the OBU at a position and where it ends; `undefined` when its header is not all there. Throws {@link DecodeError}. */
  #obuAt(bytes: Uint8Array, at: number): { readonly type: number; readonly end: number } | undefined {
    const header = bytes[at];
    if (header === undefined) return undefined;
    if ((header & FORBIDDEN) !== 0) throw new DecodeError('media.obu', 'obu_forbidden_bit is set');
    if ((header & HAS_SIZE) === 0) throw new DecodeError('media.obu', 'OBU without a size');
    const sizeAt = at + ((header & HAS_EXTENSION) === 0 ? 1 : 2);
    const head = bytes.subarray(sizeAt, at + MAX_HEAD_BYTES);
    if (head.length < MAX_HEAD_BYTES - 2 && !head.some((byte) => byte < 0x80)) return undefined;
    const { value, length } = decodeLeb128(head);
    return { type: obuTypeOf(header), end: sizeAt + length + value };
  }

  #giveOut(data: Uint8Array): MediaFrame {
    const info = this.#format === undefined ? describeKeyframe('AV1', data) : undefined;
    this.#format ??= videoFormat('AV1', info?.width, info?.height);
    const timestamp = this.#timeOf(this.#frames++);
    return { data, timestamp, duration: this.#timeOf(this.#frames) - timestamp, keyframe: isAv1Keyframe(data) };
  }

  #timeOf(frame: number): number {
    return Math.round((frame * VIDEO_CLOCK_HZ) / this.#frameRate);
  }
}

/** Writes AV1 in the low-overhead format: a temporal delimiter and the unit. Times are lost; nothing needs to be patched. */
export class ObuWriter implements MediaWriter {
  #begun = false;
  #finished = false;

  write(frame: WritableFrame): Uint8Array {
    if (this.#finished) refuseLate();
    if (!this.#begun && !frame.keyframe) return EMPTY;
    const unit = withoutDelimiter(frame.data);
    try {
      if (splitObus(unit).length === 0) refuse('no OBU in the frame');
    } catch (error) {
      if (error instanceof DecodeError) refuse(error.message);
      throw error;
    }
    this.#begun = true;
    return concat(TEMPORAL_DELIMITER, unit);
  }

  finish(): FileEnd {
    if (this.#finished) refuseLate();
    this.#finished = true;
    return { bytes: EMPTY, patches: [] };
  }
}
