import type { Instant } from '../../core/index.ts';
import { REPEAT_INTERVAL_MS } from '../constants.ts';
import type { RecordWriter } from '../record/writer.ts';
import { Flight, type FlightItem, packFlight } from './flight.ts';

/** Sends flights and sends them again: the timer and the peer's own repetitions ask for it (RFC 6347 4.2.4). */
export class FlightSender {
  readonly #writer: RecordWriter;
  readonly #initialRtoMs: number;
  readonly #maxRtoMs: number;
  #flight: Flight | undefined;
  #rtoMs: number;
  /** Largest datagram, in bytes. */
  mtuBytes: number;
  retransmissions = 0;

  constructor(writer: RecordWriter, limits: { readonly mtuBytes: number; readonly initialRtoMs: number; readonly maxRtoMs: number }) {
    this.#writer = writer;
    this.mtuBytes = limits.mtuBytes;
    this.#initialRtoMs = limits.initialRtoMs;
    this.#maxRtoMs = limits.maxRtoMs;
    this.#rtoMs = limits.initialRtoMs;
  }

  /** Time until the next retransmission. */
  get rtoMs(): number {
    return this.#rtoMs;
  }

  /** Sends a new flight, which the peer's answer to the last one called for. */
  send(items: readonly FlightItem[], now: Instant): Uint8Array[] {
    const answered = this.#flight;
    if (answered !== undefined) this.#learn(answered, now);
    this.#flight = new Flight(items, now);
    return this.#transmit(this.#flight, now);
  }

  /** The timer ran out: the flight again, and twice the time until the next. */
  onTimeout(now: Instant): Uint8Array[] {
    if (this.#flight === undefined) return [];
    this.#rtoMs = Math.min(2 * this.#rtoMs, this.#maxRtoMs);
    return this.#again(this.#flight, now);
  }

  /**
   * The peer repeated the flight that ours answers, so ours is lost. Repetitions in the clear after the handshake may
   * be anybody's and are answered once a second at most; for others half the first timeout keeps a datagram that the
   * network doubled from doubling the answer.
   */
  onRepeat(now: Instant, trusted: boolean): Uint8Array[] {
    const flight = this.#flight;
    if (flight === undefined || now - flight.lastSentAt < (trusted ? this.#initialRtoMs / 2 : REPEAT_INTERVAL_MS)) return [];
    return this.#again(flight, now);
  }

  /** Nothing is left to repeat. */
  forget(): void {
    this.#flight = undefined;
  }

  #again(flight: Flight, now: Instant): Uint8Array[] {
    this.retransmissions++;
    return this.#transmit(flight, now);
  }

  #transmit(flight: Flight, now: Instant): Uint8Array[] {
    flight.lastSentAt = now;
    flight.transmissions++;
    return packFlight(flight.items, this.#writer, this.mtuBytes);
  }

  /** The time to the answer bounds the round trip: the next flight need not be repeated sooner (RFC 6347 4.2.4.1). */
  #learn(answered: Flight, now: Instant): void {
    const elapsed = now - answered.firstSentAt;
    const rto = answered.transmissions === 1 ? 1.5 * elapsed : elapsed;
    this.#rtoMs = Math.min(Math.max(rto, this.#initialRtoMs), this.#maxRtoMs);
  }
}
