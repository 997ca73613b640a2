// The demo as a person uses it: the page of examples/demo in a real browser.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { peerPrograms } from '../spawn-peer.ts';
import { sleep, type Suite, until, within } from '../suite.ts';
import { openPage, type Page } from './browser.ts';

const MAIN = fileURLToPath(new URL('../../examples/demo/main.ts', import.meta.url));
const SCREENSHOTS = fileURLToPath(new URL('../build', import.meta.url));
const KIB = 1024;
const SIZES = [0, 1, 1200, 16 * KIB, 64 * KIB, 256 * KIB] as const;

async function startDemo(): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /http:\/\/\S+/.exec(line)?.[0];
      if (url) return url;
    }
    throw new Error('the demo ended');
  })();
  const url = await within(found, 15_000, 'start of the demo');
  child.stdout.resume();
  return { url, child };
}

const inState = (page: Page, state: string): Promise<void> =>
  until(async () => (await page.evaluate<string>('demo.link.state')) === state, 20_000, `the page's state '${state}'`);

async function echoes(page: Page): Promise<void> {
  for (const kind of ['text', 'binary']) {
    for (const size of SIZES) {
      const same = await within(page.evaluate<boolean>(`demo.echo('${kind}', ${size})`), 15_000, `echo of ${kind}, ${size} bytes`);
      if (!same) throw new Error(`${kind} of ${size} bytes came back changed`);
    }
  }
}

const textOf = (page: Page, id: string): Promise<string> => page.evaluate<string>(`document.getElementById('${id}').textContent`);

async function chats(page: Page): Promise<void> {
  await page.evaluate(`(() => { document.getElementById('chat-text').value = 'Hello from the page'; document.getElementById('chat-form').requestSubmit(); })()`);
  await until(async () => (await page.evaluate<number>(`document.querySelectorAll('#chat-log li').length`)) === 2, 5000, 'the echo of the chat');
}

/** Runs the throughput test in one direction for a moment; the mean rate in MB/s. */
async function measures(page: Page, direction: 'up' | 'down'): Promise<number> {
  await page.evaluate(`document.getElementById('${direction}').click()`);
  await sleep(2000);
  const mean = Number(await textOf(page, 'rate-mean'));
  await page.evaluate(`document.getElementById('${direction}').click()`);
  if (!(mean > 0)) throw new Error(`throughput ${direction}: ${mean} MB/s`);
  return mean;
}

async function ends(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = (await within(gone, 5000, 'the end of the demo after Ctrl-C')) as [number | null];
  if (code !== 0) throw new Error(`the demo ended with ${code}`);
}

async function run(browser: 'chromium' | 'firefox'): Promise<string> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const { url, child } = await startDemo();
  const page = await openPage(browser);
  try {
    await page.goto(url);
    await inState(page, 'connected');
    await echoes(page);
    await chats(page);
    const [up, down] = [await measures(page, 'up'), await measures(page, 'down')];
    if (!(Number(await textOf(page, 'rtt-p50')) > 0)) throw new Error('no round-trip time is shown');
    await until(() => page.evaluate<boolean>(`document.querySelector('#pairs tr.selected') !== null`), 5000, 'a selected candidate pair');
    await page.screenshot(`${SCREENSHOTS}/demo-${browser}.png`);
    await page.resize(390, 844);
    const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    if (wider > 0) throw new Error(`the page is ${wider} px wider than a phone`);
    await page.screenshot(`${SCREENSHOTS}/demo-${browser}-phone.png`);

    await page.evaluate('demo.close()');
    await inState(page, 'idle');
    await page.evaluate('demo.connect()');
    await inState(page, 'connected');
    if (page.errors.length > 0) throw new Error(`errors in the console: ${page.errors.join(' | ')}`);
    await ends(child);
    await inState(page, 'lost');
    return `echoes to 256 KiB, ${up} MB/s to the server, ${down} MB/s from it, closed from both ends`;
  } finally {
    await page.close();
    child.kill('SIGKILL');
  }
}

export function demoSuite(browser: 'chromium' | 'firefox'): Suite {
  return { name: `demo-${browser}`, missing: () => peerPrograms[browser].missing(), cases: () => [{ name: 'the page', run: () => run(browser) }] };
}
