import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeStun, StunAttribute, StunClass } from '../../../src/stun/index.ts';
import { at, connected, hostCandidate, type Host, IceWorld, Nat, pairOfAgents } from '../../support/ice.ts';

const completed = (...hosts: Host[]): boolean => hosts.every((h) => h.agent.state === 'completed');

test('two agents that know of each other connect and nominate one pair (RFC 8445 8.1)', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(100, () => completed(a, b)));
  assert.equal(a.agent.selectedPair?.remote.address, '192.0.2.2');
  assert.equal(b.agent.selectedPair?.remote.address, '192.0.2.1');
  assert.ok(a.agent.selectedPair?.nominated);
  assert.ok(b.agent.selectedPair?.nominated);
  assert.ok(world.now < 10, `${world.now} ms with a round trip of 2 ms`);
  assert.deepEqual(
    a.events.map((e) => (e.type === 'state' ? e.state : e.type)),
    ['checking', 'selected-pair', 'connected', 'completed'],
  );
  assert.equal(a.agent.selectedPair?.roundTripTimeMs, 2);
});

test('loss up to 30 % and a round trip up to 1 s only delay the connection', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const loss = 0.3 * ((seed % 10) / 9);
    const delayMs = 500 * ((seed % 7) / 6);
    const { world, a, b } = pairOfAgents(seed, { loss, delayMs, jitterMs: delayMs / 5, duplicate: 0.05 });
    world.after(seed % 700, () => world.signal(a, b));
    world.after((seed * 7) % 1500, () => world.signal(b, a));
    const ok = world.run(60_000, () => completed(a, b));
    assert.ok(ok, `seed ${seed}: ${a.agent.state} ${b.agent.state}`);
  }
});

test('a connected pair outlives ten minutes of 30 % loss', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { world, a, b } = pairOfAgents(seed, { loss: 0.3, delayMs: 400, jitterMs: 100 });
    world.signal(a, b);
    world.signal(b, a);
    world.run(600_000);
    assert.ok(a.agent.selectedPair && b.agent.selectedPair, `seed ${seed}`);
    assert.ok(![...a.events, ...b.events].some((e) => e.type === 'state' && e.state === 'failed'), `seed ${seed}`);
  }
});

test('the first check leaves at once, the next ordinary ones each Ta later (RFC 8445 14.2)', () => {
  const world = new IceWorld();
  const a = world.host('a', true);
  world.bind(a, hostCandidate('192.0.2.1:5000'));
  const times: number[] = [];
  world.link = { tap: (_, d) => (times.push(world.now), d) };
  a.agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
  for (let i = 0; i < 5; i++) a.agent.addRemoteCandidate(hostCandidate(`198.51.100.${i + 1}:4000`, { priority: 60_000 - i, foundation: `${i}` }), 0);
  world.run(400);
  assert.deepEqual(times, [0, 50, 100, 150, 200]);
});

test('an unanswered pair costs 7 requests (RFC 8489 6.2.1) and fails; patience lasts 39.5 s (RFC 8863)', () => {
  const { world, a, b } = pairOfAgents(1, { loss: 1 });
  world.signal(b, a);
  assert.ok(!world.run(39_000, () => a.agent.state === 'failed'));
  assert.ok(world.run(2000, () => a.agent.state === 'failed'));
  assert.equal(a.sent, 7);
  assert.equal(a.agent.pairs[0]?.state, 'failed');
  const last = a.events.at(-1);
  assert.ok(last?.type === 'state' && last.reason === 'no-pair');
  assert.equal(a.agent.pollTimeout(), undefined);
});

test('an agent that has no candidate at all waits for the peer, and fails only then', () => {
  const world = new IceWorld();
  const a = world.host('a', true);
  a.agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
  a.agent.endOfLocalCandidates(0);
  a.agent.endOfRemoteCandidates(0);
  assert.equal(a.agent.state, 'checking');
  assert.ok(!world.run(39_000, () => a.agent.state === 'failed'));
  assert.ok(world.run(1000, () => a.agent.state === 'failed'));
});

