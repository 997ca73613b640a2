import type { Instant } from '../../core/index.ts';
import type { TimerHandle } from '../runtime.ts';
import { monotonicNow } from './clock.ts';

/** The longest delay that `setTimeout` takes, in milliseconds; it turns a longer one into 1. */
export const MAX_SYSTEM_DELAY_MS: number = 2 ** 31 - 1;

/**
 * One timer. `setTimeout` counts from the loop's cached time and in whole milliseconds, so it may fire up to a millisecond
 * early, and it cannot wait for more than {@link MAX_SYSTEM_DELAY_MS}. Both are mended by waiting again for the rest.
 */
class NodeTimer implements TimerHandle {
  #callback: (() => void) | undefined;
  #timeout: NodeJS.Timeout | undefined;
  readonly #due: Instant;
  readonly #keepAlive: boolean;

  constructor(delayMs: number, callback: () => void, keepAlive: boolean) {
    this.#callback = callback;
    this.#keepAlive = keepAlive;
    const delay = delayMs > 0 ? delayMs : 0; // NaN counts as 0
    this.#due = monotonicNow() + delay;
    this.#arm(delay);
  }

  cancel(): void {
    this.#callback = undefined;
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }

  #arm(delayMs: number): void {
    this.#timeout = setTimeout(NodeTimer.#fire, delayMs < MAX_SYSTEM_DELAY_MS ? Math.ceil(delayMs) : MAX_SYSTEM_DELAY_MS, this);
    if (!this.#keepAlive) this.#timeout.unref();
  }

  static #fire(timer: NodeTimer): void {
    const left = timer.#due - monotonicNow();
    if (left > 0) return timer.#arm(left);
    const callback = timer.#callback;
    timer.#callback = undefined;
    timer.#timeout = undefined;
    callback?.();
  }
}

/** See `Runtime.setTimer`. */
export function setTimer(delayMs: number, callback: () => void, keepAlive = true): TimerHandle {
  return new NodeTimer(delayMs, callback, keepAlive);
}

/** See `Runtime.afterReads`: the check phase of the event loop comes right behind its poll phase. */
export function afterReads(callback: () => void): void {
  setImmediate(callback);
}
