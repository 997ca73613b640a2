import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerConnectionDriver } from '../../../src/driver/index.ts';
import type { Peer } from '../../../src/peer/index.ts';
import type { Runtime, UdpHandler } from '../../../src/runtime/runtime.ts';
import { createVirtualWorld, virtualRuntime } from '../../../src/runtime/virtual/index.ts';

const REMOTE = { address: '192.0.2.9', port: 9 };

interface Connection {
  readonly driver: PeerConnectionDriver;
  /** A datagram comes. */
  arrive(): void;
}

/** An event loop by hand: sockets are read when the test says so, and {@link Loop.endReads} is what follows them. */
class Loop {
  readonly log: string[] = [];
  readonly #world = createVirtualWorld();
  readonly #afterReads: (() => void)[] = [];
  #hosts = 0;

  newRuntime(handlers: UdpHandler[] = []): Runtime & { readonly handlers: UdpHandler[] } {
    const runtime = virtualRuntime(this.#world.host(`host ${this.#hosts++}`, { addresses: ['192.0.2.1'] }));
    return {
      ...runtime,
      handlers,
      bindUdp(options) {
        handlers.push(options.handler);
        return runtime.bindUdp(options);
      },
      afterReads: (callback) => void this.#afterReads.push(callback),
    };
  }

  async connection(name: string, runtime: ReturnType<Loop['newRuntime']>, { hasReadData = true, onOutput = (): void => {} } = {}): Promise<Connection> {
    const peer = {
      hasReadData,
      isAnswerUrgent: false,
      handleEvent() {},
      handleTimeout() {},
      pollTimeout() {},
      pollWrite() {},
      usePacketMemory() {},
      handleRead: () => void this.log.push(`${name} reads`),
    } as unknown as Peer;
    const handOver = (): void => {
      this.log.push(`${name} hands over`);
      onOutput();
    };
    const driver = new PeerConnectionDriver(peer, runtime, { onOutput: handOver, onFault: (error) => assert.fail(String(error)) });
    await this.#world.until(driver.open({ udpAddrs: [`192.0.2.1:${5000 + runtime.handlers.length}`] }));
    const handler = runtime.handlers.at(-1) as UdpHandler;
    return { driver, arrive: () => handler.onDatagram(new Uint8Array(1), REMOTE) };
  }

  endReads(): void {
    for (const callback of this.#afterReads.splice(0)) callback();
  }

  taken(): readonly string[] {
    return this.log.splice(0);
  }
}

test('what came with data for one connection is handed over before datagrams of another are read, and once', async () => {
  const loop = new Loop();
  const runtime = loop.newRuntime();
  const a = await loop.connection('a', runtime);
  const b = await loop.connection('b', runtime);
  a.arrive();
  a.arrive();
  b.arrive();
  assert.deepEqual(loop.taken(), ['a reads', 'a reads', 'a hands over', 'b reads']);
  loop.endReads();
  assert.deepEqual(loop.taken(), ['b hands over']);
  for (const each of [a, a, b, b, a]) each.arrive();
  assert.deepEqual(loop.taken(), ['a reads', 'a reads', 'a hands over', 'b reads', 'b reads', 'b hands over', 'a reads']);
  loop.endReads();
  assert.deepEqual(loop.taken(), ['a hands over']);
});

test('where sockets are read by turns, a datagram each, all are handed over at the end', async () => {
  const loop = new Loop();
  const runtime = loop.newRuntime();
  const a = await loop.connection('a', runtime);
  const b = await loop.connection('b', runtime);
  for (const each of [a, b, a, b]) each.arrive();
  assert.deepEqual(loop.taken(), ['a reads', 'b reads', 'a reads', 'b reads']);
  loop.endReads();
  assert.deepEqual(loop.taken(), ['a hands over', 'b hands over']);
});

test('what is no data waits for the end of the turn, as datagrams of another runtime do not end the reading', async () => {
  const loop = new Loop();
  const runtime = loop.newRuntime();
  const media = await loop.connection('media', runtime, { hasReadData: false });
  const data = await loop.connection('data', runtime);
  const elsewhere = await loop.connection('elsewhere', loop.newRuntime());
  for (const each of [media, media, data, data, elsewhere]) each.arrive();
  assert.deepEqual(loop.taken(), ['media reads', 'media reads', 'data reads', 'data reads', 'elsewhere reads']);
  loop.endReads();
  assert.deepEqual(loop.taken(), ['media hands over', 'data hands over', 'elsewhere hands over']);
});

test('a handler that closes the connection that is to be read next, or its own, stops the reading of that one', async () => {
  const loop = new Loop();
  const runtime = loop.newRuntime();
  const closed: PeerConnectionDriver[] = [];
  const a = await loop.connection('a', runtime, { onOutput: () => closed.forEach((driver) => void driver.close()) });
  const b = await loop.connection('b', runtime);
  closed.push(b.driver);
  for (const each of [a, a, b]) each.arrive();
  assert.deepEqual(loop.taken(), ['a reads', 'a reads', 'a hands over']);
  closed[0] = a.driver;
  a.arrive();
  loop.endReads();
  assert.deepEqual(loop.taken(), ['a reads', 'a hands over']);
  a.arrive();
  loop.endReads();
  assert.deepEqual(loop.taken(), []);
});

test('a datagram for a connection that is closed does not end the reading of another', async () => {
  const loop = new Loop();
  const runtime = loop.newRuntime();
  const a = await loop.connection('a', runtime);
  const closed = await loop.connection('closed', runtime);
  void closed.driver.close();
  for (const each of [a, a, closed, a]) each.arrive();
  loop.endReads();
  assert.deepEqual(loop.taken(), ['a reads', 'a reads', 'a reads', 'a hands over']);
});
