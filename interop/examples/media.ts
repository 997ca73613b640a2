// What the tests of the examples about media look at.
import { until } from '../suite.ts';
import type { Page } from '../demo/browser.ts';
import { assert } from './tools.ts';

const MEASURE_MS = 2000;

/** A stream as the page's table shows it. */
export interface StreamRow {
  readonly stream: string;
  readonly codec: string;
  readonly size: string;
  readonly frames: number;
  readonly kbps: number;
  readonly lost: number;
  /** When the browser counted. */
  readonly atMs: number;
}

export async function streamsOf(page: Page): Promise<StreamRow[]> {
  const { atMs, rows } = await page.evaluate<{ atMs: string; rows: string[][] }>(
    `(({ dataset, children }) => ({ atMs: dataset.atMs, rows: [...children].map((row) => [...row.children].map((cell) => cell.textContent)) }))(document.getElementById('figures'))`,
  );
  return rows.map(([stream = '', codec = '', size = '', frames, kbps, lost]) => ({ stream, codec, size, frames: Number(frames), kbps: Number(kbps), lost: Number(lost), atMs: Number(atMs) }));
}

/** Waits for a stream of a codec with frames that the page decoded (or encoded, for one that it sends). */
export async function streamOf(page: Page, codec: string, direction: 'received' | 'sent' = 'received', ms = 15_000): Promise<StreamRow> {
  let found: StreamRow | undefined;
  const isFound = async (): Promise<boolean> => {
    const all = await streamsOf(page);
    found = all.find((row) => row.stream.startsWith(direction) && row.codec.toLowerCase() === codec.split('/')[1]?.toLowerCase() && (codec.startsWith('audio/') ? row.kbps > 5 : row.frames > 5));
    return found !== undefined;
  };
  await until(isFound, ms, () => `${codec} ${direction} (${page.errors.join(' | ') || 'no error in the console'})`);
  return found as StreamRow;
}

/** Frames decoded per second over two seconds, by the browser's clock. */
export async function frameRateOf(page: Page, codec: string): Promise<number> {
  const first = await streamOf(page, codec);
  let last = first;
  await until(async () => (last = await streamOf(page, codec)).atMs >= first.atMs + MEASURE_MS, 10_000, 'figures that are up to date');
  return ((last.frames - first.frames) * 1000) / (last.atMs - first.atMs);
}

/** The page decodes a codec at the rate of the sample files, 25 frames a second. */
export async function playsSteadily(page: Page, codec: string): Promise<string> {
  const rate = await frameRateOf(page, codec);
  assert(rate > 19 && rate < 31, `${codec}: ${rate.toFixed(1)} frames a second, 25 were expected`);
  const { size, lost } = await streamOf(page, codec);
  assert(lost === 0, `${lost} packets lost`);
  return `${codec} ${size} at ${rate.toFixed(0)} frames a second`;
}
