import { distance16, type Instant } from '../../core/index.ts';
import { MAX_RETRY_MS, MIN_RETRY_MS, RECEIVE_WINDOW, RETRY_GROWTH, RETRY_MARGIN_MS } from './constants.ts';

/** What a packet is to those that came before. `jump`: too far ahead for a gap, and all gaps are forgotten. */
export type Arrival = 'next' | 'gap' | 'late' | 'duplicate' | 'old' | 'jump';

/** How missing packets are asked for. */
export interface GapPolicy {
  readonly reorderMs: number;
  readonly maxTries: number;
  readonly giveUpMs: number;
}

const UNKNOWN = 0;
const CAME = 1;
const MISSING = 2;
const MASK = RECEIVE_WINDOW - 1;

/** Which of the last sequence numbers of a stream came, which are missing, and when each of these is to be asked for. */
export class Gaps {
  readonly #policy: GapPolicy;
  readonly #state: Uint8Array = new Uint8Array(RECEIVE_WINDOW);
  // Of missing packets only.
  readonly #missedAt: Float64Array = new Float64Array(RECEIVE_WINDOW);
  readonly #dueAt: Float64Array = new Float64Array(RECEIVE_WINDOW);
  readonly #tries: Uint8Array = new Uint8Array(RECEIVE_WINDOW);
  /** The highest number, without wraps; −1 before the first. */
  #highest = -1;
  /** No number below it is missing. */
  #lowestMissing = 0;
  #missing = 0;
  /** Packets that were given up. */
  abandoned: number = 0;

  constructor(policy: GapPolicy) {
    this.#policy = policy;
  }

  /** How many packets are missing. */
  get missing(): number {
    return this.#missing;
  }

  /** Notes a packet that came. */
  arrive(sequence: number, now: Instant): Arrival {
    // Starts a whole space above zero, so that late packets never make numbers negative.
    if (this.#highest < 0) return this.#start(0x1_0000 + sequence, 'next');
    const ahead = distance16(sequence, this.#highest & 0xffff);
    if (ahead >= RECEIVE_WINDOW) return this.#start(this.#highest + ahead, 'jump');
    if (ahead > 0) return this.#advance(this.#highest + ahead, now);
    return this.#fill(this.#highest + ahead);
  }

  /** Notes a packet that need not come any more. */
  recovered(sequence: number): void {
    const number = this.#highest + distance16(sequence, this.#highest & 0xffff);
    if (this.#highest >= 0 && number <= this.#highest) this.#fill(number);
  }

  /**
   * Adds to `lost` the numbers to ask for now, and gives up those that were asked for in vain. Returns when to look again, `Infinity`
   * for never.
   */
  ask(lost: number[], roundTripMs: number, now: Instant): Instant {
    const { maxTries, giveUpMs } = this.#policy;
    let next = Infinity;
    let lowest = this.#highest + 1;
    for (let number = this.#lowestMissing; number <= this.#highest && this.#missing > 0; number++) {
      const at = number & MASK;
      if (this.#state[at] !== MISSING) continue;
      const tries = this.#tries[at] as number;
      const due = this.#dueAt[at] as number;
      const ends = (this.#missedAt[at] as number) + giveUpMs;
      if (now >= ends || (tries >= maxTries && now >= due)) {
        this.#abandon(at);
        continue;
      }
      if (now >= due) {
        lost.push(number & 0xffff);
        this.#tries[at] = tries + 1;
        this.#dueAt[at] = now + retryMs(roundTripMs, tries);
      }
      lowest = Math.min(lowest, number);
      next = Math.min(next, this.#dueAt[at] as number, ends);
    }
    this.#lowestMissing = lowest;
    return next;
  }

  #start(number: number, arrival: Arrival): Arrival {
    this.#state.fill(UNKNOWN);
    this.abandoned += this.#missing;
    this.#missing = 0;
    this.#highest = number;
    this.#lowestMissing = number + 1;
    this.#state[number & MASK] = CAME;
    return arrival;
  }

  #advance(number: number, now: Instant): Arrival {
    const due = now + this.#policy.reorderMs;
    const gap = number > this.#highest + 1;
    for (let between = this.#highest + 1; between < number; between++) {
      const at = between & MASK;
      if (this.#state[at] === MISSING) this.#abandon(at);
      this.#state[at] = MISSING;
      this.#missedAt[at] = now;
      this.#dueAt[at] = due;
      this.#tries[at] = 0;
      this.#missing++;
    }
    const at = number & MASK;
    if (this.#state[at] === MISSING) this.#abandon(at);
    this.#state[at] = CAME;
    if (this.#missing === 0) this.#lowestMissing = number + 1;
    this.#highest = number;
    // Numbers that left the window are not looked for.
    this.#lowestMissing = Math.max(this.#lowestMissing, number - RECEIVE_WINDOW + 1);
    return gap ? 'gap' : 'next';
  }

  #fill(number: number): Arrival {
    if (number <= this.#highest - RECEIVE_WINDOW) return 'old';
    const at = number & MASK;
    const state = this.#state[at];
    if (state === CAME) return 'duplicate';
    if (state === MISSING) this.#missing--;
    this.#state[at] = CAME;
    return 'late';
  }

  #abandon(at: number): void {
    this.#state[at] = UNKNOWN;
    this.#missing--;
    this.abandoned++;
  }
}

/** How long to wait for a packet after it was asked for the (`tries` + 1)th time. */
function retryMs(roundTripMs: number, tries: number): number {
  const wait = (roundTripMs + RETRY_MARGIN_MS) * RETRY_GROWTH ** tries;
  return Math.min(Math.max(wait, MIN_RETRY_MS), MAX_RETRY_MS);
}
