import type { TimerHandle } from '../runtime.ts';
import { PHASE_AFTER_READS, PHASE_TIMER, type VirtualClock } from './clock.ts';

/** See `Runtime.setTimer`. */
export function setTimer(clock: VirtualClock, delayMs: number, callback: () => void): TimerHandle {
  if (delayMs === Infinity) return NEVER;
  return clock.at(clock.now + (delayMs > 0 ? delayMs : 0), callback, PHASE_TIMER);
}

const NEVER: TimerHandle = Object.freeze({ cancel: () => {} });

/** See `Runtime.afterReads`: all arrivals of an instant come before. */
export function afterReads(clock: VirtualClock, callback: () => void): void {
  clock.at(clock.now, callback, PHASE_AFTER_READS);
}
