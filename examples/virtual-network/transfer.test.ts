// node --import tsx --test examples/virtual-network/transfer.test.ts
// The test of an application in virtual time: it takes a fraction of a second, and fails the same way every time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection, type PeerConnection } from 'sansrtc';
import { pureCrypto } from 'sansrtc/crypto/pure';
import { createWorld, NAT } from 'sansrtc/sim';
import { receiveFile, sendFile } from './transfer.ts';

interface Outcome {
  readonly tookMs: number;
  readonly hash: string;
}

/** Sends a file from a laptop behind a box to a server, while the network fails and the laptop's clock is set. */
async function story(seed: number): Promise<Outcome> {
  const world = createWorld({ seed, crypto: pureCrypto });
  const home = world.nat('home', '203.0.113.1', NAT.portRestricted);
  const [laptop, server] = [world.host('laptop', { behind: home }), world.host('server')];
  world.link(home, server, { delayMs: 40, loss: 0.02, rateBps: 4_000_000 });
  world.outage(home, server, { fromMs: 650, forMs: 3000 });
  world.at(1000, () => (world.virtual.unixOffsetMs += 10 * 365 * 86_400_000)); // somebody sets the clock

  const sender = await world.until(createPeerConnection({ runtime: laptop.runtime }));
  const receiver = await world.until(createPeerConnection({ runtime: server.runtime, handler: { onDataChannel: receiveFile } }));
  const done = sendFile(sender.createDataChannel('file'), new Uint8Array(64 * 1024).fill(7));
  await world.until(signal(sender, receiver));
  await world.until(done);
  const tookMs = world.now;
  await world.until(Promise.all([sender.close(), receiver.close()]));
  return { tookMs, hash: world.trace.hash() };
}

/** Descriptions go from one to the other; their candidates are in them, or follow. */
async function signal(a: PeerConnection, b: PeerConnection): Promise<void> {
  const trickle = async (from: PeerConnection, to: PeerConnection): Promise<void> => {
    for await (const event of from.events()) if (event.type === 'icecandidate') await to.addIceCandidate(event.candidate).catch(() => {});
  };
  const events = [trickle(a, b), trickle(b, a)];
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription!);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription!);
  void events;
}

test('a file arrives although the network fails for three seconds', async () => {
  const { tookMs } = await story(1);
  assert.ok(tookMs > 3650 && tookMs < 30_000, `${tookMs} ms`);
});

test('one seed is one story, packet by packet', async () => {
  const [first, again, other] = [await story(2), await story(2), await story(3)];
  assert.deepEqual(first, again);
  assert.notEqual(first.hash, other.hash);
});
