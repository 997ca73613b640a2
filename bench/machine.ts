import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Jiffies that all cores were busy and in all, from Linux; undefined elsewhere. */
async function jiffies(): Promise<{ busy: number; all: number } | undefined> {
  try {
    const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
    const [, ...fields] = line.trim().split(/\s+/);
    const numbers = fields.slice(0, 8).map(Number);
    const all = numbers.reduce((sum, n) => sum + n, 0);
    return { busy: all - (numbers[3] ?? 0) - (numbers[4] ?? 0), all };
  } catch {
    return undefined;
  }
}

/** The share of one core that others use while this process does nothing: 0 to the number of cores. */
export async function coresInUse(sampleMs: number): Promise<number> {
  const before = await jiffies();
  await pause(sampleMs);
  const after = await jiffies();
  if (!before || !after || after.all === before.all) return 0;
  return ((after.busy - before.busy) / (after.all - before.all)) * cpus().length;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly date: string;
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${release()}`,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
});
