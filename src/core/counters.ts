import { SparseMap } from './sparse.ts';

/**
 * Named counters: every drop has one, so that a defence can be seen at work. Names are dotted, as in `dtls.replay`,
 * and come from a fixed set in the code, never from the network.
 */
export class Counters {
  /** There are several of these in every connection, and most never count anything. */
  #counts: SparseMap<string, number> | undefined;

  /** Adds `n` to a counter. */
  add(name: string, n = 1): void {
    const counts = (this.#counts ??= new SparseMap());
    counts.set(name, (counts.get(name) ?? 0) + n);
  }

  /** A counter's value; 0 when it never rose. */
  get(name: string): number {
    return this.#counts?.get(name) ?? 0;
  }

  /** A snapshot by name. */
  snapshot(): ReadonlyMap<string, number> {
    const snapshot = new Map<string, number>();
    for (const name of this.#counts?.keys() ?? []) snapshot.set(name, this.get(name));
    return snapshot;
  }
}
