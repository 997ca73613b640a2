import assert from 'node:assert/strict';
import test from 'node:test';
import { type LinkOptions, payload, type Side, SctpWorld } from '../../support/sctp.ts';
import { seeded } from '../../support/fuzz.ts';
import { PacketMemory, type SctpConfig } from '../../../src/sctp/index.ts';

/** A message that names itself, so that loss, doubling and mixing show. */
function numbered(index: number, size: number): Uint8Array {
  const bytes = payload(Math.max(4, size), index);
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes;
}

function indexOf(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}

/** Checks that messages are intact, none twice, and in order on each ordered stream. */
function checkDelivery(side: Side, sizes: readonly number[]): Set<number> {
  const seen = new Set<number>();
  const last = new Map<number, number>();
  for (const { streamId, data, ppid } of side.messages) {
    const index = indexOf(data);
    assert.ok(!seen.has(index), `message ${index} twice`);
    seen.add(index);
    assert.ok(Buffer.compare(data, numbered(index, sizes[index]!)) === 0, `message ${index} is another one`);
    if (ppid !== 1) continue; // 1 marks ordered
    assert.ok(index > (last.get(streamId) ?? -1), `message ${index} overtaken on stream ${streamId}`);
    last.set(streamId, index);
  }
  return seen;
}

/** The link of a seed: anything from clean to wretched. */
function linkOf(seed: number): LinkOptions {
  const next = seeded(seed * 31 + 7);
  return {
    delayMs: next() * 200,
    jitterMs: next() < 0.5 ? 0 : next() * 100,
    loss: next() < 0.3 ? 0 : next() * 0.3,
    duplicate: next() < 0.5 ? 0 : next() * 0.2,
    corrupt: next() < 0.7 ? 0 : next() * 0.1,
  };
}

/** What each side sends per seed. */
const MESSAGES = 45;

test('exactly once and in order over 120 seeds of loss, reordering, duplication and corruption, both ways', () => {
  for (let seed = 1; seed <= 120; seed++) {
    const next = seeded(seed);
    const world = new SctpWorld({ seed, link: linkOf(seed), a: { mtuBytes: 400 + Math.floor(next() * 900) }, b: { mtuBytes: 1200 } });
    world.a.association.connect(0);
    if (seed % 3 === 0) world.b.association.connect(0);
    const sizes = Array.from({ length: MESSAGES }, () => Math.floor(next() ** 5 * 20_000) + 4);
    sizes.forEach((size, index) => {
      for (const side of [world.a, world.b]) {
        const ordered = index % 5 !== 0;
        side.association.handleWrite({ streamId: index % 4, ppid: ordered ? 1 : 2, data: numbered(index, size), ordered }, 0);
      }
    });
    const done = (): boolean => world.a.messages.length >= MESSAGES && world.b.messages.length >= MESSAGES;
    assert.ok(world.run(3_000_000, done), `seed ${seed}: ${world.a.messages.length} and ${world.b.messages.length} of ${MESSAGES}, ${world.a.association.state}`);
    assert.equal(checkDelivery(world.a, sizes).size, MESSAGES, `seed ${seed}`);
    assert.equal(checkDelivery(world.b, sizes).size, MESSAGES, `seed ${seed}`);
    world.run(100_000, () => world.a.association.stats().unacknowledgedChunks === 0 && world.b.association.stats().unacknowledgedChunks === 0);
    for (const side of [world.a, world.b]) {
      const stats = side.association.stats();
      assert.equal(stats.flightBytes, 0, `seed ${seed}`);
      assert.equal(stats.receiveWindowBytes, 5 * 1024 * 1024, `seed ${seed}`);
      assert.equal(stats.bufferedBytes, 0);
    }
  }
});

test('a message is given back once, when the peer has all of it: what becomes of its bytes then changes nothing', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = SctpWorld.connected({ seed, link: linkOf(seed), a: { interleaving: seed % 2 === 0 } });
    const next = seeded(seed);
    const sizes = Array.from({ length: MESSAGES }, () => Math.floor(next() ** 3 * 20_000) + 4);
    const given = new Set<Uint8Array>();
    const memory = {
      giveBack(data: Uint8Array): void {
        assert.ok(!given.has(data), 'given back twice');
        given.add(data);
        data.fill(0xff);
      },
    };
    sizes.forEach((size, index) => world.a.association.handleWrite({ streamId: index % 4, ppid: 1, data: numbered(index, size), ordered: true, memory }, world.now));
    assert.ok(world.run(3_000_000, () => world.b.messages.length >= MESSAGES), `seed ${seed}`);
    assert.equal(checkDelivery(world.b, sizes).size, MESSAGES, `seed ${seed}`);
    world.run(100_000, () => world.a.association.stats().unacknowledgedChunks === 0);
    assert.equal(given.size, MESSAGES, `seed ${seed}`);
  }
});

