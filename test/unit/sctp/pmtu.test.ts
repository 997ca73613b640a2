import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerTable } from '../../../src/core/index.ts';
import { ChunkType, COMMON_HEADER_BYTES } from '../../../src/sctp/constants.ts';
import { PacketBuilder } from '../../../src/sctp/packet-builder.ts';
import { decodePacket } from '../../../src/sctp/index.ts';
import { PathMtu, searchStep, type SctpPath } from '../../../src/sctp/pmtu.ts';
import { Rto } from '../../../src/sctp/rto.ts';
import type { SctpTimer } from '../../../src/sctp/timers.ts';
import { seeded, seededRandom } from '../../support/fuzz.ts';
import { payload, SctpWorld } from '../../support/sctp.ts';

const BASE = 1160;
const FLOOR = 508;
const OVERHEAD = 65;
const RTT_MS = 20;

/** A search over a path that carries packets up to a size, in virtual time. */
class Search {
  readonly timers: TimerTable<SctpTimer> = new TimerTable();
  readonly mtu: PathMtu;
  readonly probes: number[] = [];
  now = 0;
  carries: (size: number) => boolean;
  readonly #builder = new PacketBuilder(5000, 5000, 0, 0);

  constructor(carries: (size: number) => boolean) {
    this.carries = carries;
    this.mtu = new PathMtu(BASE, FLOOR, this.timers, new Rto(500, 200, 60_000), seededRandom(1));
  }

  start(path: SctpPath, peerPads = true): this {
    this.mtu.setPath(path, this.now);
    this.mtu.start(peerPads, this.now);
    return this.run();
  }

  /** Goes on until nothing is to be done within `ms`. */
  run(ms = 60_000): this {
    const end = this.now + ms;
    for (;;) {
      if (this.mtu.isPending) this.#probe();
      if (this.mtu.isPending) continue;
      const due = this.timers.next();
      if (due === undefined || due.at > end) return this;
      this.now = Math.max(this.now, due.at);
      while (this.timers.expire(this.now) !== undefined) this.mtu.handleTimeout(this.now);
    }
  }

  #probe(): void {
    this.mtu.write(this.#builder, 1, this.now);
    const packet = this.#builder.finish(true);
    this.probes.push(packet.length);
    if (!this.carries(packet.length)) return;
    this.now += RTT_MS;
    const [heartbeat] = decodePacket(packet).chunks;
    assert.ok(this.mtu.handleAck(packet.subarray(heartbeat!.start, heartbeat!.end), this.now));
  }
}

const ethernet = { maxMtuBytes: 1500 - OVERHEAD, overheadBytes: OVERHEAD };
const jumbo = { maxMtuBytes: 9000 - OVERHEAD, overheadBytes: OVERHEAD };
const loopback = { maxMtuBytes: 16_384, wholeBytes: 65_536 - OVERHEAD, overheadBytes: OVERHEAD, isLoopback: true };

test('a probe is a HEARTBEAT and PAD alone in a packet of exactly the size (RFC 8899 6.2.1, RFC 4820)', () => {
  for (const size of [44, 48, 508, 1160, 16_384]) {
    const mtu = new PathMtu(size, size, new TimerTable(), new Rto(500, 200, 60_000), seededRandom(1));
    mtu.setPath({ maxMtuBytes: size + 4, isLoopback: true }, 0);
    mtu.start(true, 0);
    const builder = new PacketBuilder(5000, 5000, 21, 16);
    mtu.write(builder, 7, 0);
    const packet = builder.finish(true);
    assert.equal(packet.length, size + 4);
    assert.deepEqual(decodePacket(packet).chunks.map(({ type }) => type), [ChunkType.HEARTBEAT, ChunkType.PAD]);
    assert.ok(packet.subarray(COMMON_HEADER_BYTES + 28).every((byte) => byte === 0), 'padding is zero');
  }
});

test('a peer that did not name PAD gets a probe of two HEARTBEATs, whose echoes are half as large, and the first counts (RFC 9260 3.3.5)', () => {
  const mtu = new PathMtu(BASE, FLOOR, new TimerTable(), new Rto(500, 200, 60_000), seededRandom(1));
  mtu.setPath(ethernet, 0);
  mtu.start(false, 0);
  const builder = new PacketBuilder(5000, 5000, 21, 16);
  mtu.write(builder, 7, 0);
  const packet = builder.finish(true);
  assert.equal(packet.length, 1212);
  const { chunks } = decodePacket(packet);
  assert.deepEqual(chunks.map(({ type, start, end }) => ({ type, bytes: end - start })), [600, 600].map((bytes) => ({ type: ChunkType.HEARTBEAT, bytes: bytes - 4 })));
  const [first, second] = chunks.map(({ start, end }) => packet.subarray(start, end)) as [Uint8Array, Uint8Array];
  assert.deepEqual(first, second);
  assert.ok(first.subarray(20).every((byte) => byte === 0), 'padding is zero');
  assert.ok(mtu.handleAck(first, RTT_MS));
  assert.equal(mtu.mtuBytes, 1212);
  assert.equal(mtu.handleAck(second, RTT_MS), false, 'of the next size nothing has come');
});

