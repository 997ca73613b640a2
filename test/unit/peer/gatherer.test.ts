import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { parseIceServerUrl } from '../../../src/peer/gatherer/index.ts';
import { errorAnswer, GathererBench, iface, LAN, mappedAnswer } from '../../support/gatherer.ts';

test('a bound address yields one host candidate, and gathering without servers completes at once', () => {
  const bench = new GathererBench([]);
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.deepEqual(
    bench.candidates.map((c) => [c.type, c.address, c.port, c.base.address]),
    [['host', '192.168.1.5', 5000, '192.168.1.5']],
  );
});

test('gathering is not complete before the last socket is bound', () => {
  const bench = new GathererBench([]);
  bench.bind('192.168.1.5:5000');
  assert.equal(bench.run(), undefined);
  bench.done();
  assert.equal(bench.run(), 0);
});

test('a wildcard yields a host candidate for each interface of its family, without loopback and link-local', () => {
  const bench = new GathererBench([]);
  bench.bind('0.0.0.0:5000');
  bench.bind('[::]:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.deepEqual(bench.candidates.map((c) => c.address).sort(), ['10.0.0.7', '192.168.1.5', '2001:db8::5']);
  assert.deepEqual([...new Set(bench.candidates.map((c) => c.base.address))].sort(), ['0.0.0.0', '::']);
  assert.equal(new Set(bench.candidates.map((c) => c.foundation)).size, 3, 'RFC 8445 5.1.1.3: other address, other foundation');
});

test('a wildcard yields link-local IPv6 or loopback when there is nothing else', () => {
  const bench = new GathererBench([]);
  bench.bind('[::]:5000', ['::1', 'fe80::1%eth0'].map(iface));
  bench.bind('0.0.0.0:5000', ['127.0.0.1'].map(iface));
  assert.equal(bench.run(), undefined);
  assert.deepEqual(
    bench.candidates.map((c) => c.address),
    ['fe80::1%eth0', '127.0.0.1'],
  );
});

test('priorities let the families take turns, IPv6 first (RFC 8421 4), and no two are alike', () => {
  const bench = new GathererBench([]);
  const interfaces = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2', 'fd00::1'].map(iface);
  bench.bind('0.0.0.0:5000', interfaces);
  bench.bind('[::]:5000', interfaces);
  bench.bind('10.0.0.1:6000', interfaces);
  bench.done();
  bench.run();
  const order = [...bench.candidates].sort((a, b) => b.priority - a.priority);
  assert.deepEqual(
    order.map((c) => `${c.address} ${c.port}`),
    ['2001:db8::1 5000', '10.0.0.1 5000', '10.0.0.1 6000', '2001:db8::2 5000', '10.0.0.2 5000', 'fd00::1 5000'],
  );
  assert.equal(new Set(order.map((c) => c.priority)).size, order.length);
  assert.ok(order.every((c) => c.priority >>> 24 === 126));
});

test('a server tells the reflexive address (RFC 8445 5.1.1.2)', () => {
  const bench = new GathererBench(['stun:198.51.100.1']);
  bench.server = (request) => mappedAnswer(request, { address: '203.0.113.9', port: 41_000 });
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.equal(bench.sent.length, 1);
  assert.deepEqual(bench.sent[0]?.remote, { address: '198.51.100.1', port: 3478 });
  const [host, srflx] = bench.candidates;
  assert.equal(srflx?.type, 'srflx');
  assert.equal(srflx?.address, '203.0.113.9');
  assert.equal(srflx?.port, 41_000);
  assert.equal(srflx?.relatedAddress, '192.168.1.5');
  assert.equal(srflx?.relatedPort, 5000);
  assert.deepEqual(srflx?.base, host?.base);
  assert.equal(srflx?.url, 'stun:198.51.100.1');
  assert.equal((srflx?.priority ?? 0) >>> 24, 100);
  assert.notEqual(srflx?.foundation, host?.foundation);
});

test('a reflexive address that is known already makes no candidate (RFC 8445 5.1.3)', () => {
  const bench = new GathererBench(['stun:198.51.100.1', 'stun:198.51.100.2', 'stun:198.51.100.3']);
  let answers = 0;
  bench.server = (request) => mappedAnswer(request, answers++ === 0 ? { address: '192.168.1.5', port: 5000 } : { address: '203.0.113.9', port: 1024 });
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.ok(bench.run() !== undefined);
  assert.deepEqual(
    bench.candidates.map((c) => c.type),
    ['host', 'srflx'],
  );
});

test('a server without an address in the family of a local address is skipped for it, which is no error', () => {
  const bench = new GathererBench(['stun:stun.example.org', 'stun:[2001:db8::53]']);
  bench.names = { 'stun.example.org': ['198.51.100.1'] };
  bench.server = (request) =>
    mappedAnswer(request, request.remote.address.includes(':') ? { address: '2001:db8:1::9', port: 9000 } : { address: '203.0.113.9', port: 9000 });
  bench.bind('192.168.1.5:5000');
  bench.bind('[2001:db8::5]:5000');
  bench.done();
  assert.ok((bench.run() ?? 9999) < 100);
  assert.deepEqual(bench.errors, []);
  assert.deepEqual(
    bench.sent.map((d) => `${d.local.address} → ${d.remote.address}`),
    ['2001:db8::5 → 2001:db8::53', '192.168.1.5 → 198.51.100.1'],
  );
  assert.equal(bench.candidates.filter((c) => c.type === 'srflx').length, 2);
});

test('from a loopback address no request goes to a server elsewhere: gathering completes at once', () => {
  const bench = new GathererBench(['stun:stun.example.org', 'stun:198.51.100.1:3478', 'stun:[2001:db8::53]']);
  bench.bind('127.0.0.1:5000');
  bench.bind('[::1]:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.deepEqual(bench.sent, []);
  assert.ok(!bench.events.some((e) => e.type === 'resolve'), 'and no name is looked up for it');
  assert.deepEqual(bench.errors, []);
});

test('a server on loopback is asked from loopback only', () => {
  const bench = new GathererBench(['stun:localhost:3479']);
  bench.names = { localhost: ['127.0.0.1', '::1'] };
  bench.server = (request) => mappedAnswer(request, { address: '127.0.0.1', port: 7777 });
  bench.bind('127.0.0.1:5000');
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.deepEqual(
    bench.sent.map((d) => d.local.address),
    ['127.0.0.1'],
  );
  assert.equal(bench.candidates.at(-1)?.address, '127.0.0.1');
});

test('a server that never answers delays completion by its deadline only, and candidates come before that', () => {
  const bench = new GathererBench(['stun:198.51.100.1', 'stun:198.51.100.2'], { deadlineMs: 3000 });
  bench.server = (request) => (request.remote.address === '198.51.100.2' ? mappedAnswer(request, { address: '203.0.113.9', port: 1024 }) : undefined);
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 3000);
  assert.deepEqual(
    bench.errors.map((e) => [e.url, e.errorCode, e.address, e.port]),
    [['stun:198.51.100.1', 701, '192.168.1.5', 5000]],
  );
  const srflx = bench.events.find((e) => e.type === 'candidate' && e.candidate.type === 'srflx');
  assert.ok((srflx?.at ?? 9999) <= 20);
  assert.deepEqual(
    bench.sent.filter((d) => d.remote.address === '198.51.100.1').map((d) => d.at),
    [0, 500, 1500],
    'repeated as RFC 8489 6.2.1 says',
  );
});

test('a name that does not resolve, or not in time, is reported once with 701', () => {
  const bench = new GathererBench(['stun:nowhere.example.org', 'stun:slow.example.org'], { deadlineMs: 1000 });
  bench.names = { 'nowhere.example.org': [] };
  bench.bind('192.168.1.5:5000');
  bench.bind('10.0.0.7:5000');
  bench.done();
  assert.equal(bench.run(), 1000);
  assert.deepEqual(
    bench.errors.map((e) => [e.url, e.errorCode, e.address, e.at < 1]),
    [
      ['stun:nowhere.example.org', 701, null, true],
      ['stun:slow.example.org', 701, null, false],
    ].map((row) => row as never),
  );
  bench.gatherer.handleEvent({ type: 'resolved', hostname: 'slow.example.org', addresses: ['198.51.100.1'] }, bench.now);
  bench.run(1000);
  assert.equal(bench.sent.length, 0, 'an answer that comes too late is ignored');
});

test("a server's error is reported with its code", () => {
  const bench = new GathererBench(['stun:198.51.100.1']);
  bench.server = (request) => errorAnswer(request, 500, 'Server Error');
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.deepEqual(
    bench.errors.map((e) => [e.errorCode, e.errorText]),
    [[500, 'Server Error']],
  );
});

test('answers from elsewhere, with a senseless address or to nobody are no candidates', () => {
  const bench = new GathererBench(['stun:198.51.100.1'], { deadlineMs: 600 });
  bench.server = (request) => {
    const forged = mappedAnswer(request, { address: '203.0.113.66', port: 66 });
    bench.gatherer.handleRead({ bytes: forged, local: request.local, remote: { address: '198.51.100.99', port: 3478 } }, bench.now);
    assert.ok(!bench.gatherer.owns({ ...request, bytes: forged.map((b, i) => (i === 10 ? b ^ 1 : b)) }));
    return bench.sent.length === 1 ? undefined : mappedAnswer(request, { address: '224.0.0.1', port: 66 });
  };
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 500);
  assert.equal(bench.candidates.length, 1);
  assert.equal(bench.gatherer.stats().counters.get('gatherer.address'), 2);
});

