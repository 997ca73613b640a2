// What holds on which platform: `npm run test:runtimes [-- suite…] [platform…]`. Installs the platforms on the first run, runs the suites
// on each, connects them to each other in pairs of processes, and prints a table of how many tests passed.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPair } from './runtimes/pairs.ts';
import { DENO_ARGS, type Platform, platforms } from './runtimes/platforms.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const SUITES = ['runtime', 'crypto', 'loopback', 'unit', 'sim'] as const;
type Suite = (typeof SUITES)[number];

/** A suite that takes longer is ended as failed, in milliseconds. */
const SUITE_TIMEOUT_MS = 600_000;
const PAIR_BYTES = 100_000_000;

/** Test files that look at what a platform does not have, by part of their name, with the reason. */
const LEFT_OUT: readonly { readonly part: string; readonly of: readonly Platform['kind'][]; readonly why: string }[] = [
  { part: 'unit/tools/', of: ['bun', 'deno'], why: 'start the test runner of Node.js' },
  { part: 'unit/runtime/node.test', of: ['bun', 'deno'], why: 'takes the sockets of Node.js apart' },
  { part: 'unit/runtime/node-random.test', of: ['bun', 'deno'], why: 'replaces functions of node:crypto' },
  { part: 'unit/crypto/node-import.test', of: ['bun', 'deno'], why: 'starts processes of Node.js with tsx' },
  { part: 'unit/runtime/young.test', of: ['bun', 'deno'], why: 'asks Node.js what its collector did' },
  { part: 'unit/crypto/wasm-hmac.test', of: ['bun'], why: 'wants to see a module made that other test files of the same thread have made' },
  { part: 'unit/crypto/wasm-chacha.test', of: ['bun', 'deno'], why: 'starts processes of Node.js with tsx' },
  { part: 'unit/api/lifecycle.test', of: ['bun', 'deno'], why: 'starts processes of Node.js with tsx' },
  { part: 'unit/srtp/attacks.test', of: ['bun', 'deno'], why: 'asks V8 for its garbage collector' },
  { part: 'sim/call.test', of: ['bun'], why: 'weighs the heap, of which Bun tells something else' },
];

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Files with tests that failed, where they are known. */
  readonly failedFiles?: readonly string[];
}

const NO_COUNT: Outcome = { passed: 0, failed: 1, skipped: 0 };

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end, or to the end of our patience. */
function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', ...env },
    });
    let output = '';
    const take = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const timer = setTimeout(() => {
      output += `\nit took more than ${SUITE_TIMEOUT_MS / 1000} s\n`;
      child.kill('SIGKILL');
    }, SUITE_TIMEOUT_MS);
    child.on('error', (error) => void (output += String(error)));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output });
    });
  });
}

function* testFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* testFiles(path);
    else if (entry.name.endsWith('.test.ts')) yield relative(root, path);
  }
}

/** The files of a suite that a platform runs. */
function filesOf(platform: Platform, suite: Suite): readonly string[] {
  const all = [...testFiles(join(root, 'test', suite))].sort();
  return all.filter((file) => !LEFT_OUT.some(({ part, of }) => of.includes(platform.kind) && file.includes(part)));
}

/** Runs files of node:test: by Node.js itself, or by the runner of the platform, which takes the same files. */
function runFiles(platform: Platform, files: readonly string[]): Promise<Outcome> {
  if (platform.kind === 'node') return runNodeTests(platform, files);
  return platform.kind === 'bun' ? runBunTests(platform, files) : runDenoTests(platform, files);
}

const unique = (matches: Iterable<RegExpExecArray>): readonly string[] => [...new Set([...matches].map((match) => match[1] as string))];

