// npm run test:interop -- [suite…] [--repeat=N]
// Data channels between this library and real WebRTC stacks, in a network namespace of its own.
import { goAlone } from './alone.ts';
import { allSuites } from './suites.ts';
import { type Result, runSuite, type Suite } from './suite.ts';
import { failures, line, summary } from './report.ts';

function choose(suites: readonly Suite[], names: readonly string[]): readonly Suite[] {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`No suite ${unknown.join(', ')}. There are: ${suites.map((s) => s.name).join(' ')}`);
    process.exit(2);
  }
  return names.length === 0 ? suites : suites.filter((suite) => names.includes(suite.name));
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const repeat = Number(args.find((a) => a.startsWith('--repeat='))?.slice(9) ?? process.env.INTEROP_REPEAT ?? 1);
  const chosen = choose(
    await allSuites(),
    args.filter((a) => !a.startsWith('--')),
  );
  await goAlone();
  const strict = process.env.CI === 'true';
  const results: Result[] = [];
  const tell = (result: Result): void => {
    results.push(result);
    console.log(line(result));
  };
  process.on('unhandledRejection', (error) => tell({ suite: 'process', name: 'unhandled rejection', outcome: 'failed', timeMs: 0, note: String((error as Error)?.stack ?? error) }));
  const start = performance.now();
  for (let i = 0; i < repeat; i++) for (const suite of chosen) await runSuite(suite, strict, tell);
  console.log(summary(results, performance.now() - start));
  return failures(results) > 0 ? 1 : 0;
}

process.exit(await main());
