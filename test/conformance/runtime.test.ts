import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { runtimeConformance } from '../../src/runtime/conformance.ts';
import { nodeRuntime } from '../../src/runtime/node/index.ts';
import { createVirtualWorld, virtualRuntime } from '../../src/runtime/virtual/index.ts';
import { serveVirtualTls, startTlsEcho, VIRTUAL_TLS } from '../support/tls-echo.ts';

test('the suite has cases for clocks, timers, sockets, TCP, TLS, afterReads, names and interfaces', () => {
  const names = runtimeConformance({ tls: VIRTUAL_TLS }).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 36, `${names.length} cases`);
});

const tls = await startTlsEcho();
after(() => tls.close());

for (const { name, run } of runtimeConformance({ tls })) test(`node: ${name}`, () => run(nodeRuntime()));

for (const { name, run } of runtimeConformance({ tls: VIRTUAL_TLS })) {
  test(`virtual: ${name}`, async () => {
    const world = createVirtualWorld({ seed: 11 });
    await serveVirtualTls(world);
    await world.until(run(virtualRuntime(world.host('one', { addresses: ['192.0.2.1', '2001:db8::1'] }))));
  });
}