test('a message that is given up is not given back (RFC 3758)', () => {
  const world = SctpWorld.connected();
  const given: Uint8Array[] = [];
  const memory = { giveBack: (data: Uint8Array) => void given.push(data) };
  const [lost, kept] = [numbered(0, 5000), numbered(1, 5000)];
  let isLossy = true;
  world.filter = (from) => from !== world.a || !isLossy;
  world.a.association.handleWrite({ streamId: 0, ppid: 2, data: lost, ordered: false, maxRetransmits: 0, memory }, world.now);
  world.run(200);
  isLossy = false;
  world.a.association.handleWrite({ streamId: 0, ppid: 2, data: kept, ordered: false, memory }, world.now);
  assert.ok(world.run(60_000, () => world.b.messages.length === 1));
  world.run(60_000, () => world.a.association.stats().unacknowledgedChunks === 0);
  assert.equal(world.a.association.stats().messagesAbandoned, 1);
  assert.deepEqual(given, [kept]);
});

test('associations that send each packet before the next share one memory, in which packets follow each other and nothing of others shows', () => {
  const memory = new PacketMemory();
  const config = { packetMemory: memory, headroomBytes: 13, tailroomBytes: 16, mtuBytes: 1200 };
  const world = new SctpWorld({ a: config, b: config });
  const [a, b] = [world.a.association, world.b.association];
  const buffers = new Set<ArrayBufferLike>();
  const received: Uint8Array[] = [];
  let most = 0;
  const pump = (now: number): void => {
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const [from, to] of [[a, b], [b, a]] as const) {
        for (let packet = from.pollWrite(); packet !== undefined; packet = from.pollWrite()) {
          const sent = packet.slice();
          if (packet.buffer.byteLength > 4096) buffers.add(packet.buffer);
          new Uint8Array(packet.buffer, packet.byteOffset - 13, packet.length + 29).fill(0xee); // sealed, and not read again
          most = Math.max(most, memory.usedBytes);
          if (memory.isHalfUsed) memory.reuse();
          to.handleRead(sent, now);
          isMoving = true;
        }
        from.handleTimeout(now);
      }
      for (let message = b.pollRead(); message !== undefined; message = b.pollRead()) received.push(message.data.slice());
    }
  };
  a.connect(0);
  pump(0);
  for (let i = 0; i < 200; i++) {
    a.handleWrite({ streamId: 0, ppid: 1, data: numbered(i, 4 + ((i * 37) % 5000)), ordered: true }, i);
    pump(i);
  }
  pump(1000);
  assert.equal(received.length, 200);
  for (const [i, data] of received.entries()) assert.equal(Buffer.compare(data, numbered(i, 4 + ((i * 37) % 5000))), 0, `message ${i}`);
  assert.equal(buffers.size, 1);
  assert.ok(most > 60_000, `${most} bytes`);
  assert.equal(a.stats().counters.get('sctp.checksum') ?? 0, 0);
});

test('what somebody still needs is not written to again: the next packets get other memory', () => {
  const memory = new PacketMemory();
  const first = memory.take(1000) as Uint8Array;
  memory.keep(1000);
  first.fill(7);
  memory.leave();
  const second = memory.take(1000) as Uint8Array;
  assert.notEqual(second.buffer, first.buffer);
  second.fill(9);
  memory.keep(500);
  memory.reuse();
  assert.deepEqual(memory.take(1000), new Uint8Array(1000), 'what was there before shows');
  assert.equal((memory.take(1000) as Uint8Array).buffer, second.buffer);
  assert.ok(first.every((byte) => byte === 7));
  assert.equal(memory.take(1 << 20), undefined, 'a packet that is too large gets memory of its own');
});