test('a socket that closes takes its requests with it', () => {
  const bench = new GathererBench(['stun:198.51.100.1']);
  const local = bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(100), undefined);
  bench.gatherer.handleEvent({ type: 'socket-closed', local }, bench.now);
  assert.ok(bench.run() !== undefined);
  assert.equal(bench.gatherer.pollTimeout(), undefined);
});

test('first requests are paced (RFC 8445 14.2) and a closed gatherer is silent', () => {
  const bench = new GathererBench(['stun:198.51.100.1', 'stun:198.51.100.2']);
  bench.bind('192.168.1.5:5000');
  bench.bind('10.0.0.7:5000');
  bench.run(100);
  assert.deepEqual(
    bench.sent.map((d) => d.at),
    [0, 20, 40, 60],
  );
  bench.gatherer.close(bench.now);
  assert.equal(bench.gatherer.pollTimeout(), undefined);
  bench.run(10_000);
  assert.equal(bench.sent.length, 4);
});

test('URLs of servers: the port is 3478 unless given, and IPv6 stands in brackets (RFC 7064)', () => {
  assert.deepEqual(parseIceServerUrl('stun:stun.example.org'), { url: 'stun:stun.example.org', hostname: 'stun.example.org', port: 3478 });
  assert.deepEqual(parseIceServerUrl('STUN:Stun.Example.org:19302').hostname, 'stun.example.org');
  assert.equal(parseIceServerUrl('stun:192.0.2.1:1').port, 1);
  assert.equal(parseIceServerUrl('stun:[2001:DB8::1]:3479').hostname, '2001:db8::1');
  for (const url of ['stun:', 'stun://host', 'http:x', 'stun:a:b', 'stun:a:0', 'stun:a:65536', 'stun:[::1', 'stun:[x]', 'stun:a b', 'stun:1.2', 'stun', '', 'stun:a?transport=udp', 'turn:a?transport=sctp', `stun:${'a'.repeat(600)}`]) {
    assert.throws(() => parseIceServerUrl(url), (e) => e instanceof RtcError && e.code === 'ERR_INVALID_ARGUMENT', url);
  }
  for (const url of ['turn:turn.example.org', 'turns:turn.example.org:5349?transport=tcp', 'stuns:stun.example.org']) {
    assert.throws(() => parseIceServerUrl(url), (e) => e instanceof RtcError && e.code === 'ERR_NOT_SUPPORTED', url);
  }
});

