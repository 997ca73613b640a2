// npm run bench -- [scenario…] [--libs=a,b] [--runs=N] [--quick] [--force] [--compare=bars] [--json=FILE] [--readme] [--profile=DIR]
// npm run bench -- micro [crypto|rtp|sctp|srtp|udp] [argument…]
// npm run bench -- runtimes [platform…] [--runs=N] [--quick]     the same on every platform
// npm run bench -- pool [--quick]     connections in worker threads
// npm run bench -- profile FILE.cpuprofile…
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { goAlone } from './alone.ts';
import { judge } from './bars.ts';
import { CHROMIUM } from './browser/chromium.ts';
import { LIBRARY_NAMES, type LibraryName, NODE_LIBRARIES } from './libs/index.ts';
import { coresInUse, machine } from './machine.ts';
import { runMicro } from './micro/main.ts';
import { runPlatforms } from './platforms/main.ts';
import { runPool } from './pool/main.ts';
import { printShares } from './profile.ts';
import { writeReadme } from './readme.ts';
import { FULL, QUICK, type Scenario, SCENARIOS } from './scenarios.ts';
import { startStun } from './stun.ts';
import { render, renderBars, renderBehind, type Sample, toRows } from './table.ts';

/** More than this share of a core in other hands, and the figures mean nothing. */
const BUSY_CORES = 0.15;
/** Far from the others, and slow to measure: it takes part in the first run only, but for what varies most, and what a bar asks of it. */
const SLOW_LIBRARY: LibraryName = 'werift';
const IN_EVERY_RUN: readonly string[] = ['dc-throughput', 'rtp-forward'];
/** What a reader of the table asks. */
const NOTES = `A dash: not measured. ${SLOW_LIBRARY} is measured once, but for transfers and RTP. "Settled": after 5,000 more round trips, when
the engine has compiled what it will. Connect times of node-datachannel have two modes, hence the row p10.`;

const args = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const at = args.findIndex((a) => a === `--${name}` || a.startsWith(`--${name}=`));
  return at < 0 ? undefined : (args[at]?.split('=')[1] ?? args[at + 1]);
};
const flag = (name: string): boolean => args.includes(`--${name}`);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

/** Options with a value may have it as a word of its own. */
const isValue = (at: number): boolean => ['--libs', '--runs', '--compare', '--json', '--profile'].includes(args[at - 1] ?? '');

function chooseScenarios(): readonly Scenario[] {
  const names = args.filter((a, at) => !a.startsWith('--') && !isValue(at));
  const unknown = names.filter((name) => !SCENARIOS.some((s) => s.name === name));
  if (unknown.length > 0) fail(`No scenario ${unknown.join(', ')}. There are: ${SCENARIOS.map((s) => s.name).join(' ')}`);
  return names.length === 0 ? SCENARIOS : SCENARIOS.filter((s) => names.includes(s.name));
}

function chooseLibraries(): readonly LibraryName[] {
  const names = option('libs')?.split(',') ?? (existsSync(CHROMIUM) ? LIBRARY_NAMES : NODE_LIBRARIES);
  const unknown = names.filter((name) => !LIBRARY_NAMES.includes(name as LibraryName));
  if (unknown.length > 0) fail(`No library ${unknown.join(', ')}. There are: ${LIBRARY_NAMES.join(' ')}`);
  return LIBRARY_NAMES.filter((name) => names.includes(name));
}

/** What others use, once what we ended has ended. */
async function othersUse(): Promise<number> {
  let used = await coresInUse(250);
  for (let i = 0; used > BUSY_CORES && i < 8; i++) used = Math.min(used, await coresInUse(500));
  return used;
}

/** Nobody else may use the machine while we measure. */
async function quiet(): Promise<void> {
  const used = await othersUse();
  if (used <= BUSY_CORES) return;
  const message = `This machine is busy: others use ${used.toFixed(2)} of its cores.`;
  if (!flag('force')) fail(`${message} Figures would mean nothing. Wait, or measure all the same with --force.`);
  console.log(`\n*** ${message} THE FIGURES BELOW ARE NOT TO BE TRUSTED (--force). ***\n`);
}

