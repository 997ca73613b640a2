import { FLOAT_ZERO, type Instant } from '../../core/index.ts';
import { JITTER_GAIN, MAX_DROPOUT, MAX_MISORDER, MAX_TRANSIT_STEP_S } from './constants.ts';

/** What a report says of the time since the one before. */
export interface ReceptionInterval {
  /** In units of 1/256 (RFC 3550 6.4.1). */
  readonly fractionLost: number;
  readonly cumulativeLost: number;
}

/** What came of one source: numbers, losses and jitter as RFC 3550 A.1, A.3 and A.8 count them. Numbers only: no packet is kept. */
export class Reception {
  /** Packets that came, duplicates and late ones among them. */
  received: number = 0;
  #started = false;
  #base = 0;
  #highest = 0;
  #cycles = 0;
  /** The number that would prove a jump to be a new beginning. */
  #afterJump = -1;
  #receivedBefore = 0;
  #expectedBefore = 0;
  /** In ticks of the RTP clock. */
  #jitter: number = FLOAT_ZERO;
  #clockRateHz = 0;
  #arrivedTicks: number = FLOAT_ZERO;
  #timestamp: number = FLOAT_ZERO;
  #hasTransit = false;

  /** The highest sequence number with its wraps in the upper half (RFC 3550 6.4.1). */
  get highestSequence(): number {
    return this.#cycles + this.#highest;
  }

  /** Packets from the first to the highest. */
  get expected(): number {
    return this.#started ? this.highestSequence - this.#base + 1 : 0;
  }

  /** Packets that did not come; negative when more came twice than were lost. */
  get lost(): number {
    return this.expected - this.received;
  }

  /** In ticks of the RTP clock. */
  get jitter(): number {
    return Math.floor(this.#jitter) + 0;
  }

  get jitterSeconds(): number {
    return this.#clockRateHz === 0 ? 0 : this.#jitter / this.#clockRateHz + 0;
  }

  /** Counts a packet. Returns whether it is the newest. */
  count(sequence: number, timestamp: number, at: Instant, clockRateHz: number): boolean {
    if (!this.#started) this.#restart(sequence);
    else {
      const ahead = (sequence - this.#highest) & 0xffff;
      if (ahead >= MAX_DROPOUT && ahead <= 0x1_0000 - MAX_MISORDER) {
        // Two in a row after a jump: the other side began anew without a word (RFC 3550 A.1).
        if (sequence !== this.#afterJump) {
          this.#afterJump = (sequence + 1) & 0xffff;
          return false;
        }
        this.#restart(sequence);
      } else if (ahead === 0 || ahead > 0x1_0000 - MAX_MISORDER) {
        this.received++;
        return false;
      } else {
        if (sequence < this.#highest) this.#cycles += 0x1_0000;
        this.#highest = sequence;
      }
    }
    this.received++;
    this.#measureJitter(timestamp, at, clockRateHz);
    return true;
  }

  /** What was lost since this was asked last (RFC 3550 A.3). */
  interval(): ReceptionInterval {
    const { expected, received } = this;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = received;
    const fractionLost = expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(Math.floor((lostNow * 256) / expectedNow), 255);
    return { fractionLost, cumulativeLost: Math.min(Math.max(this.lost, -0x80_0000), 0x7f_ffff) };
  }

  #restart(sequence: number): void {
    this.#started = true;
    this.#base = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#afterJump = -1;
    this.received = 0;
    this.#receivedBefore = 0;
    this.#expectedBefore = 0;
    this.#hasTransit = false;
  }

  /** RFC 3550 A.8, for packets in order only: what comes again late is no jitter. */
  #measureJitter(timestamp: number, at: Instant, clockRateHz: number): void {
    if (clockRateHz <= 0) return;
    if (clockRateHz !== this.#clockRateHz) {
      this.#jitter = this.#clockRateHz === 0 ? 0 : (this.#jitter * clockRateHz) / this.#clockRateHz;
      this.#clockRateHz = clockRateHz;
      this.#hasTransit = false;
    }
    const ticks = (at * clockRateHz) / 1000;
    if (this.#hasTransit) {
      const step = Math.abs(ticks - this.#arrivedTicks - ((timestamp - this.#timestamp) | 0));
      if (step <= MAX_TRANSIT_STEP_S * clockRateHz) this.#jitter += (step - this.#jitter) * JITTER_GAIN;
    }
    this.#hasTransit = true;
    this.#arrivedTicks = ticks;
    this.#timestamp = timestamp;
  }
}
