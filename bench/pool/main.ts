// npm run bench -- pool [--quick]
// Connections whose both ends are in this process: in its one thread, or in workers of a pool. What a pool costs one connection,
// and what it gains for many.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PoolFigures } from './one.ts';

const ONE = fileURLToPath(new URL('one.ts', import.meta.url));

async function measure(workers: number, connections: number, durationMs: number): Promise<PoolFigures> {
  const child = spawn(process.execPath, [...process.execArgv, ONE, String(workers), String(connections), String(durationMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(output) as PoolFigures;
}

/** Measures, and prints one table. */
export async function runPool(args: readonly string[]): Promise<number> {
  const isQuick = args.includes('--quick');
  const rows: string[][] = [['pairs of connections', 'workers', 'in all, MB/s', 'CPU, s/GB', 'the application`s thread is busy, %', 'round trip p50, µs']];
  for (const connections of isQuick ? [1, 8] : [1, 4, 16, 64]) {
    for (const workers of [0, 1, 2]) {
      const { megabytesPerS, cpuPerGigabyte, busy, roundTripUs } = await measure(workers, connections, isQuick ? 1000 : 3000);
      rows.push([String(connections), workers === 0 ? 'no pool' : String(workers), megabytesPerS.toFixed(0), cpuPerGigabyte.toFixed(2), (100 * busy).toFixed(0), connections === 1 ? roundTripUs.toFixed(0) : '']);
    }
  }
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  console.log('\nBoth ends of every connection in one process, messages of 64 KiB\n');
  for (const [i, row] of rows.entries()) {
    console.log(`| ${row.map((cell, column) => cell.padStart(widths[column] as number)).join(' | ')} |`);
    if (i === 0) console.log(`|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`);
  }
  return 0;
}
