import { RtcError } from '../core/index.ts';
import { ByteQueue } from './byte-queue.ts';
import type { MediaFormat, MediaFrame } from './frame.ts';

/**
 * Takes a file apart as its bytes come, without knowing where they come from. Everything it holds is bounded.
 *
 * @example
 * const reader = new IvfReader();
 * for await (const bytes of createReadStream('film.ivf')) {
 *   reader.push(bytes);
 *   for (let frame = reader.next(); frame !== undefined; frame = reader.next()) play(frame);
 * }
 * reader.end();
 * for (let frame = reader.next(); frame !== undefined; frame = reader.next()) play(frame);
 */
export interface MediaReader {
  /** What the frames are; known before the first one is given out, absent until then. */
  readonly format: MediaFormat | undefined;
  /** Whether the input ended in the middle of something; what was begun there is not given out. Known once all was read. */
  readonly truncated: boolean;
  /** Takes bytes, of which it makes a copy. Throws `ERR_RESOURCE` when 16 MiB wait unread, `ERR_INVALID_STATE` after `end`. */
  push(bytes: Uint8Array): void;
  /** No more bytes will come. */
  end(): void;
  /** The next frame; `undefined` when more bytes are needed or, after `end`, all were given out. Throws `DecodeError`, from then on always. */
  next(): MediaFrame | undefined;
}

/** What all readers share: the bytes that wait, the end, and that a reader that failed stays so. */
export abstract class PushReader<T> {
  protected readonly input: ByteQueue = new ByteQueue();
  #ended = false;
  #truncated = false;
  #failure: Error | undefined;

  get truncated(): boolean {
    return this.#truncated;
  }

  push(bytes: Uint8Array): void {
    if (this.#ended) throw new RtcError('ERR_INVALID_STATE', 'bytes after the end');
    if (this.#failure === undefined) this.input.push(bytes);
  }

  end(): void {
    this.#ended = true;
  }

  next(): T | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.read();
    } catch (error) {
      this.#failure = error as Error;
      this.input.skip(this.input.length);
      throw error;
    }
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  /** Drops what waits at the end of an input that breaks off. */
  protected truncate(): undefined {
    if (this.#ended && this.input.length > 0) {
      this.#truncated = true;
      this.input.skip(this.input.length);
    }
    return undefined;
  }

  /** The next of what the input holds, or `undefined`. Throws `DecodeError`. */
  protected abstract read(): T | undefined;
}
