import type { CallResult, Scenario } from './congestion.ts';

export const BAR_3_MEGABIT: Scenario = { name: '3 Mbit/s', rateBps: 3_000_000 };
export const BAR_STEP: Scenario = { name: '3 → 1 Mbit/s at 20 s', rateBps: 3_000_000, steps: [{ atMs: 20_000, rateBps: 1_000_000 }], durationMs: 35_000 };
export const BAR_LOSS: Scenario = { name: '3 Mbit/s, 10 % random loss', rateBps: 3_000_000, link: { loss: 0.1 } };

export const SCENARIOS: readonly Scenario[] = [
  BAR_3_MEGABIT,
  BAR_STEP,
  BAR_LOSS,
  { name: '3 Mbit/s, RFC 8888 feedback', rateBps: 3_000_000, ccfb: true },
  { name: '3 Mbit/s, no padding for probes', rateBps: 3_000_000, rtx: false },
  { name: '3 Mbit/s, no pacer and so no probes', rateBps: 3_000_000, paced: false },
  { name: '300 kbit/s', rateBps: 300_000, audio: true },
  { name: '100 kbit/s', rateBps: 100_000, audio: true },
  { name: '30 Mbit/s', rateBps: 30_000_000 },
  { name: '1 → 3 Mbit/s at 15 s', rateBps: 1_000_000, steps: [{ atMs: 15_000, rateBps: 3_000_000 }], durationMs: 40_000 },
  { name: '3 Mbit/s beside a Reno flow from 10 s', rateBps: 3_000_000, queueMs: 100, renoFromMs: 10_000, durationMs: 60_000 },
  { name: '3 Mbit/s, round trip 200 ms', rateBps: 3_000_000, roundTripMs: 200 },
  { name: '3 Mbit/s, jitter 30 ms', rateBps: 3_000_000, link: { jitterMs: 30 } },
  { name: '3 Mbit/s, 2 s of queue', rateBps: 3_000_000, queueMs: 2000 },
  { name: '3 Mbit/s, 20 ms of queue', rateBps: 3_000_000, queueMs: 20 },
  { name: 'audio alone, video from 15 s', rateBps: 3_000_000, audio: true, videoFromMs: 15_000 },
  { name: '3 Mbit/s, 20 % of feedback lost', rateBps: 3_000_000, feedbackLoss: 0.2 },
  { name: '3 Mbit/s, nothing from 10 to 13 s', rateBps: 3_000_000, outage: { fromMs: 10_000, forMs: 3000 } },
];

const COLUMNS = ['path', 'at 85 % after', 'at 10 s', 'mean', 'least', 'most', 'arrives', 'wait p50/p95', 'lost', 'TCP'] as const;
const SETTLE_MS = 10_000;

function megabits(bps: number): string {
  return Number.isFinite(bps) ? (bps / 1e6).toFixed(2) : '-';
}

/** When the path last changed, and what it carries since. */
function lastPhase({ steps = [], rateBps, videoFromMs = 0, renoFromMs = 0, outage }: Scenario): { fromMs: number; rateBps: number } {
  const step = steps.at(-1);
  const outageEndMs = outage === undefined ? 0 : outage.fromMs + outage.forMs;
  return { fromMs: Math.max(step?.atMs ?? 0, videoFromMs, renoFromMs, outageEndMs), rateBps: step?.rateBps ?? rateBps };
}

function cellsOf(result: CallResult): string[] {
  const { scenario } = result;
  const { fromMs, rateBps } = lastPhase(scenario);
  const { durationMs = 30_000, renoFromMs, seed = 1 } = scenario;
  const isFall = rateBps < scenario.rateBps;
  const reached = isFall ? result.fell(rateBps * 1.1, fromMs) : result.reached(0.85 * rateBps, fromMs);
  const settled = Math.min(fromMs + SETTLE_MS, durationMs - 1000);
  return [
    seed === 1 ? scenario.name : `${scenario.name}, seed ${seed}`,
    Number.isFinite(reached) ? `${((reached - fromMs) / 1000).toFixed(1)} s` : '-',
    megabits(result.at(settled)),
    megabits(result.mean(settled)),
    megabits(result.lowest(settled)),
    megabits(result.highest()),
    megabits(result.goodput(settled)),
    `${result.delay(0.5, settled).toFixed(0)}/${result.delay(0.95, settled).toFixed(0)} ms`,
    `${((100 * (result.sent - result.received)) / result.sent).toFixed(1)} %`,
    renoFromMs === undefined ? '' : megabits((result.renoBytes * 8000) / (durationMs - renoFromMs)),
  ];
}

/** What calls did, as text. */
export function congestionTable(results: readonly CallResult[]): string {
  const rows = [[...COLUMNS], ...results.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  const legend = [
    'Rates in Mbit/s on the path; `at 10 s` and what follows it (but `most`, `lost`: of the whole call) from 10 s after the last change on.',
    'A rise is timed until 85 % of the rate, a fall until 110 %. Waits are those in the pacer and in the queue of the link.',
  ];
  return [...legend, ...rows.map((row) => line(row).trimEnd())].join('\n');
}
