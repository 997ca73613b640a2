// An example as a program: started, read, ended.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until, within } from '../suite.ts';

const RUN = fileURLToPath(new URL('../../examples/shared/run.ts', import.meta.url));
const START_MS = 20_000;
/** Of that it needs a tenth. */
const END_MS = 1000;

export class Program {
  /** What it printed. */
  output = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #name: string;

  constructor(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.#name = name;
    this.#child = spawn(process.execPath, ['--import', 'tsx', RUN, name, ...args], { env: { ...process.env, ...env } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** Whether it ended in another way than by Ctrl-C. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null && this.#child.exitCode !== 0;
  }

  /** Waits until it printed something that matches. */
  async printed(pattern: RegExp, ms = START_MS): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await until(
      () => {
        found = pattern.exec(this.output);
        if (!found && this.#child.exitCode !== null) throw new Error(`${this.#name} ended with ${this.#child.exitCode}: ${this.output.trim()}`);
        return found !== null;
      },
      ms,
      () => `${this.#name} printed ${pattern} (but: ${this.output.trim()})`,
    );
    return found as unknown as RegExpExecArray;
  }

  /** Waits for it to end by itself; the exit code. */
  async ended(ms = 60_000): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const [code] = (await within(once(this.#child, 'close'), ms, `the end of ${this.#name}`)) as [number | null];
    return code;
  }

  /** Presses Ctrl-C; it has to end well, and soon. */
  async interrupt(): Promise<void> {
    this.#child.kill('SIGINT');
    const code = await this.ended(END_MS);
    if (code !== 0) throw new Error(`after Ctrl-C ${this.#name} ended with ${code}: ${this.output.trim()}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
