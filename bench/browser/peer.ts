// A browser as a peer of the bench, in a process that speaks with the bench as `peer.ts` does. What a page cannot know is not measured.
import { existsSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { Signal } from '../libs/library.ts';
import { monotonicMs } from '../process.ts';
import { CHROMIUM } from './chromium.ts';

interface Request {
  readonly id: number;
  readonly op: string;
  readonly key: number;
}

interface Launched {
  readonly page: Page;
  close(): Promise<void>;
}

const tell = (message: object): void => void process.send?.(message);

async function launch(): Promise<Launched> {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}`);
  const { launchChromium } = (await import('../../interop/peers/chromium.mjs' as string)) as { launchChromium(options: object): Promise<Launched> };
  const browser = await launchChromium({ loopback: true });
  await browser.page.exposeFunction('tell', (message: { signal: Signal }) => {
    const elsewhere = message.signal.type === 'candidate' && !message.signal.candidate.includes(' 127.0.0.1 ');
    if (!elsewhere) tell(message);
  });
  await browser.page.addScriptTag({ content: readFileSync(new URL('page.js', import.meta.url), 'utf8') });
  return browser;
}

const { page, close } = await launch();
const inPage = (call: string, ...values: readonly unknown[]): Promise<unknown> => page.evaluate(`bench.${call}(${values.map((value) => JSON.stringify(value)).join()})`);

const operations: Record<string, (request: Request) => Promise<unknown>> = {
  async open(request) {
    const startMs = monotonicMs();
    await inPage('open', request);
    isOpen = true;
    for (const signal of orphans.splice(0)) await inPage('signal', request.key, signal);
    await inPage('opened', request.key);
    return { startMs, openMs: monotonicMs() };
  },
  close: async ({ key }) => void (await inPage('close', key)),
  transmit: async (request) => ({ ...((await inPage('transmit', request)) as object), cpuMs: Number.NaN }),
  receive: async (request) => ({ ...((await inPage('receive', request)) as object), cpuMs: Number.NaN }),
};

/** Signals that came before there was a connection. */
const orphans: Signal[] = [];
let isOpen = false;

process.on('message', (message: Request | { readonly key: number; readonly signal: Signal }) => {
  if ('signal' in message) {
    if (isOpen) void inPage('signal', message.key, message.signal);
    else orphans.push(message.signal);
    return;
  }
  const operation = operations[message.op] ?? (() => Promise.reject(new Error(`a browser cannot ${message.op}`)));
  operation(message).then(
    (result) => tell({ id: message.id, result }),
    (error: Error) => tell({ id: message.id, error: String(error?.stack ?? error) }),
  );
});
process.on('disconnect', () => void close().finally(() => process.exit(0)));
tell({ ready: true });
