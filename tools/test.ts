// Runs the tests: `npm test [-- phase…] [what…] [--option value…]`. Phases are folders of test/, and `check`, `interop` and `examples`. What
// follows the phases chooses files by part of their name (or peers, for interop; or examples); `--seeds 1000` becomes SIM_SEEDS=1000 for `sim`.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PHASES = ['check', 'unit', 'conformance', 'fuzz', 'package', 'sim', 'interop', 'examples'] as const;
type Phase = (typeof PHASES)[number];

/** A single test that takes longer is ended as failed, in milliseconds. Simulations take as long as their seeds. */
const TEST_TIMEOUT_MS = 180_000;
const SUMMARY = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** What node:test counts at its end. */
type Counts = Record<'tests' | 'pass' | 'fail' | 'cancelled' | 'skipped' | 'todo', number>;

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const FAILED: Result = { passed: 0, failed: 1, skipped: 0 };

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

async function runFiles(phase: Phase, files: readonly string[], env: Record<string, string>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'sansrtc-test-'));
  const countsFile = join(folder, 'counts.json');
  const reporter = join(root, 'tools/reporter.mjs');
  const guard = new URL('guard.mjs', import.meta.url).href;
  const terminal = process.stdout.isTTY === true;
  const reporters = terminal
    ? ['--test-reporter=spec', '--test-reporter-destination=stdout', `--test-reporter=${reporter}`, '--test-reporter-destination=stderr']
    : [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout'];
  const timeout = phase === 'sim' ? [] : [`--test-timeout=${TEST_TIMEOUT_MS}`];
  const args = ['--expose-gc', '--import', 'tsx', '--import', guard, '--test', '--test-concurrency=2', ...timeout, ...reporters, ...files];
  const quiet = terminal ? { TEST_QUIET: '1' } : {};
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...quiet, ...env, TEST_COUNTS: countsFile },
  });
  const code = await ended(child);
  try {
    return resultOf(phase, code, existsSync(countsFile) ? (JSON.parse(readFileSync(countsFile, 'utf8')) as Partial<Counts>) : {});
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultOf(phase: Phase, code: number, counts: Partial<Counts>): Result {
  const { tests, pass = 0, fail = 0, cancelled = 0, skipped = 0, todo = 0 } = counts;
  const failed = fail + cancelled;
  if (tests === undefined || pass + failed + skipped + todo !== tests || (code !== 0) !== (failed > 0)) {
    console.error(`${phase}: the test runner ended with code ${code} and without a count that fits`);
    return { passed: pass, failed: failed + 1, skipped: skipped + todo };
  }
  return { passed: pass, failed, skipped: skipped + todo };
}

/** Runs a program that ends with a line `N passed, N failed`; that line is taken out of what it prints. */
async function runProgram(phase: Phase, file: string, args: readonly string[], env: Record<string, string>): Promise<Result> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', file, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let result: Result | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const found = SUMMARY.exec(line.trim());
    if (found === null) console.log(line);
    else result = { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3] ?? 0) };
  });
  const code = await ended(child);
  if (result !== undefined && (code === 0) === (result.failed === 0)) return result;
  console.error(`${phase}: ${file} ended with code ${code} and ${result === undefined ? 'no count' : `${result.failed} failed`}`);
  return { passed: result?.passed ?? 0, failed: (result?.failed ?? 0) + 1, skipped: result?.skipped ?? 0 };
}

async function runPhase(phase: Phase, { names, options }: Request): Promise<Result> {
  const env = environmentFor(phase, options);
  if (phase === 'check') return runProgram(phase, 'tools/check.ts', [], env);
  if (phase === 'interop' || phase === 'examples') {
    const program = phase === 'interop' ? 'interop/main.ts' : 'interop/examples/main.ts';
    const passed = phase === 'examples' ? [] : [...options].flatMap(([option, value]) => [`--${option}`, value]);
    return existsSync(join(root, program)) ? runProgram(phase, program, [...names, ...passed], env) : missing(phase, program);
  }
  const files = [...testFiles(join(root, 'test', phase))].filter((file) => names.length === 0 || names.some((name) => file.includes(name))).sort();
  return files.length > 0 ? runFiles(phase, files, env) : missing(phase, `test in test/${phase}${names.length > 0 ? ` named like ${names.join(' or ')}` : ''}`);
}

function missing(phase: Phase, what: string): Result {
  console.error(`${phase}: there is no ${what}`);
  return FAILED;
}

function describe({ passed, failed, skipped }: Result): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

async function main(): Promise<void> {
  const request = parseArguments(process.argv.slice(2));
  const started = performance.now();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const phase of request.phases) {
    const phaseStarted = performance.now();
    const result = await runPhase(phase, request);
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped;
    console.log(`${phase.padEnd(12)} ${describe(result)} in ${((performance.now() - phaseStarted) / 1000).toFixed(1)} s`);
  }
  if (request.phases.length > 1) console.log(`${'all'.padEnd(12)} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (total.passed + total.failed === 0) total.failed = 1; // nothing ran, which proves nothing
  console.log(describe(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
