import { concat, DecodeError, EMPTY } from '../core/index.ts';
import { MAX_FRAME_BYTES, TEMPORAL_DELIMITER } from '../codec/index.ts';
import { describeKeyframe, isKeyframe } from './bitstream/describe.ts';
import { VIDEO_CLOCK_HZ } from './constants.ts';
import { type MediaFrame, type VideoCodec, type VideoFormat, videoFormat, type WritableFrame } from './frame.ts';
import { type MediaReader, PushReader } from './reader.ts';
import { withoutDelimiter } from './temporal-unit.ts';
import { type FileEnd, FrameClock, type MediaWriter, refuse, refuseLate } from './writer.ts';

// IVF: a header of 32 bytes, then frames behind 12 bytes each. All numbers are little-endian.

const SIGNATURE = 0x46_49_4b_44; // 'DKIF'
const HEADER_BYTES = 32;
const MAX_HEADER_BYTES = 4096;
const FRAME_HEADER_BYTES = 12;
/** Where the header has the length of the film in units of its clock; early writers put the number of frames there. */
const LENGTH_AT = 24;

const CODEC_OF: ReadonlyMap<string, VideoCodec> = new Map<string, VideoCodec>([
  ['VP80', 'VP8'],
  ['VP90', 'VP9'],
  ['AV01', 'AV1'],
  ['H264', 'H264'],
  ['H265', 'H265'],
  ['HEVC', 'H265'],
]);

const FOURCC_OF: Readonly<Record<VideoCodec, string>> = { VP8: 'VP80', VP9: 'VP90', AV1: 'AV01', H264: 'H264', H265: 'HEVC' };

interface Timed {
  readonly data: Uint8Array;
  readonly timestamp: number;
}

/** Reads IVF files of VP8, VP9, AV1, H.264 and H.265. A frame is given out when the next one's time, which is the end of its own, is known. */
export class IvfReader extends PushReader<MediaFrame> implements MediaReader {
  #format: VideoFormat | undefined;
  /** Ticks of the RTP clock in one unit of the file's timestamps. */
  #ticksPerUnit = 0;
  #waiting: Timed | undefined;
  #duration = 0;

  get format(): VideoFormat | undefined {
    return this.#format;
  }

  protected read(): MediaFrame | undefined {
    if (this.#format === undefined && !this.#readHeader()) return this.truncate();
    const format = this.#format as VideoFormat;
    for (;;) {
      const head = this.input.view();
      if (head.length < FRAME_HEADER_BYTES) return this.#last();
      const fields = new DataView(head.buffer, head.byteOffset, FRAME_HEADER_BYTES);
      const size = fields.getUint32(0, true);
      if (size > MAX_FRAME_BYTES) throw new DecodeError('media.ivf', `frame of ${size} bytes`);
      const timestamp = this.#ticks(fields.getUint32(4, true), fields.getUint32(8, true));
      if (this.#waiting !== undefined) return this.#giveOut(this.#waiting, Math.max(0, timestamp - this.#waiting.timestamp));
      if (head.length < FRAME_HEADER_BYTES + size) return this.#last();
      this.input.skip(FRAME_HEADER_BYTES);
      const bytes = this.input.take(size);
      const data = format.codec === 'AV1' ? withoutDelimiter(bytes) : bytes;
      if (data.length > 0) this.#waiting = { data, timestamp };
    }
  }

  /** At the end of the input, the last frame, of which nothing says how long it lasts. */
  #last(): MediaFrame | undefined {
    if (!this.ended) return undefined;
    this.truncate();
    return this.#waiting === undefined ? undefined : this.#giveOut(this.#waiting, this.#duration);
  }

  #giveOut({ data, timestamp }: Timed, duration: number): MediaFrame {
    this.#waiting = undefined;
    this.#duration = duration;
    const { codec } = this.#format as VideoFormat;
    return { data, timestamp, duration, keyframe: isKeyframe(codec, data) };
  }

