import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../interop/peers/net/alone.sh', import.meta.url));

/**
 * Runs this program again in a network namespace of its own, where the system allows that, and ends with its exit code.
 * Returns when it is in one already, or cannot be: whether it is.
 */
export async function goAlone(): Promise<boolean> {
  if (process.env.BENCH_ALONE !== undefined) return process.env.BENCH_ALONE === 'yes';
  if (process.platform !== 'linux' || spawnSync('sh', [SCRIPT, 'true']).status !== 0) return false;
  const again = spawn('sh', [SCRIPT, process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, BENCH_ALONE: 'yes' } });
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => again.kill(name));
  const [code, signal] = (await once(again, 'exit')) as [number | null, string | null];
  if (signal !== null) console.error(`ended by ${signal}`);
  process.exit(code ?? 1);
}
