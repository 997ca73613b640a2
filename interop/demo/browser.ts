// Pages in real browsers, as far as the tests of the demo and of the examples need them.
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { chromiumFlags } from '../peers/chromium.mjs';
import { firefoxPrefs } from '../peers/firefox.mjs';
import { CHROMIUM, FIREFOX } from '../spawn-peer.ts';

export type BrowserName = 'chromium' | 'firefox';

export interface Page {
  goto(url: string): Promise<void>;
  /** Evaluates an expression in the page; a promise is awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** The whole page, as a PNG. */
  screenshot(path: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** What the page wrote to the console as an error or a warning, and what it threw. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** A browser that runs. */
export interface Browser {
  readonly isRunning: boolean;
  /** A page with storage of its own. */
  open(): Promise<Page>;
  close(): Promise<void>;
}

const VIEWPORT = { width: 1180, height: 1500 };
const COMPLAINTS: ReadonlySet<string> = new Set(['error', 'warning', 'warn']);

async function launchChromium(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...chromiumFlags, '--disable-features=WebRtcHideLocalIpsWithMdns'] });
  const open = async (): Promise<Page> => {
    const context = await browser.newContext({ viewport: VIEWPORT });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => COMPLAINTS.has(message.type()) && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    return {
      goto: async (url) => void (await page.goto(url)),
      evaluate: (expression) => page.evaluate(expression),
      screenshot: async (path) => void (await page.screenshot({ path, fullPage: true })),
      resize: (width, height) => page.setViewportSize({ width, height }),
      errors,
      close: () => context.close(),
    };
  };
  return { get isRunning() { return browser.isConnected(); }, open, close: () => browser.close() };
}

/** Pages of one browser lie over each other; none of them may rest because it is not the one on top. */
const NEVER_REST = {
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'media.devices.unfocused.enabled': true,
  'media.suspend-background-video.enabled': false,
  'widget.windows.window_occlusion_tracking.enabled': false,
};

async function launchFirefox(): Promise<Browser> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    extraPrefsFirefox: { ...firefoxPrefs, ...NEVER_REST, 'media.peerconnection.ice.obfuscate_host_addresses': false },
  });
  const open = async (): Promise<Page> => {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport(VIEWPORT);
    const errors: string[] = [];
    page.on('console', (message) => COMPLAINTS.has(message.type()) && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error instanceof Error ? error.message : String(error)));
    return {
      goto: async (url) => void (await page.goto(url)),
      evaluate: <T>(expression: string) => page.evaluate(expression) as Promise<T>,
      screenshot: async (path) => void (await page.screenshot({ path: path as `${string}.png`, fullPage: true })),
      resize: (width, height) => page.setViewport({ width, height }),
      errors,
      close: () => context.close(),
    };
  };
  return { get isRunning() { return browser.connected; }, open, close: () => browser.close() };
}

export const launch: Readonly<Record<BrowserName, () => Promise<Browser>>> = { chromium: launchChromium, firefox: launchFirefox };

/** A page in a browser of its own, which ends with it. */
export async function openPage(name: BrowserName): Promise<Page> {
  const browser = await launch[name]();
  const page = await browser.open();
  return { ...page, close: () => browser.close() };
}
