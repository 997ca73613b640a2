// Prints what congestion control does on paths of many kinds, in virtual time. Usage: node --import tsx tools/congestion.ts [part of a name …] [--trace]
import { type CallResult, runCall, type Scenario, SCENARIOS } from '../test/support/congestion.ts';

const COLUMNS = ['path', 'at 85 % after', 'at 10 s', 'mean', 'least', 'most', 'arrives', 'wait p50/p95', 'lost', 'TCP', 'CPU'] as const;

function megabits(bps: number): string {
  return Number.isFinite(bps) ? (bps / 1e6).toFixed(2) : '-';
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : '-';
}

/** When the path last changed, and what it carries since. */
function lastPhase({ steps = [], rateBps, videoFromMs = 0, renoFromMs = 0, outage }: Scenario): { fromMs: number; rateBps: number } {
  const step = steps.at(-1);
  return { fromMs: Math.max(step?.atMs ?? 0, videoFromMs, renoFromMs, outage === undefined ? 0 : outage.fromMs + outage.forMs), rateBps: step?.rateBps ?? rateBps };
}

function row(result: CallResult, cpuMs: number): string[] {
  const { scenario } = result;
  const { fromMs, rateBps } = lastPhase(scenario);
  const isFall = scenario.steps !== undefined && rateBps < scenario.rateBps;
  const reached = isFall ? result.fell(rateBps * 1.1, fromMs) : result.reached(0.85 * rateBps, fromMs);
  const settled = fromMs + 10_000;
  const { durationMs = 30_000 } = scenario;
  return [
    scenario.name,
    seconds(reached - fromMs),
    megabits(result.at(settled)),
    megabits(result.mean(settled)),
    megabits(result.lowest(settled)),
    megabits(result.highest()),
    megabits(result.goodput(settled)),
    `${result.delay(0.5, settled).toFixed(0)}/${result.delay(0.95, settled).toFixed(0)} ms`,
    `${((100 * (result.sent - result.received)) / result.sent).toFixed(1)} %`,
    scenario.renoFromMs === undefined ? '' : megabits((result.renoBytes * 8000) / (durationMs - scenario.renoFromMs)),
    `${cpuMs.toFixed(0)} ms`,
  ];
}

const names = process.argv.slice(2).filter((one) => !one.startsWith('--'));
const rows: string[][] = [[...COLUMNS]];
for (const scenario of SCENARIOS) {
  if (names.length > 0 && !names.some((name) => scenario.name.includes(name))) continue;
  const before = process.cpuUsage();
  const result = await runCall(scenario);
  const { user, system } = process.cpuUsage(before);
  rows.push(row(result, (user + system) / 1000));
  if (process.argv.includes('--trace')) {
    for (const { at, targetBps } of result.samples.filter((_, i) => i % 10 === 9)) console.log(`${(at / 1000).toFixed(1).padStart(6)} s ${megabits(targetBps)}`);
  }
}
const widths = COLUMNS.map((_, column) => Math.max(...rows.map((one) => (one[column] ?? '').length)));
console.log('Rates in Mbit/s on the path. Mean, least, arrives and wait: from 10 s after the last change. Most: over all. A fall is timed until 110 % of what is left.');
for (const one of rows) console.log(one.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '));
