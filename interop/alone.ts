// A network namespace of its own for a program that starts peers and browsers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

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

/** Goes on inside a network namespace where the machine allows one; says so where it does not. */
export async function goAlone(): Promise<void> {
  if (process.env[INSIDE]) return;
  const refusal = await namespaceRefusal();
  if (refusal === undefined) await again();
  console.log(`No network namespace (${refusal}): the peers meet on this machine's own interfaces.`);
}
