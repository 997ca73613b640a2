import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, hostCandidate, type Host, IceWorld } from '../../support/ice.ts';

// A peer that goes on from other sockets with the credentials that it has: no restart says so (RFC 8445 9 would have other credentials).

function join(world: IceWorld, a: Host, b: Host): void {
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(10_000, () => connected(a, b) && a.agent.selectedPair?.nominated === true));
}

/** Two hosts that are connected; the first is ours. */
function pair(weControl: boolean, seed = 1): { readonly world: IceWorld; readonly a: Host; readonly b: Host } {
  const world = new IceWorld(seed);
  const [a, b] = [world.host('a', weControl), world.host('b', !weControl)];
  world.bind(a, hostCandidate('192.0.2.1:5000'));
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  for (const host of [a, b]) host.agent.endOfLocalCandidates(0);
  join(world, a, b);
  return { world, a, b };
}

/** The same peer with another socket; the old one is gone. */
function moves(world: IceWorld, a: Host, b: Host, weControl: boolean, isSilent = true): Host {
  if (isSilent) b.sockets.length = 0;
  const other = world.host('b again', !weControl, { credentials: b.credentials });
  world.bind(other, hostCandidate('192.0.2.2:7000'));
  other.agent.endOfLocalCandidates(world.now);
  world.signal(a, other);
  return other;
}

const portOf = ({ agent }: Host): number | undefined => agent.selectedPair?.remoteAddress.port;

for (const weControl of [true, false]) {
  const role = weControl ? 'controlling' : 'controlled';

  test(`${role}: a peer that was said to move is followed within half a second, whenever it begins`, () => {
    for (const delayMs of [0, 100, 3000, 15_000]) {
      const { world, a, b } = pair(weControl, delayMs + 1);
      a.agent.peerMayMove(world.now + 20_000, world.now);
      world.run(delayMs);
      assert.equal(portOf(a), 6000, 'the present pair carries data');
      moves(world, a, b, weControl);
      assert.ok(world.run(500, () => portOf(a) === 7000), `${delayMs} ms`);
      assert.ok(world.run(2000, () => a.agent.selectedPair?.nominated === true));
      assert.ok(!a.events.some((event) => event.type === 'state' && event.state === 'disconnected'));
    }
  });

  test(`${role}: one that stays is nominated again, without another pair in between`, () => {
    const { world, a } = pair(weControl);
    const before = a.agent.selectedPair;
    const selections = a.events.filter(({ type }) => type === 'selected-pair').length;
    a.agent.peerMayMove(world.now + 20_000, world.now);
    assert.equal(a.agent.selectedPair, before);
    world.run(60_000);
    assert.deepEqual([a.agent.selectedPair, a.agent.state], [before, 'completed']);
    assert.equal(a.events.filter(({ type }) => type === 'selected-pair').length, selections);
  });
}

test('a peer that is heard from elsewhere when it was not said to move is not followed while the present pair works', () => {
  const { world, a, b } = pair(true);
  a.agent.peerMayMove(world.now + 20_000, world.now);
  world.run(21_000);
  const before = a.agent.selectedPair;
  const told = a.events.filter(({ type }) => type === 'state').length;
  moves(world, a, b, true, false);
  world.run(10_000);
  assert.equal(a.agent.selectedPair, before);
  assert.equal(a.events.filter(({ type }) => type === 'state').length, told, 'it was not even in doubt');
});
