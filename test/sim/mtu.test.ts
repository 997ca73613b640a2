import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerConnection } from '../../src/api/index.ts';
import type { LinkOptions } from '../../src/runtime/virtual/index.ts';
import { connectVirtual, type VirtualPair } from '../support/virtual-pair.ts';

interface MtuStats {
  readonly mtuBytes: number;
  readonly mtuProbesSent: number;
  readonly mtuProbesAcknowledged: number;
}

/** The UDP payload at present, with the IP and UDP headers. */
async function mtuOf(pair: VirtualPair, connection: PeerConnection = pair.a): Promise<{ readonly ipBytes: number; readonly probes: number }> {
  const report = await pair.world.until(connection.getStats());
  const { mtuBytes, mtuProbesSent } = [...report.values()].find(({ type }) => type === 'transport') as unknown as MtuStats;
  return { ipBytes: mtuBytes + (pair.hostA.interfaces.some(({ address }) => address === V6[0]) ? 48 : 28), probes: mtuProbesSent };
}

const RATE_BPS = 8e6;
const V4 = ['192.0.2.1', '192.0.2.2'] as const;
const V6 = ['2001:db8::1', '2001:db8::2'] as const;

function connect(options: { readonly interfaceMtu: number; readonly addresses?: readonly [string, string]; readonly link: LinkOptions; readonly seed?: number }): Promise<VirtualPair> {
  const [a, b] = options.addresses ?? V4;
  return connectVirtual({
    seed: options.seed ?? 1,
    link: options.link,
    addressesA: [{ address: a, mtuBytes: options.interfaceMtu }],
    addressesB: [{ address: b, mtuBytes: options.interfaceMtu }],
  });
}

/** Sends for ever; returns how many bytes arrived so far, and whether all of them were right. */
function stream({ channelA, channelB }: VirtualPair): { bytes: number; isRight: boolean } {
  const arrived = { bytes: 0, isRight: true };
  let next = 0;
  let expected = 0;
  channelB.handler = {
    onMessage(data) {
      arrived.bytes += data.length;
      if (typeof data === 'string' || data[0] !== (expected & 0xff) || data[data.length - 1] !== (expected & 0xff)) arrived.isRight = false;
      expected++;
    },
  };
  channelA.bufferedAmountLowThreshold = 500_000;
  channelA.bufferedAmountHighThreshold = 1_000_000;
  const fill = (): void => {
    while (channelA.trySend(new Uint8Array(65_536).fill(next & 0xff))) next++;
  };
  channelA.handler = { onBufferedAmountLow: fill };
  fill();
  return arrived;
}

/** The search begins with the first message that a small packet does not hold. */
function needLargePackets({ channelA, channelB }: VirtualPair): void {
  for (const channel of [channelA, channelB]) {
    channel.handler = { onMessage: () => {} };
    channel.trySend(new Uint8Array(4096));
  }
}

/** Bits per second over some time. */
function rate({ world }: VirtualPair, arrived: { bytes: number }, ms: number): number {
  const before = arrived.bytes;
  world.runSync(world.now + ms);
  return ((arrived.bytes - before) * 8000) / ms;
}

async function close({ world, a, b }: VirtualPair): Promise<void> {
  await world.until(Promise.all([a.close(), b.close()]));
}

for (const [addresses, family] of [[V4, 'IPv4'], [V6, 'IPv6']] as const) {
  for (const [interfaceMtu, linkMtu] of [[1500, 1500], [9000, 9000], [1500, 1280], [9000, 1500], [1500, 1420]] as const) {
    test(`${family}: over interfaces of ${interfaceMtu} and a path of ${linkMtu} bytes packets grow to the path`, async () => {
      const pair = await connect({ interfaceMtu, addresses, link: { delayMs: 10, mtuBytes: linkMtu } });
      needLargePackets(pair);
      pair.world.runSync(pair.world.now + 10_000);
      for (const connection of [pair.a, pair.b]) {
        const { ipBytes, probes } = await mtuOf(pair, connection);
        assert.ok(ipBytes <= linkMtu && ipBytes > linkMtu * 0.985 - 16, `${ipBytes}`);
        assert.ok(probes <= 20, `${probes} probes`);
      }
      const arrived = stream(pair);
      pair.world.runSync(() => arrived.bytes > 3_000_000, 60_000);
      assert.ok(arrived.bytes > 3_000_000 && arrived.isRight);
      await close(pair);
    });
  }
}

test('the largest datagram of one piece is tried, never one that the interface would cut', async () => {
  const pair = await connect({ interfaceMtu: 1500, link: { delayMs: 10, rateBps: RATE_BPS } });
  let largest = 0;
  for (const socket of pair.hostA.sockets) {
    const send = socket.send.bind(socket);
    socket.send = (bytes, remote) => {
      largest = Math.max(largest, bytes.length + 28);
      send(bytes, remote);
    };
  }
  const arrived = stream(pair);
  pair.world.runSync(pair.world.now + 5000);
  assert.ok(arrived.bytes > 0);
  assert.ok(largest <= 1500 && largest > 1480, `${largest}`);
  await close(pair);
});

