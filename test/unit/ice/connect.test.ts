import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairOfAgents } from '../../support/ice.ts';

test('two agents that know of each other connect and nominate one pair (RFC 8445 8.1)', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(100, () => a.agent.state === 'completed' && b.agent.state === 'completed'));
  assert.equal(a.agent.selectedPair?.remote.address, '192.0.2.2');
  assert.equal(b.agent.selectedPair?.remote.address, '192.0.2.1');
  assert.ok(a.agent.selectedPair?.nominated);
  assert.ok(b.agent.selectedPair?.nominated);
  assert.ok(world.now < 10, `${world.now} ms with a round trip of 2 ms`);
});

test('loss up to 30 % and a round trip up to 1 s only delay the connection', () => {
  let worst = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const loss = 0.3 * ((seed % 10) / 9);
    const delayMs = 500 * ((seed % 7) / 6);
    const { world, a, b } = pairOfAgents(seed, { loss, delayMs, jitterMs: delayMs / 5, duplicate: 0.05 });
    world.after(seed % 700, () => world.signal(a, b));
    world.after((seed * 7) % 1500, () => world.signal(b, a));
    const ok = world.run(60_000, () => a.agent.state === 'completed' && b.agent.state === 'completed');
    assert.ok(ok, `seed ${seed}: ${a.agent.state} ${b.agent.state}`);
    worst = Math.max(worst, world.now);
  }
  assert.ok(worst < 60_000);
});
