import { ReplayWindow } from './replay.ts';

/** What was received with one SSRC. */
export interface ReceiveStream {
  readonly ssrc: number;
  readonly window: ReplayWindow;
  declared: boolean;
  /** Which packet of the session it had last, to find the one longest unused. */
  usedAt: number;
}

/**
 * The streams that the peer sends. Only an authenticated packet makes one; those that nobody declared are bounded, and the
 * one longest unused goes first.
 */
export class Receivers {
  readonly #streams: Map<number, ReceiveStream> = new Map();
  readonly #declared: Set<number> = new Set();
  readonly #window: number;
  readonly #limit: number;
  #undeclared = 0;
  #clock = 0;
  #last: ReceiveStream | undefined;

  constructor(window: number, undeclaredLimit: number) {
    this.#window = window;
    this.#limit = undeclaredLimit;
  }

  get count(): number {
    return this.#streams.size;
  }

  /** The stream of an SSRC, if an authenticated packet came before. */
  find(ssrc: number): ReceiveStream | undefined {
    const last = this.#last;
    if (last !== undefined && last.ssrc === ssrc) return last;
    return this.#streams.get(ssrc);
  }

  /** Notes an authenticated packet. Returns whether another stream had to be forgotten. */
  accept(stream: ReceiveStream | undefined, ssrc: number, index: number): boolean {
    let evicted = false;
    let found = stream;
    if (found === undefined) {
      found = { ssrc, window: new ReplayWindow(this.#window), declared: this.#declared.has(ssrc), usedAt: 0 };
      if (!found.declared) evicted = this.#makeRoom();
      this.#streams.set(ssrc, found);
    }
    this.#last = found;
    found.usedAt = ++this.#clock;
    found.window.accept(index);
    return evicted;
  }

  /** Keeps the stream of an SSRC for as long as it is declared. */
  declare(ssrc: number): void {
    this.#declared.add(ssrc);
    const stream = this.#streams.get(ssrc);
    if (stream === undefined || stream.declared) return;
    stream.declared = true;
    this.#undeclared--;
  }

  /** Makes the stream of an SSRC one of those that may be forgotten. */
  undeclare(ssrc: number): void {
    if (!this.#declared.delete(ssrc)) return;
    const stream = this.#streams.get(ssrc);
    if (stream === undefined) return;
    this.#makeRoom();
    stream.declared = false;
  }

  clear(): void {
    this.#streams.clear();
    this.#declared.clear();
    this.#undeclared = 0;
    this.#last = undefined;
  }

  /** Counts one more undeclared stream and forgets the one longest unused when they are too many. */
  #makeRoom(): boolean {
    this.#undeclared++;
    if (this.#undeclared <= this.#limit) return false;
    let oldest: ReceiveStream | undefined;
    for (const stream of this.#streams.values()) {
      if (!stream.declared && (oldest === undefined || stream.usedAt < oldest.usedAt)) oldest = stream;
    }
    if (oldest === undefined) return false;
    this.#streams.delete(oldest.ssrc);
    if (this.#last === oldest) this.#last = undefined;
    this.#undeclared--;
    return true;
  }
}
