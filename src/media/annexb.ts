import { DecodeError, EMPTY } from '../core/index.ts';
import { MAX_FRAME_BYTES, visitNalUnits } from '../codec/index.ts';
import { ACCESS_UNIT_RULES, type AccessUnitRules } from './access-units.ts';
import { describeKeyframe, isKeyframe } from './bitstream/describe.ts';
import { DEFAULT_FRAME_RATE, VIDEO_CLOCK_HZ } from './constants.ts';
import { type MediaFrame, type VideoFormat, videoFormat, type WritableFrame } from './frame.ts';
import { type MediaReader, PushReader } from './reader.ts';
import { type FileEnd, type MediaWriter, refuse, refuseLate } from './writer.ts';

/** For byte streams that carry no times. */
export interface ByteStreamConfig {
  /** Frames per second. Default: what the stream says (VUI of H.264 and H.265), else 25. */
  readonly frameRate?: number;
}

/** Most bytes before the first start code. */
const MAX_LEADING_BYTES = 4096;

/**
 * Reads H.264 or H.265 byte streams (Annex B of both) and groups their NAL units into access units, which together are the bytes of
 * the file. Times are those of a constant frame rate in decoding order, as such a stream has no others.
 */
export class AnnexBReader extends PushReader<MediaFrame> implements MediaReader {
  readonly #codec: 'H264' | 'H265';
  readonly #rules: AccessUnitRules;
  #frameRate: number | undefined;
  #format: VideoFormat | undefined;
  #frames = 0;
  /** Positions are counted from the first byte that was not given out. Where to look for the next start code: */
  #scanned = 0;
  /** Whether the first start code was found. */
  #begun = false;
  /** Whether a slice of the access unit has come. */
  #hasPicture = false;
  /** Where a unit began behind a picture that will belong to the next one if another picture follows; -1 for none. */
  #opening = -1;

  constructor(codec: 'H264' | 'H265', config: ByteStreamConfig = {}) {
    super();
    this.#codec = codec;
    this.#rules = ACCESS_UNIT_RULES[codec];
    this.#frameRate = config.frameRate;
    if (config.frameRate !== undefined && !(config.frameRate > 0 && config.frameRate <= VIDEO_CLOCK_HZ)) refuse(`frameRate ${config.frameRate}`);
  }

  get format(): VideoFormat | undefined {
    return this.#format;
  }

  protected read(): MediaFrame | undefined {
    for (;;) {
      const bytes = this.input.view();
      const code = findStartCode(bytes, this.#scanned);
      const { headBytes } = this.#rules;
      if (code < 0 || (code + 3 + headBytes > bytes.length && !this.ended)) {
        // The bytes of a start code that is not all there are looked at again.
        this.#scanned = code < 0 ? Math.max(this.#scanned, bytes.length - 2) : code;
        this.#checkSize(bytes.length);
        return this.ended ? this.#last() : undefined;
      }
      if (!this.#begun) {
        this.#begun = true;
        const zero = code > 0 && bytes[code - 1] === 0 ? 1 : 0;
        this.input.skip(code - zero);
        this.#scanned = 0;
        continue;
      }
      const boundary = this.#boundaryAt(bytes, code);
      this.#scanned = code + 3;
      if (boundary > 0) return this.#giveOut(boundary);
    }
  }

  /** Takes note of the unit behind a start code; returns where the next access unit begins when the unit shows it, else 0. */
  #boundaryAt(bytes: Uint8Array, code: number): number {
    // zero_byte belongs to the start code, further zeros to the unit before (B.1.1).
    const start = code > 0 && bytes[code - 1] === 0 ? code - 1 : code;
    const role = this.#rules.roleOf(bytes.subarray(code + 3, code + 3 + this.#rules.headBytes));
    const opening = this.#opening >= 0 ? this.#opening : start;
    const had = this.#hasPicture;
    if (role === 'picture' || role === 'delimiter') {
      this.#hasPicture = role === 'picture';
      this.#opening = -1;
      return had ? opening : 0;
    }
    if (role === 'slice') {
      this.#hasPicture = true;
      this.#opening = -1;
    } else if (role === 'opening' && had) this.#opening = opening;
    return 0;
  }

  #checkSize(waiting: number): void {
    if (!this.#begun && waiting > MAX_LEADING_BYTES) throw new DecodeError('media.annexb', 'no start code');
    if (waiting > MAX_FRAME_BYTES) throw new DecodeError('media.annexb', `access unit of more than ${MAX_FRAME_BYTES} bytes`);
  }

  #last(): MediaFrame | undefined {
    if (!this.#hasPicture) return this.truncate();
    this.#hasPicture = false;
    return this.#giveOut(this.input.length);
  }

  #giveOut(length: number): MediaFrame {
    this.#checkSize(length);
    const data = this.input.take(length);
    this.#scanned = Math.max(0, this.#scanned - length);
    const keyframe = isKeyframe(this.#codec, data);
    if (this.#format === undefined) this.#describe(data);
    const timestamp = this.#timeOf(this.#frames++);
    return { data, timestamp, duration: this.#timeOf(this.#frames) - timestamp, keyframe };
  }

  #describe(frame: Uint8Array): void {
    const info = describeKeyframe(this.#codec, frame);
    this.#format = videoFormat(this.#codec, info?.width, info?.height);
    this.#frameRate ??= info?.frameRate;
  }

  #timeOf(frame: number): number {
    return Math.round((frame * VIDEO_CLOCK_HZ) / (this.#frameRate ?? DEFAULT_FRAME_RATE));
  }
}

/** The position of the next `00 00 01` at or after `from`, or -1. */
function findStartCode(bytes: Uint8Array, from: number): number {
  for (let one = bytes.indexOf(1, from + 2); one >= 0; one = bytes.indexOf(1, one + 1)) {
    if (bytes[one - 1] === 0 && bytes[one - 2] === 0) return one - 2;
  }
  return -1;
}

/** Writes H.264 or H.265 byte streams: the frames as they are, which need start codes. Times are lost; nothing needs to be patched. */
export class AnnexBWriter implements MediaWriter {
  readonly #codec: 'H264' | 'H265';
  #begun = false;
  #finished = false;

  constructor(codec: 'H264' | 'H265') {
    this.#codec = codec;
  }

  write(frame: WritableFrame): Uint8Array {
    if (this.#finished) refuseLate();
    if (!this.#begun && !(frame.keyframe && describeKeyframe(this.#codec, frame.data) !== undefined)) return EMPTY;
    let units = 0;
    visitNalUnits(frame.data, () => ++units === 0);
    if (units === 0) refuse('no NAL unit in the frame');
    this.#begun = true;
    return frame.data;
  }

  finish(): FileEnd {
    if (this.#finished) refuseLate();
    this.#finished = true;
    return { bytes: EMPTY, patches: [] };
  }
}
