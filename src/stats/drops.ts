import type { Counters } from '../core/index.ts';
import type { DropStats } from './types.ts';

/** The counters of several machines as one entry; the same name in two machines is added up. */
export function dropStats(id: string, timestamp: number, sources: readonly (Counters | ReadonlyMap<string, number>)[]): DropStats {
  const sum = new Map<string, number>();
  for (const source of sources) {
    for (const [name, count] of 'snapshot' in source ? source.snapshot() : source) {
      if (count > 0) sum.set(name, (sum.get(name) ?? 0) + count);
    }
  }
  const names = [...sum.keys()].sort();
  // Object.fromEntries defines own properties, so no name can reach a prototype.
  return { id, timestamp, type: 'sansrtc-drops', counters: Object.fromEntries(names.map((name) => [name, sum.get(name) as number])) };
}
