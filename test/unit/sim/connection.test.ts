import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection, type DataChannel, type PeerConnection } from '../../../src/api/index.ts';
import { type CryptoProvider } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { pureCrypto } from '../../../src/crypto/pure.ts';
import { createWorld, type Host, NAT, type World, type WorldOptions } from '../../../src/sim/index.ts';

const BYTES = 128 * 1024;

/** Connects two hosts, sends through one channel and closes. Signalling is instant and never fails. */
async function session(world: World, hostA: Host, hostB: Host): Promise<{ readonly received: number; readonly openedAt: number }> {
  let received = 0;
  const onMessage = (data: string | Uint8Array): void => void (received += data.length);
  const a: PeerConnection = await world.until(
    createPeerConnection({ runtime: hostA.runtime, handler: { onIceCandidate: (candidate) => void b.addIceCandidate(candidate) } }),
  );
  const onDataChannel = (incoming: DataChannel): void => void (incoming.handler = { onMessage });
  const b: PeerConnection = await world.until(
    createPeerConnection({ runtime: hostB.runtime, handler: { onIceCandidate: (candidate) => void a.addIceCandidate(candidate), onDataChannel } }),
  );
  const channel = a.createDataChannel('story');
  const connect = async (): Promise<void> => {
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription!);
    await b.setLocalDescription();
    await a.setRemoteDescription(b.localDescription!);
    await channel.opened;
  };
  await world.until(connect());
  const openedAt = world.now;
  void channel.send(new Uint8Array(BYTES));
  assert.ok(await world.run(() => received >= BYTES, 120_000));
  await world.until(Promise.all([a.close(), b.close()]));
  await world.runFor(5000);
  return { received, openedAt };
}

const create = (options: WorldOptions): World =>
  createWorld({ link: { delayMs: 20, jitterMs: 20, loss: 0.1, reorder: 0.05, duplicate: 0.02, corrupt: 0.01 }, ...options });

test('a whole connection runs in virtual time over a bad link, and leaves no timer and no socket', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const world = create({ seed });
    const [a, b] = [world.host('a'), world.host('b')];
    const { received } = await session(world, a, b);
    assert.equal(received, BYTES);
    assert.equal(world.virtual.clock.pending, 0);
    assert.deepEqual([a.machine.sockets, b.machine.sockets], [[], []]);
  }
});

test('with a crypto provider that draws from the world, one seed gives one trace', async () => {
  async function trace(seed: number, crypto: CryptoProvider): Promise<string> {
    const world = create({ seed, crypto });
    await session(world, world.host('a'), world.host('b'));
    return world.trace.hash();
  }
  const first = await trace(5, pureCrypto);
  assert.equal(await trace(5, pureCrypto), first);
  assert.notEqual(await trace(6, pureCrypto), first);
  assert.notEqual(await trace(5, nodeCrypto), first);
});

test('a host behind a box reaches one outside, which learns the outer address from the checks (RFC 8445 7.3.1.3)', async () => {
  const world = create({ seed: 2 });
  const home = world.nat('home', '203.0.113.1', NAT.symmetric);
  const { received } = await session(world, world.host('a', { behind: home }), world.host('b'));
  assert.equal(received, BYTES);
});
