import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import type { SocketError } from '../../../src/runtime/runtime.ts';
import { createVirtualWorld, type VirtualHost, virtualRuntime, type VirtualWorldOptions } from '../../../src/runtime/virtual/index.ts';

function setUp(options: VirtualWorldOptions = {}) {
  const world = createVirtualWorld({ link: { delayMs: 10 }, ...options });
  const [a, b] = [world.host('a', { addresses: ['192.0.2.1', '2001:db8::1'] }), world.host('b', { addresses: ['192.0.2.2'] })];
  const got: Uint8Array[] = [];
  const errors: SocketError[] = [];
  let closes = 0;
  const handler = { onDatagram: (bytes: Uint8Array) => void got.push(bytes), onError: (error: SocketError) => void errors.push(error), onClose: () => void closes++ };
  const bind = (host: VirtualHost, address: string, port = 0) => world.until(virtualRuntime(host).bindUdp({ local: { address, port }, handler }));
  return { world, a, b, got, errors, bind, closes: () => closes };
}

test('A-OS-01 injected send errors are reported with their kind, and the socket goes on', async () => {
  const { world, a, b, bind, errors, got } = setUp();
  const [from, to] = [await bind(a, '192.0.2.1'), await bind(b, '192.0.2.2')];
  for (const code of ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETDOWN', 'EPERM']) {
    a.failSends(code);
    from.send(Uint8Array.of(1), to.localAddress);
  }
  assert.deepEqual(errors, [], 'no handler is called from inside send');
  await world.run(20);
  assert.deepEqual(
    errors.map(({ kind, code, remote, sizeBytes }) => [kind, code, remote, sizeBytes]),
    [
      ['unreachable', 'ECONNREFUSED', to.localAddress, 1],
      ['unreachable', 'EHOSTUNREACH', to.localAddress, 1],
      ['unreachable', 'ENETDOWN', to.localAddress, 1],
      ['forbidden', 'EPERM', to.localAddress, 1],
    ],
  );
  from.send(Uint8Array.of(2), to.localAddress);
  await world.run(40);
  assert.deepEqual(got, [Uint8Array.of(2)]);
});

test('A-OS-01 a port that nobody listens on is reported after a round trip, unless a firewall keeps silent', async () => {
  const { world, a, bind, errors } = setUp();
  const from = await bind(a, '192.0.2.1');
  from.send(Uint8Array.of(1), { address: '192.0.2.2', port: 9 });
  await world.run(19.9);
  assert.equal(errors.length, 0);
  await world.run(30);
  assert.deepEqual([errors[0]!.kind, errors[0]!.remote], ['unreachable', { address: '192.0.2.2', port: 9 }]);
  world.host('silent', { addresses: ['192.0.2.3'], icmp: false });
  from.send(Uint8Array.of(1), { address: '192.0.2.3', port: 9 });
  await world.run(100);
  assert.equal(errors.length, 1);
});

test('A-OS-02 queue and size errors have kinds of their own', async () => {
  const { world, a, b, bind, errors } = setUp();
  const [from, to] = [await bind(a, '192.0.2.1'), await bind(b, '192.0.2.2')];
  for (const code of ['EAGAIN', 'ENOBUFS', 'ENOMEM']) {
    a.failSends(code);
    from.send(Uint8Array.of(1), to.localAddress);
  }
  world.link(a, b, { mtuBytes: 1280, tooLarge: 'report' });
  from.send(new Uint8Array(1253), to.localAddress);
  await world.run(20);
  assert.deepEqual(
    errors.map(({ kind, sizeBytes }) => [kind, sizeBytes]),
    [
      ['no-room', 1],
      ['no-room', 1],
      ['no-room', 1],
      ['too-large', 1253],
    ],
  );
});

test('A-OS-03 a socket that dies under its owner says so once, and a host without descriptors refuses to bind', async () => {
  const { world, a, bind, closes } = setUp();
  const socket = await bind(a, '192.0.2.1');
  a.sockets[0]!.kill();
  a.sockets[0]?.kill();
  assert.equal(closes(), 1);
  socket.send(Uint8Array.of(1), { address: '192.0.2.2', port: 9 });
  await socket.close();
  a.failBinds('EMFILE');
  await assert.rejects(bind(a, '192.0.2.1'), (error) => error instanceof RtcError && error.code === 'ERR_NETWORK' && /EMFILE/.test(error.message));
  assert.ok((await bind(a, '192.0.2.1')).localAddress.port > 0);
  await world.run(10);
  assert.equal(closes(), 1);
});

test('A-OS-04 an address that is taken away reaches nobody, and a new one does', async () => {
  const { world, a, b, bind, errors, got } = setUp();
  const [from, to] = [await bind(a, '192.0.2.1'), await bind(b, '192.0.2.2')];
  a.removeAddress('192.0.2.1');
  assert.ok(!a.interfaces.some(({ address }) => address === '192.0.2.1'));
  from.send(Uint8Array.of(1), to.localAddress);
  to.send(Uint8Array.of(2), from.localAddress);
  await world.run(50);
  assert.deepEqual(got, []);
  assert.deepEqual(
    errors.map(({ kind }) => kind),
    ['unreachable', 'unreachable'],
  );
  a.addAddress('192.0.2.77');
  const fresh = await bind(a, '192.0.2.77');
  fresh.send(Uint8Array.of(3), to.localAddress);
  await world.run(100);
  assert.deepEqual(got, [Uint8Array.of(3)]);
});

