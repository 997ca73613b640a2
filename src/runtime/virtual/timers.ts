import type { TimerHandle } from '../runtime.ts';
import { PHASE_AFTER_READS, PHASE_TIMER, type VirtualClock } from './clock.ts';

/** What asks to be called as soon as possible, again and again, must not stop time: every call takes this long. */
const LEAST_DELAY_MS = 0.001;

/** See `Runtime.setTimer`. */
export function setTimer(clock: VirtualClock, delayMs: number, callback: () => void): TimerHandle {
  if (delayMs === Infinity) return NEVER;
  return clock.at(clock.now + (delayMs > LEAST_DELAY_MS ? delayMs : LEAST_DELAY_MS), callback, PHASE_TIMER);
}

const NEVER: TimerHandle = Object.freeze({ cancel: () => {} });

/** See `Runtime.afterReads`: all arrivals of an instant come before. */
export function afterReads(clock: VirtualClock, callback: () => void): void {
  clock.at(clock.phase === PHASE_AFTER_READS ? clock.now + LEAST_DELAY_MS : clock.now, callback, PHASE_AFTER_READS);
}
