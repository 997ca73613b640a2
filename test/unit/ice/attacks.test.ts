import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TransportAddress } from '../../../src/core/index.ts';
import { type IceCandidate, parseCandidate } from '../../../src/ice/index.ts';
import { decodeStun, StunAttribute, StunBuilder, StunClass, StunMethod } from '../../../src/stun/index.ts';
import { at, connected, forgeCheck, forgeError, forgeSuccess, type ForgeOptions, hostCandidate, type Host, IceWorld, pairOfAgents } from '../../support/ice.ts';

const A = at('192.0.2.1:5000');
const B = at('192.0.2.2:6000');
const STRANGER = at('203.0.113.66:6666');
const PEER = { usernameFragment: 'peer', password: 'p'.repeat(22) };

/** An agent that knows its peer's credentials and has one socket. */
function alone(controlling = false, local = '192.0.2.2:6000'): { world: IceWorld; b: Host } {
  const world = new IceWorld(1);
  const b = world.host('b', controlling);
  world.bind(b, hostCandidate(local));
  b.agent.setRemoteCredentials(PEER, 0);
  return { world, b };
}

function check(world: IceWorld, host: Host, options: ForgeOptions, remote: TransportAddress = STRANGER): { cls: number; code: number | undefined; bytes: Uint8Array }[] {
  const out = world.inject(host, { bytes: forgeCheck(host, PEER.usernameFragment, options), local: B, remote });
  return out.map(({ bytes }) => ({ cls: decodeStun(bytes).class, code: decodeStun(bytes).error?.code, bytes }));
}

test('A-STUN-01 a request that does not prove our password gets silence, creates nothing and nominates nothing', () => {
  const bad: [string, ForgeOptions][] = [
    ['no integrity', { password: null, useCandidate: true }],
    ['wrong key', { password: 'w'.repeat(22), useCandidate: true }],
    ["the peer's own key", { password: PEER.password, useCandidate: true }],
    ['empty key', { password: '', useCandidate: true }],
  ];
  const { world, b } = alone();
  for (const [what, options] of bad) {
    assert.deepEqual(check(world, b, options), [], what);
    assert.equal(b.agent.remoteCandidates.length, 0, what);
    assert.equal(b.agent.pairs.length, 0, what);
    assert.ok(!b.agent.accepts(B, STRANGER), what);
  }
  assert.equal(b.agent.stats().counters.get('ice.request.integrity'), bad.length);
});

test('A-STUN-01 USE-CANDIDATE behind the integrity does not nominate', () => {
  const { world, b } = alone();
  const honest = decodeStun(forgeCheck(b, PEER.usernameFragment));
  const end = honest.layout.integrityAt + 20;
  // What was signed, then an attribute that was not, with a fingerprint over all of it.
  const builder = new StunBuilder(StunClass.request, StunMethod.binding, honest.transactionId);
  for (const type of honest.types) builder.value(type, honest.value(type) as Uint8Array);
  builder.value(StunAttribute.messageIntegrity, honest.bytes.slice(end - 20, end)).flag(StunAttribute.useCandidate).fingerprint();
  const out = world.inject(b, { bytes: builder.finish(), local: B, remote: STRANGER });
  assert.equal(out.filter((d) => decodeStun(d.bytes).class === StunClass.success).length, 1, 'the rest of it is sound');
  for (const d of out) {
    if (decodeStun(d.bytes).class !== StunClass.request) continue;
    world.inject(b, { bytes: forgeSuccess(d.bytes, PEER.password, B), local: B, remote: STRANGER });
  }
  assert.equal(b.agent.pairs[0]?.state, 'succeeded');
  assert.equal(b.agent.pairs[0]?.nominated, false);
});

test('A-STUN-02 only the right fragments in the right order are heard', () => {
  const { world, b } = alone();
  const ours = b.credentials.usernameFragment;
  for (const username of [`peer:${ours}`, ours, `${ours}:`, `:${ours}`, '', ':', `${ours}:other`, `${ours}x:peer`, `${ours}:peer:peer`, ` ${ours}:peer`, `${ours};peer`]) {
    assert.deepEqual(check(world, b, { username }), [], JSON.stringify(username));
  }
  assert.deepEqual(check(world, b, { username: `${ours}:${'x'.repeat(513 - ours.length - 1)}` }), [], '513 bytes');
  assert.equal(b.agent.pairs.length, 0);
  assert.ok(check(world, b, {}).some((r) => r.cls === StunClass.success));
});