test('the same seed gives the same packets', () => {
  const trace = (): string => {
    const world = new SctpWorld({ seed: 12, link: linkOf(12) });
    world.record = true;
    world.a.association.connect(0);
    for (let i = 0; i < 20; i++) world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(i, 3000), ordered: true }, 0);
    world.run(1_000_000, () => world.b.messages.length === 20);
    return [...world.a.sent, ...world.b.sent].map((packet) => Buffer.from(packet).toString('hex')).join('\n');
  };
  assert.equal(trace(), trace());
});

test('A-SCTP-16 100,000 messages across the wrap of TSN, SSN and request numbers', () => {
  const world = new SctpWorld({ link: { delayMs: 1 }, firstTsn: 0xffff_fff5 });
  const { a, b } = world;
  a.association.connect(0);
  const total = 100_000; // more than the 65,536 numbers of a stream
  let written = 0;
  a.onTurn = (now) => {
    while (written < total && a.association.totalBufferedAmount < 200_000) {
      a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(written++, 4), ordered: true }, now);
    }
  };
  let expected = 0;
  b.onTurn = () => {
    for (const { data } of b.messages) assert.equal(indexOf(data), expected++);
    b.messages.length = 0;
  };
  assert.ok(world.run(100_000, () => expected === total), `${expected}`);
});

test('A-JS-07 numbers wrap in mid-transfer under loss', () => {
  for (const firstTsn of [0xffff_fff5, 0x7fff_fff5]) {
    for (let seed = 1; seed <= 10; seed++) {
      const world = new SctpWorld({ seed, link: { delayMs: 20, jitterMs: 10, loss: 0.1 }, firstTsn });
      world.a.association.connect(0);
      const sizes = Array.from({ length: 100 }, (_, i) => 10 + i * 30);
      sizes.forEach((size, index) => world.a.association.handleWrite({ streamId: 1, ppid: 1, data: numbered(index, size), ordered: true }, 0));
      assert.ok(world.run(1_000_000, () => world.b.messages.length === 100), `seed ${seed}`);
      assert.equal(checkDelivery(world.b, sizes).size, 100);
    }
  }
});

/** Bytes delivered per second of virtual time while a writes as much as goes. */
function throughput(world: SctpWorld, ms: number, size = 16_384): number {
  const { a, b } = world;
  a.onTurn = (now) => {
    while (a.association.totalBufferedAmount < 1024 * 1024) a.association.handleWrite({ streamId: 0, ppid: 1, data: new Uint8Array(size), ordered: true }, now);
  };
  b.messages.length = 0;
  world.run(ms);
  const bytes = b.messages.reduce((sum, message) => sum + message.data.length, 0);
  b.messages.length = 0;
  return bytes / (ms / 1000);
}

test('a 20 Mbit/s link is filled to 90 %', () => {
  for (const [delayMs, queueBytes] of [[5, 60_000], [20, 100_000], [50, 250_000]] as const) {
    const world = SctpWorld.connected({ link: { delayMs, rateBps: 20_000_000, queueBytes } });
    throughput(world, 2000);
    const rate = throughput(world, 2000);
    assert.ok(rate >= 0.9 * 2_500_000, `${delayMs} ms: ${((rate / 2_500_000) * 100).toFixed(1)} %`);
  }
});

test('at 1 % loss and 60 ms the rate is near the TCP model’s (1.22·MSS/(RTT·√p))', () => {
  const world = SctpWorld.connected({ link: { delayMs: 30, loss: 0.01 } });
  const model = (1.22 * 1172) / (0.06 * Math.sqrt(0.01));
  const rate = throughput(world, 40_000);
  assert.ok(rate >= 0.8 * model, `${((rate / model) * 100).toFixed(0)} % of the model`);
});

test('A-SCTP-21 after 30 s of 40 % loss the old rate is back within ten timeouts', () => {
  for (let seed = 1; seed <= 2; seed++) {
    const clean: LinkOptions = { delayMs: 20, rateBps: 20_000_000, queueBytes: 100_000 };
    const world = SctpWorld.connected({ seed, link: clean });
    throughput(world, 2000);
    const before = throughput(world, 3000);
    world.a.link = world.b.link = { ...clean, loss: 0.4 };
    throughput(world, 30_000);
    assert.equal(world.a.association.state, 'established');
    world.a.link = world.b.link = clean;
    throughput(world, 10 * 250);
    const after = throughput(world, 3000);
    assert.ok(after >= 0.8 * before, `seed ${seed}: ${((after / before) * 100).toFixed(0)} %`);
  }
});

