// Runs the tests: `npm test [-- phase…] [what…] [--option value…]`. Phases are folders of test/, and `check`, `interop` and `examples`. What
// follows the phases chooses files by part of their name (or peers, for interop; or examples); `--seeds 1000` becomes SIM_SEEDS=1000 for `sim`.
// Files share processes and phases run beside each other, as many processes at a time as there are processors; only
// `interop` and `examples` have the machine to themselves.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PHASES = ['check', 'unit', 'conformance', 'fuzz', 'package', 'sim', 'interop', 'examples'] as const;
type Phase = (typeof PHASES)[number];

/** The order in which processes start: what takes long first, so that the last ones to run are short. */
const START_ORDER: readonly Phase[] = ['package', 'sim', 'fuzz', 'conformance', 'check', 'unit'];

/** A process that takes longer is killed and counts as failed, in milliseconds. Simulations take as long as their seeds. */
const PROCESS_TIMEOUT_MS = 180_000;

/** How many files share a process, at most: few enough for the processes to end at about the same time. */
const FILES_PER_PROCESS: Readonly<Partial<Record<Phase, number>>> = { unit: 15, fuzz: 10, sim: 3 };

/** More at a time would disturb the tests that look at a clock. */
const MAX_PROCESSES = 8;

const SUMMARY = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** What node:test counts at its end. */
type Counts = Record<'tests' | 'pass' | 'fail' | 'cancelled' | 'skipped' | 'todo', number>;

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const NOTHING: Result = { passed: 0, failed: 0, skipped: 0 };
const FAILED: Result = { passed: 0, failed: 1, skipped: 0 };

const add = (a: Result, b: Result): Result => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });

/** One process of a phase. */
interface Job {
  readonly phase: Phase;
  readonly run: () => Promise<Result>;
}

interface Request {
  readonly phases: readonly Phase[];
  readonly names: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

export function parseArguments(args: readonly string[]): Request {
  const phases: Phase[] = [];
  const names: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const next = args[i + 1];
    if (arg === '--') continue;
    if (arg.startsWith('--')) {
      const [name = '', value] = arg.slice(2).split('=', 2);
      if (value === undefined && next !== undefined && !next.startsWith('--')) i++;
      options.set(name, value ?? (next === undefined || next.startsWith('--') ? '1' : next));
    } else if ((PHASES as readonly string[]).includes(arg) && names.length === 0) {
      if (!phases.includes(arg as Phase)) phases.push(arg as Phase);
    } else names.push(arg);
  }
  return { phases: phases.length > 0 ? phases : PHASES, names, options };
}

/** `--seeds 1000` for the phase `sim` as `SIM_SEEDS=1000`. */
export function environmentFor(phase: Phase, options: ReadonlyMap<string, string>): Record<string, string> {
  const name = (option: string): string => `${phase}_${option}`.toUpperCase().replaceAll('-', '_');
  return Object.fromEntries([...options].map(([option, value]) => [name(option), value]));
}

function* testFiles(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* testFiles(path);
    else if (entry.name.endsWith('.test.ts')) yield relative(root, path);
  }
}

/** How a child ended; a death by signal is a failure like any other. */
function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(String(error));
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** What a child prints, line by line, or all at once when it has ended, so that processes do not talk at the same time. */
function printed(child: ChildProcess, atOnce: boolean, keep: (line: string) => boolean): () => void {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', (line) => {
      if (!keep(line)) return;
      if (atOnce) console.log(line);
      else lines.push(line);
    });
  }
  return () => {
    if (lines.length > 0) console.log(lines.join('\n'));
  };
}

export interface FilesOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
  /** Whether to print while the tests run. */
  readonly live?: boolean;
}

/** Runs test files in one process. When that process dies, each file runs again in one of its own, to learn which it was. */
export async function runFiles(files: readonly string[], options: FilesOptions = {}): Promise<Result> {
  const { env = {}, timeoutMs, live = true } = options;
  const folder = mkdtempSync(join(tmpdir(), 'sansrtc-test-'));
  const countsFile = join(folder, 'counts.json');
  const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', '--import', 'tsx', `--test-reporter=${join(root, 'tools/reporter.mjs')}`, '--test-reporter-destination=stdout', 'tools/test-files.mjs', ...files];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...(live && { TEST_DIAGNOSTICS: '1' }), ...env, TEST_COUNTS: countsFile },
  });
  const show = printed(child, live, () => true);
  let late = false;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const code = await ended(child);
  clearTimeout(timer);
  show();
  const counts = existsSync(countsFile) ? (JSON.parse(readFileSync(countsFile, 'utf8')) as Partial<Counts>) : {};
  rmSync(folder, { recursive: true, force: true });
  const result = resultOf(code, counts);
  if (result !== undefined) return result;
  const how = late ? `took longer than ${(timeoutMs ?? 0) / 1000} s` : `ended with code ${code} and without a count that fits`;
  console.error(`✖ ${files.join(' ')}: ${how}`);
  if (files.length === 1) return FAILED;
  let total = NOTHING;
  for (const file of files) total = add(total, await runFiles([file], options));
  if (total.failed === 0) console.error(`✖ ${files.join(' ')}: each passes alone, but not all in one process`);
  return total.failed === 0 ? add(total, FAILED) : total;
}

