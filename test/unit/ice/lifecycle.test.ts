import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datagram, TransportAddress } from '../../../src/core/index.ts';
import { generateIceCredentials } from '../../../src/ice/index.ts';
import { decodeStun, StunAttribute, StunClass } from '../../../src/stun/index.ts';
import { seeded, seededRandom } from '../../support/fuzz.ts';
import { at, connected, forgeCheck, forgeSuccess, hostCandidate, type Host, IceWorld, pairOfAgents } from '../../support/ice.ts';

const A = at('192.0.2.1:5000');
const B = at('192.0.2.2:6000');

function join(world: IceWorld, a: Host, b: Host): void {
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(60_000, () => a.agent.state === 'completed' && b.agent.state === 'completed'));
}

/** Connects a controlling side, which has a good path and a bad one, to one that has one address. */
function joinByTwoPaths(world: IceWorld): readonly [a: Host, b: Host] {
  const a = world.host('a', true);
  const b = world.host('b', false);
  world.bind(a, hostCandidate('192.0.2.1:5000', { priority: 60_000 }));
  world.bind(a, hostCandidate('192.0.2.3:5000', { priority: 100 }));
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  for (const host of [a, b]) host.agent.endOfLocalCandidates(0);
  join(world, a, b);
  return [a, b];
}

function states(host: Host): string[] {
  return host.events.flatMap((e) => (e.type === 'state' ? [e.state] : []));
}

let fresh = 5000;
function restartBoth(world: IceWorld, a: Host, b: Host): void {
  const [credentialsA, credentialsB] = [generateIceCredentials(seededRandom(fresh++)), generateIceCredentials(seededRandom(fresh++))];
  for (const [host, own, socket] of [[a, credentialsA, '192.0.2.1:5000'], [b, credentialsB, '192.0.2.2:6000']] as const) {
    host.agent.restart(own, world.now);
    host.agent.addLocalCandidate(hostCandidate(socket), world.now);
    host.agent.endOfLocalCandidates(world.now);
  }
  for (const [host, theirs, socket] of [[a, credentialsB, '192.0.2.2:6000'], [b, credentialsA, '192.0.2.1:5000']] as const) {
    host.agent.setRemoteCredentials(theirs, world.now);
    host.agent.addRemoteCandidate(hostCandidate(socket), world.now);
    host.agent.endOfRemoteCandidates(world.now);
  }
}

test('two controlling, or two controlled, agents settle who decides (RFC 8445 7.3.1.1)', () => {
  for (const controlling of [true, false]) {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, a, b } = pairOfAgents(seed, { delayMs: seed });
      a.agent.setControlling(controlling);
      b.agent.setControlling(controlling);
      join(world, a, b);
      assert.notEqual(a.agent.controlling, b.agent.controlling);
      assert.ok([...a.events, ...b.events].some((e) => e.type === 'role'));
    }
  }
});

test('A-STUN-07 equal tie-breakers do not ping-pong: the conflict is over within two round trips', () => {
  for (const controlling of [true, false]) {
    const { world, a, b } = pairOfAgents(3, { delayMs: 10 }, { tieBreaker: 7n }, { tieBreaker: 7n });
    a.agent.setControlling(controlling);
    b.agent.setControlling(controlling);
    let conflicts = 0;
    world.link = { delayMs: 10, tap: (_, d) => ((conflicts += decodeStun(d.bytes).error?.code === 487 ? 1 : 0), d) };
    world.signal(a, b);
    world.signal(b, a);
    world.run(40);
    const settled = conflicts;
    assert.ok(world.run(1000, () => connected(a, b)));
    world.run(20_000);
    assert.equal(conflicts, settled, 'no 487 after two round trips');
    assert.notEqual(a.agent.controlling, b.agent.controlling);
  }
});