test('where the upper bound works, one probe finds it on loopback, and few steps elsewhere (RFC 8899 5.3)', () => {
  for (const [path, probes] of [[ethernet, 4], [jumbo, 7], [loopback, 1]] as const) {
    const search = new Search(() => true).start(path);
    assert.equal(search.mtu.mtuBytes, path.maxMtuBytes & ~3);
    assert.equal(search.probes.length, probes);
    assert.equal(search.mtu.state, 'complete');
  }
});

test('the search converges to the largest working size of any path, to its step, in few probes', () => {
  fc.assert(
    fc.property(fc.integer({ min: BASE, max: 17_000 }), fc.constantFrom(ethernet, jumbo, loopback), (largest, path) => {
      const search = new Search((size) => size <= largest).start(path);
      const found = search.mtu.mtuBytes;
      const best = Math.min(largest, path.maxMtuBytes) & ~3;
      assert.ok(found <= best, `${found} of ${best}`);
      assert.ok(best - found < Math.max(searchStep(found), 16), `${found} of ${best}`);
      assert.ok(search.probes.length <= 30, `${search.probes.length} probes`);
      assert.equal(search.mtu.state, 'complete');
      for (const size of search.probes) assert.ok(size > BASE && size <= path.maxMtuBytes, `probe of ${size}`);
    }),
    { numRuns: 1000 },
  );
});

test('common sizes of links are found exactly', () => {
  for (const ip of [1280, 1380, 1420, 1450, 1480, 1492, 4352, 8900]) {
    const search = new Search((size) => size + OVERHEAD <= ip).start(jumbo);
    assert.equal(search.mtu.mtuBytes, (ip - OVERHEAD) & ~3);
  }
});

test('no size is tried more than three times (RFC 8899 5.1.2, MAX_PROBES)', () => {
  for (const [path, most] of [[loopback, 3], [ethernet, 3]] as const) {
    const search = new Search(() => false).start(path);
    assert.equal(search.mtu.mtuBytes, BASE);
    const times = new Map<number, number>();
    for (const size of search.probes) times.set(size, (times.get(size) ?? 0) + 1);
    assert.ok(search.probes.length > 0 && [...times.values()].every((count) => count <= most), JSON.stringify([...times]));
  }
});

test('a search that ended below its bound begins anew after ten minutes (RFC 8899 5.1.1), one that reached it never', () => {
  const search = new Search((size) => size <= 1300).start(ethernet);
  const probes = search.probes.length;
  search.carries = () => true;
  search.run(540_000);
  assert.equal(search.probes.length, probes);
  search.run(700_000);
  assert.equal(search.mtu.mtuBytes, ethernet.maxMtuBytes & ~3);
  const after = search.probes.length;
  search.run(3_600_000);
  assert.equal(search.probes.length, after);
});

test('a peer that does not name PAD is sent no packet that Ethernet would not carry', () => {
  const search = new Search(() => true).start(loopback, false);
  assert.equal(search.mtu.mtuBytes, (1500 - OVERHEAD) & ~3);
  assert.ok(Math.max(...search.probes) <= 1500 - OVERHEAD);
});

test('a timeout makes packets small at once, and one probe that arrives makes them large again', () => {
  const search = new Search(() => true).start(ethernet);
  search.mtu.timedOut(search.now);
  assert.equal(search.mtu.mtuBytes, BASE);
  assert.equal(search.mtu.state, 'confirming');
  search.run(1000);
  assert.equal(search.mtu.mtuBytes, ethernet.maxMtuBytes & ~3);
  assert.equal(search.probes.length, 5);
});

test('on loopback one timeout says nothing of sizes, and two in a row without anything acknowledged do', () => {
  const search = new Search(() => true).start(loopback);
  const { length: probes } = search.probes;
  for (let i = 0; i < 5; i++) {
    search.mtu.timedOut(search.now);
    search.run(1000);
    assert.deepEqual([search.mtu.mtuBytes, search.mtu.state, search.probes.length], [16_384, 'complete', probes]);
    search.mtu.progressed();
  }
  search.mtu.timedOut(search.now);
  search.mtu.timedOut(search.now);
  assert.deepEqual([search.mtu.mtuBytes, search.mtu.state], [BASE, 'confirming']);
  search.run(1000);
  assert.equal(search.mtu.mtuBytes, 16_384);
});

