// A page in a real browser, as far as the tests of the demo need one.
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { chromiumFlags } from '../peers/chromium.mjs';
import { firefoxPrefs } from '../peers/firefox.mjs';
import { CHROMIUM, FIREFOX } from '../spawn-peer.ts';

export interface Page {
  goto(url: string): Promise<void>;
  /** Evaluates an expression in the page; a promise is awaited. */
  evaluate<T>(expression: string): Promise<T>;
  screenshot(path: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** What the page wrote to the console as an error, and what it threw. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

const [WIDTH, HEIGHT] = [1180, 1500];

async function openChromium(): Promise<Page> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...chromiumFlags, '--disable-features=WebRtcHideLocalIpsWithMdns'] });
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: (expression) => page.evaluate(expression),
    screenshot: async (path) => void (await page.screenshot({ path })),
    resize: (width, height) => page.setViewportSize({ width, height }),
    errors,
    close: () => browser.close(),
  };
}

async function openFirefox(): Promise<Page> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    extraPrefsFirefox: { ...firefoxPrefs, 'media.peerconnection.ice.obfuscate_host_addresses': false },
  });
  const page = await browser.newPage();
  await page.setViewport({ width: WIDTH, height: HEIGHT });
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error instanceof Error ? error.message : String(error)));
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: <T>(expression: string) => page.evaluate(expression) as Promise<T>,
    screenshot: async (path) => void (await page.screenshot({ path: path as `${string}.png` })),
    resize: (width, height) => page.setViewport({ width, height }),
    errors,
    close: () => browser.close(),
  };
}

export const openPage = { chromium: openChromium, firefox: openFirefox };
