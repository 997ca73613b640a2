import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection } from '../../../src/api/index.ts';
import { parseUdpAddress, usableInterfaces } from '../../../src/driver/sockets.ts';
import type { InterfaceAddress, Runtime, UdpSocket } from '../../../src/runtime/runtime.ts';
import { createVirtualWorld, virtualRuntime } from '../../../src/runtime/virtual/index.ts';
import { connectVirtual, countMessages } from '../../support/virtual-pair.ts';
import { negotiateIn } from '../../support/world.ts';

for (const code of ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETDOWN', 'EPERM', 'ECONNRESET']) {
  test(`A-OS-01 ${code} on every send for a while closes nothing, and the connection recovers`, async () => {
    const { world, hostA, a, channelA, channelB } = await connectVirtual();
    const received = countMessages(channelB);
    hostA.failSends(code, 6);
    for (let i = 0; i < 20; i++) channelA.trySend(`${i}`);
    await world.run(world.now + 15_000);
    assert.equal(a.connectionState, 'connected');
    assert.equal(received.count, 20);
    const drops = (await world.until(a.getStats())).byType('sansrtc-drops')[0]!.counters;
    assert.ok(Object.keys(drops).some((name) => name.startsWith('socket.')), JSON.stringify(drops));
  });
}

for (const code of ['EAGAIN', 'ENOBUFS', 'ENOMEM', 'EMSGSIZE']) {
  test(`A-OS-02 ${code} on sends loses no reliable message`, async () => {
    const { world, hostA, channelA, channelB } = await connectVirtual();
    const received = countMessages(channelB);
    for (let i = 0; i < 50; i++) {
      hostA.failSends(code, 1);
      channelA.trySend(new Uint8Array(3000));
      await world.run(world.now + 20);
    }
    await world.run(world.now + 20_000);
    assert.equal(received.count, 50);
  });
}

test('A-OS-03 addresses that cannot be bound are left out, the others live and gathering completes', async () => {
  const world = createVirtualWorld();
  const host = world.host('a', { addresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] });
  host.failBinds('EMFILE', 1);
  const pc = await world.until(createPeerConnection({ runtime: virtualRuntime(host) }));
  pc.createDataChannel('x');
  await world.until(pc.setLocalDescription());
  assert.ok(await world.run(() => pc.iceGatheringState === 'complete'));
  assert.equal(pc.localDescription!.sdp.match(/typ host/g)?.length, 2);
  await world.until(pc.close());
});

test('A-OS-03 a system that cannot list its interfaces when another transport needs sockets ends the connection, not the process', async () => {
  const world = createVirtualWorld();
  const runtime = virtualRuntime(world.host('a', { addresses: ['192.0.2.1'] }));
  let isBroken = false;
  const interfaces = (): readonly InterfaceAddress[] => {
    if (isBroken) throw new Error('EMFILE');
    return runtime.interfaces();
  };
  const errors: string[] = [];
  const pc = await world.until(createPeerConnection({ runtime: { ...runtime, interfaces }, configuration: { bundlePolicy: 'max-compat' }, handler: { onError: (error) => void errors.push(String(error)) } }));
  pc.addTransceiver('audio');
  pc.addTransceiver('video');
  isBroken = true;
  await world.until(pc.setLocalDescription());
  assert.ok(await world.run(() => pc.connectionState === 'closed'));
  assert.match(errors.join(), /EMFILE/);
});

test('A-OS-03 without any socket gathering still completes, with no candidate', async () => {
  const world = createVirtualWorld();
  const host = world.host('a', { addresses: ['192.0.2.1'] });
  host.failBinds('EMFILE', 10);
  const pc = await world.until(createPeerConnection({ runtime: virtualRuntime(host) }));
  pc.createDataChannel('x');
  await world.until(pc.setLocalDescription());
  assert.ok(await world.run(() => pc.iceGatheringState === 'complete'));
  assert.doesNotMatch(pc.localDescription!.sdp, /a=candidate/);
  await world.until(pc.close());
});

test('A-OS-03 a socket that the system closes takes its candidates away, and another path carries on', async () => {
  const { world, hostA, a, channelA, channelB } = await connectVirtual({ addressesA: ['192.0.2.1', '192.0.2.9'] });
  const received = countMessages(channelB);
  channelA.trySend('before');
  await world.run(world.now + 500);
  const used = a.selectedCandidatePair!.local;
  hostA.sockets.find(({ localAddress }) => localAddress.address === used.address)!.kill();
  channelA.trySend('after');
  await world.run(() => received.count === 2, 30_000);
  assert.equal(received.count, 2);
  assert.notEqual(a.selectedCandidatePair!.local.address, used.address);
});