test('a lite peer is connected to: we control (RFC 8445 6.1.1)', () => {
  const { world, a, b } = pairOfAgents(1, {}, {}, { lite: true });
  a.agent.setControlling(false);
  a.agent.setRemoteLite(true);
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(1000, () => a.agent.state === 'completed' && b.agent.state === 'completed'));
  assert.ok(a.agent.controlling);
  assert.ok(b.agent.selectedPair?.nominated);
  assert.equal(b.agent.stats().pairs[0]?.requestsSent, 0, 'a lite agent only answers');
});

test('a peer that nominates with every check (RFC 5245 8.1.1.2) is followed to the best valid pair', () => {
  const world = new IceWorld(1);
  const b = world.host('b', false);
  const ufrag = 'aggressor';
  const password = 'p'.repeat(22);
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  b.agent.setRemoteCredentials({ usernameFragment: ufrag, password }, 0);
  const good = hostCandidate('192.0.2.1:5000', { priority: 60_000 });
  const bad = hostCandidate('192.0.2.9:5000', { priority: 100 });
  const third = hostCandidate('192.0.2.8:5000', { priority: 50_000 });
  for (const c of [good, bad, third]) b.agent.addRemoteCandidate(c, 0);
  const answer = (out: readonly { bytes: Uint8Array; remote: { address: string; port: number } }[]): void => {
    for (const d of out) {
      if (decodeStun(d.bytes).class !== StunClass.request) continue;
      world.inject(b, { bytes: forgeSuccessFor(d.bytes, password), local: B, remote: d.remote });
    }
  };
  for (const remote of [bad, good, third]) {
    world.now += 300;
    b.agent.handleTimeout(world.now);
    answer(world.inject(b, { bytes: forgeCheck(b, ufrag, { useCandidate: true }), local: B, remote: { address: remote.address, port: remote.port } }));
  }
  assert.equal(b.agent.selectedPair?.remote.address, good.address);
});

test('A-ICE-05 a controlling side cannot make us change the pair more often than every 250 ms', () => {
  const world = new IceWorld(1);
  const b = world.host('b', false);
  const password = 'p'.repeat(22);
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  b.agent.setRemoteCredentials({ usernameFragment: 'peer', password }, 0);
  // Ever better pairs, each nominated: every one would be followed.
  const ports = Array.from({ length: 20 }, (_, i) => 4000 + i);
  for (const [i, port] of ports.entries()) b.agent.addRemoteCandidate(hostCandidate(`192.0.2.1:${port}`, { priority: 100 + i }), 0);
  for (let ms = 0; ms < 2000; ms++) {
    world.now = ms;
    b.agent.handleTimeout(ms);
    const remote = { address: '192.0.2.1', port: ports[Math.floor(ms / 100)] as number };
    const out = world.inject(b, { bytes: forgeCheck(b, 'peer', { useCandidate: true }), local: B, remote });
    for (const d of out) {
      if (decodeStun(d.bytes).class === StunClass.request) world.inject(b, { bytes: forgeSuccessFor(d.bytes, password), local: B, remote: d.remote });
    }
  }
  const switches = b.events.filter((e) => e.type === 'selected-pair').map((e) => e.at);
  assert.ok(switches.length >= 5, `${switches.length} switches`);
  for (let i = 2; i < switches.length; i++) assert.ok((switches[i] as number) - (switches[i - 1] as number) >= 250, switches.join(' '));
});

test('A-ICE-05 the controlled side cannot nominate', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b);
  a.agent.setRemoteCredentials(b.credentials, 0);
  world.inject(a, { bytes: forgeCheck(a, b.credentials.usernameFragment, { useCandidate: true }), local: A, remote: at('192.0.2.66:66') });
  assert.equal(a.agent.selectedPair, undefined);
  assert.ok(a.agent.pairs.every((p) => !p.nominated));
});