test('while the peer may have more candidates to tell, patience lasts two minutes (RFC 8838)', () => {
  const { world, a, b } = pairOfAgents(1, { loss: 1 });
  world.signal(b, a, { end: false });
  assert.ok(!world.run(119_000, () => a.agent.state === 'failed'));
  a.agent.addRemoteCandidate(hostCandidate('192.0.2.77:6000'), world.now);
  assert.ok(!world.run(119_000, () => a.agent.state === 'failed'), 'news begins it anew');
  assert.ok(world.run(2000, () => a.agent.state === 'failed'));
});

test('candidates may trickle in from both sides, one by one and late (RFC 8838)', () => {
  const world = new IceWorld(3, { delayMs: 20 });
  const a = world.host('a', true);
  const b = world.host('b', false);
  world.signal(a, b, { end: false });
  world.signal(b, a, { end: false });
  const bad = hostCandidate('198.51.100.9:4000', { priority: 100 });
  world.after(100, () => world.bind(a, hostCandidate('192.0.2.1:5000')));
  world.after(200, () => a.agent.addRemoteCandidate(bad, world.now));
  world.after(50_000, () => world.bind(b, hostCandidate('192.0.2.2:6000')));
  world.after(50_100, () => b.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), world.now));
  assert.ok(world.run(60_000, () => connected(a, b)), `${a.agent.state} ${b.agent.state}`);
  assert.equal(a.agent.state, 'connected', 'not completed while candidates may come');
  for (const h of [a, b]) {
    h.agent.endOfLocalCandidates(world.now);
    h.agent.endOfRemoteCandidates(world.now);
  }
  assert.ok(world.run(1000, () => completed(a, b)));
});

test('checks that come before the answer are answered and remembered as triggered checks (RFC 8445 7.3)', () => {
  const { world, a, b } = pairOfAgents(1, { delayMs: 10 });
  world.signal(a, b);
  assert.ok(world.run(1000, () => b.agent.state === 'connected'), 'b needs only our answers');
  assert.equal(a.agent.state, 'new');
  assert.ok(a.agent.accepts(at('192.0.2.1:5000'), at('192.0.2.2:6000')));
  const before = world.now;
  // The answer brings no candidate: the check itself was enough.
  world.signal(b, a, { candidates: false });
  assert.ok(world.run(1000, () => connected(a)));
  assert.ok(world.now - before <= 20);
  assert.equal(a.agent.selectedPair?.remote.type, 'prflx');
});

test('a check that comes before our candidate is known is remembered too', () => {
  const world = new IceWorld(1);
  const a = world.host('a', true);
  const b = world.host('b', false);
  a.sockets.push(at('192.0.2.1:5000'));
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  world.signal(b, a, { candidates: false });
  b.agent.setRemoteCredentials(a.credentials, 0);
  b.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), 0);
  world.run(100);
  assert.equal(a.agent.pairs.length, 0);
  a.agent.addLocalCandidate(hostCandidate('192.0.2.1:5000'), world.now);
  assert.ok(world.run(100, () => connected(a, b)));
});

test('signalling turns a peer-reflexive candidate into what it is (RFC 8445 7.3.1.3)', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  world.signal(b, a, { candidates: false });
  assert.ok(world.run(100, () => connected(a)));
  assert.equal(a.agent.addRemoteCandidate(hostCandidate('192.0.2.2:6000'), world.now), 'added');
  assert.equal(a.agent.selectedPair?.remote.type, 'host');
  assert.equal(a.agent.remoteCandidates.length, 1);
  assert.equal(a.agent.pairs.length, 1);
});

test('behind a NAT we learn our own address as peer-reflexive, and the peer learns it too', () => {
  const world = new IceWorld(2, { delayMs: 5 });
  const a = world.host('a', true, { nat: new Nat('203.0.113.1', true) });
  const b = world.host('b', false);
  world.bind(a, hostCandidate('192.168.0.2:5000'));
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(2000, () => connected(a, b)));
  assert.equal(a.agent.selectedPair?.local.type, 'prflx');
  assert.equal(a.agent.selectedPair?.local.address, '203.0.113.1');
  assert.equal(b.agent.selectedPair?.remote.type, 'prflx');
  assert.ok(a.events.some((e) => e.type === 'peer-reflexive' && e.side === 'local'));
  assert.ok(b.events.some((e) => e.type === 'peer-reflexive' && e.side === 'remote'));
});