/** Undefined where the counts do not fit the way in which the process ended. */
function resultOf(code: number, counts: Partial<Counts>): Result | undefined {
  const { tests, pass = 0, fail = 0, cancelled = 0, skipped = 0, todo = 0 } = counts;
  const failed = fail + cancelled;
  if (tests === undefined || pass + failed + skipped + todo !== tests || (code !== 0) !== (failed > 0)) return undefined;
  return { passed: pass, failed, skipped: skipped + todo };
}

/** Runs a program that ends with a line `N passed, N failed`; that line is taken out of what it prints. */
async function runProgram(phase: Phase, file: string, args: readonly string[], env: Record<string, string>, live: boolean): Promise<Result> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', file, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', live ? 'inherit' : 'pipe'],
    env: { ...process.env, ...env },
  });
  let result: Result | undefined;
  const show = printed(child, live, (line) => {
    const found = SUMMARY.exec(line.trim());
    if (found !== null) result = { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3] ?? 0) };
    return found === null;
  });
  const code = await ended(child);
  show();
  if (result !== undefined && (code === 0) === (result.failed === 0)) return result;
  console.error(`${phase}: ${file} ended with code ${code} and ${result === undefined ? 'no count' : `${result.failed} failed`}`);
  return add(result ?? NOTHING, FAILED);
}

/** Groups of at most `size`, dealt out in turn: neighbours, which are about as heavy as one another, go to different groups. */
function dealt<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, group) => items.filter((_item, i) => i % count === group));
}

/** The processes of a phase. */
function jobsOf(phase: Phase, { phases, names, options }: Request): Job[] {
  const env = environmentFor(phase, options);
  if (phase === 'check') return [{ phase, run: () => runProgram(phase, 'tools/check.ts', [], env, false) }];
  if (phase === 'interop' || phase === 'examples') {
    const program = phase === 'interop' ? 'interop/main.ts' : 'interop/examples/main.ts';
    const passed = phase === 'examples' ? [] : [...options].flatMap(([option, value]) => [`--${option}`, value]);
    if (!existsSync(join(root, program))) return missing(phase, program);
    return [{ phase, run: () => runProgram(phase, program, [...names, ...passed], env, true) }];
  }
  const files = [...testFiles(join(root, 'test', phase))].filter((file) => names.length === 0 || names.some((name) => file.includes(name))).sort();
  if (files.length === 0) return missing(phase, `test in test/${phase}${names.length > 0 ? ` named like ${names.join(' or ')}` : ''}`);
  const timeoutMs = phase === 'sim' ? undefined : PROCESS_TIMEOUT_MS;
  const groups = dealt(files, FILES_PER_PROCESS[phase] ?? 5);
  const live = phases.length === 1 && groups.length === 1;
  return groups.map((group) => ({ phase, run: () => runFiles(group, { env, timeoutMs, live }) }));
}

function missing(phase: Phase, what: string): Job[] {
  return [{ phase, run: () => {
    console.error(`${phase}: there is no ${what}`);
    return Promise.resolve(FAILED);
  } }];
}

function describe({ passed, failed, skipped }: Result): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Runs jobs, so many at a time, in their order; a phase is reported when its last process has ended. */
async function runJobs(jobs: readonly Job[], atATime: number): Promise<Result> {
  const started = performance.now();
  const open = new Map<Phase, { result: Result; left: number }>();
  for (const { phase } of jobs) open.set(phase, { result: NOTHING, left: (open.get(phase)?.left ?? 0) + 1 });
  const waiting = [...jobs];
  let total = NOTHING;
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const result = await job.run();
      const state = open.get(job.phase);
      if (state === undefined) continue;
      state.result = add(state.result, result);
      total = add(total, result);
      if (--state.left === 0) console.log(`${job.phase.padEnd(12)} ${describe(state.result)}, ${((performance.now() - started) / 1000).toFixed(1)} s after the start`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return total;
}

async function main(): Promise<void> {
  const request = parseArguments(process.argv.slice(2));
  const started = performance.now();
  const beside = START_ORDER.filter((phase) => request.phases.includes(phase)).flatMap((phase) => jobsOf(phase, request));
  let total = await runJobs(beside, Math.min(Math.max(availableParallelism(), 2), MAX_PROCESSES));
  for (const phase of request.phases) if (!START_ORDER.includes(phase)) total = add(total, await runJobs(jobsOf(phase, request), 1));
  if (request.phases.length > 1) console.log(`${'all'.padEnd(12)} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (total.passed + total.failed === 0) total = FAILED; // nothing ran, which proves nothing
  console.log(describe(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