test('A-ICE-02 when the peer stops answering: disconnected, then failed within 30 s, then not one more packet', () => {
  const { world, a, b } = pairOfAgents(5);
  join(world, a, b);
  world.run(20_000);
  const cut = world.now;
  let lastAnswer = 0;
  world.link = { tap: (from, d) => (from === b ? ((lastAnswer = lastAnswer || world.now), undefined) : d) };
  assert.ok(world.run(12_000, () => a.agent.state === 'disconnected'));
  assert.ok(a.agent.selectedPair, 'data may still flow');
  assert.ok(world.run(30_000, () => a.agent.state === 'failed'));
  assert.ok(world.now - cut <= 30_000, `${world.now - cut} ms`);
  assert.equal(a.agent.selectedPair, undefined);
  assert.ok(!a.agent.accepts(A, B));
  const { sent } = a;
  a.agent.handleRead({ bytes: forgeCheck(a, b.credentials.usernameFragment), local: A, remote: B }, world.now);
  world.run(120_000);
  assert.equal(a.sent, sent);
  assert.equal(a.agent.pollTimeout(), undefined);
  const last = a.events.at(-1);
  assert.ok(last?.type === 'state' && last.reason === 'consent-expired');
});

test('A-ICE-02 answers without integrity do not keep a session alive', () => {
  const { world, a, b } = pairOfAgents(6);
  join(world, a, b);
  world.link = {
    tap: (from, d) => {
      if (from !== a || decodeStun(d.bytes).class !== StunClass.request) return from === a ? d : undefined;
      world.inject(a, { bytes: forgeSuccessFor(d.bytes, undefined), local: A, remote: B });
      return undefined;
    },
  };
  assert.ok(world.run(40_000, () => a.agent.state === 'failed'));
  assert.ok((a.agent.stats().counters.get('ice.response.integrity') ?? 0) > 5);
});

test('A-ICE-03 consent is renewed only by an answer to a request of ours, from the right place and with integrity', () => {
  const { world, a, b } = pairOfAgents(7);
  const answers: Uint8Array[] = [];
  world.link = { tap: (from, d) => (from === b && decodeStun(d.bytes).class === StunClass.success ? (answers.push(d.bytes.slice()), d) : d) };
  join(world, a, b);
  const old = answers[0] as Uint8Array;
  const start = world.now;
  world.link = {
    tap: (from, d) => {
      if (from !== a || decodeStun(d.bytes).class !== StunClass.request) return undefined;
      world.inject(a, { bytes: old.slice(), local: A, remote: B });
      world.inject(a, { bytes: forgeSuccessFor(d.bytes, b.credentials.password), local: A, remote: at('192.0.2.99:6000') });
      world.inject(a, { bytes: forgeSuccessFor(d.bytes, 'wrong password wrong p'), local: A, remote: B });
      return undefined;
    },
  };
  assert.ok(world.run(40_000, () => a.agent.state === 'failed'));
  assert.ok(world.now - start <= 30_001);
  const { counters } = a.agent.stats();
  for (const name of ['ice.response.unknown', 'ice.response.address', 'ice.response.integrity']) assert.ok((counters.get(name) ?? 0) > 0, name);
});

test('consent checks come every 5 s ± 20 %, each with an id of its own (RFC 7675 5.1)', () => {
  const { world, a, b } = pairOfAgents(8);
  join(world, a, b);
  const times: number[] = [];
  const ids = new Set<string>();
  world.link = {
    tap: (from, d) => {
      const message = decodeStun(d.bytes);
      if (from === a && message.class === StunClass.request) {
        times.push(world.now);
        ids.add(message.transactionId.join());
        assert.ok(!message.has(StunAttribute.useCandidate));
      }
      return d;
    },
  };
  world.run(300_000);
  assert.ok(times.length >= 50 && times.length <= 75, `${times.length} checks in 300 s`);
  assert.equal(ids.size, times.length);
  for (let i = 1; i < times.length; i++) {
    const gap = (times[i] as number) - (times[i - 1] as number);
    assert.ok(gap >= 3999 && gap <= 6010, `${gap}`);
  }
});

test('an outage of 20 s disconnects and recovers', () => {
  const { world, a, b } = pairOfAgents(9);
  join(world, a, b);
  world.link = { loss: 1 };
  assert.ok(world.run(20_000, () => a.agent.state === 'disconnected' && b.agent.state === 'disconnected'));
  world.link = {};
  assert.ok(world.run(3000, () => a.agent.state === 'completed' && b.agent.state === 'completed'));
  assert.deepEqual(states(a).slice(-3), ['completed', 'disconnected', 'completed']);
});

