import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

// Buffers lie outside of the engine's heap, and V8 counts them against its old generation however young they die. In a process whose
// heap is small it starts a full collection for every 20 MB of them, 7 to 20 a second while much is transferred, and each stops
// everything for some milliseconds and marks for longer beside. A young collection frees the same buffers for a tenth of that, but begins
// only when the young generation is full, and few objects come with a packet. So the young generation is kept as full as the buffers have
// used up of what V8 allows them, and where the objects that come with them do not suffice, it is filled.

/** So many bytes of datagrams in either direction are followed by a look at the heap, which takes 1 to 2 µs when it is hot. */
export const LOOK_BYTES: number = 256 * 1024;
/** V8's young generation consists of pages that have so much room for objects, in bytes. */
const PAGE_BYTES: number = 251 * 1024;
/**
 * Elements of a piece of filling: more than half a page, and little enough for V8 to keep it there. So each begins a page, and fills it though
 * only half of it is written.
 */
const PIECE_ELEMENTS = 16_300;
/** V8 begins a young collection by itself for this many bytes of young buffers. */
const YOUNG_BUFFERS_BYTES: number = 32 * 1024 * 1024;
/** The growth of the old generation that V8 allows at least, as a share of it and in bytes; when it has little time for collecting it allows no more. */
const OLD_GROWTH = 0.2;
const LEAST_OLD_GROWTH_BYTES: number = 8 * 1024 * 1024;
/**
 * When the young generation is to be full. What a collection frees is counted off with the next one only, so that less than half of that growth
 * may be used up; and what is used anew sooner is still in the processor's caches.
 */
const SHARE_OF_ROOM = 0.4;

let passed = 0;
let isUseful = true;
/** What the young generation had after the last look. When it has less, it was collected in between. */
let usedBefore = 0;
/** The least that the buffers had since the last young collection. */
let least = Infinity;
/** Where the engine cannot see that a piece is of no use. */
const kept: { piece: unknown[] | undefined } = { piece: undefined };

/** A datagram of so many bytes came or goes: it lies in a buffer, and what it was made of or what is made of it in others. */
export function datagramPasses(bytes: number): void {
  passed += bytes;
  if (passed < LOOK_BYTES) return;
  passed = 0;
  if (isUseful) look();
}

function look(): void {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  // Another engine with the modules of Node.js, as Bun's: it has no such generation, and a look at its heap takes as long as collecting it.
  if (young === undefined || young.space_size === 0) {
    isUseful = false;
    return;
  }
  const { external_memory: buffers, used_heap_size: heapBytes } = getHeapStatistics();
  const { space_used_size: usedBytes, space_available_size: freeBytes } = young;
  least = usedBytes < usedBefore ? buffers : Math.min(least, buffers);
  fill(fillingBytes({ usedBytes, freeBytes, heapBytes, grownBytes: buffers - least }));
  usedBefore = usedBytes;
}

/** What is less than a page waits for the next look. */
function fill(bytes: number): void {
  for (let left = bytes; left >= PAGE_BYTES; left -= PAGE_BYTES) {
    kept.piece = new Array(PIECE_ELEMENTS);
    kept.piece = undefined; // a piece that outlived a collection would be copied, and make the generation grow
  }
}

/** What a look sees, in bytes: of the young generation, of the heap, and by how much the buffers have grown since the last young collection. */
export interface Seen {
  readonly usedBytes: number;
  readonly freeBytes: number;
  readonly heapBytes: number;
  readonly grownBytes: number;
}

/**
 * What is to be filled in so that the young generation is full before the old one may be collected for the buffers, and then a page more, which
 * makes V8 collect the young one at once; 0 where they may grow so much that V8 does so first by itself.
 */
export function fillingBytes({ usedBytes, freeBytes, heapBytes, grownBytes }: Seen): number {
  const youngBytes = usedBytes + freeBytes;
  const room = Math.max(LEAST_OLD_GROWTH_BYTES, OLD_GROWTH * heapBytes) + youngBytes;
  if (room > YOUNG_BUFFERS_BYTES) return 0;
  const share = grownBytes / (SHARE_OF_ROOM * room);
  return share >= 1 ? freeBytes + PAGE_BYTES : Math.max(0, youngBytes * share - usedBytes);
}
