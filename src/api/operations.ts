/**
 * The operations chain of a connection (W3C WebRTC 4.4.1.2): operations that negotiate run one after the other, in the
 * order of the calls, and the first starts at once.
 */
export class OperationsChain {
  /** Settles with the last operation; there is none while the chain is empty. */
  #tail: Promise<unknown> | undefined;
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
    this.#length++;
    const result = this.#tail === undefined ? begin(operation) : this.#tail.then(operation);
    const settled = (): void => this.#onSettled();
    this.#tail = result.then(settled, settled);
    return result;
  }

  #onSettled(): void {
    if (--this.#length > 0) return;
    this.#tail = undefined;
    this.#onEmpty();
  }
}

function begin<T>(operation: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(operation());
  } catch (error) {
    return Promise.reject(error);
  }
}
