import { FLOAT_ZERO, type Instant } from '../../core/index.ts';
import { BURST_MS, CLOCK_JUMP_MS, MAX_BURST_MS, MAX_REORDERED_GROUPS } from './constants.ts';

/** Packets that left in one burst, as one. */
interface Group {
  firstSentAt: Instant;
  lastSentAt: Instant;
  firstReceivedAt: number;
  lastReceivedAt: number;
  /** When feedback told of its last packet, on our clock. */
  toldAt: Instant;
}

/**
 * Groups packets that left together and compares each group with the one before it (draft-ietf-rmcat-gcc-02 5.2, 5.3): how much longer
 * it was on the way shows whether a queue grows.
 */
export class InterArrival {
  /** How much later this group was sent than the one before, in ms; of the last {@link InterArrival.add} that returned true. */
  sendDeltaMs: number = FLOAT_ZERO;
  /** How much later it arrived. */
  receiveDeltaMs: number = FLOAT_ZERO;
  /** When the group had arrived, on the receiver's clock. */
  receivedAt: number = FLOAT_ZERO;
  #current: Group | undefined;
  #previous: Group | undefined;
  #reordered = 0;

  /** Adds a packet; true when it begins a group and so completes one that can be compared. */
  add(sentAt: Instant, receivedAt: number, now: Instant): boolean {
    const group = this.#current;
    if (group === undefined) {
      this.#current = this.#begin(undefined, sentAt, receivedAt, now);
      return false;
    }
    // A packet that was sent before its group says nothing of it.
    if (sentAt < group.firstSentAt) return false;
    if (!isNewGroup(group, sentAt, receivedAt)) {
      if (sentAt > group.lastSentAt) group.lastSentAt = sentAt;
      if (receivedAt > group.lastReceivedAt) group.lastReceivedAt = receivedAt;
      group.toldAt = now;
      return false;
    }
    const isCompared = this.#previous !== undefined && this.#compare(group, this.#previous);
    // A jump of the clock forgot everything.
    if (this.#current === undefined) {
      this.#current = this.#begin(undefined, sentAt, receivedAt, now);
      return false;
    }
    const spare = this.#previous;
    this.#previous = group;
    this.#current = this.#begin(spare, sentAt, receivedAt, now);
    return isCompared;
  }

  reset(): void {
    this.#current = undefined;
    this.#previous = undefined;
    this.#reordered = 0;
  }

  #compare(group: Group, previous: Group): boolean {
    this.sendDeltaMs = group.lastSentAt - previous.lastSentAt;
    this.receiveDeltaMs = group.lastReceivedAt - previous.lastReceivedAt;
    this.receivedAt = group.lastReceivedAt;
    // The clock of the receiver, against the time that passed here while it told.
    if (Math.abs(this.receiveDeltaMs - (group.toldAt - previous.toldAt)) >= CLOCK_JUMP_MS) {
      this.reset();
      return false;
    }
    if (this.receiveDeltaMs < 0) {
      if (++this.#reordered >= MAX_REORDERED_GROUPS) this.reset();
      return false;
    }
    this.#reordered = 0;
    return true;
  }

  #begin(spare: Group | undefined, sentAt: Instant, receivedAt: number, now: Instant): Group {
    if (spare === undefined) return { firstSentAt: sentAt, lastSentAt: sentAt, firstReceivedAt: receivedAt, lastReceivedAt: receivedAt, toldAt: now };
    spare.firstSentAt = spare.lastSentAt = sentAt;
    spare.firstReceivedAt = spare.lastReceivedAt = receivedAt;
    spare.toldAt = now;
    return spare;
  }
}

function isNewGroup(group: Group, sentAt: Instant, receivedAt: number): boolean {
  if (isBurst(group, sentAt, receivedAt)) return false;
  return sentAt - group.firstSentAt > BURST_MS;
}

/** Packets that some hop held back and let go at once belong together, whenever they were sent. */
function isBurst(group: Group, sentAt: Instant, receivedAt: number): boolean {
  const sendDelta = sentAt - group.lastSentAt;
  if (sendDelta <= 0) return true;
  const receiveDelta = receivedAt - group.lastReceivedAt;
  return receiveDelta - sendDelta < 0 && receiveDelta <= BURST_MS && receivedAt - group.firstReceivedAt < MAX_BURST_MS;
}
