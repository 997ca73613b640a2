// The examples that join WebRTC with plain RTP, and pages with each other.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from '../demo/browser.ts';
import { sleep, until } from '../suite.ts';
import { frameRateOf, playsSteadily, streamOf, streamsOf } from './media.ts';
import { framesOf } from './recording.ts';
import { assert, type BrowserName, click, type ExampleTest, isState, numberOf, pageTest, textOf } from './tools.ts';

const run = promisify(execFile);
const PICTURE = fileURLToPath(new URL('../../examples/media/picture.vp8.ivf', import.meta.url));
/** Where plain RTP goes, and where it comes. */
const PORTS: Readonly<Record<BrowserName, { readonly out: number; readonly in: number }>> = { chromium: { out: 46_004, in: 46_104 }, firefox: { out: 46_204, in: 46_304 } };

const root = mkdtempSync(join(tmpdir(), 'example-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
const sdpOf = (browser: BrowserName): string => join(root, `${browser}.sdp`);

const forwarder = pageTest(
  'rtp-forwarder',
  async ({ page, browser }) => {
    await streamOf(page, 'video/VP8', 'sent');
    await until(async () => (await numberOf(page, 'video')) > 20 && (await numberOf(page, 'audio')) > 20, 10_000, 'packets sent on');
    const file = join(root, `${browser}.webm`);
    await run('ffmpeg', ['-nostdin', '-loglevel', 'fatal', '-protocol_whitelist', 'file,udp,rtp', '-i', sdpOf(browser), '-t', '3', '-c', 'copy', '-y', file], { timeout: 30_000 });
    const frames = await framesOf(file);
    const [picture, sound] = [frames.get('video'), frames.get('audio')];
    assert(picture?.codec === 'vp8' && picture.frames > 20, `picture: ${JSON.stringify(picture)}`);
    assert(sound?.codec === 'opus' && sound.frames > 100, `sound: ${JSON.stringify(sound)}`);
    return `ffmpeg recorded and decoded ${picture.frames} frames of vp8, ${sound.frames} of opus`;
  },
  { before: (browser) => Promise.resolve({ args: [`--to=${PORTS[browser].out}`, `--sdp=${sdpOf(browser)}`], end: () => {} }), needs: ['ffmpeg', 'ffprobe'] },
);

function ffmpegSends(port: number): ChildProcess {
  return spawn('ffmpeg', ['-nostdin', '-loglevel', 'fatal', '-re', '-stream_loop', '-1', '-i', PICTURE, '-c', 'copy', '-f', 'rtp', `rtp://127.0.0.1:${port}?pkt_size=1200`], { stdio: 'ignore' });
}

/** What looks like RTP at its first byte and is none. */
function sendRubbish(port: number): void {
  const socket = createSocket('udp4');
  for (const bytes of [[0x8f, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], [0xb0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], [1]]) socket.send(Uint8Array.from(bytes), port, '127.0.0.1');
  socket.unref();
}

const incoming = pageTest(
  'rtp-to-webrtc',
  async ({ page, program, browser }) => {
    const port = PORTS[browser].in;
    sendRubbish(port);
    let ffmpeg = ffmpegSends(port);
    try {
      await program.printed(/a stream comes/);
      const first = await playsSteadily(page, 'video/VP8');
      ffmpeg.kill();
      ffmpeg = ffmpegSends(port);
      await program.printed(/a stream comes[^]*a stream comes/);
      const { frames } = await streamOf(page, 'video/VP8');
      await until(async () => (await streamOf(page, 'video/VP8')).frames > frames + 10, 10_000, 'the picture of another ffmpeg');
      const rate = await frameRateOf(page, 'video/VP8');
      assert(rate > 19, `${rate.toFixed(1)} frames a second after ffmpeg began anew`);
      return `${first} from ffmpeg, and again when it began anew`;
    } finally {
      ffmpeg.kill();
    }
  },
  { before: (browser) => Promise.resolve({ args: [`--rtp=${PORTS[browser].in}`], end: () => {} }), needs: ['ffmpeg'] },
);

const says = (page: Page, who: string): Promise<void> => until(async () => (await textOf(page, 'on-air')) === who, 10_000, `a page says: on the air is ${who}`);

const broadcast = pageTest('broadcast', async ({ page, program, url, open: openBlank }) => {
  const open = async (): Promise<Page> => {
    const other = await openBlank();
    await other.goto(url);
    await isState(other, 'connected');
    return other;
  };
  const uploader = await open();
  await click(uploader, 'publish');
  await program.printed(/on the air/);
  for (const one of [page, uploader]) await streamOf(one, 'video/VP8');
  await streamOf(page, 'audio/opus');
  const late = await open();
  const start = performance.now();
  await streamOf(late, 'video/VP8', 'received', 5000);
  const lateMs = performance.now() - start;
  const rate = await frameRateOf(page, 'video/VP8');
  assert(rate > 8, `${rate.toFixed(1)} frames a second`);
  await click(page, 'publish');
  await until(async () => (await textOf(page, 'message')).includes('on the air already'), 10_000, 'that somebody else is on the air');
  await uploader.close();
  for (const one of [page, late]) await says(one, 'nobody');
  await until(async () => (await streamsOf(page)).every(({ kbps }) => kbps === 0), 10_000, 'an end of the picture');
  await click(page, 'publish');
  const clickedMs = Date.now();
  await says(late, 'another page');
  let both: unknown;
  const takesOver = async (): Promise<boolean> => {
    const [from, to] = await Promise.all([streamsOf(page), streamsOf(late)]);
    both = [from, await textOf(page, 'message'), to, await textOf(late, 'message')];
    return to.some(({ kbps, atMs }) => kbps > 20 && atMs > clickedMs + 500); // not the last figures of the one before
  };
  await until(takesOver, 10_000, () => `the picture of the next one: ${JSON.stringify(both)}`);
  const pictures = (): Promise<number> => page.evaluate<number>("document.querySelectorAll('#videos video').length");
  await until(async () => (await pictures()) > 0, 10_000, () => `its own picture (${page.errors.join(' | ')})`);
  await sleep(500);
  assert((await pictures()) === 1, `${await pictures()} pictures of one broadcast`);
  return `three pages: two watch at ${rate.toFixed(0)} frames a second, the late one had pictures after ${(lateMs / 1000).toFixed(1)} s; the next one took over`;
});

export const networkTests: readonly ExampleTest[] = [forwarder, incoming, broadcast];
