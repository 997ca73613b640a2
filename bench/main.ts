// npm run bench -- [scenario…] [--libs=a,b] [--runs=N] [--quick] [--force] [--json=FILE] [--profile=DIR]
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LIBRARY_NAMES, type LibraryName } from './libs/index.ts';
import { coresInUse, machine } from './machine.ts';
import { FULL, QUICK, SCENARIOS } from './scenarios.ts';
import { startStun } from './stun.ts';
import { render, type Sample, toRows } from './table.ts';

/** More than this share of a core in other hands, and the figures mean nothing. */
const BUSY_CORES = 0.15;

const args = process.argv.slice(2);
const option = (name: string): string | undefined => args.find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3);
const flag = (name: string): boolean => args.includes(`--${name}`);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function chooseScenarios(): typeof SCENARIOS {
  const names = args.filter((a) => !a.startsWith('--'));
  const unknown = names.filter((name) => !SCENARIOS.some((s) => s.name === name));
  if (unknown.length > 0) fail(`No scenario ${unknown.join(', ')}. There are: ${SCENARIOS.map((s) => s.name).join(' ')}`);
  return names.length === 0 ? SCENARIOS : SCENARIOS.filter((s) => names.includes(s.name));
}

function chooseLibraries(): readonly LibraryName[] {
  const names = option('libs')?.split(',') ?? [...LIBRARY_NAMES];
  const unknown = names.filter((name) => !LIBRARY_NAMES.includes(name as LibraryName));
  if (unknown.length > 0) fail(`No library ${unknown.join(', ')}. There are: ${LIBRARY_NAMES.join(' ')}`);
  return LIBRARY_NAMES.filter((name) => names.includes(name));
}

/** Nobody else may use the machine while we measure. */
async function quiet(): Promise<void> {
  let used = await coresInUse(1000);
  for (let i = 0; used > BUSY_CORES && i < 5; i++) used = await coresInUse(1000); // what just ended may still be ending
  if (used <= BUSY_CORES) return;
  const message = `This machine is busy: others use ${used.toFixed(2)} of its cores.`;
  if (!flag('force')) fail(`${message} Figures would mean nothing. Wait, or measure all the same with --force.`);
  console.log(`\n*** ${message} THE FIGURES BELOW ARE NOT TO BE TRUSTED (--force). ***\n`);
}

const scenarios = chooseScenarios();
const libraries = chooseLibraries();
const effort = flag('quick') ? QUICK : FULL;
const runs = Number(option('runs') ?? (flag('quick') ? 1 : 3));
const profile = option('profile');
const note = process.stderr.isTTY ? (text: string): void => void process.stderr.write(`\r\x1b[K${text}`) : (text: string): void => void (text && console.error(text));

await quiet();
const stun = await startStun();
process.env.BENCH_STUN_PORT = String(stun.port);
const start = performance.now();
const samples: Sample[] = [];
const failures: string[] = [];
const busy: number[] = [];
for (let run = 1; run <= runs; run++) {
  busy.push(await coresInUse(300));
  for (const scenario of scenarios) {
    for (const library of libraries) {
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

const rows = toRows(samples);
const where = machine();
console.log(`\n${where.date}, ${where.cpu}, ${where.cores} cores, Node.js ${where.node}; median of ${runs} ${runs === 1 ? 'run' : 'runs'}, loopback, one process per peer\n`);
console.log(render(rows, libraries));
for (const failure of failures) console.log(`FAILED ${failure}`);
const disturbed = busy.filter((used) => used > BUSY_CORES).length;
if (disturbed > 0) console.log(`\n*** Others used the machine before ${disturbed} of ${runs} runs: measure again. ***`);
console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s`);
const json = option('json');
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: where, runs, rows, failures, disturbed }, null, 2)}\n`);
process.exit(failures.length > 0 || (disturbed > 0 && !flag('force')) ? 1 : 0);
