// npm run bench -- runtimes [platform…] [--runs=N] [--quick]
// The same two programs on each platform: how fast they connect, talk and transfer.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Platform, platforms } from '../../tools/runtimes/platforms.ts';
import { quantile } from '../scenarios.ts';

const END = fileURLToPath(new URL('end.ts', import.meta.url));
const LIMIT_MS = 60_000;

interface Result {
  readonly times: readonly number[];
  readonly settledTimes: readonly number[];
  readonly trips: readonly [number, number];
  readonly sent: { readonly cpuMs: number };
  readonly received: { readonly bytes: number; readonly timeMs: number; readonly cpuMs: number };
}

/** Two processes of one platform; what the offering one found. */
async function measure({ command, args, name }: Platform, effort: readonly number[]): Promise<Result> {
  const start = (role: string): ChildProcess =>
    spawn(command, [...args, END, role, ...effort.map(String)], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' } });
  const [a, b] = [start('offer'), start('answer')];
  const late = setTimeout(() => {
    a.kill('SIGKILL');
    b.kill('SIGKILL');
  }, LIMIT_MS);
  let result: Result | undefined;
  let said = '';
  const join = (from: ChildProcess, to: ChildProcess): Promise<void> => {
    from.stderr?.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    to.stdin?.on('error', () => {});
    createInterface({ input: from.stdout! }).on('line', (line) => {
      if (line.startsWith('{"result"')) {
        result = (JSON.parse(line) as { readonly result: Result }).result;
        b.stdin?.end();
      } else if (to.stdin?.writable) to.stdin.write(`${line}\n`);
    });
    return new Promise((resolve) => void from.on('close', () => resolve()));
  };
  await Promise.all([join(a, b), join(b, a)]);
  clearTimeout(late);
  if (result === undefined) throw new Error(`${name}: no result; ${said.slice(-500)}`);
  return result;
}

const median = (values: readonly number[]): number => values.toSorted((x, y) => x - y)[values.length >> 1] ?? Number.NaN;

function print(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const [i, row] of rows.entries()) {
    console.log(`| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join(' | ')} |`);
    if (i === 0) console.log(`|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`);
  }
}

/** Measures all platforms, taking turns, and prints one table. */
export async function runPlatforms(args: readonly string[]): Promise<number> {
  const all = platforms().filter(({ only }) => only === undefined);
  const names = args.filter((arg) => !arg.startsWith('--'));
  const chosen = names.length > 0 ? all.filter(({ name }) => names.includes(name)) : all;
  const isQuick = args.includes('--quick');
  const runs = Number(args.find((arg) => arg.startsWith('--runs='))?.slice(7) ?? (isQuick ? 1 : 3));
  const effort = isQuick ? [1000, 10, 500] : [2000, 30, 3000];
  const results = new Map<Platform, Result[]>(chosen.map((platform) => [platform, []]));
  for (let run = 0; run < runs; run++) for (const platform of chosen) results.get(platform)?.push(await measure(platform, effort));
  const rows = [['', '64 KiB messages, MB/s', 'CPU of the sender, s/GB', 'of the receiver, s/GB', 'round trip p50, µs', 'p99, µs', 'connect p50, ms', 'p95, ms', 'settled p50, ms', 'p95, ms']];
  for (const [{ name }, found] of results) {
    const figure = (of: (result: Result) => number, digits: number): string => median(found.map(of)).toFixed(digits);
    rows.push([
      name,
      figure(({ received }) => received.bytes / 1000 / received.timeMs, 0),
      figure(({ sent, received }) => sent.cpuMs / 1000 / (received.bytes / 1e9), 2),
      figure(({ received }) => received.cpuMs / 1000 / (received.bytes / 1e9), 2),
      figure(({ trips }) => trips[0] * 1000, 0),
      figure(({ trips }) => trips[1] * 1000, 0),
      ...[0.5, 0.95].map((share) => figure(({ times }) => quantile(times, share), 1)),
      ...[0.5, 0.95].map((share) => figure(({ settledTimes }) => quantile(settledTimes, share), 1)),
    ]);
  }
  console.log(`\n${new Date().toISOString().slice(0, 10)}, one process per peer, loopback, median of ${runs} ${runs === 1 ? 'run' : 'runs'}\n`);
  print(rows);
  return 0;
}