test('a lost tail is repaired in a few round trips, not in a retransmission timeout', () => {
  const world = SctpWorld.connected({ link: { delayMs: 10 } });
  const { a, b } = world;
  for (let i = 0; i < 10; i++) a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(i, 20_000), ordered: true }, world.now);
  assert.ok(world.run(10_000, () => b.messages.length === 10));
  world.run(500);
  let packet = 0;
  world.filter = (from) => from !== a || ++packet <= 5 || packet > 9; // packets 6 to 9 of 9 are lost
  const began = world.now;
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(10, 10_000), ordered: true }, began);
  assert.ok(world.run(10_000, () => b.messages.length === 11));
  assert.ok(world.now - began < 150, `${world.now - began} ms`);
});

test('an acknowledgement waits for a second packet or 200 ms, and rides along with data', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  const { a, b } = world;
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(0, 4), ordered: true }, world.now);
  const sent = b.sentPackets;
  world.run(150);
  assert.equal(b.sentPackets, sent);
  world.run(100);
  assert.equal(b.sentPackets, sent + 1);
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(1, 4), ordered: true }, world.now);
  world.run(6);
  b.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(1, 4), ordered: true }, world.now);
  world.run(6);
  assert.equal(a.association.stats().unacknowledgedChunks, 0);
  assert.equal(b.sentPackets, sent + 2);
});

test('streams take turns by message, so that none waits for another’s queue', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  for (let i = 0; i < 30; i++) world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(i, 10_000), ordered: true }, world.now);
  for (let i = 30; i < 33; i++) world.a.association.handleWrite({ streamId: 1, ppid: 1, data: numbered(i, 10_000), ordered: true }, world.now);
  world.run(10_000);
  const order = world.b.messages.map((message) => message.streamId);
  assert.deepEqual(order.slice(0, 6), [0, 1, 0, 1, 0, 1]);
  assert.equal(order.length, 33);
});

test('a lost chunk of one stream does not hold another stream up', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  let packets = 0;
  world.filter = (from) => from !== world.a || ++packets !== 1;
  world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(0, 1172), ordered: true }, world.now);
  world.a.association.handleWrite({ streamId: 1, ppid: 1, data: numbered(1, 3000), ordered: true }, world.now);
  world.run(7);
  assert.deepEqual(world.b.messages.map((message) => message.streamId), [1]);
  world.run(1000);
  assert.equal(world.b.messages.length, 2);
});

test('a smaller MTU takes effect at once, a larger one with the next packets', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  const sizes: number[] = [];
  world.filter = (from, bytes) => {
    if (from === world.a) sizes.push(bytes.length);
    return true;
  };
  for (const [mtu, largest] of [[600, 600], [4000, 4000], [1203, 1200]] as const) {
    sizes.length = 0;
    world.a.association.setMtu(mtu);
    world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(0, 20_000), ordered: true }, world.now);
    world.run(1000);
    assert.equal(Math.max(...sizes), largest);
  }
  assert.equal(world.b.messages.length, 3);
});

test('what was cut for larger packets still arrives when the path shrinks', () => {
  const world = SctpWorld.connected({ a: { mtuBytes: 4000 }, link: { delayMs: 5 } });
  world.filter = (_from, bytes) => bytes.length < 3000 || world.now > 1500;
  world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(0, 40_000), ordered: true }, world.now);
  world.run(100);
  world.a.association.setMtu(1200);
  assert.ok(world.run(60_000, () => world.b.messages.length === 1));
});

test('idle memory: neither rings nor bitmaps are made before they are needed', () => {
  const config: SctpConfig = { headroomBytes: 21 };
  const world = SctpWorld.connected({ a: config, b: config });
  global.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  const worlds = Array.from({ length: 50 }, (_, i) => SctpWorld.connected({ seed: i + 1, a: config, b: config }));
  global.gc?.();
  const perPair = (process.memoryUsage().arrayBuffers - before) / 50;
  assert.ok(worlds.length === 50 && world.now === 0);
  assert.ok(perPair < 16_384, `${perPair} bytes per pair`);
});
