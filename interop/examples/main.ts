// npm run test:examples -- [example…] [--browser firefox]
// Runs every example against its browser or its other process, and asserts what its README promises.
import { examples } from '../../examples/shared/run.ts';
import { goAlone } from '../alone.ts';
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
import { BROWSER, type ExampleTest } from './tools.ts';

const all: readonly ExampleTest[] = [...dataChannelTests, ...programTests, ...negotiationTests, ...playbackTests, ...recordingTests, ...forwardingTests, ...networkTests, ...processingTests, ...houseTests];
const LONGEST_MS = 60_000;
/** The demo has a suite of its own, in interop/demo. */
const ELSEWHERE = ['demo'];

function choose(names: readonly string[]): readonly ExampleTest[] {
  const unknown = names.filter((name) => !all.some((test) => test.name === name));
  if (unknown.length === 0) return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  console.error(`No test of ${unknown.join(', ')}. There are: ${all.map(({ name }) => name).join(' ')}`);
  process.exit(2);
}

async function main(): Promise<number> {
  const chosen = choose(process.argv.slice(2).filter((argument) => !argument.startsWith('--')));
  await goAlone();
  const noBrowser = await peerPrograms[BROWSER].missing();
  const results: Result[] = [];
  const tell = (result: Omit<Result, 'suite'>): void => {
    results.push({ suite: 'examples', ...result });
    console.log(line(results.at(-1) as Result));
  };
  const start = performance.now();
  for (const test of chosen) {
    if (!test.needsBrowser || noBrowser === undefined) tell(await runCase(test, LONGEST_MS));
    else tell({ name: test.name, outcome: process.env.CI === 'true' ? 'failed' : 'skipped', timeMs: 0, note: noBrowser });
  }
  for (const { name } of chosen === all ? examples() : []) {
    if (!ELSEWHERE.includes(name) && !all.some((test) => test.name === name)) tell({ name, outcome: 'failed', timeMs: 0, note: 'has no test' });
  }
  console.log(summary(results, performance.now() - start));
  return failures(results) > 0 ? 1 : 0;
}

process.exit(await main());