test('A-STUN-03 forged responses change nothing: another id, another address, no integrity, a wrong key', () => {
  const { world, b } = alone(true);
  const remote = at('192.0.2.1:5000');
  b.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), 0);
  const request = b.agent.pollWrite()?.bytes as Uint8Array;
  const respond = (bytes: Uint8Array, from = remote, local = B): void => void world.inject(b, { bytes, local, remote: from });
  const otherId = request.slice();
  otherId[15] = (otherId[15] as number) ^ 1;
  otherId.set(request.subarray(20), 20);
  const unknown = new StunBuilder(StunClass.success, StunMethod.binding, otherId.subarray(8, 20)).xorAddress(StunAttribute.xorMappedAddress, B).finish();
  respond(unknown);
  respond(forgeSuccess(request, undefined, B));
  respond(forgeSuccess(request, 'w'.repeat(22), B));
  respond(forgeSuccess(request, b.credentials.password, B));
  respond(forgeSuccess(request, PEER.password, B), STRANGER);
  respond(forgeSuccess(request, PEER.password, B), remote, at('192.0.2.77:6000'));
  assert.equal(b.agent.pairs[0]?.state, 'in-progress');
  assert.ok(!b.agent.accepts(B, remote));
  assert.equal(b.agent.selectedPair, undefined);
  respond(forgeSuccess(request, PEER.password, B));
  assert.equal(b.agent.pairs[0]?.state, 'succeeded');
  assert.ok(b.agent.accepts(B, remote));
});

test('A-STUN-04 a success response without an address is no success', () => {
  const { world, b } = alone(true);
  b.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), 0);
  const request = decodeStun(b.agent.pollWrite()?.bytes as Uint8Array);
  const bytes = forgeError(request.bytes, 400, PEER.password);
  bytes[0] = 1; // error becomes success, and integrity no longer holds
  world.inject(b, { bytes, local: B, remote: A });
  assert.notEqual(b.agent.pairs[0]?.state, 'succeeded');
});

test('A-STUN-05 unknown attributes that must be understood get a signed 420 that lists at most 16', () => {
  const { world, b } = alone();
  const [answer, ...more] = check(world, b, { extra: (builder) => Array.from({ length: 64 }, (_, i) => builder.flag(0x4000 + i)) });
  assert.equal(answer?.code, 420);
  assert.equal(more.length, 0);
  assert.equal(decodeStun(answer?.bytes as Uint8Array).unknownAttributes.length, 16);
  assert.equal(b.agent.pairs.length, 0);
});

test('A-STUN-06 to whom does not know our password nothing is sent; to others at most 48 bytes more than they sent', () => {
  const { world, b } = alone();
  const plain = new StunBuilder(StunClass.request, StunMethod.binding, new Uint8Array(12)).finish();
  assert.deepEqual(world.inject(b, { bytes: plain, local: B, remote: STRANGER }), []);
  assert.deepEqual(check(world, b, { password: null }), []);
  for (const remote of [STRANGER, at('[2001:db8::66]:6666')]) {
    const request = forgeCheck(b, PEER.usernameFragment, { priority: null });
    for (const { bytes } of world.inject(b, { bytes: request, local: B, remote })) assert.ok(bytes.length <= request.length + 48);
    const full = forgeCheck(b, PEER.usernameFragment);
    const [answer] = world.inject(b, { bytes: full, local: B, remote });
    assert.equal(answer && decodeStun(answer.bytes).class, StunClass.success);
    assert.ok((answer?.bytes.length ?? 999) <= full.length + 48);
  }
});

test('A-STUN-07 a 487 without integrity does not change our role', () => {
  const { world, b } = alone(true);
  b.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), 0);
  const request = b.agent.pollWrite()?.bytes as Uint8Array;
  world.inject(b, { bytes: forgeError(request, 487, undefined), local: B, remote: A });
  world.inject(b, { bytes: forgeError(request, 487, 'w'.repeat(22)), local: B, remote: A });
  assert.ok(b.agent.controlling);
  world.inject(b, { bytes: forgeError(request, 487, PEER.password), local: B, remote: A });
  assert.ok(!b.agent.controlling);
});