test('within one host packets grow to a DTLS record of 2^14 bytes', async () => {
  const pair = await connectVirtual({ a: { udpAddrs: ['127.0.0.1:0'] }, b: { udpAddrs: ['127.0.0.1:0'] }, sameHost: true });
  needLargePackets(pair);
  pair.world.runSync(pair.world.now + 5000);
  assert.equal((await mtuOf(pair)).ipBytes, 16_384 + 37 + 28);
  await close(pair);
});

for (const [interfaceMtu, addresses, fallen, least] of [
  [1500, V4, 1280, 0.9],
  [9000, V4, 1500, 0.9],
  [9000, V6, 1280, 0.9],
  [1500, V4, 576, 0.8], // the headers alone take 10 % more
] as const) {
  test(`the path falls from ${interfaceMtu} to ${fallen} bytes in mid-transfer and nobody says so: within 5 s the speed is back`, async (t) => {
    const pair = await connect({ interfaceMtu, addresses, link: { delayMs: 20, rateBps: RATE_BPS, queueBytes: 50_000, mtuBytes: interfaceMtu } });
    const arrived = stream(pair);
    rate(pair, arrived, 3000);
    const before = rate(pair, arrived, 2000);
    pair.world.link(pair.hostA, pair.hostB, { mtuBytes: fallen });
    rate(pair, arrived, 4000);
    const after = rate(pair, arrived, 2000);
    t.diagnostic(`${(before / 1e6).toFixed(1)} Mbit/s before, ${(after / 1e6).toFixed(1)} from 4 s to 6 s after the fall`);
    assert.ok(after >= least * before, `${after} of ${before}`);
    const { ipBytes } = await mtuOf(pair);
    assert.ok(ipBytes <= fallen, `${ipBytes}`);
    assert.ok(arrived.isRight);
    await close(pair);
  });
}

test('a path that becomes wider again is used within the time of a new search', async () => {
  const pair = await connect({ interfaceMtu: 1500, link: { delayMs: 10, mtuBytes: 1280 } });
  needLargePackets(pair);
  pair.world.runSync(pair.world.now + 10_000);
  assert.ok((await mtuOf(pair)).ipBytes <= 1280);
  pair.world.link(pair.hostA, pair.hostB, { mtuBytes: 1500 });
  pair.world.runSync(pair.world.now + 620_000);
  assert.ok((await mtuOf(pair)).ipBytes > 1480);
  await close(pair);
});

test('a peer that drops datagrams above 2,048 bytes loses nothing but the probes', async () => {
  const pair = await connect({ interfaceMtu: 9000, link: { delayMs: 10, mtuBytes: 9000, rateBps: RATE_BPS } });
  // From the beginning, too: both searches are over long before, so the larger size must be found out anew.
  pair.world.link(pair.hostA, pair.hostB, { mtuBytes: 2048 + 28 });
  const arrived = stream(pair);
  pair.world.runSync(pair.world.now + 20_000);
  const { ipBytes, probes } = await mtuOf(pair);
  // What is reported counts the larger of DTLS's overheads, 8 bytes more than some ciphers have.
  assert.ok(ipBytes <= 2048 + 28 + 8 && ipBytes >= 1500, `${ipBytes}`);
  assert.ok(probes < 40, `${probes} probes`);
  assert.ok(arrived.bytes > 1_000_000 && arrived.isRight);
  await close(pair);
});

test('A-OS-02 a size that the system refuses (EMSGSIZE) is left at once and not used again', async () => {
  const pair = await connect({ interfaceMtu: 1500, link: { delayMs: 10, mtuBytes: 1500, rateBps: RATE_BPS } });
  const arrived = stream(pair);
  pair.world.runSync(pair.world.now + 2000);
  assert.ok((await mtuOf(pair)).ipBytes > 1480);
  pair.world.link(pair.hostA, pair.hostB, { mtuBytes: 1400, tooLarge: 'report' }, 'forward');
  const before = arrived.bytes;
  pair.world.runSync(pair.world.now + 1000);
  const refusedFirst = pair.world.links.between(pair.hostA, pair.hostB).stats.tooLarge;
  assert.ok(arrived.bytes > before);
  pair.world.runSync(pair.world.now + 20_000);
  const refused = pair.world.links.between(pair.hostA, pair.hostB).stats.tooLarge - refusedFirst;
  assert.ok(refused < 20, `${refused} more`);
  assert.ok((await mtuOf(pair)).ipBytes <= 1400);
  assert.ok(arrived.isRight);
  await close(pair);
});

test('a size that is configured is not exceeded, and nothing is probed', async () => {
  for (const settings of [{ mtuBytes: 1200 }, { maxMtuBytes: 1000 }]) {
    const pair = await connectVirtual({ a: { settings }, link: { delayMs: 10, rateBps: RATE_BPS } });
    const arrived = stream(pair);
    pair.world.runSync(pair.world.now + 3000);
    const { ipBytes, probes } = await mtuOf(pair);
    assert.ok(ipBytes - 28 <= (settings.mtuBytes ?? settings.maxMtuBytes ?? 0) && ipBytes > 900);
    assert.equal(probes, 0);
    assert.ok(arrived.bytes > 0 && arrived.isRight);
    await close(pair);
  }
});
