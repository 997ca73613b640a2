// The examples that play files to a page.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../suite.ts';
import { playsSteadily, streamOf, streamsOf } from './media.ts';
import { assert, click, type ExampleTest, complaintTest, pageTest, textOf } from './tools.ts';

const PICTURE = new URL('../../examples/media/picture.vp8.ivf', import.meta.url);

const vpx = [
  ['picture.vp8.ivf', 'VP8'],
  ['picture.vp9.ivf', 'VP9'],
].map(([file, codec = '']) =>
  pageTest(
    'play-from-disk-vpx',
    async ({ page, program }) => {
      await program.printed(new RegExp(`playing ${codec} and opus`));
      await streamOf(page, 'audio/opus');
      return `${await playsSteadily(page, `video/${codec}`)}, and sound`;
    },
    { args: [`--video=${file}`], variant: codec },
  ),
);

/** Firefox on Debian takes no H.264 without a plugin that it would download. */
const h264 = pageTest(
  'play-from-disk-h26x',
  async ({ page, program }) => {
    await program.printed(/playing H264, as 42/);
    return playsSteadily(page, 'video/H264');
  },
  { browsers: ['chromium'] },
);

const av1 = ['ivf', 'obu'].map((format) =>
  pageTest('play-from-disk-av1', ({ page }) => playsSteadily(page, 'video/AV1'), { args: [`--video=picture.av1.${format}`], variant: format }),
);

const lacking = [
  complaintTest('play-from-disk-h26x', 'This browser does not take H264.', 'connected', { variant: 'lacking', browsers: ['firefox'] }),
  complaintTest('play-from-disk-h26x', 'This browser does not take H265.', 'connected', { variant: 'H265', args: ['--video=picture.h265'], browsers: ['chromium'] }),
];

/** Ten frames and a bit, then rubbish. */
const rubbish = complaintTest('play-from-disk-vpx', 'rubbish.ivf cannot be played on: media.ivf: frame of 4294967295 bytes.', 'connected', {
  variant: 'rubbish',
  async before() {
    const folder = await mkdtemp(join(tmpdir(), 'example-'));
    const file = join(folder, 'rubbish.ivf');
    const whole = await readFile(PICTURE);
    let at = 32; // the header of an IVF file; each frame has one of 12 bytes, which begins with its length
    for (let i = 0; i < 10; i++) at += 12 + whole.readUInt32LE(at);
    await writeFile(file, Buffer.concat([whole.subarray(0, at), Buffer.alloc(1000, 0xff)]));
    return { args: [`--video=${file}`], end: () => void rm(folder, { recursive: true }) };
  },
});

const renegotiation = pageTest('play-from-disk-renegotiation', async ({ page, program }) => {
  const decoding = async (): Promise<number> => (await streamsOf(page)).filter(({ codec, kbps }) => codec === 'VP8' && kbps > 20).length;
  for (const count of [1, 2, 3]) {
    await click(page, 'add');
    await until(async () => (await decoding()) === count, 10_000, `${count} pictures that move`);
  }
  await click(page, 'remove');
  await until(async () => (await decoding()) === 2, 10_000, 'two pictures that move');
  await click(page, 'add');
  await until(async () => (await decoding()) === 3, 10_000, 'three pictures again');
  assert((await textOf(page, 'count')) === '3', 'the page does not say three');
  await program.printed(/3 pictures, 3 transceivers\n[^]*2 pictures[^]*3 pictures, 3 transceivers/);
  return 'three pictures added, one taken away, one added in its place';
});

const playlist = pageTest('play-from-disk-playlist-control', async ({ page, program }) => {
  const choose = (value: string): Promise<void> => page.evaluate(`document.querySelector('#playlist button[value="${value}"]').click()`);
  const before = await playsSteadily(page, 'video/VP8');
  await choose('picture-and-tone.webm');
  await program.printed(/playing picture-and-tone\.webm/);
  await playsSteadily(page, 'video/VP8');
  await choose('pause');
  await until(async () => (await streamsOf(page)).every(({ kbps }) => kbps === 0), 10_000, 'a pause');
  await choose('picture.vp8.ivf');
  await playsSteadily(page, 'video/VP8');
  assert((await textOf(page, 'now')) === 'picture.vp8.ivf', 'the page does not say what is played');
  return `${before}; another file, a pause and back on one track`;
});

export const playbackTests: readonly ExampleTest[] = [...vpx, h264, ...av1, ...lacking, rubbish, renegotiation, playlist];
