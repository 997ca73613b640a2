import { MAX_STUMBLES, type Result } from './suite.ts';

const MARK = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' } as const;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** One case, as it ends. */
export function line(r: Result): string {
  const stumble = r.stumble === undefined ? '' : ` (at the second try; the first: ${r.stumble})`;
  return `${MARK[r.outcome]} ${r.suite.padEnd(16)} ${r.name.padEnd(30)} ${r.outcome === 'skipped' ? '' : seconds(r.timeMs).padStart(7)}  ${r.note}${stumble}`.trimEnd();
}

const stumbles = (results: readonly Result[]): number => results.filter((r) => r.stumble !== undefined).length;

/** The cases that failed; too many second tries are one more. */
export function failures(results: readonly Result[]): number {
  return results.filter((r) => r.outcome === 'failed').length + (stumbles(results) > MAX_STUMBLES ? 1 : 0);
}

/** A row for each suite, then the counts. */
export function summary(results: readonly Result[], timeMs: number): string {
  const lines = ['', `${'suite'.padEnd(16)} passed failed    time`];
  for (const suite of new Set(results.map((r) => r.suite))) {
    const own = results.filter((r) => r.suite === suite);
    const count = (outcome: Result['outcome']): number => own.filter((r) => r.outcome === outcome).length;
    const skipped = count('skipped') > 0 ? `  skipped: ${own.find((r) => r.outcome === 'skipped')?.note}` : '';
    const time = own.reduce((sum, r) => sum + r.timeMs, 0);
    lines.push(`${suite.padEnd(16)} ${String(count('passed')).padStart(6)} ${String(count('failed')).padStart(6)} ${seconds(time).padStart(7)}${skipped}`);
  }
  const total = (outcome: Result['outcome']): number => results.filter((r) => r.outcome === outcome).length;
  if (stumbles(results) > 0) lines.push('', `at the second try: ${stumbles(results)} of at most ${MAX_STUMBLES}`);
  lines.push('', `in ${seconds(timeMs)}:`, `${total('passed')} passed, ${failures(results)} failed, ${total('skipped')} skipped`);
  return lines.join('\n');
}