test('A-OS-05 the wall clock may jump; monotonic time does not', () => {
  const { world, a } = setUp({ unixStartMs: 1_000_000 });
  const runtime = virtualRuntime(a);
  world.clock.advanceTo(500);
  assert.equal(runtime.unixNow(), 1_000_500);
  world.unixOffsetMs -= 365 * 86_400_000;
  assert.ok(runtime.unixNow() < 0);
  assert.equal(runtime.now(), 500);
});

test('a datagram that is still coming when its socket closes is dropped', async () => {
  const { world, a, b, bind, got } = setUp();
  const [from, to] = [await bind(a, '192.0.2.1'), await bind(b, '192.0.2.2')];
  from.send(Uint8Array.of(1), to.localAddress);
  await to.close();
  await world.run(50);
  assert.deepEqual(got, []);
});

test('a loopback socket reaches its own host only, and a wildcard shuts out a second socket on its port', async () => {
  const { world, a, bind, errors } = setUp();
  const socket = await bind(a, '127.0.0.1');
  socket.send(Uint8Array.of(1), { address: '192.0.2.2', port: 9 });
  await world.run(1);
  assert.deepEqual([errors[0]!.kind, errors[0]!.code], ['unreachable', 'ENETUNREACH']);
  const wildcard = await bind(a, '0.0.0.0');
  await assert.rejects(bind(a, '192.0.2.1', wildcard.localAddress.port), /EADDRINUSE/);
  assert.equal((await bind(a, '::', wildcard.localAddress.port)).localAddress.port, wildcard.localAddress.port);
});

test('between two events everything that waits for a promise goes on, however long the chain', async () => {
  const { world, a } = setUp();
  const runtime = virtualRuntime(a);
  const order: string[] = [];
  runtime.setTimer(5, () => {
    void (async () => {
      for (let i = 0; i < 200; i++) await undefined;
      order.push(`chain at ${world.now}`);
    })();
  });
  runtime.setTimer(5.5, () => order.push('timer'));
  await world.run(10);
  assert.deepEqual(order, ['chain at 5', 'timer']);
});

test('run stops when its condition holds, when its limit is over or when nothing is left', async () => {
  const { world, a } = setUp();
  const runtime = virtualRuntime(a);
  let ticks = 0;
  const tick = (): void => {
    if (++ticks < 50) runtime.setTimer(10, tick);
  };
  tick();
  assert.equal(await world.run(() => ticks === 5), true);
  assert.equal(world.now, 40);
  assert.equal(await world.run(() => false, 25), false);
  assert.equal(world.now, 60);
  assert.equal(await world.run(() => false), false);
  assert.equal(ticks, 50);
  assert.equal(world.runSync(1000), true);
  assert.equal(world.now, 1000);
});

test('until hands out what a promise settles to, and rejects for one that never does', async () => {
  const { world, a } = setUp();
  const runtime = virtualRuntime(a);
  assert.equal(await world.until(new Promise((resolve) => runtime.setTimer(100, () => resolve(7)))), 7);
  await assert.rejects(world.until(Promise.reject(new RangeError('no'))), RangeError);
  await assert.rejects(world.until(new Promise(() => {})), (error) => error instanceof RtcError && error.code === 'ERR_TIMEOUT');
  const running = world.run(200);
  await assert.rejects(world.run(300), (error) => error instanceof RtcError && error.code === 'ERR_INVALID_STATE');
  await running;
});

test('the trace hash depends on time, ends, order and every byte', async () => {
  const hashOf = async (change: { byte?: number; atMs?: number; port?: number; swap?: boolean }): Promise<string> => {
    const { world, a, b, bind } = setUp();
    const from = await bind(a, '192.0.2.1', change.port ?? 1000);
    await bind(b, '192.0.2.2', 2000);
    const packets = [new Uint8Array(7), Uint8Array.of(1, 2, 3, 4, 5, change.byte ?? 6)];
    if (change.swap) packets.reverse();
    world.at(change.atMs ?? 5, () => packets.forEach((bytes) => from.send(bytes, { address: '192.0.2.2', port: 2000 })));
    await world.run(100);
    assert.equal(world.trace.datagrams, 2);
    assert.equal(world.trace.bytes, 13);
    return world.trace.hash();
  };
  const hashes = await Promise.all([{}, { byte: 7 }, { atMs: 5.0000001 }, { port: 1001 }, { swap: true }].map(hashOf));
  assert.equal(new Set(hashes).size, 5);
  assert.equal(await hashOf({}), hashes[0]);
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/);
});

test('the trace can be watched, until one stops', async () => {
  const { world, a, bind } = setUp();
  const from = await bind(a, '192.0.2.1');
  const seen: number[] = [];
  const stop = world.trace.watch(({ at, bytes, to }) => seen.push(at, bytes.length, to.port));
  from.send(new Uint8Array(3), { address: '192.0.2.2', port: 9 });
  stop();
  from.send(new Uint8Array(4), { address: '192.0.2.2', port: 9 });
  assert.deepEqual(seen, [world.now, 3, 9]);
});
