// The examples that pass on what a page sends.
import { sleep } from '../suite.ts';
import { frameRateOf, streamOf } from './media.ts';
import { assert, type ExampleTest, pageTest } from './tools.ts';

const reflect = pageTest('reflect', async ({ page, program }) => {
  await program.printed(/video goes back/);
  await streamOf(page, 'audio/opus');
  const out = await streamOf(page, 'video/VP8', 'to');
  await sleep(1000);
  const rate = await frameRateOf(page, out.codec);
  assert(rate > 10, `${rate.toFixed(1)} frames a second come back`);
  return `sound and ${out.codec} come back, ${rate.toFixed(0)} frames a second`;
});

export const forwardingTests: readonly ExampleTest[] = [reflect];
