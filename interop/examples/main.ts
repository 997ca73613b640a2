// npm run test:examples -- [example…] [--browser firefox]
// Runs every example against its browser or its other process, and asserts what its README promises.
import { examples } from '../../examples/shared/run.ts';
import { goAlone } from '../alone.ts';
import { peerPrograms } from '../spawn-peer.ts';
import { within } from '../suite.ts';
import { dataChannelTests } from './data-channels.ts';
import { houseTests } from './house.ts';
import { negotiationTests } from './negotiation.ts';
import { programTests } from './programs.ts';
import { BROWSER, type ExampleTest } from './tools.ts';

const all: readonly ExampleTest[] = [...dataChannelTests, ...programTests, ...negotiationTests, ...houseTests];
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
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const tell = (outcome: keyof typeof counts, name: string, note: string, ms = 0): void => {
    counts[outcome]++;
    const mark = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[outcome];
    console.log(`${mark} ${name.padEnd(32)} ${`${(ms / 1000).toFixed(1)} s`.padStart(7)}  ${note}`);
  };
  for (const test of chosen) {
    if (test.needsBrowser && noBrowser !== undefined) {
      tell(process.env.CI === 'true' ? 'failed' : 'skipped', test.name, noBrowser);
      continue;
    }
    const start = performance.now();
    try {
      const note = await within(test.run(), LONGEST_MS, 'the whole test');
      tell('passed', test.name, note, performance.now() - start);
    } catch (error) {
      tell('failed', test.name, error instanceof Error ? error.message : String(error), performance.now() - start);
    }
  }
  for (const { name } of chosen === all ? examples() : []) {
    if (!ELSEWHERE.includes(name) && !all.some((test) => test.name === name)) tell('failed', name, 'has no test');
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
  return counts.failed > 0 ? 1 : 0;
}

process.exit(await main());