test('A-OS-05 a process that slept for an hour checks the peer once more before it gives up', () => {
  for (const peerIsThere of [true, false]) {
    const { world, a, b } = pairOfAgents(17);
    join(world, a, b);
    world.run(10_000);
    // Nobody calls for an hour: all timers fire late, at once.
    world.now += 3_600_000;
    const before = [a.sent, b.sent];
    world.link = { loss: peerIsThere ? 0 : 1 };
    world.run(4000);
    assert.deepEqual([a.agent.state, b.agent.state], ['completed', 'completed'], 'not yet');
    assert.ok(a.sent - (before[0] as number) <= 12, 'no burst');
    world.run(4000);
    assert.deepEqual([a.agent.state, b.agent.state], peerIsThere ? ['completed', 'completed'] : ['failed', 'failed']);
  }
});

test('when the selected path breaks, another that works is found and nominated without a restart', () => {
  for (const controllingFirst of [true, false]) {
    const world = new IceWorld(19, { delayMs: 3 });
    const a = world.host('a', controllingFirst);
    const b = world.host('b', !controllingFirst);
    for (const [host, n] of [[a, 1], [b, 2]] as const) {
      world.bind(host, hostCandidate(`192.0.2.${n}:5000`, { priority: 60_000 }));
      world.bind(host, hostCandidate(`10.0.0.${n}:5000`, { priority: 50_000 }));
      host.agent.endOfLocalCandidates(0);
    }
    join(world, a, b);
    assert.equal(a.agent.selectedPair?.remoteAddress.address, '192.0.2.2');
    const open = (d: Datagram): boolean => d.local.address.startsWith('10.') && d.remote.address.startsWith('10.');
    world.link = { delayMs: 3, tap: (_, d) => (open(d) ? d : undefined) };
    const moved = world.run(25_000, () => [a, b].every((h) => h.agent.selectedPair?.nominated && h.agent.selectedPair.base.address.startsWith('10.')));
    assert.ok(moved, `${a.agent.state} ${b.agent.state}`);
    world.run(60_000);
    assert.deepEqual([a.agent.state, b.agent.state], ['completed', 'completed']);
    assert.ok(![...states(a), ...states(b)].includes('failed'));
  }
});

test('a peer that loses its better path and nominates another is followed within a second and a half (RFC 8445 8.1.1)', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new IceWorld(seed, { delayMs: 20, jitterMs: 10 });
    const [a, b] = joinByTwoPaths(world);
    world.run(seed * 1000);
    a.sockets.splice(0, 1);
    a.agent.removeLocalCandidates(A, world.now);
    assert.ok(world.run(1500, () => b.agent.selectedPair?.remoteAddress.address === '192.0.2.3' && b.agent.selectedPair.nominated), `seed ${seed}`);
    world.run(60_000);
    assert.deepEqual([a.agent.state, b.agent.state], ['completed', 'completed'], `seed ${seed}`);
  }
});

test('A-ICE-05 a peer that nominates a worse pair again and again is not followed while the better one works, and asked once a second at most', () => {
  const world = new IceWorld(7, { delayMs: 5 });
  const [a, b] = joinByTwoPaths(world);
  world.run(1000);
  const before = b.agent.selectedPair?.consentRequestsSent ?? 0;
  for (let i = 0; i < 200; i++) {
    for (const { bytes, remote } of world.inject(b, { bytes: forgeCheck(b, a.credentials.usernameFragment, { useCandidate: true }), local: B, remote: at('192.0.2.3:5000') })) {
      if (decodeStun(bytes).class !== StunClass.request) continue;
      for (const answer of world.inject(a, { bytes, local: remote, remote: B })) world.inject(b, { bytes: answer.bytes, local: B, remote });
    }
    world.run(50);
    assert.equal(b.agent.selectedPair?.remoteAddress.address, '192.0.2.1');
  }
  const asked = (b.agent.selectedPair?.consentRequestsSent ?? 0) - before;
  assert.ok(asked >= 5 && asked <= 12, `${asked} in 10 s`);
});

