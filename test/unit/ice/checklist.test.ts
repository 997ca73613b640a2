import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Checklist } from '../../../src/ice/checklist.ts';
import { CandidatePair } from '../../../src/ice/pair.ts';
import { RateLimit } from '../../../src/ice/rate.ts';
import { decodeStun, StunAttribute } from '../../../src/stun/index.ts';
import { at, connected, hostCandidate, pairOfAgents } from '../../support/ice.ts';

function pair(remote: string, priority: number, foundation: string = remote, local = '192.0.2.1:5000'): CandidatePair {
  return new CandidatePair(hostCandidate(local), hostCandidate(remote, { priority, foundation }), at(remote), true);
}

test('pairs stand in the order of their priority, whatever order they came in (RFC 8445 6.1.2.3)', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 60 }), fc.boolean(), (priorities, controlling) => {
      const list = new Checklist(100);
      priorities.forEach((p, i) => list.add(pair(`198.51.100.1:${1024 + i}`, p)));
      list.reprioritize(controlling);
      priorities.forEach((p, i) => list.add(new CandidatePair(hostCandidate('192.0.2.2:1'), hostCandidate(`198.51.100.2:${1024 + i}`, { priority: p }), at(`198.51.100.2:${1024 + i}`), controlling)));
      for (let i = 1; i < list.pairs.length; i++) assert.ok((list.pairs[i - 1] as CandidatePair).priority >= (list.pairs[i] as CandidatePair).priority);
    }),
    { numRuns: 50 },
  );
});

test('a lookup finds the pair of a 5-tuple and nothing else, also after others were removed', () => {
  const list = new Checklist(100);
  const pairs = Array.from({ length: 30 }, (_, i) => pair(`198.51.100.${i % 3}:${1024 + (i % 10)}`, 100 + i, undefined, `192.0.2.${1 + (i % 2)}:${5000 + i}`));
  for (const p of pairs) assert.ok(list.add(p));
  for (const p of pairs.slice(0, 15)) list.remove(p);
  for (const [i, p] of pairs.entries()) assert.equal(list.find({ ...p.base }, { ...p.remoteAddress }), i < 15 ? undefined : p);
  assert.equal(list.find(at('192.0.2.1:1'), at('198.51.100.1:1')), undefined);
  for (const p of pairs) list.remove(p);
  assert.equal(list.pairs.length, 0);
});

test('one pair of a foundation waits and the others are frozen until it succeeded or ended (RFC 8445 6.1.2.6, 6.1.4.2)', () => {
  const list = new Checklist(100);
  const [first, second, third] = [1, 2, 3].map((i) => pair(`198.51.100.${i}:1`, 100 - i, 'f')) as [CandidatePair, CandidatePair, CandidatePair];
  const other = pair('198.51.100.9:1', 1, 'g');
  for (const p of [first, second, third, other]) list.add(p);
  assert.deepEqual([first, second, third, other].map((p) => p.state), ['waiting', 'frozen', 'frozen', 'waiting']);
  assert.equal(list.nextOrdinary(), first);
  first.state = 'in-progress';
  assert.equal(list.nextOrdinary(), other, 'a pair of another foundation goes ahead of a frozen one');
  other.state = 'in-progress';
  assert.equal(list.nextOrdinary(), undefined);
  first.state = 'failed';
  assert.equal(list.nextOrdinary(), second);
  second.state = 'succeeded';
  list.unfreeze(second.foundation);
  assert.equal(third.state, 'waiting');
  const late = pair('198.51.100.4:1', 50, 'f');
  list.add(late);
  assert.equal(late.state, 'waiting', 'a late pair of a foundation that worked is not frozen (RFC 8838 12)');
});

test('a full list drops its worst pair that was never checked, or refuses a worse one (RFC 8445 6.1.2.5)', () => {
  const list = new Checklist(3);
  const [a, b, c] = [30, 20, 10].map((p, i) => pair(`198.51.100.${i}:1`, p)) as [CandidatePair, CandidatePair, CandidatePair];
  for (const p of [a, b, c]) assert.ok(list.add(p));
  assert.ok(!list.add(pair('198.51.100.4:1', 5)));
  c.state = 'in-progress';
  assert.ok(list.add(pair('198.51.100.5:1', 25)));
  assert.ok(!b.listed);
  assert.ok(c.listed, 'what is being checked stays');
  a.state = 'succeeded';
  assert.ok(list.add(pair('198.51.100.6:1', 40)));
  assert.ok(a.listed);
  assert.equal(list.pairs.length, 3);
});

test('triggered checks are taken in order, once each, and not for pairs that are gone', () => {
  const list = new Checklist(10);
  const [a, b, c] = [30, 20, 10].map((p, i) => pair(`198.51.100.${i}:1`, p)) as [CandidatePair, CandidatePair, CandidatePair];
  for (const p of [a, b, c]) list.add(p);
  for (const p of [c, a, c, b]) list.trigger(p);
  list.remove(a);
  assert.deepEqual([list.takeTriggered(), list.takeTriggered(), list.takeTriggered()], [c, b, undefined]);
});

test('a rate limit lets through no more than its number in any second', () => {
  const limit = new RateLimit(3);
  for (const now of [0, 10, 20]) {
    assert.ok(limit.nextAt() <= now);
    limit.take(now);
  }
  assert.equal(limit.nextAt(), 1000);
  limit.take(1000);
  assert.equal(limit.nextAt(), 1010);
});

test('nomination is repeated until it is answered, however long that takes', () => {
  const { world, a, b } = pairOfAgents(1, { delayMs: 5 });
  world.signal(a, b);
  world.signal(b, a);
  let lost = 0;
  world.link = {
    delayMs: 5,
    tap: (_, d) => (decodeStun(d.bytes).has(StunAttribute.useCandidate) ? (lost++, undefined) : d),
  };
  world.run(19_000);
  assert.equal(a.agent.state, 'connected', 'data flows meanwhile');
  assert.ok(a.agent.selectedPair);
  assert.ok(lost > 7, `${lost} requests`);
  world.link = { delayMs: 5 };
  assert.ok(world.run(3000, () => a.agent.state === 'completed' && b.agent.state === 'completed'));
});

test('whoever takes a check may write over its bytes: the next time it goes out as it was (RFC 8489 6.2.1)', () => {
  const { world, a, b } = pairOfAgents(1, { delayMs: 5 });
  const ids: Buffer[] = [];
  world.link = {
    delayMs: 5,
    tap: (from, { bytes }) => {
      if (from === a) {
        decodeStun(bytes); // it holds, as it left
        ids.push(Buffer.from(bytes.slice(8, 20)));
      }
      bytes.fill(0);
      return undefined;
    },
  };
  world.signal(a, b);
  world.signal(b, a);
  world.run(5000);
  const repeated = ids.filter((id, i) => ids.findIndex((other) => other.equals(id)) < i);
  assert.ok(repeated.length >= 3, `${repeated.length} of ${ids.length} were repetitions`);
});

test('a pair that is printed shows no credentials', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  world.run(1);
  world.signal(b, a);
  for (const host of [a, b]) {
    const text = inspect([host.agent.pairs, host.agent.stats(), host.agent], { depth: 10 });
    assert.ok(!text.includes(a.credentials.password) && !text.includes(b.credentials.password));
  }
  assert.ok(world.run(100, () => connected(a, b)));
});