test('A-OS-04 when the address is gone, an ICE restart over another path loses no reliable message', async () => {
  const { world, hostA, a, b, channelA, channelB } = await connectVirtual({ addressesA: ['192.0.2.1', '192.0.2.9'] });
  const received = countMessages(channelB);
  hostA.removeAddress(a.selectedCandidatePair!.local.address);
  for (let i = 0; i < 10; i++) channelA.trySend(new Uint8Array(2000));
  await world.run(world.now + 1000);
  a.restartIce();
  await negotiateIn(world, a, b);
  await world.run(() => received.count === 10, 30_000);
  assert.equal(received.count, 10);
});

test('A-OS-05 the wall clock may jump by ten years: only monotonic time counts', async () => {
  const { world, a, b, channelA, channelB } = await connectVirtual();
  const received = countMessages(channelB);
  for (const years of [10, -20, 10]) {
    world.unixOffsetMs += years * 365 * 86_400_000;
    channelA.trySend('still here');
    await world.run(world.now + 12_000);
  }
  assert.equal(received.count, 3);
  assert.deepEqual([a.connectionState, b.connectionState], ['connected', 'connected']);
});

test('A-OS-05 after the process was stopped for 20 s the connection goes on, with no burst and no flood of timers', async () => {
  let frozen = false;
  const held: (() => void)[] = [];
  const whenThawed = (callback: () => void) => (): void => {
    if (frozen) held.push(callback);
    else callback();
  };
  const freezable = (runtime: Runtime, side: 'a' | 'b'): Runtime =>
    side === 'b'
      ? runtime
      : {
          ...runtime,
          setTimer: (delayMs, callback, keepAlive) => runtime.setTimer(delayMs, whenThawed(callback), keepAlive),
          afterReads: (callback) => runtime.afterReads(whenThawed(callback)),
          bindUdp: (options) =>
            runtime.bindUdp({
              ...options,
              handler: { ...options.handler, onError: (error) => options.handler.onError(error), onClose: () => options.handler.onClose(), onDatagram: (bytes, remote) => whenThawed(() => options.handler.onDatagram(bytes, remote))() },
            }),
        };
  const { world, a, channelA, channelB } = await connectVirtual({ wrapRuntime: freezable });
  const received = countMessages(channelB);
  channelA.trySend('before');
  await world.run(world.now + 500);
  frozen = true;
  await world.run(world.now + 20_000);
  frozen = false;
  const sentBefore = world.trace.datagrams;
  for (const callback of held.splice(0)) callback();
  await world.run(world.now + 200);
  assert.ok(world.trace.datagrams - sentBefore < 60, `${world.trace.datagrams - sentBefore} datagrams right after waking up`);
  channelA.trySend('after');
  await world.run(() => received.count === 2, 30_000);
  assert.equal(received.count, 2);
  assert.equal(a.connectionState, 'connected');
});

test('A-JS-06 an idle connection wakes up at most ten times a second', async () => {
  let timers = 0;
  const counting = (runtime: Runtime): Runtime => ({
    ...runtime,
    setTimer: (delayMs, callback, keepAlive) =>
      runtime.setTimer(
        delayMs,
        () => {
          timers++;
          callback();
        },
        keepAlive,
      ),
  });
  const { world } = await connectVirtual({ wrapRuntime: counting });
  await world.run(world.now + 1000);
  timers = 0;
  await world.run(world.now + 60_000);
  assert.ok(timers <= 2 * 600, `${timers} wake-ups of two connections in a minute`);
  assert.ok(timers > 0);
});

test('A-JS-13 remote candidates with names are refused without a look-up', async () => {
  const asked: string[] = [];
  const { world, a } = await connectVirtual({
    wrapRuntime: (runtime) => ({
      ...runtime,
      resolve: (hostname) => {
        asked.push(hostname);
        return runtime.resolve(hostname);
      },
    }),
  });
  for (let i = 0; i < 1000; i++) {
    await world.until(a.addIceCandidate({ candidate: `candidate:${i} 1 udp 2122260223 x${i}.${i % 2 ? 'local' : 'example.org'} 5000 typ host`, sdpMid: a.remoteDescription!.sdp.match(/a=mid:(\S+)/)![1]! }));
  }
  await world.run(world.now + 1000);
  assert.deepEqual(asked, []);
  assert.equal(a.connectionState, 'connected');
});

