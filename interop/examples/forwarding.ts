// The examples that pass on what they receive.
import { sleep, until } from '../suite.ts';
import { frameRateOf, streamOf, streamsOf } from './media.ts';
import { assert, click, type ExampleTest, pageTest, programTest } from './tools.ts';

const reflect = pageTest('reflect', async ({ page, program }) => {
  await program.printed(/video goes back/);
  await streamOf(page, 'audio/opus');
  const out = await streamOf(page, 'video/VP8', 'sent');
  await sleep(1000);
  const rate = await frameRateOf(page, 'video/VP8');
  assert(rate > 10, `${rate.toFixed(1)} frames a second come back`);
  return `sound and ${out.codec} come back, ${rate.toFixed(0)} frames a second`;
});

const swap = pageTest(
  'swap-tracks',
  async ({ page, program }) => {
    await program.printed(/sending picture 1\n[^]*sending picture 0/);
    const rate = await frameRateOf(page, 'video/VP8');
    assert(rate > 10, `${rate.toFixed(1)} frames a second`);
    return `two pictures in turn on one track, ${rate.toFixed(0)} frames a second`;
  },
  { args: ['--every=1500'] },
);

/** The sizes of the pictures that come in. */
const sizesOf = async (page: Parameters<typeof streamsOf>[0]): Promise<string[]> =>
  (await streamsOf(page)).filter(({ stream, frames, kbps }) => stream.startsWith('received') && frames > 0 && kbps > 5).map(({ size }) => size);

const simulcast = pageTest('simulcast', async ({ page, program }) => {
  for (const rid of ['q', 'h', 'f']) await program.printed(new RegExp(`encoding ${rid}`));
  let sizes: string[] = [];
  await until(async () => new Set((sizes = await sizesOf(page))).size === 3, 40_000, () => `three sizes (${sizes.join(', ')})`);
  return `three encodings come back: ${sizes.sort().join(', ')}`;
});

const fromKind = pageTest('simulcast-add-transceiver-from-kind', async ({ page, program }) => {
  await program.printed(/3 encodings arrive: low, middle, high/);
  await streamOf(page, 'video/VP8');
  for (const [rid, size] of Object.entries({ high: '480×360', low: '160×120', middle: '320×240' })) {
    await click(page, rid);
    await program.printed(new RegExp(`the page wants ${rid}`));
    await until(async () => (await streamOf(page, 'video/VP8')).size === size, 10_000, `the encoding ${rid}, of ${size}`);
    const rate = await frameRateOf(page, 'video/VP8');
    assert(rate > 15, `${rid}: ${rate.toFixed(1)} frames a second`);
  }
  return 'three encodings arrive, and the page sees the one that it chose, in its size';
});

const bidirection = programTest('simulcast-bidirection', ['--seconds=2'], (output) => {
  const counts = [...output.matchAll(/([ab] from the other: \w+)\s*│\s*(\d+)/g)].map(([, what, count]) => [what, Number(count)] as const);
  assert(counts.length === 6 && counts.every(([, count]) => count >= 35), `six encodings of 50 frames: ${JSON.stringify(counts)}`);
  return `six encodings, ${Math.min(...counts.map(([, count]) => count))} frames at least of 50`;
});

export const forwardingTests: readonly ExampleTest[] = [reflect, swap, simulcast, fromKind, bidirection];
