import { distance16 } from '../../core/index.ts';
import { ARRIVAL_TICK_MS, PacketStatus, REFERENCE_TIME_TICKS, type TransportFeedback } from '../../rtcp/index.ts';
import { Unwrapper } from '../../rtp/index.ts';
import type { PacketResults } from './results.ts';
import { Fate, type SentHistory } from './sent-history.ts';

/**
 * Turns transport-wide feedback into results of packets that were sent. Believes nothing that cannot be: numbers that were not
 * sent, and packets that came twice, are left out.
 */
export class TransportFeedbackReader {
  readonly #history: SentHistory;
  readonly #reference: Unwrapper = new Unwrapper(24);
  #feedbackCount = -1;
  /** The first packet that no feedback told of. */
  #nextUntold = 0;

  constructor(history: SentHistory) {
    this.#history = history;
  }

  /** Fills `results`; false when the feedback is about nothing that was sent. */
  read(feedback: TransportFeedback, results: PacketResults): boolean {
    results.clear();
    const history = this.#history;
    const last = history.next - 1;
    const first = last + distance16(feedback.baseSequence, last & 0xffff);
    if (first > last || first + feedback.statuses.length <= history.oldest) return false;
    this.#skipUntold(first, feedback.feedbackCount, results);
    let ticks = this.#reference.unwrap(feedback.referenceTime) * REFERENCE_TIME_TICKS;
    const { statuses, deltas } = feedback;
    const count = Math.min(statuses.length, last + 1 - first);
    for (let i = 0; i < count && results.hasRoom; i++) {
      const status = statuses[i] as number;
      const isTimed = status === PacketStatus.smallDelta || status === PacketStatus.largeDelta;
      if (isTimed) ticks += deltas[i] as number;
      this.#tell(first + i, status !== PacketStatus.lost, isTimed ? ticks * ARRIVAL_TICK_MS : NaN, results);
    }
    this.#nextUntold = Math.max(this.#nextUntold, first + count);
    return true;
  }

  #tell(number: number, received: boolean, receivedAt: number, results: PacketResults): void {
    const history = this.#history;
    const fate = history.fate(number);
    // What was told lost may be told again as received: it was late.
    if (fate === Fate.none || fate === Fate.received || (fate === Fate.lost && !received)) return;
    history.setFate(number, received ? Fate.received : Fate.lost);
    results.add(history.sentAt(number), received, receivedAt, history.sizeBytes(number), history.probe(number));
  }

  /** Packets between the last feedback and this one, when those between got lost on the way. */
  #skipUntold(first: number, feedbackCount: number, results: PacketResults): void {
    const history = this.#history;
    const hasGap = this.#feedbackCount >= 0 && ((feedbackCount - this.#feedbackCount) & 0xff) !== 1;
    this.#feedbackCount = feedbackCount;
    if (!hasGap) return;
    for (let number = Math.max(this.#nextUntold, history.oldest); number < first; number++) {
      if (history.fate(number) !== Fate.pending) continue;
      history.setFate(number, Fate.untold);
      results.untoldBytes += history.sizeBytes(number);
    }
  }
}
