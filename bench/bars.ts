// What sansrtc must reach, and what it aims at, as ratios of rows of one run.
import type { LibraryName } from './libs/index.ts';
import type { Row } from './table.ts';

export interface Bar {
  /** The row whose figure is judged. */
  readonly row: string;
  /** Whose figure: ours unless the row is one of another library's. */
  readonly of?: LibraryName;
  /** What it is divided by: a row (default the same) of a library (default ours), or the lowest of the row of several. */
  readonly byRow?: string;
  readonly by?: readonly LibraryName[];
  /** The ratio must be at least the bar, or at most. */
  readonly is: 'at least' | 'at most';
  readonly bar: number;
  readonly aim?: number;
}

const NDC: readonly LibraryName[] = ['node-datachannel'];

export const BARS: readonly Bar[] = [
  { row: '64 KiB messages', by: NDC, is: 'at least', bar: 1.5, aim: 4 },
  { row: '64 KiB, packets of 1200', byRow: '64 KiB messages', by: NDC, is: 'at least', bar: 0.8, aim: 1.2 },
  { row: '16 KiB messages', by: NDC, is: 'at least', bar: 1.3, aim: 3 },
  { row: '1 KiB messages', by: NDC, is: 'at least', bar: 1, aim: 2 },
  { row: '100-byte messages', by: NDC, is: 'at least', bar: 0.8, aim: 2 },
  { row: 'round trip p50', by: NDC, is: 'at most', bar: 1.1, aim: 0.8 },
  { row: 'round trip p99', by: NDC, is: 'at most', bar: 1.1, aim: 0.8 },
  { row: 'connect p50', by: NDC, is: 'at most', bar: 1.2, aim: 0.8 },
  { row: 'CPU per connection, both sides', by: NDC, is: 'at most', bar: 0.8, aim: 0.5 },
  { row: 'resident per idle peer', by: NDC, is: 'at most', bar: 0.4, aim: 0.15 },
  { row: 'left per peer after closing', by: NDC, is: 'at most', bar: 0.15 },
  { row: 'CPU per idle peer', by: NDC, is: 'at most', bar: 1 },
  // Each library as it ships, which is not the same work: see "What each library does" in the README. `RTP alone` has no bar.
  { row: 'RTP to one, received', by: NDC, is: 'at least', bar: 0.6, aim: 1.2 },
  { row: 'RTP to one, received', by: ['werift'], is: 'at least', bar: 2.5 },
  { row: 'RTP to fifty, received', by: NDC, is: 'at least', bar: 0.6, aim: 1.2 },
  { row: 'RTP to fifty, received', by: ['werift'], is: 'at least', bar: 2.5 },
  { row: '1,000 connections, in all', byRow: '1 connection, in all', is: 'at least', bar: 0.8 },
  { row: '1,000 connections, heap of both per connection', byRow: '100 connections, heap of both per connection', is: 'at most', bar: 1.1 },
  { row: 'round trip beside a transfer, p95', byRow: 'round trip alone, p95', is: 'at most', bar: 5 },
  ...(['node-datachannel', '@roamhq/wrtc', 'Chromium'] as const).flatMap((of) =>
    (['64 KiB from sansrtc', '64 KiB to sansrtc'] as const).map((row): Bar => ({ row, of, byRow: '64 KiB messages', by: ['sansrtc', of], is: 'at least', bar: 0.9 })),
  ),
];

export interface Verdict {
  readonly bar: Bar;
  /** Undefined when a figure is missing. */
  readonly ratio: number | undefined;
  readonly reached: 'aim' | 'bar' | 'nothing' | undefined;
}

export function judge(rows: readonly Row[]): readonly Verdict[] {
  const figure = (name: string, library: LibraryName): number | undefined => rows.find((row) => row.row === name)?.values[library];
  return BARS.map((bar) => {
    const value = figure(bar.row, bar.of ?? 'sansrtc');
    const others = (bar.by ?? ['sansrtc']).map((library) => figure(bar.byRow ?? bar.row, library));
    if (value === undefined || others.some((other) => other === undefined)) return { bar, ratio: undefined, reached: undefined };
    const ratio = value / Math.min(...(others as number[]));
    const meets = (limit: number): boolean => (bar.is === 'at least' ? ratio >= limit : ratio <= limit);
    const reached = bar.aim !== undefined && meets(bar.aim) ? 'aim' : meets(bar.bar) ? 'bar' : 'nothing';
    return { bar, ratio, reached };
  });
}

/** The sentence that says what is divided by what. */
export function describe({ row, of, by = ['sansrtc'], byRow }: Bar): string {
  const whose = of === undefined ? '' : ` (${of})`;
  const than = by.length === 1 ? by[0] : `the slower of ${by.join(' and ')}`;
  return `${row}${whose}, to ${byRow === undefined ? than : `${byRow}${by[0] === 'sansrtc' && by.length === 1 ? '' : ` of ${than}`}`}`;
}
