import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TcpHandler, TcpSocket } from '../../../src/runtime/index.ts';
import { createVirtualWorld, NAT, type VirtualHost, virtualRuntime, type VirtualWorld } from '../../../src/runtime/virtual/index.ts';

interface End extends TcpHandler {
  readonly socket: TcpSocket;
  received: number;
  readonly bytes: number[];
  readonly ends: (string | undefined)[];
}

function end(socket: TcpSocket): End {
  const self: End = {
    socket,
    received: 0,
    bytes: [],
    ends: [],
    onData(bytes) {
      self.received += bytes.length;
      self.bytes.push(...bytes.subarray(0, 4));
    },
    onClose: (error) => void self.ends.push(error?.code),
  };
  return self;
}

async function connect(world: VirtualWorld, from: VirtualHost, to: VirtualHost): Promise<{ client: End; server: End }> {
  const accepted: End[] = [];
  const address = to.interfaces.find(({ isLoopback }) => !isLoopback)!.address;
  const listener = await world.until(
    virtualRuntime(to).listenTcp({
      local: { address, port: 0 },
      onConnection(socket) {
        accepted.push(end(socket));
        return accepted.at(-1);
      },
      onClose: () => {},
    }),
  );
  const handler: TcpHandler = { onData: (bytes) => client.onData(bytes), onClose: (error) => client.onClose(error) };
  const client: End = end(await world.until(virtualRuntime(from).connectTcp({ remote: listener.localAddress, handler })));
  await world.run(() => accepted.length === 1);
  return { client, server: accepted[0]! };
}

function count(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 9)) & 0xff);
}

test('a virtual TCP connection loses nothing over a link that loses, reorders, duplicates and corrupts', async () => {
  const world = createVirtualWorld({ seed: 5, link: { delayMs: 20, jitterMs: 10, loss: 0.05, reorder: 0.05, duplicate: 0.02, corrupt: 0.02 } });
  const { client, server } = await connect(world, world.host('a', { addresses: ['192.0.2.1'] }), world.host('b', { addresses: ['192.0.2.2'] }));
  const sent = count(400_000);
  const seen: number[] = [];
  server.onData = (bytes) => void seen.push(...bytes);
  client.socket.write(sent);
  await world.run(() => seen.length === sent.length, 120_000);
  assert.deepEqual(Uint8Array.from(seen), sent);
});

test('a virtual TCP connection fills a link, and stays within it', async () => {
  const world = createVirtualWorld({ link: { delayMs: 20, rateBps: 20_000_000 } });
  const { client, server } = await connect(world, world.host('a', { addresses: ['192.0.2.1'] }), world.host('b', { addresses: ['192.0.2.2'] }));
  const start = world.now;
  client.socket.write(new Uint8Array(5_000_000));
  await world.run(() => server.received === 5_000_000, 60_000);
  const rateBps = (8 * 5_000_000) / ((world.now - start) / 1000);
  assert.ok(rateBps > 12_000_000 && rateBps < 20_000_000, `${rateBps} bit/s`);
});

test('a virtual TCP connection goes out through a NAT beside UDP, and survives an outage', async () => {
  const world = createVirtualWorld({ link: { delayMs: 10 } });
  const box = world.nat('home', '203.0.113.1', NAT.symmetric);
  const [a, b] = [world.host('a', { addresses: [{ address: '10.0.0.1', network: box.inner }] }), world.host('b', { addresses: ['192.0.2.2'] })];
  const { client, server } = await connect(world, a, b);
  assert.equal(server.socket.remoteAddress.address, '203.0.113.1');
  world.link(box, b, { down: true });
  client.socket.write(count(10_000));
  await world.run(world.now + 3000);
  assert.equal(server.received, 0);
  world.link(box, b, { down: false });
  await world.run(() => server.received === 10_000, 30_000);
  assert.equal(server.received, 10_000);
});

test('a virtual TCP connection to a host that never answers ends as timed out, also when it was open', async () => {
  const world = createVirtualWorld({ link: { delayMs: 10 } });
  const [a, b] = [world.host('a', { addresses: ['192.0.2.1'] }), world.host('b', { addresses: ['192.0.2.2'] })];
  const { client } = await connect(world, a, b);
  world.link(a, b, { down: true });
  client.socket.write(count(10));
  await world.run(() => client.ends.length > 0, 1_200_000);
  assert.deepEqual(client.ends, ['ETIMEDOUT']);
  const start = world.now;
  await assert.rejects(world.until(virtualRuntime(a).connectTcp({ remote: { address: '192.0.2.2', port: 9 }, handler: client, timeoutMs: 5000 })), { code: 'ERR_TIMEOUT' });
  assert.equal(world.now - start, 5000);
  assert.deepEqual([a.tcp.sockets.length, world.clock.pending], [0, 0]);
});

test('a virtual TCP connection can be made to fail under its owner, and the other side hears of it', async () => {
  const world = createVirtualWorld({ link: { delayMs: 10 } });
  const [a, b] = [world.host('a', { addresses: ['192.0.2.1'] }), world.host('b', { addresses: ['192.0.2.2'] })];
  const { client, server } = await connect(world, a, b);
  a.tcp.sockets[0]!.fail('ECONNRESET');
  assert.deepEqual(client.ends, ['ECONNRESET']);
  server.socket.write(count(100));
  await world.run(() => server.ends.length > 0, 10_000);
  assert.deepEqual(server.ends, ['ECONNRESET']);
  a.failBinds('EMFILE');
  await assert.rejects(world.until(virtualRuntime(a).connectTcp({ remote: { address: '192.0.2.2', port: 9 }, handler: client })), { code: 'ERR_NETWORK', message: /EMFILE/ });
});