const note = process.stderr.isTTY ? (text: string): void => void process.stderr.write(`\r\x1b[K${text}`) : (text: string): void => void (text && console.error(text));

interface Outcome {
  readonly samples: readonly Sample[];
  readonly failures: readonly string[];
  /** Scenarios before which others used the machine. */
  readonly disturbed: readonly string[];
}

/** The libraries take turns in each scenario, and the scenarios in each run. */
async function measure(scenarios: readonly Scenario[], libraries: readonly LibraryName[], runs: number): Promise<Outcome> {
  const effort = flag('quick') ? QUICK : FULL;
  const profile = option('profile');
  const [samples, failures, disturbed]: [Sample[], string[], string[]] = [[], [], []];
  for (let run = 1; run <= runs; run++) {
    for (const scenario of scenarios) {
      const used = flag('force') ? await coresInUse(250) : await othersUse();
      if (used > BUSY_CORES) disturbed.push(`${scenario.name} (run ${run})`);
      for (const library of libraries) {
        if (!(scenario.libraries ?? NODE_LIBRARIES).includes(library) || (library === SLOW_LIBRARY && run > 1 && !IN_EVERY_RUN.includes(scenario.name))) continue;
        note(`run ${run} of ${runs}: ${scenario.name}, ${library}`);
        try {
          const figures = await scenario.run(library, effort, profile && resolve(profile, `${scenario.name}-${library.replace('/', '-')}-${run}`));
          for (const figure of figures) samples.push({ ...figure, scenario: scenario.name, library });
        } catch (error) {
          failures.push(`${scenario.name}, ${library}, run ${run}: ${(error as Error).message}`);
        }
      }
    }
  }
  note('');
  return { samples, failures, disturbed };
}

async function main(): Promise<number> {
  const [scenarios, libraries] = [chooseScenarios(), chooseLibraries()];
  const runs = Number(option('runs') ?? (flag('quick') ? 1 : 3));
  const isAlone = await goAlone();
  await quiet();
  process.env.BENCH_STUN_PORT = String((await startStun()).port);
  const start = performance.now();
  const { samples, failures, disturbed } = await measure(scenarios, libraries, runs);

  const rows = toRows(samples);
  const verdicts = judge(rows);
  const where = machine();
  const head = `${where.date}, ${where.cpu}, ${where.cores} cores, Node.js ${where.node}; median of ${runs} ${runs === 1 ? 'run' : 'runs'}, loopback${isAlone ? ' of a network namespace' : ''}, one process per peer`;
  console.log(`\n${head}\n\n${render(rows, libraries)}`);
  if (option('compare') === 'bars') {
    console.log(`\n${renderBars(verdicts)}`);
    if (libraries.includes('sansrtc') && libraries.includes(SLOW_LIBRARY)) console.log(renderBehind(rows, SLOW_LIBRARY));
  }
  for (const failure of failures) console.log(`FAILED ${failure}`);
  if (disturbed.length > 0) console.log(`\n*** Others used the machine before ${disturbed.join(', ')}: measure again. ***`);
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s`);

  const json = option('json');
  if (json !== undefined) {
    mkdirSync(dirname(resolve(json)), { recursive: true });
    writeFileSync(json, `${JSON.stringify({ machine: where, alone: isAlone, runs, rows, bars: verdicts, failures, disturbed }, null, 2)}\n`);
  }
  const isClean = failures.length === 0 && disturbed.length === 0;
  if (flag('readme')) {
    if (isClean) writeReadme(`${head}:\n\n${render(rows, libraries, ['node-datachannel'])}\n\n${NOTES}`);
    else console.log('README.md is left as it was: a table needs a run without failures on a quiet machine.');
  }
  return failures.length > 0 || (disturbed.length > 0 && !flag('force')) ? 1 : 0;
}

if (args[0] === 'micro') process.exit(await runMicro(args.slice(1)));
else if (args[0] === 'runtimes') process.exit(await runPlatforms(args.slice(1)));
else if (args[0] === 'pool') process.exit(await runPool(args.slice(1)));
else if (args[0] === 'profile') printShares(args.slice(1));
else process.exit(await main());
