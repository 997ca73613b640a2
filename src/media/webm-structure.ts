import { concat, DecodeError, EMPTY } from '../core/index.ts';
import type { RandomAccess } from './input.ts';

// The outline of a Matroska file (RFC 9559 5.1): what stands directly in the file, in its Segment and in its clusters. A reader that looks for
// a way to go on behind damage may look for ever, so a file is read up to the first element that should not stand where it is. Elements that
// point to others (SeekHead, Cues) are hidden, as a file may point anywhere; without seeking nobody needs them.

/** Longest header of an element that is read: four bytes of id, eight of size (RFC 8794 4, 5). */
const HEADER_BYTES = 12;
const WINDOW_BYTES = 65_536;

const EBML = 0x1a45_dfa3;
const SEGMENT = 0x1853_8067;
const CLUSTER = 0x1f43_b675;
const VOID = 0xec;
const SEEK_HEAD = 0x114d_9b74;
const CUES = 0x1c53_bb6b;
/** Children of a Segment: these, and Info, Tracks, Attachments, Chapters, Tags. */
const TOP: ReadonlySet<number> = new Set([SEEK_HEAD, CUES, CLUSTER, VOID, 0x1549_a966, 0x1654_ae6b, 0x1941_a469, 0x1043_a770, 0x1254_c367]);
/** Children of a cluster: Timestamp, SimpleBlock, BlockGroup, PrevSize, Position, SilentTracks, Void, CRC-32. */
const IN_CLUSTER: ReadonlySet<number> = new Set([0xe7, 0xa3, 0xa0, 0xab, 0xa7, 0x5854, VOID, 0xbf]);

interface ElementHeader {
  readonly id: number;
  /** `undefined` where all bits are set: it ends where its parent or an element of a higher level begins (RFC 8794 6.2). */
  readonly size: number | undefined;
  readonly headerBytes: number;
}

/** Reads the header of an element; `undefined` when there is none. */
function decodeHeader(bytes: Uint8Array): ElementHeader | undefined {
  const idBytes = Math.clz32(bytes[0] ?? 0) - 23;
  const sizeBytes = Math.clz32(bytes[idBytes] ?? 0) - 23;
  const headerBytes = idBytes + sizeBytes;
  if (idBytes > 4 || sizeBytes > 8 || headerBytes > bytes.length) return undefined;
  let id = 0;
  for (let i = 0; i < idBytes; i++) id = id * 256 + (bytes[i] as number);
  const mask = 2 ** (8 - sizeBytes) - 1;
  let size = (bytes[idBytes] as number) & mask;
  let ones = size === mask;
  for (let i = idBytes + 1; i < headerBytes; i++) {
    ones &&= bytes[i] === 0xff;
    size = size * 256 + (bytes[i] as number);
  }
  if (ones) return { id, size: undefined, headerBytes };
  return Number.isSafeInteger(size) ? { id, size, headerBytes } : undefined;
}

/** The header of a Void element in the place of another header, whose size may grow by what is left of it. */
function voidHeader({ size = 0, headerBytes }: ElementHeader): Uint8Array {
  const out = new Uint8Array(headerBytes);
  const sizeBytes = Math.min(headerBytes - 1, 8);
  let rest = size + headerBytes - 1 - sizeBytes;
  for (let i = sizeBytes; i > 0; i--) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  out[0] = VOID;
  out[1] = (out[1] as number) | (1 << (8 - sizeBytes));
  return out;
}

/** Follows the outline of a file from header to header. */
class Outline {
  /** Where the next header stands, in bytes from the start of the file. */
  position = 0;
  #inSegment = false;
  /** Where the cluster ends: `Infinity` when its size is not known, 0 outside of clusters. */
  #clusterEnd = 0;

