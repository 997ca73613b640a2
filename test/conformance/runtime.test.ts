import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeConformance } from '../../src/runtime/conformance.ts';
import { nodeRuntime } from '../../src/runtime/node/index.ts';
import { createVirtualWorld, virtualRuntime } from '../../src/runtime/virtual/index.ts';

test('the suite has cases for clocks, timers, sockets, afterReads, names and interfaces', () => {
  const names = runtimeConformance().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 24, `${names.length} cases`);
});

for (const { name, run } of runtimeConformance()) {
  test(`node: ${name}`, () => run(nodeRuntime()));

  test(`virtual: ${name}`, () => {
    const world = createVirtualWorld({ seed: 11 });
    return world.until(run(virtualRuntime(world.host('one', { addresses: ['192.0.2.1', '2001:db8::1'] }))));
  });
}