const remote = (address: string, port: number, type = 'host'): IceCandidate => parseCandidate(`candidate:1 1 udp 1000 ${address} ${port} typ ${type}`);

test('A-ICE-01 candidates to places nobody is reached at, or to services of others, are refused', () => {
  const { b } = alone();
  const always = ['224.0.0.1', '239.1.2.3', '255.255.255.255', '0.0.0.0', '0.1.2.3', '::', 'ff02::1', '::ffff:224.0.0.1', '::ffff:0.0.0.0'];
  for (const address of always) assert.equal(b.agent.addRemoteCandidate(remote(address, 5000), 0), 'refused', address);
  for (const port of [0, 22, 25, 443 + 1, 1023]) assert.equal(b.agent.addRemoteCandidate(remote('198.51.100.1', port), 0), 'refused', `port ${port}`);
  for (const port of [53, 80, 443, 1024, 3478]) assert.equal(b.agent.addRemoteCandidate(remote('198.51.100.1', port), 0), 'added', `port ${port}`);
  assert.equal(b.agent.addRemoteCandidate({ ...remote('198.51.100.2', 5000), protocol: 'tcp' }, 0), 'refused');
  assert.equal(b.agent.addRemoteCandidate({ ...remote('198.51.100.2', 5000), component: 2 }, 0), 'refused');
  assert.equal(b.agent.addRemoteCandidate(remote('abc.local', 5000), 0), 'refused');
  assert.equal(b.agent.addRemoteCandidate({ ...remote('198.51.100.2', 5000), usernameFragment: 'old' }, 0), 'refused');
  for (const address of ['not an address', '1.2', '', '::ffff:224.0.0.1', '1::2::3', '%', '255.255.255.255', 'fe80::1%']) {
    assert.equal(b.agent.addRemoteCandidate({ ...remote('198.51.100.2', 5000), address }, 0), 'refused', `${address}, and never an exception`);
  }
});

test('A-ICE-01 an IPv6 address that hides a refused IPv4 one is refused too', () => {
  const { b } = alone();
  for (const address of ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '2002:7f00:1::1', '::127.0.0.1', '64:ff9b::224.0.0.1', '2002:a9fe:a9fe::']) {
    assert.equal(b.agent.addRemoteCandidate(remote(address, 5000), 0), 'refused', address);
  }
  for (const address of ['64:ff9b::198.51.100.1', '2002:c633:6401::1', '2001:db8::1']) {
    assert.equal(b.agent.addRemoteCandidate(remote(address, 5000), 0), 'added', address);
  }
});

test('A-ICE-01 loopback and link-local are never checked unless we listen on such an address', () => {
  const addresses = ['127.0.0.1', '::ffff:127.0.0.1', '127.9.9.9', '169.254.169.254', '::1', 'fe80::1'];
  const { world, b } = alone(true);
  for (const address of addresses) b.agent.addRemoteCandidate(remote(address, 5000), 0);
  world.run(60_000);
  assert.equal(b.sent, 0);
  assert.equal(b.agent.pairs.length, 0);
  b.agent.endOfLocalCandidates(world.now);
  assert.equal(b.agent.addRemoteCandidate(remote('127.0.0.2', 5000), world.now), 'refused', 'at once when all our addresses are known');
  const { b: listening } = alone(true, '127.0.0.1:6000');
  listening.agent.endOfLocalCandidates(0);
  assert.equal(listening.agent.addRemoteCandidate(remote('::ffff:127.0.0.1', 5000), 0), 'added');
  assert.equal(listening.agent.pairs[0]?.remoteAddress.address, '127.0.0.1');
  assert.equal(listening.agent.addRemoteCandidate(remote('169.254.169.254', 5000), 0), 'refused');
});