test('sockets that go away one after the other leave the connection on the last one, whichever worked before (A-OS-03)', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = seeded(seed);
    const world = new IceWorld(seed, { delayMs: 10, loss: 0.1 });
    const a = world.host('a', seed % 2 === 0);
    const b = world.host('b', seed % 2 !== 0);
    for (let i = 1; i <= 6; i++) world.bind(a, hostCandidate(`192.0.2.${i}:5000`, { priority: 60_000 - i }));
    world.bind(b, hostCandidate('192.0.2.100:5000'));
    for (const host of [a, b]) host.agent.endOfLocalCandidates(0);
    join(world, a, b);
    while (a.sockets.length > 1) {
      world.run(200 + next() ** 3 * 40_000);
      const gone = next() < 0.7 ? (a.agent.selectedPair?.base ?? (a.sockets[0] as TransportAddress)) : (a.sockets[Math.floor(next() * a.sockets.length)] as TransportAddress);
      a.sockets.splice(a.sockets.findIndex((socket) => socket.address === gone.address), 1);
      a.agent.removeLocalCandidates(gone, world.now);
    }
    const [last] = a.sockets as [TransportAddress];
    world.run(90_000);
    assert.ok(![...states(a), ...states(b)].includes('failed'), `seed ${seed}: ${states(a).join()} | ${states(b).join()}`);
    assert.deepEqual([a.agent.selectedPair?.base.address, b.agent.selectedPair?.remoteAddress.address], [last.address, last.address], `seed ${seed}`);
  }
});

test('a restart keeps the old pair until a new one is nominated (RFC 8445 9)', () => {
  const { world, a, b } = pairOfAgents(10, { delayMs: 50 });
  join(world, a, b);
  const old = a.agent.selectedPair;
  restartBoth(world, a, b);
  assert.equal(a.agent.selectedPair, old);
  assert.equal(a.agent.state, 'connected', 'completed becomes connected (W3C webrtc-pc 5.6.4)');
  assert.ok(a.agent.accepts(A, B));
  assert.ok(world.run(5000, () => a.agent.selectedPair !== old && b.agent.state === 'completed' && a.agent.state === 'completed'));
  assert.ok(a.agent.selectedPair?.nominated);
  assert.ok(!states(a).includes('disconnected'));
  world.run(60_000);
  assert.equal(a.agent.state, 'completed');
});

test('A-STUN-02 the old fragment is accepted only until the new pair is selected', () => {
  const { world, a, b } = pairOfAgents(11, { delayMs: 50 });
  join(world, a, b);
  const oldCheck = (): Uint8Array => forgeCheck(a, b.credentials.usernameFragment);
  restartBoth(world, a, b);
  assert.equal(answers(world.inject(a, { bytes: oldCheck(), local: A, remote: B })).length, 1);
  world.run(5000, () => a.agent.state === 'completed');
  assert.equal(answers(world.inject(a, { bytes: oldCheck(), local: A, remote: B })).length, 0);
});

test('a rollback goes back to the generation before the restart', () => {
  const { world, a, b } = pairOfAgents(12);
  join(world, a, b);
  const old = a.agent.selectedPair;
  a.agent.restart(generateIceCredentials(seededRandom(99)), world.now);
  world.run(3000);
  a.agent.abandonRestart(world.now);
  assert.equal(a.agent.selectedPair, old);
  assert.equal(a.agent.state, 'completed');
  world.run(60_000);
  assert.equal(a.agent.state, 'completed', 'and consent holds');
  a.agent.abandonRestart(world.now);
  assert.equal(a.agent.state, 'completed');
});