  #readHeader(): boolean {
    const head = this.input.view();
    if (head.length < HEADER_BYTES) return false;
    const fields = new DataView(head.buffer, head.byteOffset, HEADER_BYTES);
    const headerBytes = fields.getUint16(6, true);
    if (fields.getUint32(0, true) !== SIGNATURE) throw new DecodeError('media.ivf', 'no signature');
    if (headerBytes < HEADER_BYTES || headerBytes > MAX_HEADER_BYTES) throw new DecodeError('media.ivf', `header of ${headerBytes} bytes`);
    if (head.length < headerBytes) return false;
    const fourcc = String.fromCharCode(...head.subarray(8, 12));
    const codec = CODEC_OF.get(fourcc);
    if (codec === undefined) throw new DecodeError('media.ivf', `codec ${JSON.stringify(fourcc)}`);
    const rate = fields.getUint32(16, true);
    const scale = fields.getUint32(20, true);
    if (rate === 0 || scale === 0) throw new DecodeError('media.ivf', `time base ${scale}/${rate}`);
    const [width, height] = [fields.getUint16(12, true), fields.getUint16(14, true)];
    this.#ticksPerUnit = (scale * VIDEO_CLOCK_HZ) / rate;
    this.#duration = Math.round(this.#ticksPerUnit);
    this.#format = width > 0 && height > 0 ? videoFormat(codec, width, height) : videoFormat(codec);
    this.input.skip(headerBytes);
    return true;
  }

  #ticks(low: number, high: number): number {
    const ticks = Math.round((high * 0x1_0000_0000 + low) * this.#ticksPerUnit);
    if (!Number.isSafeInteger(ticks)) throw new DecodeError('media.ivf', 'timestamp out of range');
    return ticks;
  }
}

/**
 * Writes IVF files. Timestamps are those of the 90,000 Hz RTP clock, counted from the first frame. `finish` patches the
 * length into the header, which says 0 until then.
 */
export class IvfWriter implements MediaWriter {
  readonly #codec: VideoCodec;
  readonly #clock = new FrameClock(VIDEO_CLOCK_HZ);
  #frames = 0;
  #finished = false;

  constructor(codec: VideoCodec) {
    this.#codec = codec;
  }

  write(frame: WritableFrame): Uint8Array {
    if (this.#finished) refuseLate();
    if (frame.data.length === 0 || frame.data.length > MAX_FRAME_BYTES) refuse(`frame of ${frame.data.length} bytes`);
    const head = this.#frames === 0 ? this.#header(frame) : EMPTY;
    if (head === undefined) return EMPTY;
    const parts = this.#codec === 'AV1' ? [TEMPORAL_DELIMITER, withoutDelimiter(frame.data)] : [frame.data];
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const ticks = this.#clock.ticks(frame);
    const fields = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES));
    fields.setUint32(0, size, true);
    fields.setUint32(4, ticks % 0x1_0000_0000, true);
    fields.setUint32(8, Math.floor(ticks / 0x1_0000_0000), true);
    this.#frames++;
    return concat(head, new Uint8Array(fields.buffer), ...parts);
  }

  finish(): FileEnd {
    if (this.#finished) refuseLate();
    this.#finished = true;
    if (this.#frames === 0) return { bytes: EMPTY, patches: [] };
    const length = new DataView(new ArrayBuffer(4));
    length.setUint32(0, Math.min(this.#clock.end, 0xffff_ffff), true);
    return { bytes: EMPTY, patches: [{ position: LENGTH_AT, bytes: new Uint8Array(length.buffer) }] };
  }

  /** The header, with the size of the first picture; `undefined` for a frame that no file can begin with. */
  #header(frame: WritableFrame): Uint8Array | undefined {
    const info = frame.keyframe ? describeKeyframe(this.#codec, frame.data) : undefined;
    if (info === undefined) return undefined;
    const fields = new DataView(new ArrayBuffer(HEADER_BYTES));
    fields.setUint32(0, SIGNATURE, true);
    fields.setUint16(6, HEADER_BYTES, true);
    [...FOURCC_OF[this.#codec]].forEach((letter, i) => fields.setUint8(8 + i, letter.charCodeAt(0)));
    fields.setUint16(12, Math.min(info.width, 0xffff), true);
    fields.setUint16(14, Math.min(info.height, 0xffff), true);
    fields.setUint32(16, VIDEO_CLOCK_HZ, true);
    fields.setUint32(20, 1, true);
    return new Uint8Array(fields.buffer);
  }
}