test('A-ICE-01 a flood of candidates costs 100 candidates, 200 pairs, 50 checks a second and 1000 in all', () => {
  const world = new IceWorld(1);
  const b = world.host('b', true);
  for (let i = 0; i < 5; i++) world.bind(b, hostCandidate(`192.0.2.${i + 1}:6000`, { priority: 60_000 - i }));
  b.agent.setRemoteCredentials(PEER, 0);
  const results = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) {
    const result = b.agent.addRemoteCandidate(remote(`198.51.${(i >> 8) & 255}.${i & 255}`, 1024 + (i % 7), i % 2 ? 'host' : 'srflx'), 0);
    results.set(result, (results.get(result) ?? 0) + 1);
  }
  assert.equal(results.get('added'), 100);
  assert.equal(b.agent.remoteCandidates.length, 100);
  assert.equal(b.agent.pairs.length, 200);
  assert.equal(b.agent.addRemoteCandidate(remote('198.51.0.0', 1024), 0), 'duplicate');
  const times: number[] = [];
  const perPair = new Map<string, number>();
  world.link = {
    tap: (_, d) => {
      times.push(world.now);
      const key = `${d.local.address} ${d.remote.address} ${d.remote.port}`;
      perPair.set(key, (perPair.get(key) ?? 0) + 1);
      return undefined;
    },
  };
  world.run(900_000);
  assert.ok(times.length <= 1000, `${times.length} checks`);
  for (let i = 50; i < times.length; i++) assert.ok((times[i] as number) - (times[i - 50] as number) >= 999.999);
  assert.ok(Math.max(...perPair.values()) <= 7);
});

test('A-ICE-01 limits hold at limit - 1, limit and limit + 1', () => {
  const world = new IceWorld(1);
  const b = world.host('b', true, { maxRemoteCandidates: 3, maxPairs: 4 });
  for (let i = 0; i < 2; i++) world.bind(b, hostCandidate(`192.0.2.${i + 1}:6000`, { priority: 60_000 - i }));
  const add = (n: number) => b.agent.addRemoteCandidate(remote('198.51.100.1', 2000 + n), 0);
  assert.deepEqual([add(1), add(2)], ['added', 'added']);
  assert.equal(b.agent.pairs.length, 4);
  assert.deepEqual([add(3), add(4)], ['added', 'refused']);
  assert.equal(b.agent.pairs.length, 4);
});

test('A-ICE-04 a flood from 5000 ports keeps 32 peer-reflexive candidates, and never drops the selected pair', () => {
  const { world, a, b } = pairOfAgents();
  world.signal(a, b, { candidates: false });
  world.signal(b, a);
  assert.ok(world.run(100, () => connected(a, b) && b.agent.selectedPair?.nominated === true));
  assert.equal(b.agent.selectedPair?.remote.type, 'prflx');
  for (let i = 0; i < 5000; i++) {
    world.inject(b, { bytes: forgeCheck(b, a.credentials.usernameFragment), local: B, remote: { address: '203.0.113.66', port: 2000 + i } });
  }
  assert.equal(b.agent.remoteCandidates.length, 32);
  assert.ok(b.agent.pairs.length <= 33);
  assert.equal(b.agent.selectedPair?.remoteAddress.port, 5000);
  assert.ok(b.agent.accepts(B, A));
  assert.ok(!b.agent.accepts(B, { address: '203.0.113.66', port: 2000 }), 'the oldest gave way');
  assert.ok(b.agent.accepts(B, { address: '203.0.113.66', port: 6999 }));
  world.run(60_000);
  assert.ok(connected(a, b));
});

test('A-ICE-04 a flood before anything is selected sends at most 50 checks a second', () => {
  const { world, b } = alone();
  let requests = 0;
  for (let i = 0; i < 5000; i++) requests += check(world, b, {}, { address: '203.0.113.66', port: 2000 + i }).filter((r) => r.cls === StunClass.request).length;
  assert.ok(requests <= 50, `${requests}`);
  assert.equal(b.agent.remoteCandidates.length, 32);
});

test('packets of other protocols are accepted only where a check succeeded or was answered', () => {
  const { world, b } = alone();
  assert.ok(!b.agent.accepts(B, STRANGER));
  b.agent.addRemoteCandidate(hostCandidate('203.0.113.66:6666'), 0);
  assert.ok(!b.agent.accepts(B, STRANGER), 'a candidate alone proves nothing');
  check(world, b, {});
  assert.ok(b.agent.accepts(B, STRANGER));
  assert.ok(!b.agent.accepts(A, STRANGER), 'another socket');
  assert.ok(!b.agent.accepts(B, { ...STRANGER, port: 6667 }));
});
