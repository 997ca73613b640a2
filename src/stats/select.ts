import { StatsReport } from './report.ts';
import type { RtcStats } from './types.ts';

/**
 * The part of a report that is about some RTP streams: their entries, and all that these refer to (W3C WebRTC 8.5, the stats
 * selection algorithm).
 */
export function selectStreams(report: StatsReport, ssrcs: ReadonlySet<number>): StatsReport {
  const selected = new Map<string, RtcStats>();
  const visit = (entry: RtcStats): void => {
    if (selected.has(entry.id)) return;
    selected.set(entry.id, entry);
    for (const [name, value] of Object.entries(entry)) {
      const referred = name.endsWith('Id') && typeof value === 'string' ? report.get(value) : undefined;
      if (referred !== undefined) visit(referred);
    }
  };
  for (const entry of report.values()) if ('ssrc' in entry && ssrcs.has(entry.ssrc as number)) visit(entry);
  return new StatsReport([...report.values()].filter(({ id }) => selected.has(id)));
}