test('loopback comes with a wildcard when asked for', () => {
  const bench = new GathererBench([], { includeLoopback: true });
  bench.bind('0.0.0.0:5000', LAN);
  bench.done();
  bench.run();
  assert.deepEqual(bench.candidates.map((c) => c.address).sort(), ['10.0.0.7', '127.0.0.1', '192.168.1.5']);
});

test('a wildcard asks once per server, and its reflexive candidate relates to its best host candidate', () => {
  const bench = new GathererBench(['stun:198.51.100.1']);
  bench.server = (request) => mappedAnswer(request, { address: '203.0.113.9', port: 41_000 });
  bench.bind('0.0.0.0:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.equal(bench.sent.length, 1);
  assert.equal(bench.sent[0]?.local.address, '0.0.0.0');
  const best = [...bench.candidates].sort((a, b) => b.priority - a.priority)[0];
  const srflx = bench.candidates.find((c) => c.type === 'srflx');
  assert.equal(srflx?.relatedAddress, best?.address);
  assert.equal(srflx?.base.address, '0.0.0.0');
});

test('without a NAT a wildcard is told one of its own addresses, which is no new candidate', () => {
  const bench = new GathererBench(['stun:198.51.100.1']);
  bench.server = (request) => mappedAnswer(request, { address: '10.0.0.7', port: 5000 });
  bench.bind('0.0.0.0:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.ok(bench.candidates.every((c) => c.type === 'host'));
});

test('two servers of one name are looked up once, and a server may have several addresses', () => {
  const bench = new GathererBench(['stun:stun.example.org:1', 'stun:stun.example.org:2']);
  bench.names = { 'stun.example.org': ['2001:db8::53', 'not an address', '198.51.100.1'] };
  bench.server = (request) => mappedAnswer(request, { address: '203.0.113.9', port: 1000 + request.remote.port });
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.ok(bench.run() !== undefined);
  assert.equal(bench.events.filter((e) => e.type === 'resolve').length, 1);
  assert.deepEqual(
    bench.sent.map((d) => `${d.remote.address}:${d.remote.port}`),
    ['198.51.100.1:1', '198.51.100.1:2'],
  );
  assert.equal(bench.candidates.filter((c) => c.type === 'srflx').length, 2);
});

test('a socket that is bound after completion is gathered for, and completion is told again', () => {
  const bench = new GathererBench([]);
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  bench.events.length = 0;
  bench.bind('10.0.0.7:5000');
  assert.equal(bench.run(), 0);
  assert.deepEqual(
    bench.events.map((e) => e.type),
    ['candidate', 'complete'],
  );
});

test('a link-local address asks no server', () => {
  const bench = new GathererBench(['stun:[2001:db8::53]']);
  bench.bind('[fe80::1%eth0]:5000');
  bench.done();
  assert.equal(bench.run(), 0);
  assert.deepEqual(bench.sent, []);
});

test('no more than 16 servers are asked', () => {
  const bench = new GathererBench(Array.from({ length: 40 }, (_, i) => `stun:198.51.100.${i + 1}`));
  bench.bind('192.168.1.5:5000');
  bench.done();
  assert.equal(bench.run(), 5000);
  assert.equal(new Set(bench.sent.map((d) => d.remote.address)).size, 16);
});
