import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datagram } from '../../../src/core/index.ts';
import { PeerConnectionDriver } from '../../../src/driver/index.ts';
import type { Peer } from '../../../src/peer/index.ts';
import { createVirtualWorld, virtualRuntime } from '../../../src/runtime/virtual/index.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { connectVirtual, countMessages } from '../../support/virtual-pair.ts';

test('idle connections wake up together, each a few times a minute, and none for a deadline that was met', async () => {
  const wakes: number[] = [];
  const { world } = await connectVirtual({
    wrapRuntime: (runtime: Runtime) => ({
      ...runtime,
      setTimer: (delayMs, callback, keepAlive) =>
        runtime.setTimer(
          delayMs,
          () => {
            wakes.push(runtime.now());
            callback();
          },
          keepAlive,
        ),
    }),
  });
  await world.run(world.now + 10_000);
  wakes.length = 0;
  await world.run(world.now + 60_000);
  // Each side asks for consent every 4 to 6 s (RFC 7675 5.1), and once or twice whether the other is there at all (RFC 9260 8.3).
  assert.ok(wakes.length >= 20 && wakes.length <= 36, `${wakes.length} timers`);
  const apart = wakes.filter((at) => Math.abs(at / 250 - Math.round(at / 250)) > 0.01);
  assert.ok(apart.length <= wakes.length / 5, `${apart.length} of ${wakes.length} fire apart: ${apart.join(' ')}`);
});

test('of many datagrams that lie in the socket the first messages are answered before the last ones are read', async () => {
  const log: string[] = [];
  const { world, channelA, channelB } = await connectVirtual({
    wrapRuntime: (runtime, side) => ({
      ...runtime,
      async bindUdp(options) {
        if (side === 'a') return runtime.bindUdp(options);
        const batch: Parameters<typeof options.handler.onDatagram>[] = [];
        const readAll = (): void => {
          for (const [bytes, remote] of batch.splice(0)) {
            log.push('read');
            options.handler.onDatagram(bytes, remote);
          }
          log.push('all read');
        };
        const handler = {
          onDatagram: (...datagram: (typeof batch)[number]) => void (batch.push(datagram) === 1 && runtime.setTimer(1, readAll)),
          onError: () => {},
          onClose: () => {},
        };
        const socket = await runtime.bindUdp({ ...options, handler });
        const send: typeof socket.send = (bytes, remote) => {
          if (bytes.length > 900) log.push('echo');
          socket.send(bytes, remote);
        };
        return { localAddress: socket.localAddress, queuedBytes: 0, send, close: () => socket.close() };
      },
    }),
  });
  channelB.handler = { onMessage: (data) => void channelB.trySend(data) };
  await world.run(world.now + 1000);
  const echoed = countMessages(channelA);
  log.length = 0;
  for (let i = 0; i < 10; i++) channelA.trySend(new Uint8Array(1000));
  await world.run(world.now + 1000);
  const echo = log.indexOf('echo');
  assert.ok(echo >= 0 && echo < log.indexOf('all read'), log.join(', '));
  assert.ok(log.slice(echo, log.indexOf('all read')).includes('read'), log.join(', '));
  assert.equal(echoed.count, 10);
});

test('what has come is handed over before more than 64 KiB of what waits is sent, and all of it is sent', async () => {
  const world = createVirtualWorld();
  const runtime = virtualRuntime(world.host('a', { addresses: ['192.0.2.1'] }));
  const log: string[] = [];
  const address = { address: '192.0.2.1', port: 9 };
  const nothing = (): void => {};
  let left = 1500;
  const peer = {
    handleTimeout: nothing,
    handleEvent: nothing,
    pollTimeout: nothing,
    isAnswerUrgent: false,
    usePacketMemory: nothing,
    pollWrite(): Datagram | undefined {
      if (left === 0) return undefined;
      left--;
      log.push('sent');
      return { bytes: new Uint8Array(1024), local: address, remote: address };
    },
  } as unknown as Peer;
  const driver = new PeerConnectionDriver(peer, runtime, { onOutput: () => void log.push('handed over'), onFault: (error) => assert.fail(String(error)) });
  await world.until(driver.open({ udpAddrs: ['192.0.2.1:5'] }));
  driver.wake();
  await world.run(world.now + 100);
  assert.equal(log.indexOf('handed over'), 64);
  assert.equal(log.filter((entry) => entry === 'sent').length, 1500);
  await world.until(driver.close());
});
