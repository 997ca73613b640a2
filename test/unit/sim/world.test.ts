import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransportAddress } from '../../../src/core/index.ts';
import type { SocketError, UdpSocket } from '../../../src/runtime/runtime.ts';
import { createWorld, type Host, NAT, type World } from '../../../src/sim/index.ts';

interface Heard {
  readonly socket: UdpSocket;
  readonly got: { readonly at: number; readonly data: number[]; readonly from: TransportAddress }[];
  readonly errors: SocketError[];
  closes: number;
}

async function listen(world: World, host: Host, address = '0.0.0.0', onData?: (from: TransportAddress) => void): Promise<Heard> {
  const heard: Omit<Heard, 'socket'> = { got: [], errors: [], closes: 0 };
  const socket = await world.until(
    host.runtime.bindUdp({
      local: { address, port: 0 },
      handler: {
        onDatagram(bytes, from) {
          heard.got.push({ at: world.now, data: [...bytes], from });
          onData?.(from);
        },
        onError: (error) => heard.errors.push(error),
        onClose: () => heard.closes++,
      },
    }),
  );
  return Object.assign(heard, { socket });
}

const at = (host: Host, { socket }: Heard): TransportAddress => ({
  address: host.runtime.interfaces().find(({ isLoopback }) => !isLoopback)!.address,
  port: socket.localAddress.port,
});

test('a wildcard socket reaches another host, whose answer finds it', async () => {
  const world = createWorld({ link: { delayMs: 25 } });
  const [a, b] = [world.host('a'), world.host('b')];
  const hearB: Heard = await listen(world, b, '0.0.0.0', (from) => hearB.socket.send(Uint8Array.of(2), from));
  const hearA = await listen(world, a);
  hearA.socket.send(Uint8Array.of(1), at(b, hearB));
  await world.run(100);
  assert.deepEqual(hearB.got, [{ at: 25, data: [1], from: at(a, hearA) }]);
  assert.deepEqual(hearA.got, [{ at: 50, data: [2], from: at(b, hearB) }]);
});

test('an outage loses everything for its time, and the path returns after it', async () => {
  const world = createWorld();
  const [a, b] = [world.host('a'), world.host('b')];
  const [hearA, hearB] = [await listen(world, a), await listen(world, b)];
  world.outage(a, b, { fromMs: 200, forMs: 300 });
  for (let i = 0; i < 10; i++) world.at(i * 100 + 50, () => hearA.socket.send(Uint8Array.of(i), at(b, hearB)));
  await world.run(2000);
  assert.deepEqual(
    hearB.got.map(({ data }) => data[0]),
    [0, 1, 5, 6, 7, 8, 9],
  );
  assert.deepEqual(hearA.errors, []);
  assert.equal(world.linkStats(a, b).lost, 3);
});

test('a link that is changed in the middle of a story changes what follows only', async () => {
  const world = createWorld({ link: { delayMs: 100 } });
  const [a, b] = [world.host('a'), world.host('b')];
  const [hearA, hearB] = [await listen(world, a), await listen(world, b)];
  const start = world.now;
  hearA.socket.send(Uint8Array.of(0), at(b, hearB));
  world.link(a, b, { delayMs: 5 });
  hearA.socket.send(Uint8Array.of(1), at(b, hearB));
  await world.runFor(500);
  assert.deepEqual(
    hearB.got.map((one) => [one.at - start, one.data[0]]),
    [
      [5, 1],
      [100, 0],
    ],
  );
});

test('the same seed gives the same trace through promises, timers and chances; another seed does not', async () => {
  async function story(seed: number): Promise<string> {
    const world = createWorld({ seed, link: { delayMs: 10, jitterMs: 30, loss: 0.2, duplicate: 0.1, reorder: 0.1, corrupt: 0.05 } });
    const [a, b] = [world.host('a'), world.host('b')];
    const hearB: Heard = await listen(world, b, '0.0.0.0', (from) => {
      void b.runtime.resolve('192.0.2.9').then(() => hearB.socket.send(Uint8Array.of(hearB.got.length & 255), from));
    });
    const hearA = await listen(world, a);
    void (async () => {
      for (let i = 0; i < 100; i++) {
        await new Promise<void>((resolve) => a.runtime.setTimer(7.3, resolve));
        const bytes = new Uint8Array(20);
        a.runtime.random(bytes);
        hearA.socket.send(bytes, at(b, hearB));
      }
    })();
    await world.run(5000);
    assert.ok(hearA.got.length > 40 && hearB.got.length > 60);
    return `${world.trace.hash()} ${world.trace.datagrams}`;
  }
  assert.equal(await story(9), await story(9));
  assert.notEqual(await story(9), await story(10));
});

test('host names are used once, and fresh addresses differ', () => {
  const world = createWorld();
  world.host('a');
  assert.throws(() => world.host('a'), /there is a host a already/);
  assert.equal(world.hosts.size, 1);
});

test('names resolve to what the story says', async () => {
  const world = createWorld();
  world.name('Stun.Example', ['198.51.100.9', '2001:DB8::9']);
  const { runtime } = world.host('a');
  assert.deepEqual(await world.until(runtime.resolve('stun.example.')), ['198.51.100.9', '2001:db8::9']);
  assert.deepEqual(await world.until(runtime.resolve('other.example')), []);
});

