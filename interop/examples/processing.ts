// The examples that look into what is sent: frames, packets, feedback.
import { sleep, until } from '../suite.ts';
import { frameRateOf, streamOf, streamsOf } from './media.ts';
import { assert, click, type ExampleTest, numberOf, pageTest, rowsOf, textOf } from './tools.ts';

const insertable = pageTest('insertable-streams', async ({ page, program }) => {
  await program.printed(/decrypted the first frame of VP8/);
  await streamOf(page, 'video/VP8');
  const rate = await frameRateOf(page, 'video/VP8');
  assert(rate > 8, `${rate.toFixed(1)} frames a second come back`);
  for (const who of ['program', 'page']) assert((await numberOf(page, `${who}-decrypted`)) > 10, `nothing was decrypted by the ${who}`);
  await click(page, 'wrong');
  await sleep(1000);
  const [before, refused] = [await numberOf(page, 'program-decrypted'), await numberOf(page, 'program-refused')];
  const wrongRate = await frameRateOf(page, 'video/VP8');
  assert(wrongRate === 0, `${wrongRate.toFixed(1)} frames a second are seen with a wrong key`);
  assert((await numberOf(page, 'program-decrypted')) === before, 'the program decrypted what it has no key for');
  const refusals = (await numberOf(page, 'program-refused')) - refused;
  assert(refusals > 10, `${refusals} frames refused`);
  await click(page, 'wrong');
  await sleep(1500);
  const again = await frameRateOf(page, 'video/VP8');
  assert(again > 8, `${again.toFixed(1)} frames a second with the right key again`);
  return `${rate.toFixed(0)} frames a second encrypted both ways, none with a wrong key, ${again.toFixed(0)} after that`;
});

const rtcp = pageTest('rtcp-processing', async ({ page, program }) => {
  await streamOf(page, 'video/VP8');
  const lastOf = async (type: string): Promise<string> => (await rowsOf(page, 'rtcp')).find(([name]) => name === type)?.[2] ?? '';
  for (const [type, pattern] of [['rr', /loss 0\.0 %.*jitter \d.*round trip \d/], ['sr', /^\d+ packets, \d+ bytes sent/], ['sdes', /^CNAME \S/]] as const) {
    await until(async () => pattern.test(type === 'rr' ? `${await lastOf('rr')}; ${await lastOf('sr')}` : await lastOf(type)), 15_000, `a row of ${type}`);
  }
  await program.printed(/^sr +\d+ packets/m);
  const counts: number[] = [];
  for (const button of ['request', 'pli']) {
    const before = await numberOf(page, 'keyframes');
    await click(page, button);
    await until(async () => (await numberOf(page, 'keyframes')) > before, 5000, `another keyframe after '${button}'`);
    counts.push(await numberOf(page, 'keyframes'));
    await sleep(500);
  }
  return `reports of both kinds and names in the table; keyframes asked for both ways (${counts.join(', then ')})`;
});

const fec = pageTest('play-from-disk-fec', async ({ page }) => {
  await streamOf(page, 'video/VP8');
  const rate = await frameRateOf(page, 'video/VP8');
  assert(rate > 19, `${rate.toFixed(1)} frames a second, 25 were expected`);
  const { lost: noticed } = await streamOf(page, 'video/VP8');
  const [lost, sent, again] = [await numberOf(page, 'lost'), await numberOf(page, 'fec'), await numberOf(page, 'again')];
  assert(lost > 5 && noticed > 5, `${lost} packets were lost, and the browser noticed ${noticed}`);
  assert(sent > lost, `${sent} FEC packets`);
  assert(again === 0, `${again} packets were asked for again`);
  return `${lost} packets lost, ${sent} of FEC, ${rate.toFixed(0)} frames a second all the same`;
});

const noFec = pageTest(
  'play-from-disk-fec',
  async ({ page, program }) => {
    await program.printed(/0 % FEC/);
    await until(async () => (await numberOf(page, 'lost')) > 40, 15_000, 'losses');
    const frames = (await streamsOf(page))[0]?.frames ?? 0;
    assert((await numberOf(page, 'fec')) === 0 && frames < 60, `${frames} frames without FEC`);
    return `without FEC ${frames} frames of more than 100`;
  },
  { args: ['--share=0', '--every=10'], variant: '--share=0' },
);

const bandwidth = pageTest('bandwidth-estimation-from-disk', async ({ page }) => {
  const shows = (quality: string, ms: number): Promise<void> => until(async () => (await textOf(page, 'quality')) === quality, ms, () => `the ${quality} picture`);
  const estimate = (): Promise<number> => numberOf(page, 'estimate');
  await shows('large', 20_000);
  const wide = await estimate();
  await click(page, 'narrow');
  await shows('small', 20_000);
  const narrow = await estimate();
  assert(narrow < 200 && wide > 250, `an estimate of ${wide} kbit/s on the wide path and ${narrow} on the narrow one`);
  await until(async () => (await streamOf(page, 'video/VP8')).size === '160×120', 10_000, 'a picture of 160×120');
  await click(page, 'wide');
  const start = performance.now();
  await shows('large', 30_000);
  await until(async () => (await streamOf(page, 'video/VP8')).size === '480×360', 10_000, 'a picture of 480×360');
  return `${wide} kbit/s, on the narrow path ${narrow} and the small picture, the large one again ${((performance.now() - start) / 1000).toFixed(0)} s after that`;
});

export const processingTests: readonly ExampleTest[] = [insertable, rtcp, noFec, fec, bandwidth];
