import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { connectVirtual } from '../../support/virtual-pair.ts';

test('idle connections wake up together, each a few times a minute, and none for a deadline that was met', async () => {
  const wakes: number[] = [];
  const { world } = await connectVirtual({
    wrapRuntime: (runtime: Runtime) => ({
      ...runtime,
      setTimer: (delayMs, callback, keepAlive) =>
        runtime.setTimer(
          delayMs,
          () => {
            wakes.push(runtime.now());
            callback();
          },
          keepAlive,
        ),
    }),
  });
  await world.run(world.now + 10_000);
  wakes.length = 0;
  await world.run(world.now + 60_000);
  // Each side asks for consent every 4 to 6 s (RFC 7675 5.1), and once or twice whether the other is there at all (RFC 9260 8.3).
  assert.ok(wakes.length >= 20 && wakes.length <= 36, `${wakes.length} timers`);
  const apart = wakes.filter((at) => Math.abs(at / 250 - Math.round(at / 250)) > 0.01);
  assert.ok(apart.length <= wakes.length / 5, `${apart.length} of ${wakes.length} fire apart: ${apart.join(' ')}`);
});
