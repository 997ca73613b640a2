import { describe, type Verdict } from './bars.ts';
import type { LibraryName } from './libs/index.ts';
import type { Figure } from './scenarios.ts';

/** The medians of one row of the table. */
export interface Row {
  readonly scenario: string;
  readonly row: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  readonly values: Partial<Record<LibraryName, number>>;
  /** Every run's figure, in order. */
  readonly runs: Partial<Record<LibraryName, readonly number[]>>;
}

export interface Sample extends Figure {
  readonly scenario: string;
  readonly library: LibraryName;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export function toRows(samples: readonly Sample[]): readonly Row[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.scenario}/${sample.row}`;
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [Sample, ...Sample[]];
    const values: Partial<Record<LibraryName, number>> = {};
    const runs: Partial<Record<LibraryName, readonly number[]>> = {};
    for (const library of new Set(group.map((s) => s.library))) {
      const own = group.filter((s) => s.library === library).map((s) => s.value);
      runs[library] = own;
      values[library] = median(own);
    }
    return { scenario: first.scenario, row: first.row, unit: first.unit, higherIsBetter: first.higherIsBetter, values, runs };
  });
}

function show(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return value.toPrecision(Math.abs(value) < 1 ? 2 : 3).replace(/^-?0\.0+$/, '0');
}

/** Our figure by theirs: above 1 we have more of it, which is good or bad as the row says. */
function ratio(row: Row, other: LibraryName): string {
  const [ours, theirs] = [row.values.sansrtc, row.values[other]];
  if (ours === undefined || theirs === undefined || theirs === 0 || Number.isNaN(ours / theirs)) return '–';
  return `${(ours / theirs).toFixed(2)}×`;
}

function align(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const format = (row: readonly string[]): string => `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const [head = [], ...body] = cells;
  const rule = `|${widths.map((w, i) => (i === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
  return [format(head), rule, ...body.map(format)].join('\n');
}

/** A Markdown table that also reads well in a terminal; with ratios to some of the libraries. */
export function render(rows: readonly Row[], libraries: readonly LibraryName[], compared: readonly LibraryName[] = libraries): string {
  const others = libraries.includes('sansrtc') ? compared.filter((l) => l !== 'sansrtc' && libraries.includes(l)) : [];
  const head = ['', ...libraries, ...others.map((l) => `to ${l}`), 'better'];
  const body = rows.map((row) => [
    `${row.row}, ${row.unit}`,
    ...libraries.map((l) => show(row.values[l])),
    ...others.map((l) => ratio(row, l)),
    row.higherIsBetter ? 'more' : 'less',
  ]);
  return align([head, ...body]);
}

/** What was to be reached, and what was. */
export function renderBars(verdicts: readonly Verdict[]): string {
  const body = verdicts.map(({ bar, ratio: found, reached }) => [
    describe(bar),
    found === undefined ? '–' : `${found.toFixed(2)}×`,
    `${bar.is} ${bar.bar}×`,
    bar.aim === undefined ? '' : `${bar.aim}×`,
    reached === undefined ? 'not measured' : { aim: 'ok, aim', bar: 'ok', nothing: 'missed' }[reached],
  ]);
  return align([['', 'ratio', 'bar', 'aim', ''], ...body]);
}

/** The rows in which another library is ahead of ours. */
export function renderBehind(rows: readonly Row[], other: LibraryName): string {
  const behind = rows.filter(({ values, higherIsBetter }) => {
    const [ours, theirs] = [values.sansrtc, values[other]];
    return ours !== undefined && theirs !== undefined && (higherIsBetter ? ours < theirs : ours > theirs);
  });
  return `Behind ${other}: ${behind.length === 0 ? 'in no row' : behind.map(({ row }) => row).join('; ')}`;
}