test('two sides behind filtering NATs meet through their server-reflexive candidates', () => {
  const world = new IceWorld(4, { delayMs: 15 });
  const natA = new Nat('203.0.113.1', true);
  const natB = new Nat('203.0.113.2', true);
  const a = world.host('a', true, { nat: natA });
  const b = world.host('b', false, { nat: natB });
  for (const [host, nat, address] of [[a, natA, '192.168.0.2:5000'], [b, natB, '192.168.0.2:6000']] as const) {
    const own = hostCandidate(address);
    world.bind(host, own);
    const mapped = nat.outbound(own.base, { address: '198.51.100.1', port: 3478 });
    host.agent.addLocalCandidate({ ...own, ...mapped, type: 'srflx', foundation: 's', priority: 1_694_498_815, base: own.base }, 0);
  }
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(5000, () => connected(a, b)), `${a.agent.state} ${b.agent.state}`);
  assert.equal(a.agent.selectedPair?.local.type, 'srflx');
  assert.equal(a.agent.pairs.length, 2, 'host and reflexive share a base: only the host is paired (RFC 8445 6.1.2.4)');
});

test('the better pair is nominated when it works, though it came later; families mix', () => {
  const world = new IceWorld(5, { delayMs: 2 });
  const a = world.host('a', true);
  const b = world.host('b', false);
  world.bind(a, hostCandidate('[2001:db8::1]:5000', { priority: 65_000 }));
  world.bind(a, hostCandidate('192.0.2.1:5000', { priority: 60_000 }));
  world.bind(b, hostCandidate('[2001:db8::2]:6000', { priority: 65_000 }));
  world.bind(b, hostCandidate('192.0.2.2:6000', { priority: 60_000 }));
  world.signal(a, b);
  a.agent.setRemoteCredentials(b.credentials, 0);
  a.agent.addRemoteCandidate(hostCandidate('192.0.2.2:6000', { priority: 60_000 }), 0);
  a.agent.addRemoteCandidate(hostCandidate('[2001:db8::2]:6000', { priority: 65_000 }), 0);
  assert.ok(world.run(1000, () => a.agent.selectedPair?.nominated === true && b.agent.selectedPair?.nominated === true));
  assert.equal(a.agent.selectedPair?.remote.address, '2001:db8::2');
  assert.equal(b.agent.selectedPair?.remote.address, '2001:db8::1');
  assert.equal(a.agent.pairs.length, 2);
});

test('a better pair that never answers delays nomination by a moment only', () => {
  const { world, a, b } = pairOfAgents(6, { delayMs: 2 });
  a.agent.addRemoteCandidate(hostCandidate('198.51.100.1:4000', { priority: 65_535 }), 0);
  world.signal(a, b);
  a.agent.setRemoteCredentials(b.credentials, 0);
  a.agent.addRemoteCandidate(hostCandidate('192.0.2.2:6000', { priority: 1000 }), 0);
  assert.ok(world.run(300, () => a.agent.selectedPair?.nominated === true));
});

test('a wildcard socket with several host candidates forms one pair per remote address (RFC 8445 6.1.2.4)', () => {
  const world = new IceWorld(7);
  const a = world.host('a', true);
  const b = world.host('b', false);
  const base = at('0.0.0.0:5000');
  a.sockets.push(base);
  for (const [i, address] of ['192.0.2.1:5000', '10.0.0.1:5000', '172.16.0.1:5000'].entries()) {
    a.agent.addLocalCandidate(hostCandidate(address, { base, priority: 100 + i }), 0);
  }
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  world.signal(b, a);
  b.agent.setRemoteCredentials(a.credentials, 0);
  b.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), 0);
  world.link = { tap: (from, d) => ({ ...d, local: from === a ? at('192.0.2.1:5000') : d.local }) };
  assert.ok(world.run(200, () => connected(a, b)));
  assert.equal(a.agent.pairs.length, 1);
  assert.deepEqual(a.agent.selectedPair?.base, base);
  assert.equal(a.agent.selectedPair?.local.address, '192.0.2.1', 'the answer tells which candidate it is');
});

