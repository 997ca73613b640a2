// What the tests of the examples are written with.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openPage, type Page } from '../demo/browser.ts';
import { until } from '../suite.ts';
import { Program } from './program.ts';

/** `--browser firefox` chooses the other one. */
export const BROWSER: 'chromium' | 'firefox' = process.env.EXAMPLES_BROWSER === 'firefox' ? 'firefox' : 'chromium';
export const SCREENSHOTS: string = fileURLToPath(new URL('../build/examples', import.meta.url));

export interface Tools {
  readonly program: Program;
  readonly page: Page;
  readonly url: string;
}

/** One example and what its README promises. */
export interface ExampleTest {
  readonly name: string;
  readonly needsBrowser: boolean;
  /** Resolves with what was asserted. */
  run(): Promise<string>;
}

export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

/** The text of an element. */
export const textOf = (page: Page, id: string): Promise<string> => page.evaluate<string>(`document.getElementById('${id}').textContent.trim()`);
export const numberOf = async (page: Page, id: string): Promise<number> => Number(await textOf(page, id));
/** The lines of a list. */
export const linesOf = (page: Page, id: string): Promise<string[]> => page.evaluate<string[]>(`[...document.getElementById('${id}').children].map((line) => line.textContent.trim())`);
/** The cells of a table's body. */
export const rowsOf = (page: Page, id: string): Promise<string[][]> =>
  page.evaluate<string[][]>(`[...document.getElementById('${id}').children].map((row) => [...row.children].map((cell) => cell.textContent.trim()))`);

const isEnabled = (page: Page, selector: string): Promise<void> =>
  until(() => page.evaluate<boolean>(`document.querySelector('${selector}')?.disabled === false`), 10_000, `'${selector}' can be used`);

export async function click(page: Page, id: string): Promise<void> {
  await isEnabled(page, `#${id}`);
  await page.evaluate(`document.getElementById('${id}').click()`);
}

/** Writes into a form's only field and sends it. */
export async function write(page: Page, form: string, text: string): Promise<void> {
  await isEnabled(page, `#${form} input`);
  await page.evaluate(`(() => { const form = document.getElementById('${form}'); form.querySelector('input').value = ${JSON.stringify(text)}; form.requestSubmit(); })()`);
}

export async function isState(page: Page, state: string, ms = 20_000): Promise<void> {
  let seen = '';
  await until(
    async () => (seen = await textOf(page, 'status')) === state,
    ms,
    () => `the page's state '${state}' (it is '${seen}', ${page.errors.join(' | ') || 'without an error'})`,
  );
}

/** Waits until a list has lines that match. */
export const hasLine = (page: Page, id: string, pattern: RegExp, ms = 10_000): Promise<void> =>
  until(async () => (await linesOf(page, id)).some((line) => pattern.test(line)), ms, `a line ${pattern} in #${id}`);

/** How wide a phone is, and how tall. */
const PHONE = [390, 844] as const;

async function looks(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot(`${SCREENSHOTS}/${name}.png`);
  await page.resize(...PHONE);
  const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  assert(wider <= 0, `the page is ${wider} px wider than a phone`);
  await page.screenshot(`${SCREENSHOTS}/${name}-phone.png`);
}

export interface PageTestOptions {
  readonly args?: readonly string[];
  /** Runs before the program; what it returns is added to the arguments, and ended. */
  readonly before?: () => Promise<{ readonly args: readonly string[]; end(): void }>;
}

/**
 * The test of an example with a page: it connects, `check` holds, it is no wider than a phone, the console has no error, a
 * second page connects as well, and Ctrl-C ends the program while the page is told so.
 */
export function pageTest(name: string, check: (tools: Tools) => Promise<string>, options: PageTestOptions = {}): ExampleTest {
  return {
    name,
    needsBrowser: true,
    async run() {
      const helper = await options.before?.();
      const program = new Program(name, ['--port=0', ...(options.args ?? []), ...(helper?.args ?? [])]);
      let page: Page | undefined;
      try {
        const url = (await program.printed(/http:\/\/\S+/))[0];
        page = await openPage[BROWSER]();
        await page.resize(1180, 900);
        await page.goto(url);
        await isState(page, 'connected');
        const asserted = await check({ program, page, url });
        await looks(page, name);
        await page.goto(url); // once more
        await isState(page, 'connected');
        assert(page.errors.length === 0, `errors in the console: ${page.errors.join(' | ')}`);
        await program.interrupt();
        await isState(page, 'lost');
        assert(!/Error|    at /.test(program.output), `the program complained: ${program.output.trim()}`);
        return asserted;
      } catch (error) {
        if (!program.hasEnded) throw error;
        throw new Error(`${name} ended: ${program.output.trim()}`, { cause: error });
      } finally {
        await page?.close();
        program.kill();
        helper?.end();
      }
    },
  };
}

/** The test of an example without a page: it ends by itself and well, and `check` holds of what it printed. */
export function programTest(name: string, args: readonly string[], check: (output: string) => string | Promise<string>): ExampleTest {
  return {
    name,
    needsBrowser: false,
    async run() {
      const program = new Program(name, args);
      try {
        const code = await program.ended();
        assert(code === 0, `it ended with ${code}: ${program.output.trim()}`);
        return await check(program.output);
      } finally {
        program.kill();
      }
    },
  };
}
