/** What a gatherer did. */
export interface GathererStats {
  readonly requestsSent: number;
  readonly responsesReceived: number;
  /** What was dropped and why, by name. */
  readonly counters: ReadonlyMap<string, number>;
}
