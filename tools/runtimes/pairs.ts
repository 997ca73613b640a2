import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Platform } from './platforms.ts';

const PAIR_TIMEOUT_MS = 120_000;
const program = fileURLToPath(new URL('pair-end.ts', import.meta.url));

export interface PairResult {
  /** Until both have all, in seconds. */
  readonly seconds: number;
  readonly error?: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Connects two processes on two platforms; each sends so many bytes to the other, at the same time. */
export async function runPair(offer: Platform, answer: Platform, bytes: number): Promise<PairResult> {
  const start = (platform: Platform, role: string): Child =>
    spawn(platform.command, [...platform.args, program, role, String(bytes)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    });
  const [a, b] = [start(offer, 'offer'), start(answer, 'answer')];
  const timer = setTimeout(() => {
    a.kill('SIGKILL');
    b.kill('SIGKILL');
  }, PAIR_TIMEOUT_MS);
  const seconds: number[] = [];
  const join = (from: Child, to: Child): Promise<string | undefined> => {
    let said = '';
    from.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    to.stdin.on('error', () => {}); // it ended; its exit code says why
    createInterface({ input: from.stdout }).on('line', (line) => {
      if (line.startsWith('{"seconds"')) seconds.push((JSON.parse(line) as { readonly seconds: number }).seconds);
      else to.stdin.write(`${line}\n`);
    });
    return new Promise((resolve) => {
      from.on('error', (error) => resolve(String(error)));
      from.on('close', (code) => {
        to.stdin.end();
        resolve(code === 0 ? undefined : `ended with code ${code}: ${said.slice(-600)}`);
      });
    });
  };
  const errors = await Promise.all([join(a, b), join(b, a)]);
  clearTimeout(timer);
  const error = errors.map((text, i) => (text === undefined ? '' : `${(i === 0 ? offer : answer).name} ${text}`)).join(' ').trim();
  if (error !== '' || seconds.length !== 2) return { seconds: Number.NaN, error: `✖ ${error || 'no result'}` };
  return { seconds: Math.max(...seconds) };
}
