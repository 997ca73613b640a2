import { RtcError } from '../core/index.ts';
import { PUSH_BYTES } from './constants.ts';

/**
 * A file that can be read from anywhere in it.
 *
 * @example
 * const blob = await openAsBlob('film.mp4'); // node:fs; Bun.file('film.mp4') is one too
 * const input = { size: blob.size, read: async (at, length) => new Uint8Array(await blob.slice(at, at + length).arrayBuffer()) };
 */
export interface RandomAccess {
  /** In bytes. */
  readonly size: number;
  /** Bytes from `position` on: `length` of them, unless the file ends before. */
  read(position: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/**
 * Where a file comes from: its bytes, anything that yields them in order (a stream of Node.js, a web stream, a generator), or an
 * object that reads where it is told to.
 */
export type MediaInput = Uint8Array | AsyncIterable<Uint8Array> | RandomAccess;

/** Whether an input can be read a second time. */
export function isReusable(input: MediaInput): input is Uint8Array | RandomAccess {
  return input instanceof Uint8Array || !(Symbol.asyncIterator in input);
}

/** The bytes of an input from its beginning, in pieces. */
export async function* bytesOf(input: MediaInput): AsyncGenerator<Uint8Array, void, void> {
  if (input instanceof Uint8Array) yield* pieces(input);
  else if (Symbol.asyncIterator in input) for await (const bytes of input) yield* pieces(bytes);
  else {
    for (let at = 0; at < input.size; ) {
      const bytes = await input.read(at, Math.min(PUSH_BYTES, input.size - at));
      if (bytes.length === 0) return;
      at += bytes.length;
      yield* pieces(bytes);
    }
  }
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  if (!(bytes instanceof Uint8Array)) throw new RtcError('ERR_INVALID_ARGUMENT', 'the input yields what is no Uint8Array');
  for (let at = 0; at < bytes.length; at += PUSH_BYTES) yield bytes.subarray(at, at + PUSH_BYTES);
}

/** An input whose beginning was read, to be read whole. */
export async function* replay(first: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array, void, void>): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* first;
    yield* rest;
  } finally {
    await rest.return();
  }
}
