import type { RtcStats, RtcStatsOf, RtcStatsType } from './types.ts';

/**
 * A snapshot of statistics by id, in the order the entries were added (W3C RTCStatsReport). It is read like a `Map`.
 *
 * @example
 * for (const pair of report.byType('candidate-pair')) if (pair.nominated) console.log(pair.currentRoundTripTime);
 */
export class StatsReport implements ReadonlyMap<string, RtcStats> {
  readonly #entries: ReadonlyMap<string, RtcStats>;

  /** A later entry replaces an earlier one with the same id. */
  constructor(entries: Iterable<RtcStats>) {
    const map = new Map<string, RtcStats>();
    for (const entry of entries) map.set(entry.id, entry);
    this.#entries = map;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The entry with this id. */
  get(id: string): RtcStats | undefined {
    return this.#entries.get(id);
  }

  /** Whether there is an entry with this id. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** All entries of a type. */
  byType<Type extends RtcStatsType>(type: Type): RtcStatsOf<Type>[] {
    return [...this.#entries.values()].filter((entry): entry is RtcStatsOf<Type> => entry.type === type);
  }

  /** Calls back with every entry, in order. */
  forEach(callback: (entry: RtcStats, id: string, report: ReadonlyMap<string, RtcStats>) => void): void {
    for (const [id, entry] of this.#entries) callback(entry, id, this);
  }

  /** Ids with their entries, in order. */
  entries(): MapIterator<[string, RtcStats]> {
    return this.#entries.entries();
  }

  /** The ids, in order. */
  keys(): MapIterator<string> {
    return this.#entries.keys();
  }

  /** The entries, in order. */
  values(): MapIterator<RtcStats> {
    return this.#entries.values();
  }

  /** The same as {@link StatsReport.entries}. */
  [Symbol.iterator](): MapIterator<[string, RtcStats]> {
    return this.#entries[Symbol.iterator]();
  }

  /** The entries as an array, so that `JSON.stringify` shows them. */
  toJSON(): RtcStats[] {
    return [...this.#entries.values()];
  }
}
