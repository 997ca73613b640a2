// The examples that save what a page sends; ffprobe judges the files.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep, until } from '../suite.ts';
import { streamOf } from './media.ts';
import { assert, type BrowserName, click, type ExampleTest, complaintTest, type PageTestOptions, pageTest, type Tools } from './tools.ts';

const run = promisify(execFile);
const RECORD_MS = 4000;

/** What ffprobe decodes of a file, by kind. It must decode all of it without a complaint. */
export async function framesOf(path: string): Promise<ReadonlyMap<string, { readonly codec: string; readonly frames: number }>> {
  const { stdout, stderr } = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_type,codec_name,nb_read_frames', '-of', 'json', path]);
  assert(stderr.trim() === '', `ffprobe of ${path}: ${stderr.trim()}`);
  const { streams } = JSON.parse(stdout) as { readonly streams: readonly Record<string, string>[] };
  return new Map(streams.map(({ codec_type = '', codec_name = '', nb_read_frames }) => [codec_type, { codec: codec_name, frames: Number(nb_read_frames) }]));
}

/** A test that records for some seconds, ends the recording, and looks into the files. */
function recording(name: string, codec: string, extensions: readonly string[], stop: (tools: Tools) => Promise<void>, options: PageTestOptions = {}): ExampleTest {
  const folders = new Map<BrowserName, string>();
  const before = (browser: BrowserName): ReturnType<NonNullable<PageTestOptions['before']>> => {
    const folder = mkdtempSync(join(tmpdir(), 'example-'));
    folders.set(browser, folder);
    return Promise.resolve({ args: [`--into=${folder}`], end: () => rmSync(folder, { recursive: true, force: true }) });
  };
  const check = async (tools: Tools): Promise<string> => {
    await streamOf(tools.page, `video/${codec}`, 'sent');
    await sleep(RECORD_MS);
    await stop(tools);
    await until(() => extensions.every((extension) => new RegExp(`\\.${extension}(:| is)`).test(tools.program.output)), 10_000, () => `files finished (${tools.program.output})`);
    const found: string[] = [];
    const folder = folders.get(tools.browser) ?? '';
    for (const extension of extensions) {
      const file = readdirSync(folder).find((entry) => entry.endsWith(`.${extension}`)) as string;
      for (const [kind, { codec: inside, frames }] of await framesOf(join(folder, file))) {
        assert(frames > (kind === 'video' ? 30 : 100), `${extension}: ${frames} frames of ${inside}`);
        found.push(`${frames} frames of ${inside} in ${extension}`);
      }
    }
    return found.join(', ');
  };
  return pageTest(name, check, { ...options, before, needs: ['ffprobe'] });
}

const pressStop = ({ page }: Tools): Promise<void> => click(page, 'stop');
const reload = async ({ page, url }: Tools): Promise<void> => page.goto(url);

const vpx = ['VP8', 'VP9'].map((codec) => recording('save-to-disk-vpx', codec, ['ivf', 'ogg'], pressStop, { args: [`--codec=${codec}`], variant: codec }));

const lacking = [
  complaintTest('save-to-disk-h26x', 'This browser does not send H264.', 'failed', { variant: 'lacking', browsers: ['firefox'] }),
  complaintTest('save-to-disk-h26x', 'This browser does not send H265.', 'failed', { variant: 'H265', args: ['--codec=H265', '--into=build/recordings'], browsers: ['chromium'] }),
];

/** Firefox sends no H.264 on Debian. */
export const recordingTests: readonly ExampleTest[] = [
  ...vpx,
  recording('save-to-disk-h26x', 'H264', ['h264'], reload, { browsers: ['chromium'] }),
  recording('save-to-disk-av1', 'AV1', ['ivf'], reload),
  ...lacking,
  recording('record-webm', 'VP8', ['webm'], pressStop),
];