async function runBunTests(platform: Platform, files: readonly string[]): Promise<Outcome> {
  const { code, output } = await run(platform.command, ['test', '--timeout', '120000', ...files.map((file) => `./${file}`)]);
  const read = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);
  // Each file's name stands above its tests.
  const failedFiles = output.split(/^(?=test\/\S+\.test\.ts:$)/m).flatMap((part) => (/^(?:\(fail\)|# Unhandled)/m.test(part) ? unique(part.matchAll(/^(test\/\S+\.test\.ts):$/gm)) : []));
  return settle({ passed: read(/^\s*(\d+) pass$/m), failed: read(/^\s*(\d+) fail$/m), skipped: read(/^\s*(\d+) skip$/m), failedFiles }, code, output);
}

async function runDenoTests(platform: Platform, files: readonly string[]): Promise<Outcome> {
  const { code, output } = await run(platform.command, ['test', ...DENO_ARGS, ...files]);
  const read = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);
  const failedFiles = unique(output.matchAll(/(?:=> )?\.\/(test\/\S+\.test\.ts)(?::\d+:\d+| \(uncaught error\))$/gm));
  return settle({ passed: read(/\| (\d+) passed/), failed: read(/\| (\d+) failed/), skipped: read(/\| (\d+) ignored/), failedFiles }, code, output);
}

/** Node.js runs all files in one process: a process for each would take most of the time. */
async function runNodeTests(platform: Platform, files: readonly string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'sansrtc-runtimes-'));
  try {
    const counts = join(folder, 'counts.json');
    const reporter = [`--test-reporter=${join(root, 'tools/reporter.mjs')}`, '--test-reporter-destination=stdout'];
    const { code, output } = await run(platform.command, [...platform.args, ...reporter, 'tools/runtimes/run-files.mjs', ...files], { TEST_COUNTS: counts });
    if (!existsSync(counts)) return settle(NO_COUNT, code, output);
    const { pass = 0, fail = 0, cancelled = 0, skipped = 0 } = JSON.parse(readFileSync(counts, 'utf8')) as Record<string, number>;
    const failedFiles = unique(output.matchAll(/^ {2}(test\/\S+\.test\.ts)$/gm));
    return settle({ passed: pass, failed: fail + cancelled, skipped, failedFiles }, code, output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program that ends with a line `N passed, M failed`. */
async function runProgram(platform: Platform, file: string, ...args: readonly string[]): Promise<Outcome> {
  const { code, output } = await run(platform.command, [...platform.args, file, ...args]);
  const found = /^(\d+) passed, (\d+) failed$/m.exec(output);
  return settle(found ? { passed: Number(found[1]), failed: Number(found[2]), skipped: 0 } : NO_COUNT, code, output);
}

/** A suite that failed says why, and one that ended badly, or in which nothing ran, has failed. */
function settle(outcome: Outcome, code: number, output: string): Outcome {
  const isBad = code !== 0 || outcome.passed === 0;
  const failed = isBad && outcome.failed === 0 ? 1 : outcome.failed;
  if (failed > 0) console.log(output.split('\n').slice(-120).join('\n'));
  return { ...outcome, failed };
}

function runSuite(platform: Platform, suite: Suite): Promise<Outcome> {
  if (suite === 'unit' || suite === 'sim') return runFiles(platform, filesOf(platform, suite));
  return suite === 'loopback' ? runProgram(platform, 'tools/runtimes/loopback.ts') : runProgram(platform, 'tools/runtimes/conformance.ts', suite);
}

function describe({ passed, failed, skipped }: Outcome): string {
  return `${passed}${failed > 0 ? ` ✖ ${failed}` : ''}${skipped > 0 ? ` (${skipped} skipped)` : ''}`;
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] as number)).join('   ').trimEnd());
}

interface Total {
  passed: number;
  failed: number;
}

/** A suite on a platform. */
interface Cell {
  readonly platform: Platform;
  readonly suite: Suite;
  outcome: Outcome | undefined;
}

