// npm run test:interop -- [suite…] [--repeat=N]
// Data channels between this library and real WebRTC stacks, in a network namespace of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { allSuites } from './suites.ts';
import { type Result, runSuite, type Suite } from './suite.ts';
import { line, summary } from './report.ts';

const INSIDE = 'SANSRTC_INTEROP_INSIDE';
const alone = fileURLToPath(new URL('peers/net/alone.sh', import.meta.url));

/** Whether this machine lets us make a network namespace; the reason when it does not. */
async function namespaceRefusal(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `network namespaces are Linux's, this is ${process.platform}`;
  let reason = '';
  const child = spawn(alone, ['true'], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (text: Buffer) => (reason += text.toString()));
  const code = await Promise.race([once(child, 'exit').then(([c]) => c as number), once(child, 'error').then(() => -1)]);
  return code === 0 ? undefined : reason.trim().split('\n').at(-1) || 'it is not permitted';
}

/** Runs this program again inside a namespace, and ends as that one ends. */
async function again(): Promise<never> {
  const child = spawn(alone, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exit(code ?? 1);
}

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
  if (!process.env[INSIDE]) {
    const refusal = await namespaceRefusal();
    if (refusal === undefined) await again();
    console.log(`No network namespace (${refusal}): the peers meet on this machine's own interfaces.`);
  }
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
  return results.some((r) => r.outcome === 'failed') ? 1 : 0;
}

process.exit(await main());
