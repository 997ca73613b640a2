import { concat, DecodeError } from '../core/index.ts';
import type { RandomAccess } from './input.ts';

// The outline of a Matroska file (RFC 9559 5.1): what stands directly in the file and in its Segment. A reader that looks for a way
// to go on behind damage may look for ever, so a file is read up to the first element that should not stand where it is.

/** Longest header of an element that is read: four bytes of id, eight of size (RFC 8794 4, 5). */
const HEADER_BYTES = 12;
const WINDOW_BYTES = 65_536;

const EBML = 0x1a45_dfa3;
const SEGMENT = 0x1853_8067;
const CLUSTER = 0x1f43_b675;
const VOID = 0xec;
/** SeekHead, Info, Tracks, Cues, Attachments, Chapters, Tags. */
const TOP: ReadonlySet<number> = new Set([0x114d_9b74, 0x1549_a966, 0x1654_ae6b, 0x1c53_bb6b, 0x1941_a469, 0x1043_a770, 0x1254_c367, CLUSTER, VOID]);
/** Children of a cluster whose size is not known: Timestamp, SimpleBlock, BlockGroup, PrevSize, Position, SilentTracks, Void, CRC-32. */
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

/** Follows the outline of a file from header to header. */
class Outline {
  /** Where the next header stands, in bytes from the start of the file. */
  position = 0;
  #inSegment = false;
  #inOpenCluster = false;

  /** Takes the header at `position` and moves on; false when the file must end here. */
  accept(bytes: Uint8Array): boolean {
    const header = decodeHeader(bytes);
    if (header === undefined || !this.#belongs(header.id)) return false;
    const { id, size, headerBytes } = header;
    this.position += headerBytes;
    if (id === SEGMENT) this.#inSegment = true;
    else if (id === CLUSTER && size === undefined) this.#inOpenCluster = true;
    else if (size === undefined) return false;
    else {
      if (TOP.has(id) && id !== VOID) this.#inOpenCluster = false;
      this.position += size;
    }
    return true;
  }

  #belongs(id: number): boolean {
    if (!this.#inSegment) return id === EBML || id === SEGMENT || id === VOID;
    return TOP.has(id) || (this.#inOpenCluster && IN_CLUSTER.has(id));
  }
}

/** How many bytes from its start on a file is sound. */
export function soundBytes(file: Uint8Array): number {
  const outline = new Outline();
  while (outline.position < file.length && outline.accept(file.subarray(outline.position, outline.position + HEADER_BYTES)));
  return Math.min(outline.position, file.length);
}

/** The sound beginning of a file that is read from anywhere. */
export async function soundPart(file: RandomAccess): Promise<RandomAccess> {
  const outline = new Outline();
  let window = new Uint8Array(0);
  let windowAt = 0;
  for (let going = true; going && outline.position < file.size; ) {
    const from = outline.position - windowAt;
    if (from < 0 || (from + HEADER_BYTES > window.length && windowAt + window.length < file.size)) {
      windowAt = outline.position;
      window = new Uint8Array(await file.read(windowAt, Math.min(WINDOW_BYTES, file.size - windowAt)));
      if (window.length < Math.min(HEADER_BYTES, file.size - windowAt)) throw new DecodeError('media.webm', 'fewer bytes than the file should have');
    }
    going = outline.accept(window.subarray(outline.position - windowAt, outline.position - windowAt + HEADER_BYTES));
  }
  return { size: Math.min(outline.position, file.size), read: (position, length) => file.read(position, length) };
}

/** The sound beginning of a file that comes as a stream. */
export async function* soundStream(source: AsyncGenerator<Uint8Array, void, void>): AsyncGenerator<Uint8Array, void, void> {
  const outline = new Outline();
  /** Bytes that were not passed on, and where they stand. */
  let held = new Uint8Array(0);
  let at = 0;
  try {
    for await (const bytes of source) {
      held = held.length === 0 ? new Uint8Array(bytes) : new Uint8Array(concat(held, bytes));
      while (outline.position + HEADER_BYTES <= at + held.length) {
        if (outline.accept(held.subarray(outline.position - at, outline.position - at + HEADER_BYTES))) continue;
        yield held.subarray(0, outline.position - at);
        return;
      }
      const sound = Math.min(outline.position - at, held.length);
      yield held.subarray(0, sound);
      held = held.subarray(sound);
      at += sound;
    }
    while (outline.position < at + held.length && outline.accept(held.subarray(outline.position - at, outline.position - at + HEADER_BYTES)));
    yield held.subarray(0, outline.position - at);
  } finally {
    await source.return();
  }
}
