import type { RtcError } from '../core/index.ts';

/** A promise that is settled from outside. Who does not wait for it is not told of its rejection. */
export class Later {
  readonly promise: Promise<void>;
  #resolve: () => void = noop;
  #reject: (error: RtcError) => void = noop;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(noop);
  }

  resolve(): void {
    this.#resolve();
    this.#forget();
  }

  reject(error: RtcError): void {
    this.#reject(error);
    this.#forget();
  }

  /** A promise that is settled holds nothing that is. */
  #forget(): void {
    this.#resolve = noop;
    this.#reject = noop;
  }
}

function noop(): void {}