test('a rollback during the first checks goes on with them', () => {
  const { world, a, b } = pairOfAgents(13, { delayMs: 30 });
  world.signal(a, b);
  world.signal(b, a);
  world.run(10);
  a.agent.restart(generateIceCredentials(seededRandom(98)), world.now);
  world.run(100);
  a.agent.abandonRestart(world.now);
  assert.ok(world.run(5000, () => connected(a, b)));
});

test('a restart revives a failed agent', () => {
  const { world, a, b } = pairOfAgents(14);
  join(world, a, b);
  world.link = { loss: 1 };
  assert.ok(world.run(60_000, () => a.agent.state === 'failed' && b.agent.state === 'failed'));
  world.link = {};
  restartBoth(world, a, b);
  assert.equal(a.agent.state, 'checking');
  assert.ok(world.run(5000, () => a.agent.state === 'completed' && b.agent.state === 'completed'));
});

test('a restart that the peer asked for works in either order of credentials', () => {
  const { world, a, b } = pairOfAgents(15);
  join(world, a, b);
  const old = b.agent.selectedPair;
  const [own, theirs] = [generateIceCredentials(seededRandom(71)), generateIceCredentials(seededRandom(72))];
  // The offer reaches b: the peer's credentials are new first, then ours.
  b.agent.setRemoteCredentials(theirs, world.now);
  b.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), world.now);
  assert.equal(b.agent.selectedPair, old);
  b.agent.restart(own, world.now);
  world.bind(b, hostCandidate('192.0.2.2:6000'));
  a.agent.restart(theirs, world.now);
  world.bind(a, hostCandidate('192.0.2.1:5000'));
  a.agent.setRemoteCredentials(own, world.now);
  a.agent.addRemoteCandidate(hostCandidate('192.0.2.2:6000'), world.now);
  assert.ok(world.run(5000, () => b.agent.selectedPair !== old && b.agent.selectedPair?.nominated === true && a.agent.selectedPair?.nominated === true));
});

test('a side whose checks are lost by chance goes on asking while the peer, already content, is silent', () => {
  const { world, a, b } = pairOfAgents(18, { delayMs: 20 });
  // All answers to a are lost for 15 s: more than seven requests.
  world.link = { delayMs: 20, tap: (from, d) => (from === b && world.now < 15_000 && decodeStun(d.bytes).class === StunClass.success ? undefined : d) };
  world.signal(a, b);
  world.signal(b, a);
  assert.ok(world.run(1000, () => b.agent.state === 'connected'));
  assert.equal(a.agent.state, 'checking');
  assert.ok(world.run(18_000, () => connected(a, b)), `${a.agent.state} at ${world.now}`);
});

test('A-ICE-06 a thousand restarts leave two generations, no pile of timers or requests, and the old pair working', () => {
  const { world, a, b } = pairOfAgents(16);
  join(world, a, b);
  const old = a.agent.selectedPair;
  for (let i = 0; i < 1000; i++) {
    a.agent.restart(generateIceCredentials(seededRandom(10_000 + i)), world.now);
    a.agent.setRemoteCredentials(generateIceCredentials(seededRandom(20_000 + i)), world.now);
    world.bind(a, hostCandidate('192.0.2.1:5000'));
    a.agent.addRemoteCandidate(hostCandidate('192.0.2.2:6000'), world.now);
  }
  assert.equal(a.agent.selectedPair, old);
  assert.equal(a.agent.pairs.length, 1);
  let queued = 0;
  while (a.agent.pollWrite()) queued++;
  assert.ok(queued <= 50, `${queued} checks for 1000 restarts`);
  a.sockets.length = 1;
  restartBoth(world, a, b);
  assert.ok(world.run(5000, () => a.agent.selectedPair !== old && connected(a, b)));
});

function forgeSuccessFor(request: Uint8Array, password: string | undefined): Uint8Array {
  return forgeSuccess(request, password, { address: '192.0.2.2', port: 6000 });
}

function answers(datagrams: readonly { bytes: Uint8Array }[]): { bytes: Uint8Array }[] {
  return datagrams.filter((d) => decodeStun(d.bytes).class === StunClass.success);
}
