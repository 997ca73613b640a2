import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

// Buffers lie outside of the engine's heap, and V8 counts them against its old generation however young they die. In a process whose
// heap is small it starts a full collection for every 20 MB of them, 20 or more a second while much is transferred, and each stops
// everything for some milliseconds. A young collection frees the same buffers for a tenth of that, but begins only when the young
// generation is full, and few objects come with a large packet. So the young generation is filled in step with the buffers.

/** How many bytes of buffers are followed by one piece of filling, and how many pieces by a look at the heap. */
export const STEP_BYTES: number = 128 * 1024;
const STEPS_PER_LOOK = 64;
/** Elements of the largest piece; V8 keeps longer arrays elsewhere. */
export const LARGEST_PIECE = 15_000;
export const ELEMENT_BYTES = 8;
/** V8 begins a young collection by itself for this many bytes of young buffers. */
const YOUNG_BUFFERS_BYTES: number = 32 * 1024 * 1024;
/** The growth of the old generation that V8 allows at least, as a share of it and in bytes; when it has little time for collecting it allows no more. */
const OLD_GROWTH = 0.2;
const LEAST_OLD_GROWTH_BYTES: number = 8 * 1024 * 1024;
/** The young generation is to be full well before that growth is used up. */
const SAFETY = 0.6;

let made = 0;
let untilLook = 0;
let elements = 0;
/** Where the engine cannot see that a piece is of no use. */
const kept: { piece: unknown[] | undefined } = { piece: undefined };

/** Buffers of so many bytes were made, or are going to be, that will not live long. */
export function buffersMade(bytes: number): void {
  made += bytes;
  if (made >= STEP_BYTES) fill();
}

function fill(): void {
  made = 0;
  if (untilLook-- <= 0) look();
  kept.piece = elements > 0 ? new Array(elements) : undefined;
}

function look(): void {
  untilLook = STEPS_PER_LOOK;
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
  // Another engine with the modules of Node.js, as Bun's: it has no such generation, and a look at its heap takes as long as collecting it.
  if (young === 0) untilLook = Infinity;
  else elements = pieceElements(young / 2, getHeapStatistics().used_heap_size);
}

/**
 * How many elements a piece must have so that the young generation, of `youngBytes`, is full before the old one, of `heapBytes`, may
 * be collected for the buffers; 0 where it is so large that V8 collects the young one first by itself.
 */
export function pieceElements(youngBytes: number, heapBytes: number): number {
  const room = Math.max(LEAST_OLD_GROWTH_BYTES, OLD_GROWTH * heapBytes) + youngBytes;
  if (room > YOUNG_BUFFERS_BYTES) return 0;
  return Math.min(LARGEST_PIECE, Math.floor(((youngBytes / (SAFETY * room)) * STEP_BYTES) / ELEMENT_BYTES));
}