test('A-JS-08 a runtime that throws where it must not ends one connection, not the process nor the others', async () => {
  let broken = false;
  const breakable = (runtime: Runtime, side: 'a' | 'b'): Runtime =>
    side === 'b'
      ? runtime
      : {
          ...runtime,
          bindUdp: async (options) => {
            const socket = await runtime.bindUdp(options);
            return {
              get localAddress() {
                return socket.localAddress;
              },
              queuedBytes: 0,
              close: () => socket.close(),
              send: (bytes, remote) => {
                if (broken) throw new Error('broken on purpose');
                socket.send(bytes, remote);
              },
            };
          },
        };
  const errors: unknown[] = [];
  const { world, a, b, channelA } = await connectVirtual({ wrapRuntime: breakable, a: { handler: { onError: (error) => void errors.push(error) } } });
  broken = true;
  channelA.trySend('x');
  await world.run(world.now + 1000);
  assert.equal(a.connectionState, 'closed');
  assert.match(String(errors[0]), /broken on purpose/);
  assert.equal(b.connectionState, 'connected');
  await world.until(b.close());
});

test('an address to bind is an IP address with a port', () => {
  assert.deepEqual(parseUdpAddress('0.0.0.0:0'), { address: '0.0.0.0', port: 0 });
  assert.deepEqual(parseUdpAddress('[::]:5000'), { address: '::', port: 5000 });
  for (const bad of ['', ':', '1.2.3.4', '1.2.3.4:', '1.2.3.4:-1', '1.2.3.4:70000', '::1:5', '[1.2.3.4]:5', 'host:5', '[::1]:1e3']) {
    assert.throws(() => parseUdpAddress(bad), { code: 'ERR_INVALID_ARGUMENT' }, bad);
  }
});

test('by default unicast addresses are bound; link-local and loopback ones only when there is nothing better', () => {
  const make = (address: string, isLoopback = false): InterfaceAddress => ({ name: 'x', address, family: address.includes(':') ? 6 : 4, prefixLength: 24, isLoopback });
  const [unicast, linkLocal, loopback] = [make('192.0.2.1'), make('fe80::1%x'), make('127.0.0.1', true)];
  assert.deepEqual(usableInterfaces([unicast, linkLocal, loopback]), [unicast]);
  assert.deepEqual(usableInterfaces([linkLocal, loopback]), [linkLocal]);
  assert.deepEqual(usableInterfaces([loopback]), [loopback]);
});

/** Sends at once, as the system of Node.js does, but for one datagram in `queuedOneIn`: that and what follows wait, not copied, until later. */
function sendingAtOnce(runtime: Runtime, queuedOneIn: number): Runtime {
  let sends = 0;
  return {
    ...runtime,
    async bindUdp(options) {
      const socket = await runtime.bindUdp(options);
      const queue: (readonly [Uint8Array, Parameters<UdpSocket['send']>[1]])[] = [];
      return {
        localAddress: socket.localAddress,
        sendsAtOnce: true,
        get queuedBytes() {
          return queue.reduce((sum, [bytes]) => sum + bytes.length, 0);
        },
        send(bytes, remote) {
          if (queue.length === 0 && ++sends % queuedOneIn !== 0) return socket.send(bytes.slice(), remote);
          queue.push([bytes, remote]);
          if (queue.length === 1) runtime.setTimer(3, () => queue.splice(0).forEach(([waiting, to]) => socket.send(waiting.slice(), to)));
        },
        close: () => socket.close(),
      };
    },
  };
}

for (const queuedOneIn of [2, 30, Infinity]) {
  test(`where the system sends at once packets lie in memory that is used again, but for what it queues: one datagram in ${queuedOneIn}`, async () => {
    const { world, channelA, channelB, a, b } = await connectVirtual({ wrapRuntime: (runtime) => sendingAtOnce(runtime, queuedOneIn) });
    const received: Uint8Array[] = [];
    channelB.handler = { onMessage: (data) => void received.push(data as Uint8Array) };
    const sizeOf = (i: number): number => 10 + ((i * 7919) % 40_000);
    for (let i = 0; i < 150; i++) {
      assert.ok(channelA.trySend(new Uint8Array(sizeOf(i)).fill(i)));
      if (i % 10 === 0) await world.run(world.now + 30);
    }
    assert.ok(await world.run(() => received.length === 150, 60_000), `${received.length} of 150`);
    for (const [i, data] of received.entries()) assert.ok(data.length === sizeOf(i) && data.every((byte) => byte === i), `message ${i}`);
    for (const side of [a, b]) {
      const drops = (await world.until(side.getStats())).byType('sansrtc-drops')[0]!.counters;
      assert.deepEqual(Object.keys(drops).filter((name) => name.startsWith('dtls.')), [], 'what was sent was overwritten before');
    }
  });
}