  /** Takes the header at `position` and moves on. Returns what is to be written over it, if anything; false when the file must end here. */
  accept(bytes: Uint8Array): Uint8Array | boolean {
    if (this.position === this.#clusterEnd) this.#clusterEnd = 0;
    const header = decodeHeader(bytes);
    if (header === undefined || !this.#belongs(header.id)) return false;
    const { id, size, headerBytes } = header;
    const content = this.position + headerBytes;
    if (id === SEGMENT) this.#inSegment = true;
    else if (id === CLUSTER) this.#clusterEnd = size === undefined ? Infinity : content + size;
    else {
      if (size === undefined) return false;
      if (!IN_CLUSTER.has(id)) this.#clusterEnd = 0;
      if (this.#clusterEnd > 0 && content + size > this.#clusterEnd) return false;
    }
    this.position = id === SEGMENT || id === CLUSTER ? content : content + (size as number);
    return id === SEEK_HEAD || id === CUES ? voidHeader(header) : true;
  }

  #belongs(id: number): boolean {
    if (!this.#inSegment) return id === EBML || id === SEGMENT || id === VOID;
    if (this.#clusterEnd === 0) return TOP.has(id);
    return IN_CLUSTER.has(id) || (this.#clusterEnd === Infinity && TOP.has(id));
  }
}

interface Hidden {
  readonly position: number;
  readonly header: Uint8Array;
}

/** Most elements that are hidden; no file that is intact has as many. */
const MAX_HIDDEN = 64;

/** Follows the outline of a file that can be read anywhere. */
class Surveyor {
  readonly #file: RandomAccess;
  readonly #outline = new Outline();
  readonly hidden: Hidden[] = [];
  #window: Uint8Array = EMPTY;
  #windowAt = 0;
  #stopped = false;

  constructor(file: RandomAccess) {
    this.#file = file;
  }

  /** How far the file is intact, once it was followed to that position. */
  async follow(to: number): Promise<number> {
    const { size } = this.#file;
    while (!this.#stopped && this.#outline.position < Math.min(to, size)) {
      const position = this.#outline.position;
      const header = this.#outline.accept(await this.#headerAt(position));
      if (typeof header !== 'boolean') this.hidden.push({ position, header });
      this.#stopped = header === false || this.hidden.length >= MAX_HIDDEN;
    }
    return this.#stopped ? this.#outline.position : Math.min(to, size);
  }

  async #headerAt(position: number): Promise<Uint8Array> {
    const wanted = Math.min(HEADER_BYTES, this.#file.size - position);
    if (position + wanted > this.#windowAt + this.#window.length || position < this.#windowAt) {
      this.#windowAt = position;
      this.#window = await this.#file.read(position, Math.min(WINDOW_BYTES, this.#file.size - position));
      if (this.#window.length < wanted) throw new DecodeError('media.webm', 'fewer bytes than the file should have');
    }
    return this.#window.subarray(position - this.#windowAt, position - this.#windowAt + wanted);
  }
}

/** The intact beginning of a file in memory. */
export async function intactBytes(bytes: Uint8Array): Promise<RandomAccess> {
  const file: RandomAccess = { size: bytes.length, read: (position, length) => bytes.subarray(position, position + length) };
  const surveyor = new Surveyor(file);
  const size = await surveyor.follow(file.size);
  return { size, read: (position, length) => hide(bytes.subarray(position, position + length), position, surveyor.hidden) };
}

/** A file that is looked through as far as it is read; reading on behind the first element that should not be there throws `DecodeError`. */
export function intactFile(file: RandomAccess): RandomAccess {
  const surveyor = new Surveyor(file);
  return {
    size: file.size,
    read: async (position, length) => {
      const intact = await surveyor.follow(position + length);
      if (intact < Math.min(position + length, file.size)) throw new DecodeError('media.webm', `what stands at ${intact} does not belong there`);
      return hide(await file.read(position, length), position, surveyor.hidden);
    },
  };
}

/** Bytes of a file in which elements are hidden. */
function hide(bytes: Uint8Array, from: number, hidden: readonly Hidden[]): Uint8Array {
  const touched = hidden.filter(({ position, header }) => position < from + bytes.length && position + header.length > from);
  if (touched.length === 0) return bytes;
  const out = bytes.slice();
  // What lies outside of the array is not written.
  for (const { position, header } of touched) header.forEach((byte, i) => (out[position + i - from] = byte));
  return out;
}

/** The intact beginning of a file that comes as a stream. */
export async function* intactStream(source: AsyncGenerator<Uint8Array, void, void>): AsyncGenerator<Uint8Array, void, void> {
  const outline = new Outline();
  /** Bytes that were not passed on, and where they stand. */
  let held = new Uint8Array(0);
  let at = 0;
  /** Goes on as far as headers are there; false when the file must end. */
  const follow = (needed: number): boolean => {
    while (outline.position + needed <= at + held.length) {
      const from = outline.position - at;
      const header = outline.accept(held.subarray(from, from + HEADER_BYTES));
      if (header === false) return false;
      if (header !== true) held.set(header, from);
    }
    return true;
  };
  try {
    for await (const bytes of source) {
      held = new Uint8Array(concat(held, bytes));
      const going = follow(HEADER_BYTES);
      const intact = Math.min(outline.position - at, held.length);
      yield held.slice(0, intact);
      if (!going) return;
      held = held.slice(intact);
      at += intact;
    }
    follow(1);
    yield held.slice(0, outline.position - at);
  } finally {
    await source.return();
  }
}
