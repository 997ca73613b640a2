// npm run bench -- micro                        the hot functions, with tinybench
// npm run bench -- micro crypto|rtp|sctp|srtp|udp [argument…]   one area in depth
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Each in a process of its own, so that none finds the code of another warm. */
export async function runMicro([name = 'hot', ...args]: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  if (!/^(?:hot|crypto|rtp|sctp|srtp|udp)$/.test(name) || !existsSync(file)) {
    console.error(`No micro bench ${name}. There are: hot crypto rtp sctp srtp udp`);
    return 2;
  }
  const [code] = (await once(spawn(process.execPath, [...process.execArgv, file, ...args], { stdio: 'inherit' }), 'exit')) as [number | null];
  return code ?? 1;
}