test('a black hole is found by three lost probes, and what it carries is searched for (RFC 8899 4.3)', () => {
  const search = new Search(() => true).start(jumbo);
  search.carries = (size) => size + OVERHEAD <= 1500;
  search.mtu.timedOut(search.now);
  const start = search.now;
  search.run(10_000);
  assert.equal(search.mtu.mtuBytes, (1500 - OVERHEAD) & ~3);
  assert.ok(search.now - start < 10_000);
});

test('losses beside packets that arrive make the search look at its size, at most every two seconds', () => {
  const search = new Search(() => true).start(ethernet);
  for (let i = 0; i < 1000; i++) {
    search.now += 10;
    search.mtu.lost(search.now);
    search.run(0);
  }
  assert.ok(search.probes.length >= 8 && search.probes.length <= 11, `${search.probes.length} probes`);
  assert.equal(search.mtu.mtuBytes, ethernet.maxMtuBytes & ~3);
});

test('below the base size the smallest one is proved before anything shrinks, and what was in flight goes again', () => {
  const search = new Search(() => true).start(ethernet);
  search.carries = (size) => size + OVERHEAD <= 576;
  search.mtu.timedOut(search.now);
  search.run(300);
  search.mtu.timedOut(search.now);
  search.run(5000);
  assert.equal(search.mtu.mtuBytes, FLOOR);
  assert.ok(search.mtu.hasFallen);
  assert.ok(search.now < 5000);
});

test('a path that carries nothing is not taken for a small one', () => {
  const search = new Search(() => true).start(ethernet);
  search.carries = () => false;
  const probes = search.probes.length;
  for (let i = 0; i < 20; i++) {
    search.now += 3000;
    search.mtu.timedOut(search.now);
    search.run(3000);
  }
  assert.equal(search.mtu.mtuBytes, BASE);
  assert.ok(search.probes.length - probes < 20 * 8, 'no storm');
  search.carries = () => true;
  search.mtu.progressed();
  search.mtu.timedOut(search.now);
  search.run(700_000);
  assert.ok(search.mtu.mtuBytes >= BASE);
});

test('A-OS-02 a size that the system refused is never tried again', () => {
  const search = new Search(() => true).start(jumbo);
  assert.equal(search.mtu.mtuBytes, jumbo.maxMtuBytes & ~3);
  const refused = 4000;
  const before = search.probes.length;
  search.mtu.tooLarge(refused, search.now);
  assert.ok(search.mtu.mtuBytes < refused);
  assert.ok(search.mtu.hasFallen, 'what was refused goes again');
  search.run(3_600_000);
  assert.ok(search.probes.slice(before).every((size) => size < refused));
  assert.ok(search.mtu.mtuBytes >= refused - 2 * searchStep(refused) && search.mtu.mtuBytes < refused, `${search.mtu.mtuBytes}`);
});

test('A-OS-02 a probe that the system refused is not waited for', () => {
  const search = new Search(() => true);
  search.mtu.setPath(loopback, 0);
  search.mtu.start(true, 0);
  search.mtu.write(new PacketBuilder(5000, 5000, 0, 0), 1, 0);
  search.mtu.tooLarge(loopback.maxMtuBytes, 0);
  assert.ok(search.mtu.isPending, 'the next size goes out at once');
});

test('a size that arrives only at its second try may have been cut by the system, and is not believed, now or after a loss', () => {
  const search = new Search(() => true);
  let learnt = false;
  search.carries = (size) => {
    if (size + OVERHEAD <= 1420 || learnt) return true;
    learnt = true; // ICMP told the system, which cuts what follows
    return false;
  };
  search.start(ethernet);
  assert.equal(search.mtu.mtuBytes, (1380 - OVERHEAD) & ~3);
  search.mtu.timedOut(search.now);
  search.run(2000);
  search.mtu.lost(search.now + 5000);
  search.run(2000);
  assert.equal(search.mtu.mtuBytes, (1380 - OVERHEAD) & ~3);
});

test('another path begins at the base size', () => {
  const search = new Search(() => true).start(jumbo);
  search.mtu.setPath(ethernet, search.now);
  assert.equal(search.mtu.mtuBytes, BASE);
  search.run();
  assert.equal(search.mtu.mtuBytes, ethernet.maxMtuBytes & ~3);
});

