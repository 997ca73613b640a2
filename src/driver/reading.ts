import type { Runtime } from '../runtime/runtime.ts';

/** Who is handed datagrams. */
export interface Reader {
  /** Datagrams of another reader follow: what has come so far is to be handed over and answered. */
  onReadingEnd(): void;
}

/**
 * Which of the connections on one runtime is being read. An event loop reads socket after socket and leaves none before it is empty, or has
 * had its share. So after several datagrams of one connection the first of another says that all is here that this turn of the loop brings:
 * what was read is handed over while it is in the processor's caches, and before the sockets of a thousand other connections have been read too.
 * Where sockets are read by turns, a datagram each, as on Deno, there is nothing to be told by that.
 */
export class Reading {
  static readonly #all: WeakMap<Runtime, Reading> = new WeakMap();
  #reader: Reader | undefined;
  /** Whether the last two datagrams were of one reader. */
  #isRun = false;

  static of(runtime: Runtime): Reading {
    let reading = Reading.#all.get(runtime);
    if (reading === undefined) Reading.#all.set(runtime, (reading = new Reading()));
    return reading;
  }

  /** A datagram of `reader` has come. What the last reader does then may close this one. */
  begin(reader: Reader): void {
    const last = this.#reader;
    const isRun = this.#isRun;
    this.#reader = reader;
    this.#isRun = last === reader;
    if (isRun && last !== reader) last?.onReadingEnd();
  }

  /** `reader` is gone. */
  end(reader: Reader): void {
    if (this.#reader === reader) this.#reader = undefined;
  }
}
