import type { Result } from './suite.ts';

const MARK = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' } as const;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** One case, as it ends. */
export function line(r: Result): string {
  return `${MARK[r.outcome]} ${r.suite.padEnd(16)} ${r.name.padEnd(30)} ${r.outcome === 'skipped' ? '' : seconds(r.timeMs).padStart(7)}  ${r.note}`.trimEnd();
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
  lines.push('', `in ${seconds(timeMs)}:`, `${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
  return lines.join('\n');
}
