import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkOptions } from '../../src/sim/index.ts';
import { createWorld } from '../../src/sim/index.ts';
import { bdpBytes, Bulk, connectHosts, connectOver, jain, megabits, PACKET_BYTES, PAYLOAD_BYTES, RECORD_BYTES, wireRate } from '../support/bulk.ts';

// Rates are those of user data with the headers of full packets: a link that is full of it has a rate of 100 %.

/** A link with a queue that holds a round trip's worth. */
function clean(rateBps: number, rttMs: number, queueBytes: number = bdpBytes(rateBps, rttMs)): LinkOptions {
  return { delayMs: rttMs / 2, rateBps, queueBytes };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

for (const [rttMs, queueBytes, name] of [[20, 65_536, '64 KiB'], [40, bdpBytes(20e6, 40), 'a BDP'], [50, 65_536, '64 KiB']] as const) {
  test(`95 % of a clean link of 20 Mbit/s, RTT ${rttMs} ms, queue of ${name}`, async (t) => {
    const link = await connectOver(clean(20e6, rttMs, queueBytes));
    let largest = 0;
    const bulk = new Bulk(link.channel, link.incoming);
    bulk.rateOver(link.world, 2000); // connecting, the search for the MTU, slow start
    const unwatch = link.world.trace.watch(({ bytes }) => void (largest = Math.max(largest, bytes.length + 28)));
    const share = bulk.rateOver(link.world, 5000) / 20e6;
    unwatch();
    t.diagnostic(`${percent(share)} (bar 95 %)`);
    assert.equal(largest, PACKET_BYTES, 'full packets are as large as the figure takes them to be');
    assert.ok(share >= 0.95, percent(share));
  });
}

test('80 % of a clean link of 100 Mbit/s at 100 ms RTT with the default window', async (t) => {
  const { world, channel, incoming } = await connectOver(clean(100e6, 100));
  const bulk = new Bulk(channel, incoming, 65_536);
  const start = bulk.rateOver(world, 2500) / 100e6;
  const share = bulk.rateOver(world, 2000) / 100e6;
  t.diagnostic(`${percent(share)} (bar 80 %); ${percent(start)} in the first 2.5 s`);
  assert.ok(share >= 0.8, percent(share));
});

test("90 % of the TCP model's 1.22·MSS/(RTT·√p) at 1 % loss and 60 ms", async (t) => {
  const figures: string[] = [];
  let sum = 0;
  for (const seed of [1, 2, 3]) {
    const { world, channel, incoming, hosts } = await connectOver({ delayMs: 30 }, seed);
    world.link(hosts[0], hosts[1], { loss: 0.01 }, 'forward');
    const bulk = new Bulk(channel, incoming);
    bulk.rateOver(world, 5000);
    const share = bulk.rateOver(world, 40_000) / wireRate((1.22 * PAYLOAD_BYTES) / Math.sqrt(0.01), 60);
    figures.push(percent(share));
    sum += share;
    assert.ok(share >= 0.9, percent(share));
  }
  t.diagnostic(`${figures.join(', ')} of the bound (bar 90 %), mean ${percent(sum / 3)}`);
});

/** What a driver sends before other work of the loop gets its turn: four rounds of 256. */
const MOST_PER_TURN = 1024;
/** A round trip of 40 ms, and the slack of 220 ms that a peer's delayed SACK asks for. */
const RTO_MS = 260;

test('after 30 s of 40 % loss, 80 % of the former speed within 10 RTO', async (t) => {
  const figures: string[] = [];
  const shares: number[] = [];
  // With the last two the loss ends after many timeouts in a row.
  for (const seed of [1, 2, 3, 11, 23]) {
    const { world, channel, incoming, hosts } = await connectOver(clean(20e6, 40), seed);
    const bulk = new Bulk(channel, incoming);
    bulk.rateOver(world, 2000);
    const former = bulk.rateOver(world, 2000);
    world.link(hosts[0], hosts[1], { loss: 0.4 });
    const during = bulk.rateOver(world, 30_000);
    world.link(hosts[0], hosts[1], { loss: 0 });
    const before = bulk.rateOver(world, 10 * RTO_MS);
    const share = bulk.rateOver(world, 1000) / former;
    figures.push(`${percent(share)} (${megabits(during)} in the loss, ${percent(before / former)} in the 10 RTO after it)`);
    shares.push(share);
  }
  t.diagnostic(`${figures.join(', ')} (bar 80 %)`);
  for (const share of shares) assert.ok(share >= 0.8, shares.map(percent).join(', '));
});

test('two transfers in opposite directions do not starve each other', async (t) => {
  const { world, channel, incoming } = await connectOver(clean(20e6, 40));
  const there = new Bulk(channel, incoming);
  const forth = there.bytes;
  // One channel carries both ways: what each end's handler needs is put together.
  const [receiveThere, receiveBack] = [incoming.handler!, { bytes: 0 }];
  const message = new Uint8Array(16_384);
  const fillBack = (): void => {
    while (incoming.trySend(message));
  };
  incoming.bufferedAmountLowThreshold = 256 * 1024;
  incoming.bufferedAmountHighThreshold = 1024 * 1024;
  incoming.handler = { ...receiveThere, onBufferedAmountLow: fillBack };
  channel.handler = { ...channel.handler!, onMessage: (data) => void (receiveBack.bytes += data.length) };
  fillBack();
  world.runSync(world.now + 3000);
  const before = [there.bytes, receiveBack.bytes] as const;
  world.runSync(world.now + 4000);
  const shares = [wireRate(there.bytes - before[0], 4000) / 20e6, wireRate(receiveBack.bytes - before[1], 4000) / 20e6];
  t.diagnostic(`${shares.map(percent).join(' and ')} (bars: 60 % each, 80 % together: SACKs wait behind the data of their way, and come bunched)`);
  assert.equal(forth, 0);
  for (const share of shares) assert.ok(share >= 0.6, percent(share));
  assert.ok(shares[0]! + shares[1]! >= 1.6, shares.map(percent).join(' and '));
});

test('messages of 100 bytes fill a link of 10 Mbit/s', async (t) => {
  const { world, channel, incoming } = await connectOver(clean(10e6, 40));
  const bulk = new Bulk(channel, incoming, 100);
  bulk.rateOver(world, 2000);
  const before = bulk.messages;
  world.runSync(world.now + 3000);
  const perSecond = (bulk.messages - before) / 3;
  // Each takes an I-DATA chunk of 120 bytes; eleven of them a packet.
  const most = (10e6 / 8 / (12 + RECORD_BYTES + 28 + 11 * 120)) * 11;
  t.diagnostic(`${perSecond.toFixed(0)} messages/s, ${percent(perSecond / most)} of what fits (bar 95 %)`);
  assert.ok(perSecond >= 0.95 * most, percent(perSecond / most));
});

test('a small message beside a bulk transfer waits for the queue of the path, as it would beside a TCP, and for nothing of ours', async (t) => {
  const rttMs = 40;
  const link = await connectOver(clean(20e6, rttMs));
  const { world } = link;
  const [small, far] = await link.open('small');
  const times: number[] = [];
  let sentAt = 0;
  far.handler = { onMessage: (data) => void far.trySend(data) };
  small.handler = { onMessage: () => void times.push(world.now - sentAt) };
  const bulk = new Bulk(link.channel, link.incoming);
  bulk.rateOver(world, 2000);
  for (let i = 0; i < 40; i++) {
    sentAt = world.now;
    small.trySend('small');
    const count = times.length;
    assert.ok(world.runSync(() => times.length > count, 5000), 'the small message came back');
    world.runSync(world.now + 50);
  }
  times.sort((x, y) => x - y);
  const [median, p95] = [times[20]!, times[37]!];
  // A TCP that fills the link fills its queue too: a BDP, one more RTT.
  t.diagnostic(`p50 ${median.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms on an idle RTT of ${rttMs} ms and a queue of as much (bar: p95 ${3 * rttMs} ms)`);
  assert.ok(p95 <= 3 * rttMs, `${p95} ms`);
});

test('slow start does not stall, and bursts do not starve the loop, at an RTT of 0.05 ms and 10 Gbit/s', async (t) => {
  const { world, channel, incoming } = await connectOver({ delayMs: 0.025, rateBps: 10e9, queueBytes: 4 * 1024 * 1024 });
  const bulk = new Bulk(channel, incoming, 65_536);
  const start = world.now;
  world.runSync(() => bulk.bytes >= 4 * 1024 * 1024);
  const firstMs = world.now - start;
  // What one turn may send without letting others in: the longest run of datagrams in one instant.
  let run = 0;
  let longest = 0;
  let at = -1;
  const from = world.hosts.get('a')!.machine.interfaces.find((one) => !one.isLoopback)!.address;
  const unwatch = world.trace.watch((entry) => {
    if (entry.from.address !== from) return;
    run = entry.at === at ? run + 1 : 1;
    at = entry.at;
    longest = Math.max(longest, run);
  });
  const rate = bulk.rateOver(world, 40);
  unwatch();
  t.diagnostic(`4 MiB after ${firstMs.toFixed(2)} ms, then ${megabits(rate)}, at most ${longest} datagrams a turn (bars: 20 ms, 5 Gbit/s, ${MOST_PER_TURN})`);
  assert.ok(firstMs <= 20, `${firstMs} ms`);
  assert.ok(rate >= 5e9, megabits(rate));
  assert.ok(longest <= MOST_PER_TURN, `${longest}`);
});

test('a stalled peer of one connection does not hold up another one of the same process', async (t) => {
  const world = createWorld({ link: { mtuBytes: 1500, ...clean(20e6, 40) } });
  const [server, quick, stalled] = [world.host('server'), world.host('quick'), world.host('stalled')];
  const [toQuick, toStalled] = [await connectHosts(world, server, quick), await connectHosts(world, server, stalled)];
  const [fast, slow] = [new Bulk(toQuick.channel, toQuick.incoming), new Bulk(toStalled.channel, toStalled.incoming)];
  world.runSync(world.now + 3000);
  const alone = fast.rateOver(world, 2000);
  world.link(server, stalled, { down: true });
  world.runSync(world.now + 1000);
  const heard = slow.bytes;
  const beside = fast.rateOver(world, 3000);
  t.diagnostic(`${megabits(alone)} before, ${megabits(beside)} while the other stands still (bar 95 %)`);
  assert.equal(slow.bytes, heard, 'the other one stands still');
  assert.ok(beside >= 0.95 * alone && beside >= 0.95 * 20e6);
  assert.ok(jain([alone, beside]) > 0.99);
});
