import { readU16, readU32, writeU16, writeU32 } from '../core/bytes.ts';
import { concat, DecodeError, EMPTY, encodeUtf8 } from '../core/index.ts';
import { PushReader } from './reader.ts';
import { type FileEnd, refuse, refuseLate } from './writer.ts';

// The binary format of rtpdump and rtpplay (rtptools): a line of text, a header of 16 bytes, then packets behind 8 bytes each.
// All numbers are big-endian.

const MAGIC = '#!rtpplay1.0 ';
const MAX_LINE_BYTES = 256;
const HEADER_BYTES = 16;
const PACKET_HEADER_BYTES = 8;

/** A packet of a dump. */
export interface DumpedPacket {
  /** When it was received, in milliseconds since the dump began. */
  readonly offsetMs: number;
  /** The packet, or its beginning where the dump was cut short. */
  readonly data: Uint8Array;
  readonly rtcp: boolean;
  /** Length in bytes of the whole RTP packet; of an RTCP packet, of `data`. */
  readonly originalBytes: number;
}

/** What a dump says of itself. */
export interface RtpdumpHeader {
  /** Where the packets came from or went to, as in `224.2.0.1`. */
  readonly address: string;
  readonly port: number;
  /** When the dump began, in milliseconds of Unix time. */
  readonly startedAtUnixMs: number;
}

/** Reads dumps of RTP and RTCP packets. */
export class RtpdumpReader extends PushReader<DumpedPacket> {
  #header: RtpdumpHeader | undefined;

  /** Known before the first packet is given out. */
  get header(): RtpdumpHeader | undefined {
    return this.#header;
  }

  protected read(): DumpedPacket | undefined {
    if (this.#header === undefined && !this.#readHeader()) {
      if (this.ended) throw new DecodeError('media.rtpdump', 'no header');
      return undefined;
    }
    const bytes = this.input.view();
    const length = bytes.length < PACKET_HEADER_BYTES ? PACKET_HEADER_BYTES : readU16(bytes, 0);
    if (length < PACKET_HEADER_BYTES) throw new DecodeError('media.rtpdump', `packet of ${length} bytes with its header`);
    if (bytes.length < length || bytes.length < PACKET_HEADER_BYTES) return this.truncate();
    const rtpBytes = readU16(bytes, 2);
    const offsetMs = readU32(bytes, 4);
    const data = this.input.take(length).subarray(PACKET_HEADER_BYTES);
    return { offsetMs, data, rtcp: rtpBytes === 0, originalBytes: rtpBytes === 0 ? data.length : rtpBytes };
  }

  #readHeader(): boolean {
    const bytes = this.input.view();
    const line = bytes.indexOf(0x0a);
    const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
    if (magic !== MAGIC.slice(0, magic.length) || line > MAX_LINE_BYTES || (line < 0 && bytes.length > MAX_LINE_BYTES)) {
      throw new DecodeError('media.rtpdump', 'no rtpplay header');
    }
    if (line < 0 || bytes.length < line + 1 + HEADER_BYTES) return false;
    const name = String.fromCharCode(...bytes.subarray(MAGIC.length, line)).trim();
    const slash = name.lastIndexOf('/');
    const at = line + 1;
    const startedAtUnixMs = readU32(bytes, at) * 1000 + readU32(bytes, at + 4) / 1000;
    this.#header = { address: slash < 0 ? name : name.slice(0, slash), port: readU16(bytes, at + 12), startedAtUnixMs };
    this.input.skip(at + HEADER_BYTES);
    return true;
  }
}

/** What the head of an rtpdump file says. */
export interface RtpdumpWriterConfig {
  /** Default `0.0.0.0`. */
  readonly address?: string;
  /** Default 0. */
  readonly port?: number;
  /** When the dump begins, in milliseconds of Unix time. Default 0. */
  readonly startedAtUnixMs?: number;
}

/** Writes dumps of RTP and RTCP packets. Nothing needs to be patched. */
export class RtpdumpWriter {
  readonly #config: RtpdumpWriterConfig;
  #begun = false;
  #finished = false;

  constructor(config: RtpdumpWriterConfig = {}) {
    this.#config = config;
  }

  /**
   * The bytes to append for a packet, the header included with the first.
   *
   * @param offsetMs - since the dump began, rounded to milliseconds
   * @throws RtcError - `ERR_INVALID_ARGUMENT` when the packet is empty or does not fit, `ERR_INVALID_STATE` after `finish`
   */
  write(data: Uint8Array, offsetMs: number, rtcp = false): Uint8Array {
    if (this.#finished) refuseLate();
    const length = PACKET_HEADER_BYTES + data.length;
    if (data.length === 0 || length > 0xffff) refuse(`packet of ${data.length} bytes`);
    if (!(offsetMs >= 0 && offsetMs < 0x1_0000_0000)) refuse(`offsetMs ${offsetMs}`);
    const head = new Uint8Array(PACKET_HEADER_BYTES);
    writeU16(head, 0, length);
    writeU16(head, 2, rtcp ? 0 : data.length);
    writeU32(head, 4, Math.round(offsetMs));
    return concat(this.#begun ? EMPTY : this.#header(), head, data);
  }

  finish(): FileEnd {
    if (this.#finished) refuseLate();
    this.#finished = true;
    return { bytes: this.#begun ? EMPTY : this.#header(), patches: [] };
  }

  #header(): Uint8Array {
    const { address = '0.0.0.0', port = 0, startedAtUnixMs = 0 } = this.#config;
    const line = encodeUtf8(`${MAGIC}${address}/${port}\n`);
    if (line.length > MAX_LINE_BYTES || /\s/.test(address)) refuse(`address ${address}`);
    const fields = new Uint8Array(HEADER_BYTES);
    const seconds = Math.floor(startedAtUnixMs / 1000);
    writeU32(fields, 0, seconds);
    writeU32(fields, 4, Math.round((startedAtUnixMs - seconds * 1000) * 1000));
    writeU16(fields, 12, port);
    this.#begun = true;
    return concat(line, fields);
  }
}
