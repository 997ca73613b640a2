// What the tests of the examples are written with.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserName, Page } from '../demo/browser.ts';
import { until } from '../suite.ts';
import { Program } from './program.ts';

const SCREENSHOTS: string = fileURLToPath(new URL('../build/examples', import.meta.url));

export type { BrowserName };
export const BOTH: readonly BrowserName[] = ['chromium', 'firefox'];

/** What a test runs in. */
export interface Place {
  readonly name: BrowserName;
  readonly browser: Browser;
}

export interface Tools {
  /** The test's name, as that of a file. */
  readonly name: string;
  readonly program: Program;
  readonly page: Page;
  readonly url: string;
  readonly browser: BrowserName;
  /** Another page in the same browser, which is closed when the test is over. */
  open(): Promise<Page>;
}

interface TestOptions {
  /** Whether it measures, and so has the machine to itself. Default false. */
  readonly isAlone?: boolean;
  /** Programs that it starts. */
  readonly needs?: readonly string[];
}

/** One example and what its README promises. */
export interface ExampleTest extends TestOptions {
  readonly name: string;
  /** The browsers in which it runs, once each; none when there is no page. */
  readonly browsers: readonly BrowserName[];
  /** Resolves with what was asserted. */
  run(place?: Place): Promise<string>;
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

/** Writes pictures of a page for a person to look at; nothing may stick out of a phone. */
export async function looks(page: Page, browser: BrowserName, name: string): Promise<void> {
  const folder = `${SCREENSHOTS}/${browser}`;
  mkdirSync(folder, { recursive: true });
  await page.screenshot(`${folder}/${name}.png`);
  await page.resize(...PHONE);
  const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  assert(wider <= 0, `the page is ${wider} px wider than a phone`);
  await page.screenshot(`${folder}/${name}-phone.png`);
}

export interface PageTestOptions extends TestOptions {
  readonly args?: readonly string[];
  /** Default both. */
  readonly browsers?: readonly BrowserName[];
  /** Behind the name, where an example has several tests. */
  readonly variant?: string;
  /** Runs before the program; what it returns is added to the arguments, and ended. */
  readonly before?: (browser: BrowserName) => Promise<{ readonly args: readonly string[]; end(): void }>;
}

/** Runs an example with a page: starts it, lets `check` look at it, and ends it with Ctrl-C, of which the page is told. */
function withPage(example: string, check: (tools: Tools) => Promise<string>, options: PageTestOptions): ExampleTest {
  const { args = [], browsers = BOTH, variant, before, ...rest } = options;
  const name = variant === undefined ? example : `${example} ${variant}`;
  return {
    name,
    browsers,
    ...rest,
    async run(place) {
      if (!place) throw new Error(`${name} needs a browser`);
      const pages: Page[] = [];
      const open = async (): Promise<Page> => {
        const page = await place.browser.open();
        pages.push(page);
        return page;
      };
      const helper = await before?.(place.name);
      const program = new Program(example, ['--port=0', ...args, ...(helper?.args ?? [])]);
      try {
        const [page, [url]] = await Promise.all([open(), program.printed(/http:\/\/\S+/)]);
        await page.resize(1180, 900);
        await page.goto(url);
        const asserted = await check({ name: name.replaceAll(' ', '-'), program, page, url, browser: place.name, open });
        assert(page.errors.length === 0, `the console complains: ${page.errors.join(' | ')}`);
        await program.interrupt();
        await isState(page, 'lost');
        assert(!/Error|    at /.test(program.output), `the program complained: ${program.output.trim()}`);
        return asserted;
      } catch (error) {
        if (!program.hasEnded) throw error;
        throw new Error(`${name} ended: ${program.output.trim()}`, { cause: error });
      } finally {
        for (const page of pages) await page.close();
        program.kill();
        helper?.end();
      }
    },
  };
}

/**
 * The test of an example with a page: it connects, `check` holds, it is no wider than a phone, the console has no error and
 * no warning, and the page connects once more when it is reloaded.
 */
export function pageTest(example: string, check: (tools: Tools) => Promise<string>, options: PageTestOptions = {}): ExampleTest {
  const all = async (tools: Tools): Promise<string> => {
    const { page, browser, name, url } = tools;
    await isState(page, 'connected');
    const asserted = await check(tools);
    await looks(page, browser, name);
    await page.goto(url);
    await isState(page, 'connected');
    return asserted;
  };
  return withPage(example, all, options);
}

/** The test of an example that cannot do what it was asked for: the page says why, and the program goes on. */
export function complaintTest(example: string, says: string, state: 'connected' | 'failed', options: PageTestOptions): ExampleTest {
  const all = async ({ page, browser, name, open, url }: Tools): Promise<string> => {
    for (const one of [page, await open()]) {
      if (one !== page) await one.goto(url);
      await until(async () => (await textOf(one, 'message')) === says, 10_000, `the page's message '${says}'`);
      assert(await one.evaluate<boolean>("!document.getElementById('message').hidden"), 'the message is hidden');
      await isState(one, state);
    }
    await looks(page, browser, name);
    return `a page says: ${says} So does the next.`;
  };
  return withPage(example, all, options);
}

/** The test of an example without a page: it ends by itself and well, and `check` holds of what it printed. */
export function programTest(name: string, args: readonly string[], check: (output: string) => string | Promise<string>, options: TestOptions = {}): ExampleTest {
  return {
    name,
    browsers: [],
    ...options,
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
