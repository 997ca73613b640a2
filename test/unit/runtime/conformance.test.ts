import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeConformance } from '../../../src/runtime/conformance.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { createVirtualWorld, virtualRuntime } from '../../../src/runtime/virtual/index.ts';
import { BROKEN_RUNTIMES, breakRuntime } from '../../support/broken-runtimes.ts';
import { serveVirtualTls, VIRTUAL_TLS } from '../../support/tls-echo.ts';

async function failures(change: (runtime: Runtime) => Runtime): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of runtimeConformance({ tls: VIRTUAL_TLS })) {
    const world = createVirtualWorld({ seed: 3, link: { delayMs: 1 } });
    await serveVirtualTls(world);
    const runtime = change(virtualRuntime(world.host('one', { addresses: ['192.0.2.1'] })));
    await world.until(run(runtime), 20_000).catch(() => failed.push(name));
  }
  return failed;
}

test('the conformance suite finds nothing wrong with a runtime that is only wrapped', async () => {
  assert.deepEqual(await failures((runtime) => ({ ...runtime })), []);
});

for (const how of Object.keys(BROKEN_RUNTIMES)) {
  test(`the conformance suite notices when ${how}`, async () => {
    const failed = await failures((runtime) => breakRuntime(runtime, how));
    assert.notDeepEqual(failed, []);
    assert.ok(failed.length < runtimeConformance().length / 2, `a single fault fails ${failed.length} cases, so they are not about one thing each`);
  });
}
