// npm run test:examples -- [example…] [--browser firefox]
// Runs every example in each browser, or with its other process, and asserts what its README promises. Browsers are started
// once; a test has pages of its own, and some tests run side by side.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { examples } from '../../examples/shared/run.ts';
import { goAlone } from '../alone.ts';
import { type Browser, type BrowserName, launch } from '../demo/browser.ts';
import { peerPrograms } from '../spawn-peer.ts';
import { failures, line, summary } from '../report.ts';
import { type Result, runCase } from '../suite.ts';
import { dataChannelTests } from './data-channels.ts';
import { forwardingTests } from './forwarding.ts';
import { houseTests } from './house.ts';
import { negotiationTests } from './negotiation.ts';
import { networkTests } from './network.ts';
import { playbackTests } from './playback.ts';
import { processingTests } from './processing.ts';
import { recordingTests } from './recording.ts';
import { programTests } from './programs.ts';
import { BOTH, type ExampleTest } from './tools.ts';

/** Those that take long are not the last, so that nothing waits for them alone. */
const all: readonly ExampleTest[] = [...houseTests, ...processingTests, ...programTests, ...negotiationTests, ...playbackTests, ...recordingTests, ...forwardingTests, ...networkTests, ...dataChannelTests];
const LONGEST_MS = 60_000;
/** Most examples wait for a clock more than they work; more at a time would disturb those that look at one. */
const AT_A_TIME = Math.min(availableParallelism(), 4);
/** The demo has a suite of its own, in interop/demo. */
const ELSEWHERE = ['demo'];
const NO_BROWSER = 'node';

/** A test and the browser that it runs in. */
interface Job {
  readonly test: ExampleTest;
  readonly browser: BrowserName | undefined;
}

const exampleOf = ({ name }: ExampleTest): string => name.split(' ')[0] ?? '';

function choose(names: readonly string[]): readonly ExampleTest[] {
  const unknown = names.filter((name) => !all.some((test) => exampleOf(test) === name));
  if (unknown.length === 0) return names.length === 0 ? all : all.filter((test) => names.includes(exampleOf(test)));
  console.error(`No test of ${unknown.join(', ')}. There are: ${[...new Set(all.map(exampleOf))].join(' ')}`);
  process.exit(2);
}

/** Each test in each of its browsers. */
function jobsOf(tests: readonly ExampleTest[]): readonly Job[] {
  const wanted = BOTH.filter((name) => (process.env.EXAMPLES_BROWSER ?? name) === name);
  if (wanted.length === 0) {
    console.error(`No browser ${process.env.EXAMPLES_BROWSER}. There are: ${BOTH.join(' ')}`);
    process.exit(2);
  }
  return tests.flatMap((test) => {
    const browsers: readonly (BrowserName | undefined)[] = test.browsers.length === 0 ? [undefined] : wanted.filter((name) => test.browsers.includes(name));
    return browsers.map((browser) => ({ test, browser }));
  });
}

/** Browsers that are started once, and anew when they have ended. */
class Browsers {
  readonly #running = new Map<BrowserName, Promise<Browser>>();

  async get(name: BrowserName): Promise<Browser> {
    const running = this.#running.get(name);
    if ((await running)?.isRunning) return running as Promise<Browser>;
    if (running === this.#running.get(name)) this.#running.set(name, launch[name]());
    return this.#running.get(name) as Promise<Browser>;
  }

  async close(): Promise<void> {
    for (const browser of this.#running.values()) await (await browser).close();
  }
}

/** Why a test cannot run on this machine; undefined when it can. */
async function missing({ test, browser }: Job): Promise<string | undefined> {
  const absent = (test.needs ?? []).find((program) => spawnSync(program, ['-version']).error !== undefined);
  if (absent !== undefined) return `${absent} is not installed`;
  return browser && peerPrograms[browser].missing();
}

async function runJobs(jobs: readonly Job[], atATime: number, browsers: Browsers, tell: (result: Result) => void): Promise<void> {
  const waiting = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const { test, browser } = job;
      const suite = browser ?? NO_BROWSER;
      const reason = await missing(job);
      const run = async (): Promise<string> => test.run(browser && { name: browser, browser: await browsers.get(browser) });
      if (reason === undefined) tell({ suite, ...(await runCase({ name: test.name, run }, LONGEST_MS)) });
      else tell({ suite, name: test.name, outcome: process.env.CI === 'true' ? 'failed' : 'skipped', timeMs: 0, note: reason });
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
}

async function main(): Promise<number> {
  const chosen = choose(process.argv.slice(2).filter((argument) => !argument.startsWith('--')));
  await goAlone();
  const results: Result[] = [];
  const tell = (result: Result): void => {
    results.push(result);
    console.log(line(result));
  };
  const start = performance.now();
  const browsers = new Browsers();
  const jobs = jobsOf(chosen);
  await runJobs(jobs.filter(({ test }) => test.isAlone), 1, browsers, tell);
  await runJobs(jobs.filter(({ test }) => !test.isAlone), AT_A_TIME, browsers, tell);
  await browsers.close();
  for (const { name } of chosen === all ? examples() : []) {
    if (!ELSEWHERE.includes(name) && !all.some((test) => exampleOf(test) === name)) tell({ suite: NO_BROWSER, name, outcome: 'failed', timeMs: 0, note: 'has no test' });
  }
  console.log(summary(results, performance.now() - start));
  return failures(results) > 0 ? 1 : 0;
}

process.exit(await main());