test('an answer that nobody asked for, or a forged one, changes nothing', () => {
  const search = new Search(() => true);
  search.mtu.setPath(jumbo, 0);
  search.mtu.start(true, 0);
  assert.equal(search.mtu.handleAck(new Uint8Array(20), 0), false);
  search.mtu.write(new PacketBuilder(5000, 5000, 0, 0), 1, 0);
  const forged = new Uint8Array(20);
  forged.set([0, 1, 0, 20]);
  assert.equal(search.mtu.handleAck(forged, 0), false);
  assert.equal(search.mtu.mtuBytes, BASE);
});

/** Two associations that search, over a link that loses what is larger. */
function searching(options: { readonly ip: number; readonly path: SctpPath; readonly loss?: number; readonly seed?: number }): SctpWorld {
  const config = { mtuBytes: BASE, zeroChecksum: true };
  const world = new SctpWorld({ a: config, b: config, link: { delayMs: 20, loss: options.loss ?? 0 }, seed: options.seed ?? 1 });
  world.filter = (_from, bytes) => bytes.length + OVERHEAD <= options.ip;
  world.a.association.setPath(options.path, 0);
  world.b.association.setPath(options.path, 0);
  world.a.association.connect(0);
  return world;
}

test('probes never hold user data, never delay it, and losing them is no congestion', () => {
  const world = searching({ ip: 1300, path: jumbo });
  world.record = true;
  world.run(5000, () => world.a.association.state === 'established');
  const before = world.a.association.stats().congestionWindowBytes;
  for (let i = 0; i < 20; i++) world.a.association.handleWrite({ streamId: 0, ppid: 53, data: payload(1000, i), ordered: true }, world.now);
  world.run(10_000);
  assert.equal(world.b.messages.length, 20);
  let probes = 0;
  for (const packet of world.a.sent) {
    const types = decodePacket(packet).chunks.map(({ type }) => type);
    if (!types.includes(ChunkType.PAD)) continue;
    probes++;
    assert.deepEqual(types, [ChunkType.HEARTBEAT, ChunkType.PAD]);
  }
  const stats = world.a.association.stats();
  assert.equal(stats.mtuProbesSent, probes);
  assert.ok(probes > stats.mtuProbesAcknowledged && stats.mtuProbesAcknowledged > 0);
  assert.ok(stats.congestionWindowBytes >= before);
  assert.equal(stats.chunksRetransmitted, 0);
});

test('with 20 % loss the search ends, never above what the path carries, and all data arrives', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const ip = 1280 + Math.floor(seeded(seed)() * 220);
    const world = searching({ ip, path: ethernet, loss: 0.2, seed });
    world.run(60_000, () => world.a.association.state === 'established' && world.b.association.state === 'established');
    for (let i = 0; i < 40; i++) world.a.association.handleWrite({ streamId: 0, ppid: 53, data: payload(5000, i), ordered: true }, world.now);
    assert.ok(world.run(120_000, () => world.b.messages.length === 40), `seed ${seed}`);
    world.run(30_000);
    const { mtuBytes, pathMtuState, mtuProbesSent } = world.a.association.stats();
    assert.ok(mtuBytes + OVERHEAD <= ip && mtuBytes >= FLOOR, `seed ${seed}: ${mtuBytes}`);
    assert.equal(pathMtuState, 'complete');
    assert.ok(mtuProbesSent < 150, `seed ${seed}: ${mtuProbesSent} probes`);
  }
});

test('chunks fit the base size on a path that may shrink, and the packet where it cannot', () => {
  for (const [path, largest] of [[jumbo, BASE], [loopback, 16_384]] as const) {
    const world = searching({ ip: 65_535, path });
    world.run(10_000);
    world.record = true;
    world.a.association.handleWrite({ streamId: 0, ppid: 53, data: payload(60_000, 1), ordered: true }, world.now);
    world.run(5000);
    assert.deepEqual(world.b.messages.map(({ data }) => data), [payload(60_000, 1)]);
    const sizes = world.a.sent.flatMap((packet) => decodePacket(packet).chunks.filter(({ type }) => type === ChunkType.I_DATA).map(({ start, end }) => COMMON_HEADER_BYTES + 4 + end - start));
    assert.equal(Math.max(...sizes), largest);
    assert.ok(Math.max(...world.a.sent.map(({ length }) => length)) > (path.maxMtuBytes * 9) / 10, 'packets are full');
  }
});

test('a packet is padded to be cut by the system only where such a packet fits into a record (RFC 6347 4.1)', () => {
  assert.equal(new Search(() => true).start(ethernet).mtu.cutBytes, (ethernet.maxMtuBytes & ~3) + 64);
  assert.equal(new Search(() => true).start(loopback).mtu.cutBytes, 0);
  assert.equal(new Search(() => true).start({ ...loopback, isLoopback: false }).mtu.cutBytes, 0);
});