async function runCell(cell: Cell): Promise<void> {
  const { platform, suite } = cell;
  const start = performance.now();
  cell.outcome = await runSuite(platform, suite);
  console.log(`${platform.name} ${suite}: ${describe(cell.outcome)} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** Tests that look at the clock may fail because of the other platform beside them: those files are tried once more, alone. */
async function runAgain(cell: Cell): Promise<void> {
  const { platform, suite, outcome } = cell;
  const files = outcome?.failedFiles ?? [];
  if (outcome === undefined || outcome.failed === 0 || files.length === 0) return;
  const again = await runFiles(platform, files);
  console.log(`${platform.name} ${suite}: ${files.join(', ')} alone: ${describe(again)}`);
  if (again.failed === 0) cell.outcome = { ...outcome, passed: outcome.passed + outcome.failed, failed: 0 };
}

/** As many platforms at a time as there are cores; each of them uses one. */
async function runSuites(chosen: readonly Platform[], suites: readonly Suite[], total: Total): Promise<void> {
  const table = chosen.map((platform) => suites.map((suite): Cell => ({ platform, suite, outcome: undefined })));
  let next = 0;
  const work = async (): Promise<void> => {
    for (let row = table[next++]; row !== undefined; row = table[next++]) {
      for (const cell of row) if (cell.platform.only?.includes(cell.suite) !== false) await runCell(cell);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), chosen.length) }, work));
  for (const cell of table.flat()) {
    await runAgain(cell);
    total.passed += cell.outcome?.passed ?? 0;
    total.failed += cell.outcome?.failed ?? 0;
  }
  console.log('');
  print([['platform', ...suites], ...table.map((row, i) => [(chosen[i] as Platform).name, ...row.map(({ outcome }) => (outcome === undefined ? '–' : describe(outcome)))])]);
  for (const { part, of, why } of LEFT_OUT) console.log(`not on ${of.join(' and ')}: test/${part}*: ${why}`);
}

async function runPairs(all: readonly Platform[], total: Total): Promise<void> {
  const rows: string[][] = [['pair', `${PAIR_BYTES / 1e6} MB each way`]];
  for (const [offer, answer] of pairsOf(all)) {
    const result = await runPair(offer, answer, PAIR_BYTES);
    if (result.error === undefined) total.passed++;
    else total.failed++;
    rows.push([`${offer.name} ↔ ${answer.name}`, result.error ?? `${result.seconds.toFixed(1)} s, ${(PAIR_BYTES / 1e6 / result.seconds).toFixed(0)} MB/s each way`]);
  }
  console.log('');
  print(rows);
}

async function main(): Promise<void> {
  const start = performance.now();
  const names = process.argv.slice(2).filter((name) => name !== '--');
  const suites = SUITES.filter((suite) => names.includes(suite));
  const all = platforms();
  const unknown = names.filter((name) => name !== 'pairs' && !(SUITES as readonly string[]).includes(name) && !all.some((platform) => platform.name === name));
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there are ${[...SUITES, 'pairs', ...all.map(({ name }) => name)].join(', ')}`);
  const chosen = all.filter(({ name }) => names.includes(name));
  const isAll = suites.length === 0 && !names.includes('pairs');
  const total: Total = { passed: 0, failed: 0 };
  if (isAll || suites.length > 0) await runSuites(chosen.length > 0 ? chosen : all, isAll ? SUITES : suites, total);
  if (isAll || names.includes('pairs')) await runPairs(chosen.length > 1 ? chosen : all, total);
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

/** Each kind of platform with each other one, and the versions of Node.js with the newest. */
function pairsOf(all: readonly Platform[]): (readonly [Platform, Platform])[] {
  const newest = all.findLast(({ kind }) => kind === 'node');
  const wanted = all.filter(({ only }) => only === undefined).filter((platform) => platform.kind !== 'node' || platform === newest || platform === all[0]);
  return wanted.flatMap((offer, i) => wanted.slice(i + 1).map((answer) => [offer, answer] as const));
}

await main();
