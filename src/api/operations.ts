/**
 * The operations chain of a connection (W3C WebRTC 4.4.1.2): operations that negotiate run one after the other, in the
 * order of the calls, and the first starts at once.
 */
export class OperationsChain {
  #tail: Promise<unknown> = Promise.resolve();
  #length = 0;
  readonly #onEmpty: () => void;

  /** @param onEmpty - called when the last operation of the chain has settled */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Appends an operation; resolves or rejects as it does. */
  run<T>(operation: () => T | Promise<T>): Promise<T> {
    const first = this.#length++ === 0;
    const result = first ? attempt(operation) : this.#tail.then(operation);
    this.#tail = result.then(this.#settled, this.#settled);
    return result;
  }

  readonly #settled = (): void => {
    if (--this.#length === 0) this.#onEmpty();
  };
}

async function attempt<T>(operation: () => T | Promise<T>): Promise<T> {
  return operation();
}