const outer = (heard: Heard): (string | number)[] => heard.got.flatMap(({ from }) => [from.address, from.port]);

/** What two outer hosts see of one inner socket, and which of four senders get through to it (RFC 4787 4.1 and 5). */
async function probe(kind: (typeof NAT)[keyof typeof NAT]) {
  const world = createWorld();
  const box = world.nat('box', '203.0.113.1', kind);
  const inner = world.host('inner', { behind: box });
  const [called, stranger] = [world.host('called'), world.host('stranger')];
  const hearInner = await listen(world, inner);
  const [first, second, third] = [await listen(world, called), await listen(world, called), await listen(world, stranger)];
  hearInner.socket.send(Uint8Array.of(1), at(called, first));
  await world.runFor(100);
  const seen = first.got[0]!.from;
  [first, second, third].forEach(({ socket }, i) => socket.send(Uint8Array.of(10 + i), seen));
  await world.runFor(100);
  const through = hearInner.got.map(({ data }) => data[0]);
  hearInner.socket.send(Uint8Array.of(2), at(stranger, third));
  await world.runFor(100);
  return { through, isSameMapping: outer(third).join() === outer(first).join(), seen };
}

test('a full cone keeps its mapping and lets everybody in (RFC 4787 4.1, 5)', async () => {
  const { through, isSameMapping, seen } = await probe(NAT.fullCone);
  assert.deepEqual(through, [10, 11, 12]);
  assert.ok(isSameMapping);
  assert.equal(seen.address, '203.0.113.1');
});

test('a restricted cone lets in whom the host called, from any port (RFC 4787 5)', async () => {
  const { through, isSameMapping } = await probe(NAT.restricted);
  assert.deepEqual(through, [10, 11]);
  assert.ok(isSameMapping);
});

test('a port-restricted cone lets in the called port only (RFC 4787 5)', async () => {
  const { through, isSameMapping } = await probe(NAT.portRestricted);
  assert.deepEqual(through, [10]);
  assert.ok(isSameMapping);
});

test('a symmetric box maps anew for each destination (RFC 4787 4.1)', async () => {
  const { through, isSameMapping } = await probe(NAT.symmetric);
  assert.deepEqual(through, [10]);
  assert.ok(!isSameMapping);
});

test('a mapping dies of silence, and a box that reboots forgets all (RFC 4787 4.3)', async () => {
  const world = createWorld();
  const box = world.nat('box', '203.0.113.1', { lifetimeMs: 30_000 });
  const inner = world.host('inner', { behind: box });
  const outside = world.host('outside');
  const [hearInner, hearOutside] = [await listen(world, inner), await listen(world, outside)];
  hearInner.socket.send(Uint8Array.of(1), at(outside, hearOutside));
  await world.runFor(29_000);
  hearOutside.socket.send(Uint8Array.of(2), hearOutside.got[0]!.from);
  await world.runFor(2000);
  hearOutside.socket.send(Uint8Array.of(3), hearOutside.got[0]!.from);
  await world.runFor(1000);
  hearInner.socket.send(Uint8Array.of(4), at(outside, hearOutside));
  await world.runFor(1000);
  box.machine.reboot();
  hearOutside.socket.send(Uint8Array.of(5), hearOutside.got[1]!.from);
  await world.runFor(1000);
  assert.deepEqual(
    hearInner.got.map(({ data }) => data[0]),
    [2],
  );
});

test('two hosts behind one box reach each other by its outer address when it hairpins (RFC 4787 6)', async () => {
  for (const hairpin of [true, false]) {
    const world = createWorld();
    const box = world.nat('box', '203.0.113.1', { ...NAT.fullCone, hairpin });
    const server = world.host('server');
    const hearServer = await listen(world, server);
    const [one, two] = [world.host('one', { behind: box }), world.host('two', { behind: box })];
    const [hearOne, hearTwo] = [await listen(world, one), await listen(world, two)];
    hearTwo.socket.send(Uint8Array.of(0), at(server, hearServer));
    await world.runFor(100);
    hearOne.socket.send(Uint8Array.of(7), hearServer.got[0]!.from);
    await world.runFor(100);
    assert.equal(hearTwo.got.length, hairpin ? 1 : 0);
  }
});

test('all hosts behind two routers share the link between them, and keep their addresses', async () => {
  const world = createWorld({ link: { delayMs: 1 } });
  const [west, east] = [world.router('west'), world.router('east')];
  // 128 bytes with the headers, so 100 datagrams a second.
  world.link(west, east, { delayMs: 10, rateBps: 128 * 8 * 100 });
  const from = [await listen(world, world.host('one', { behind: west })), await listen(world, world.host('two', { behind: west }))];
  const host = world.host('three', { behind: east });
  const to = await listen(world, host);
  for (let i = 0; i < 50; i++) for (const { socket } of from) socket.send(new Uint8Array(100), at(host, to));
  await world.runFor(513);
  assert.equal(to.got.length, 50);
  await world.runFor(1000);
  assert.equal(to.got.length, 100);
  assert.equal(world.linkStats(west, east).sent, 100);
  assert.deepEqual(new Set(to.got.map((one) => one.from.address)), new Set(['198.51.100.1', '198.51.100.2']));
});