test('link-local IPv6 is sent to within our own zone (RFC 4007 11)', () => {
  const world = new IceWorld(8);
  const a = world.host('a', true);
  world.bind(a, hostCandidate('[fe80::1%eth0]:5000'));
  let to = '';
  world.link = { tap: (_, d) => ((to = d.remote.address), d) };
  a.agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
  a.agent.addRemoteCandidate(hostCandidate('[fe80::2]:4000'), 0);
  world.run(10);
  assert.equal(to, 'fe80::2%eth0');
});

test('pairs of one foundation wait for the first of them (RFC 8445 6.1.2.6)', () => {
  const world = new IceWorld(9);
  const a = world.host('a', true);
  world.bind(a, hostCandidate('192.0.2.1:5000'));
  a.agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
  for (let i = 0; i < 3; i++) a.agent.addRemoteCandidate(hostCandidate(`198.51.100.${i + 1}:4000`, { foundation: 'same', priority: 600 - i }), 0);
  world.run(200);
  assert.deepEqual(
    a.agent.pairs.map((p) => p.state),
    ['in-progress', 'frozen', 'frozen'],
  );
});

test('a check says who we are, and responses carry no more than they must (RFC 8445 7.1, 7.3.1.2)', () => {
  const { world, a, b } = pairOfAgents();
  const seen: { from: string; cls: number; types: readonly number[] }[] = [];
  world.link = { tap: (from, d) => (seen.push({ from: from.name, cls: decodeStun(d.bytes).class, types: decodeStun(d.bytes).types }), d) };
  world.signal(a, b);
  world.signal(b, a);
  world.run(100, () => completed(a, b));
  const request = seen.find((s) => s.from === 'a' && s.cls === StunClass.request);
  assert.deepEqual(request?.types, [StunAttribute.username, StunAttribute.priority, StunAttribute.iceControlling]);
  const response = seen.find((s) => s.cls === StunClass.success);
  assert.deepEqual(response?.types, [StunAttribute.xorMappedAddress]);
  assert.ok(!seen.some((s) => s.types.includes(StunAttribute.software)), 'SOFTWARE is never sent');
  assert.ok(!seen.some((s) => s.from === 'b' && s.types.includes(StunAttribute.useCandidate)));
});

test('a closed agent is silent for good', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  world.signal(b, a);
  world.run(100, () => completed(a, b));
  a.agent.close(world.now);
  a.agent.close(world.now);
  const { sent } = a;
  world.run(60_000);
  assert.equal(a.sent, sent);
  assert.equal(a.agent.state, 'closed');
  assert.equal(a.agent.pollTimeout(), undefined);
  assert.ok(!a.agent.accepts(at('192.0.2.1:5000'), at('192.0.2.2:6000')));
});

test('what a socket reports is counted and changes nothing', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  world.signal(b, a);
  world.run(100, () => completed(a, b));
  for (let i = 0; i < 1000; i++) a.agent.sendError(at('192.0.2.1:5000'), at('192.0.2.2:6000'), 'unreachable', world.now);
  assert.equal(a.agent.state, 'completed');
  assert.equal(a.agent.stats().counters.get('ice.send.unreachable'), 1000);
});

test('a socket that goes away takes its candidates; another pair takes over, or the pair counts as lost', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  world.signal(b, a);
  world.run(100, () => completed(a, b));
  a.sockets.length = 0;
  a.agent.removeLocalCandidates(at('192.0.2.1:5000'), world.now);
  assert.equal(a.agent.localCandidates.length, 0);
  assert.equal(a.agent.selectedPair, undefined);
  assert.equal(a.agent.state, 'disconnected');
  assert.ok(world.run(45_000, () => a.agent.state === 'failed'));
  const last = a.events.at(-1);
  assert.ok(last?.type === 'state' && last.reason === 'socket-lost');
});
