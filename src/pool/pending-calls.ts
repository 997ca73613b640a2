import { RtcError } from '../core/index.ts';
import { MAX_PENDING_CALLS } from './constants.ts';
import { fromErrorText, type Report } from './packets.ts';

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: RtcError): void;
}

/** Calls of a connection that its worker has not answered. */
export class PendingCalls {
  readonly #calls: Map<number, PendingCall> = new Map();
  #next = 1;

  /** Asks as {@link PendingCalls.always}, but rejects with `ERR_RESOURCE` when too many wait. */
  run(ask: (call: number) => void): Promise<unknown> {
    if (this.#calls.size >= MAX_PENDING_CALLS) return Promise.reject(new RtcError('ERR_RESOURCE', `more than ${MAX_PENDING_CALLS} calls wait for the worker`));
    return this.always(ask);
  }

  /**
   * Asks, and resolves or rejects as the worker does, however many wait: for the first call of a connection and its last.
   *
   * @param ask - asks the worker, under the call's number
   */
  always(ask: (call: number) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.#next++;
      this.#calls.set(call, { resolve, reject });
      ask(call);
    });
  }

  settle({ call, value, error }: Extract<Report, { readonly type: 'reply' }>): void {
    const waiting = this.#calls.get(call);
    this.#calls.delete(call);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(fromErrorText(error));
  }

  /** Nobody will answer any more. */
  rejectAll(error: RtcError): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(error);
  }
}
