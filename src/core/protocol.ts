/** A point on the injected monotonic clock, in milliseconds (fractions allowed). Never wall time. */
export type Instant = number;

/** When a machine next needs {@link Protocol.handleTimeout}, and which of its timers that is. */
export interface Deadline<Reason extends string = string> {
  readonly at: Instant;
  readonly reason: Reason;
}

/**
 * The contract of every protocol machine: bytes, events and time go in; bytes, events and deadlines come out.
 * A machine never reads a clock, a socket or a random source of its own, never awaits and never calls out.
 *
 * @typeParam ReadIn - a unit from the layer below
 * @typeParam ReadOut - a unit for the layer above
 * @typeParam WriteIn - a unit from the layer above
 * @typeParam WriteOut - a unit for the layer below
 * @typeParam EventIn - a change elsewhere that the machine must hear of (`never` where there is none)
 * @typeParam EventOut - a change that the machine reports
 */
export interface Protocol<ReadIn, ReadOut, WriteIn, WriteOut, EventIn, EventOut> {
  /** Takes one unit from below and owns its bytes from here on. Malformed input is counted and dropped, never thrown. */
  handleRead(input: ReadIn, now: Instant): void;
  /** The next unit for above. Not polling is how back-pressure is applied. */
  pollRead(): ReadOut | undefined;
  /** One unit to send. Throws only on an error of the caller. */
  handleWrite(input: WriteIn, now: Instant): void;
  /** The next unit for below. */
  pollWrite(): WriteOut | undefined;
  /** A change elsewhere. */
  handleEvent(event: EventIn, now: Instant): void;
  /** The next event for above. */
  pollEvent(): EventOut | undefined;
  /** Lets time pass. `now` never goes back; calling early is harmless. */
  handleTimeout(now: Instant): void;
  /** The earliest timer, or `undefined` while none runs. */
  pollTimeout(): Deadline | undefined;
  /** Ends in an orderly way. Idempotent; output may remain to be polled. */
  close(now: Instant): void;
}
