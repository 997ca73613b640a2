// npm run bench -- pool [--quick] [--runs=N] [--flag-of-Node.js…]
// Connections whose both ends are in this process: in its one thread, or in workers of a pool. What a pool costs one connection,
// and what it gains for many.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { machine } from '../machine.ts';

const ONE = fileURLToPath(new URL('one.mjs', import.meta.url));
const LARGE_BYTES = 65_536;
const WORKERS: readonly number[] = [0, 1, 2];

interface TransferFigures {
  readonly messagesPerS: number;
  /** Of all threads, for both ends of a message. */
  readonly cpuUsPerMessage: number;
  /** The share of time that the application's thread was busy. */
  readonly busy: number;
  /** How late timers of the application's thread were: the median, and the 99th percentile. */
  readonly lateMs: readonly [number, number];
  /** With one pair only. */
  readonly roundTripUs?: number;
}

interface MemoryFigures {
  readonly residentKiB: number;
  readonly startMs: number;
}

async function measure<Figures>(flags: readonly string[], kind: 'transfer' | 'small' | 'memory', ...numbers: readonly number[]): Promise<Figures> {
  const child = spawn(process.execPath, ['--expose-gc', ...flags, ONE, kind, ...numbers.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(output) as Figures;
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  console.log('');
  for (const [i, row] of rows.entries()) {
    console.log(`| ${row.map((cell, column) => cell.padStart(widths[column] as number)).join(' | ')} |`);
    if (i === 0) console.log(`|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`);
  }
}

const median = (values: readonly number[]): number => values.toSorted((x, y) => x - y)[values.length >> 1] ?? Number.NaN;

async function transfers(flags: readonly string[], runs: number, connections: readonly number[], durationMs: number): Promise<void> {
  const rows = [['pairs', 'workers', '64 KiB, MB/s', 'CPU, s/GB', 'main thread busy, %', 'its timers late, p50 / p99 ms', '100 bytes, 1/s', 'CPU each, µs', 'main thread busy, % ', 'round trip p50, µs']];
  for (const pairs of connections) {
    for (const workers of WORKERS) {
      const [large, small]: [TransferFigures[], TransferFigures[]] = [[], []];
      for (let run = 0; run < runs; run++) {
        large.push(await measure(flags, 'transfer', workers, pairs, durationMs));
        small.push(await measure(flags, 'small', workers, pairs, durationMs));
      }
      const figure = (of: (figures: TransferFigures) => number, from: readonly TransferFigures[], digits = 0): string => median(from.map(of)).toFixed(digits);
      rows.push([
        String(pairs),
        workers === 0 ? 'no pool' : String(workers),
        figure(({ messagesPerS }) => (messagesPerS * LARGE_BYTES) / 1e6, large),
        figure(({ cpuUsPerMessage }) => (cpuUsPerMessage * 1000) / LARGE_BYTES, large, 2),
        figure(({ busy }) => 100 * busy, large),
        `${figure(({ lateMs }) => lateMs[0], large, 1)} / ${figure(({ lateMs }) => lateMs[1], large, 1)}`,
        figure(({ messagesPerS }) => messagesPerS, small),
        figure(({ cpuUsPerMessage }) => cpuUsPerMessage, small, 2),
        figure(({ busy }) => 100 * busy, small),
        pairs === 1 ? figure(({ roundTripUs }) => roundTripUs ?? Number.NaN, large) : '',
      ]);
    }
  }
  print(rows);
}

async function memory(flags: readonly string[], counts: readonly number[]): Promise<void> {
  const rows = [['workers, each with one idle connection', 'resident for each, MiB', 'all started after, ms']];
  for (const workers of counts) {
    const { residentKiB, startMs } = await measure<MemoryFigures>(flags, 'memory', workers);
    rows.push([String(workers), (residentKiB / 1024 / workers).toFixed(1), startMs.toFixed(0)]);
  }
  print(rows);
}

/** Measures, and prints two tables. */
export async function runPool(args: readonly string[]): Promise<number> {
  const isQuick = args.includes('--quick');
  const runs = Number(args.find((arg) => arg.startsWith('--runs='))?.slice(7) ?? (isQuick ? 1 : 3));
  const flags = args.filter((arg) => arg.startsWith('-') && arg !== '--quick' && !arg.startsWith('--runs='));
  const { date, cpu, cores, node } = machine();
  console.log(`${date}, ${cpu}, ${cores} cores, Node.js ${[node, ...flags].join(' ')}; both ends of every connection in one process, median of ${runs} ${runs === 1 ? 'run' : 'runs'}`);
  await transfers(flags, runs, isQuick ? [1, 8] : [1, 8, 64], isQuick ? 1000 : 3000);
  await memory(flags, isQuick ? [1, 4] : [1, 2, 4, 8]);
  return 0;
}
