import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { add32, DecodeError } from '../../../src/core/index.ts';
import { ChunkType, decodeIForwardTsn, decodePacket } from '../../../src/sctp/index.ts';
import { encodeForwardTsn, encodeIForwardTsn } from '../../../src/sctp/packets.ts';
import { type OutMessage, rankOf, Scheduler } from '../../../src/sctp/scheduler.ts';
import { seeded } from '../../support/fuzz.ts';
import { Attacker, dataChunk, iDataChunk, payload, SctpWorld } from '../../support/sctp.ts';

const MIB = 1024 * 1024;
const BEGIN = 2;
const END = 1;
const UNORDERED = 4;

function numbered(i: number, size: number): Uint8Array {
  const bytes = payload(Math.max(4, size), i);
  new DataView(bytes.buffer).setUint32(0, i);
  return bytes;
}

function index(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}

function chunkTypes(packets: readonly Uint8Array[]): Set<number> {
  return new Set(packets.flatMap((packet) => decodePacket(packet).chunks.map(({ type }) => type)));
}

/** An association that expects I-DATA, and whoever plays its peer. */
function interleavingAttacker(options: ConstructorParameters<typeof Attacker>[0] = {}): Attacker {
  return new Attacker({ ...options, peer: { interleaving: true, ...options.peer } });
}

function endsByViolation(attacker: Attacker, ...chunks: readonly Uint8Array[]): void {
  const answers = attacker.send(...chunks);
  assert.ok(answers.some(({ type }) => type === ChunkType.ABORT), 'no ABORT');
  assert.deepEqual(attacker.events().filter(({ type }) => type === 'failed'), [{ type: 'failed', reason: 'protocol-violation' }]);
}

test('I-DATA is used when both ends offer it, DATA otherwise, whoever connects (RFC 8260 2.2.1)', () => {
  for (const a of [true, false]) {
    for (const b of [true, false]) {
      for (const both of [true, false]) {
        const world = new SctpWorld({ a: { interleaving: a }, b: { interleaving: b }, link: { delayMs: 5 } });
        world.record = true;
        world.a.association.connect(0);
        if (both) world.b.association.connect(0);
        for (const side of [world.a, world.b]) side.association.handleWrite({ streamId: 1, ppid: 53, data: payload(30_000, 1), ordered: true }, 0);
        assert.ok(world.run(10_000, () => world.a.messages.length === 1 && world.b.messages.length === 1));
        for (const side of [world.a, world.b]) {
          assert.deepEqual(side.messages[0], { streamId: 1, ppid: 53, data: payload(30_000, 1) });
          const types = chunkTypes(side.sent);
          assert.equal(types.has(ChunkType.I_DATA), a && b);
          assert.equal(types.has(ChunkType.DATA), !(a && b));
        }
      }
    }
  }
});

test('I-FORWARD-TSN comes back as it was, and nothing else decodes (RFC 8260 2.3.1)', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.uniqueArray(fc.tuple(fc.nat(65_534), fc.boolean(), fc.nat(0xffff_ffff)), { selector: ([id, unordered]) => 2 * id + Number(unordered), maxLength: 50 }), (tsn, entries) => {
      const chunk = encodeIForwardTsn(tsn, new Map(entries.map(([id, unordered, mid]) => [2 * id + Number(unordered), mid])));
      assert.deepEqual(decodeIForwardTsn(chunk, 4, chunk.length), { cumulativeTsn: tsn, skipped: entries.map(([streamId, unordered, mid]) => ({ streamId, unordered, mid })) });
      for (const cut of [1, 3, 7]) assert.throws(() => decodeIForwardTsn(chunk, 4, chunk.length - cut), DecodeError);
    }),
  );
});

test('fragments of equal streams alternate packet by packet (RFC 8260 3.4)', () => {
  const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 0 } });
  world.record = true;
  for (const streamId of [1, 2, 3]) world.a.association.handleWrite({ streamId, ppid: 53, data: payload(100_000, streamId), ordered: true }, world.now);
  world.run(1000);
  const streams = world.a.sent.flatMap((packet) => decodePacket(packet).chunks.filter(({ type }) => type === ChunkType.I_DATA).map(({ start }) => (packet[start + 4]! << 8) | packet[start + 5]!));
  assert.deepEqual(streams.slice(0, 240), Array.from({ length: 240 }, (_, i) => 1 + (i % 3)));
  assert.deepEqual(world.b.messages.map(({ data }) => data.length), [100_000, 100_000, 100_000]);
});

test('priorities share the link as 1 : 2 : 4 : 8 (RFC 8831 6.4, RFC 8260 3.6)', () => {
  for (const interleaving of [true, false]) {
    const world = SctpWorld.connected({ a: { interleaving }, link: { delayMs: 5, rateBps: 20_000_000, queueBytes: 100_000 } });
    const { a, b } = world;
    const priorities = [128, 256, 512, 1024];
    a.onTurn = (now) => {
      priorities.forEach((priority, streamId) => {
        while (a.association.bufferedAmount(streamId) < 100_000) a.association.handleWrite({ streamId, ppid: 1, data: new Uint8Array(interleaving ? 20_000 : 3000), ordered: true, priority }, now);
      });
    };
    world.run(1000);
    b.messages.length = 0;
    world.run(3000);
    const shares = priorities.map((_, streamId) => b.messages.reduce((sum, message) => sum + (message.streamId === streamId ? message.data.length : 0), 0));
    for (let i = 1; i < 4; i++) {
      const ratio = shares[i]! / shares[0]! / 2 ** i;
      assert.ok(ratio > 0.85 && ratio < 1.15, `interleaving ${interleaving}: ${shares}`);
    }
  }
});

test('a priority is that of the nearest one below', () => {
  assert.deepEqual([0, 127, 128, 255, 256, 511, 512, 1023, 1024, 65_535].map(rankOf), [0, 0, 0, 0, 1, 1, 2, 2, 3, 3]);
});

test('a small message beside 1 MiB messages comes back in five times the idle round trip (p95)', () => {
  const measure = (bulk: boolean, interleaving: boolean): number => {
    const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 0, interleaving }, b: { maxMessageSizeBytes: 2 * MIB }, link: { delayMs: 10, rateBps: 100_000_000, queueBytes: 60_000 } });
    const { a, b } = world;
    let pending = false;
    let next = world.now + 1000;
    let at = 0;
    const times: number[] = [];
    a.onTurn = (now) => {
      while (bulk && a.association.bufferedAmount(0) < 2 * MIB) a.association.handleWrite({ streamId: 0, ppid: 1, data: new Uint8Array(MIB), ordered: true }, now);
      if (a.messages.length > 0) {
        times.push(now - at);
        a.messages.length = 0;
        pending = false;
        next = now + 10;
      }
      if (pending || now < next) return;
      pending = true;
      at = now;
      a.association.handleWrite({ streamId: 1, ppid: 2, data: new Uint8Array(100), ordered: true }, now);
    };
    b.onTurn = (now) => {
      for (const { ppid } of b.messages) if (ppid === 2) b.association.handleWrite({ streamId: 1, ppid: 2, data: new Uint8Array(100), ordered: true }, now);
      b.messages.length = 0;
    };
    for (let i = 0; i < 450; i++) world.run(10);
    times.sort((x, y) => x - y);
    assert.ok(times.length > 20, `${times.length} round trips`);
    return times[Math.floor(times.length * 0.95)]!;
  };
  const idle = measure(false, true);
  const interleaved = measure(true, true);
  const whole = measure(true, false);
  assert.ok(interleaved <= 5 * idle, `${interleaved.toFixed(1)} ms beside bulk, ${idle.toFixed(1)} ms idle`);
  assert.ok(whole > 2 * interleaved, `${whole.toFixed(1)} ms without interleaving`);
});

test('exactly once and in order over 30 seeds of lossy links, many long messages at a time', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const next = seeded(seed * 13);
    const link = { delayMs: next() * 100, jitterMs: seed % 2 ? 0 : next() * 60, loss: seed % 5 === 0 ? 0 : next() * 0.25, duplicate: seed % 3 ? 0 : 0.1, corrupt: seed % 7 ? 0 : 0.05 };
    const window = seed % 4 === 0 ? 60_000 : 5 * MIB;
    const world = new SctpWorld({ seed, firstTsn: seed % 2 ? 0xffff_fff0 : 77, link, a: { mtuBytes: 400 + Math.floor(next() * 900) }, b: { receiveWindowBytes: window } });
    world.a.association.connect(0);
    const sizes = Array.from({ length: 60 }, () => Math.floor(next() ** 3 * 30_000) + 4);
    sizes.forEach((size, i) => world.a.association.handleWrite({ streamId: i % 12, ppid: i % 5 === 0 ? 2 : 1, data: numbered(i, size), ordered: i % 5 !== 0, priority: [128, 256, 512, 1024][i % 4] }, 0));
    assert.ok(world.run(3_000_000, () => world.b.messages.length >= 60), `seed ${seed}: ${world.b.messages.length}`);
    const last = new Map<number, number>();
    const seen = new Set<number>();
    for (const { streamId, ppid, data } of world.b.messages) {
      const i = index(data);
      assert.deepEqual(data, numbered(i, sizes[i]!), `seed ${seed}: message ${i}`);
      assert.ok(!seen.has(i), `seed ${seed}: message ${i} twice`);
      seen.add(i);
      if (ppid === 2) continue;
      assert.ok(i > (last.get(streamId) ?? -1), `seed ${seed}: message ${i} overtaken`);
      last.set(streamId, i);
    }
    world.run(100_000, () => world.a.association.stats().unacknowledgedChunks === 0);
    assert.equal(world.b.association.stats().receiveWindowBytes, window, `seed ${seed}: nothing is held`);
    assert.equal(world.a.association.stats().flightBytes, 0);
  }
});

test('messages given up leave gaps in nothing else (RFC 8260 2.3.1)', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = SctpWorld.connected({ seed, link: { delayMs: 20, jitterMs: seed % 2 ? 0 : 10, loss: 0.1 } });
    const { a, b } = world;
    const size = (i: number): number => 100 + (i % 9) * 700;
    let written = 0;
    a.onTurn = (now) => {
      for (; written < 200 && now >= written * 5; written++) {
        const reliable = written % 4 === 3;
        a.association.handleWrite({ streamId: written % 4, ppid: reliable ? 1 : 2, data: numbered(written, size(written)), ordered: written % 4 !== 2, ...(reliable ? {} : { maxRetransmits: 0 }) }, now);
      }
    };
    while (written < 200) world.run(10);
    world.run(60_000);
    const indices = b.messages.map(({ data }) => index(data));
    for (const { data } of b.messages) assert.deepEqual(data, numbered(index(data), size(index(data))));
    assert.equal(new Set(indices).size, indices.length);
    for (const stream of [0, 1, 3]) {
      const own = indices.filter((i) => i % 4 === stream);
      assert.deepEqual(own, own.toSorted((x, y) => x - y), `seed ${seed}`);
    }
    assert.equal(indices.filter((i) => i % 4 === 3).length, 50, `seed ${seed}: the reliable ones`);
    assert.ok(indices.length < 200, `seed ${seed}`);
    assert.equal(a.association.stats().unacknowledgedChunks, 0, `seed ${seed}`);
    assert.equal(b.association.stats().receiveWindowBytes, 5 * MIB, `seed ${seed}: nothing is held`);
  }
});

test('many messages given up at once are all named, in several chunks where one has no room', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  world.filter = (from, bytes) => from !== world.a || !chunkTypes([bytes]).has(ChunkType.I_DATA);
  for (let i = 0; i < 400; i++) world.a.association.handleWrite({ streamId: i, ppid: 1, data: numbered(i, 4), ordered: true, maxRetransmits: 0 }, world.now);
  world.run(60_000);
  world.filter = undefined;
  for (let i = 0; i < 400; i++) world.a.association.handleWrite({ streamId: i, ppid: 1, data: numbered(i, 4), ordered: true }, world.now);
  assert.ok(world.run(60_000, () => world.b.messages.length === 400), `${world.b.messages.length}`);
});

test('a reset begins both sequences of a stream anew (RFC 8260 2.1, RFC 6525)', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  world.record = true;
  for (let round = 1; round <= 3; round++) {
    for (const ordered of [true, false]) world.a.association.handleWrite({ streamId: 3, ppid: round, data: payload(3000, round), ordered }, world.now);
    world.a.association.resetStreams([3], world.now);
    assert.ok(world.run(10_000, () => world.b.messages.length === 2 * round));
    world.run(1000);
  }
  for (const packet of world.a.sent) {
    for (const { type, start } of decodePacket(packet).chunks) if (type === ChunkType.I_DATA) assert.equal(new DataView(packet.buffer, packet.byteOffset + start + 8).getUint32(0), 0);
  }
});

test('A-SCTP-17 DATA where I-DATA was agreed on ends the association, and the other way round', () => {
  const interleaving = interleavingAttacker();
  endsByViolation(interleaving, dataChunk(interleaving.tsn));
  const plain = new Attacker();
  endsByViolation(plain, iDataChunk(plain.tsn));
  const skipping = interleavingAttacker();
  endsByViolation(skipping, encodeForwardTsn(skipping.tsn, new Map([[1, 1]])));
  const plainSkipping = new Attacker();
  endsByViolation(plainSkipping, encodeIForwardTsn(plainSkipping.tsn, new Map([[2, 1]])));
});

test('A-SCTP-17 message identifiers wrap at 32 bits', () => {
  const attacker = interleavingAttacker();
  let tsn = attacker.tsn;
  for (const mid of [0x7fff_fff0, 0xffff_fff0]) {
    attacker.send(encodeIForwardTsn(tsn, new Map([[0, mid]])));
    tsn = add32(tsn, 1);
  }
  const bytes = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i));
  bytes.forEach((data, i) => attacker.send(iDataChunk(add32(tsn, i), { mid: add32(0xffff_fff1, i), bytes: data })));
  assert.deepEqual(attacker.messages().map(({ data }) => data[0]), bytes.map((data) => data[0]));
  attacker.send(iDataChunk(add32(tsn, 40), { mid: 0xffff_ffff })); // used before
  assert.equal(attacker.messages().length, 0);
  assert.equal(attacker.victim.state, 'established');
});

test('A-SCTP-17 the writer’s message identifiers wrap too', () => {
  const scheduler = new Scheduler();
  scheduler.interleave(MIB);
  const stream = scheduler.stream(0);
  stream.nextSequence = 0xffff_ffff;
  assert.equal(add32(stream.nextSequence, 1), 0);
});

test('A-SCTP-17 a gap in the numbers of fragments ends the association once no TSN is missing', () => {
  const inOrder = interleavingAttacker();
  inOrder.send(iDataChunk(inOrder.tsn, { flags: BEGIN }));
  endsByViolation(inOrder, iDataChunk(add32(inOrder.tsn, 1), { flags: END, ppidOrFsn: 2 }));

  const filled = interleavingAttacker();
  filled.send(iDataChunk(add32(filled.tsn, 1), { flags: END, ppidOrFsn: 2 }));
  assert.equal(filled.victim.state, 'established');
  endsByViolation(filled, iDataChunk(filled.tsn, { flags: BEGIN }));

  const headless = interleavingAttacker();
  endsByViolation(headless, iDataChunk(headless.tsn, { flags: END, ppidOrFsn: 1 }));
});

test('A-SCTP-17 fragments that contradict one another end the association', () => {
  const cases: readonly (readonly Parameters<typeof iDataChunk>[1][])[] = [
    [{ flags: BEGIN }, { flags: BEGIN }],
    [{ flags: BEGIN }, { flags: BEGIN | END }],
    [{ flags: BEGIN }, { flags: 0, ppidOrFsn: 0 }],
    [{ flags: BEGIN }, { flags: 0, ppidOrFsn: 1 }, { flags: 0, ppidOrFsn: 1 }],
    [{ flags: END, ppidOrFsn: 5 }, { flags: 0, ppidOrFsn: 6 }],
    [{ flags: END, ppidOrFsn: 5 }, { flags: END, ppidOrFsn: 4 }],
    [{ flags: 0, ppidOrFsn: 5 }, { flags: END, ppidOrFsn: 4 }],
    [{ mid: 4 }, { mid: 4 }],
    [{ mid: 4 }, { mid: 4, flags: BEGIN }],
  ];
  for (const chunks of cases) {
    for (const unordered of [0, UNORDERED]) {
      if (unordered !== 0 && chunks[0]?.mid === 4) continue; // whole unordered messages leave no trace
      const attacker = interleavingAttacker();
      const last = chunks.length - 1;
      // From the second TSN on, so that none is judged by what is missing.
      const encoded = chunks.map((options, i) => iDataChunk(add32(attacker.tsn, i + 1), { ...options, flags: (options?.flags ?? 3) | unordered }));
      attacker.send(...encoded.slice(0, last));
      assert.equal(attacker.victim.state, 'established');
      endsByViolation(attacker, encoded[last]!);
    }
  }
});

test('A-SCTP-10 interleaved messages on all streams that never end stay within the window and one message', () => {
  const attacker = interleavingAttacker({ victim: { receiveWindowBytes: 500_000, maxMessageSizeBytes: 50_000 } });
  for (let i = 0; i < 65_000; i++) attacker.send(iDataChunk(add32(attacker.tsn, i), { flags: BEGIN, streamId: i % 65_535, bytes: payload(100, i) }));
  const { counters, receiveWindowBytes } = attacker.victim.stats();
  assert.equal(receiveWindowBytes, 0);
  const taken = 65_000 - (counters.get('sctp.window') ?? 0);
  assert.ok(taken * (100 + 2 * 256) <= 500_000 * 1.25 + 50_000 + 612, `${taken} fragments`);
  assert.ok(taken * 612 > 500_000);
});

test('A-SCTP-11 I-FORWARD-TSN skips what it names, drops what came of it, and late pieces of it', () => {
  const attacker = interleavingAttacker();
  const { tsn } = attacker;
  const at = (i: number): number => add32(tsn, i);
  attacker.send(iDataChunk(at(0), { flags: BEGIN, streamId: 1 }), iDataChunk(at(2), { flags: BEGIN | UNORDERED, streamId: 1 }), iDataChunk(at(3), { streamId: 1, mid: 1, bytes: Uint8Array.of(9) }));
  assert.equal(attacker.messages().length, 0);
  attacker.send(encodeIForwardTsn(at(2), new Map([[2, 0], [3, 0]])));
  assert.deepEqual(attacker.messages().map(({ data }) => data[0]), [9]);
  attacker.send(iDataChunk(at(4), { flags: END, streamId: 1, ppidOrFsn: 1 }), iDataChunk(at(5), { flags: END | UNORDERED, streamId: 1, ppidOrFsn: 1 }));
  assert.equal(attacker.messages().length, 0);
  assert.equal(attacker.victim.state, 'established');
  assert.equal(attacker.victim.stats().receiveWindowBytes, 5 * MIB);
  for (const far of [add32(tsn, 0x7fff_ffff), add32(tsn, -5)]) attacker.send(encodeIForwardTsn(far, new Map([[2, 9]])));
  attacker.send(iDataChunk(at(6), { streamId: 1, mid: 2, bytes: Uint8Array.of(8) }));
  assert.deepEqual(attacker.messages().map(({ data }) => data[0]), [8]);
});

test('A-DC-01 an interleaved message over our limit is dropped and reported; those behind it arrive', () => {
  const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 0 }, b: { maxMessageSizeBytes: 10_000 }, link: { delayMs: 5, jitterMs: 4 } });
  for (const [i, size] of [9000, 30_000, 10_000].entries()) world.a.association.handleWrite({ streamId: 1, ppid: 1, data: numbered(i, size), ordered: true }, world.now);
  world.run(5000);
  assert.deepEqual(world.b.messages.map(({ data }) => index(data)), [0, 2]);
  assert.deepEqual(world.b.event('message-too-large'), { type: 'message-too-large', streamId: 1 });
  assert.equal(world.b.association.stats().receiveWindowBytes, 5 * MIB);
});

test('long messages on many streams do not fill the window with beginnings', () => {
  const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 0 }, b: { receiveWindowBytes: 1_000_000 }, link: { delayMs: 5 } });
  for (let i = 0; i < 60; i++) world.a.association.handleWrite({ streamId: i, ppid: 1, data: numbered(i, i % 2 ? 200_000 : 15_000), ordered: true }, world.now);
  const began = world.now;
  assert.ok(world.run(60_000, () => world.b.messages.length === 60), `${world.b.messages.length}`);
  assert.ok(world.now - began < 5000, `${world.now - began} ms`);
});

test('the scheduler gives every message out once, in the order of its stream, whatever waits, resets or is dropped', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 60_000 }), fc.constantFrom(128, 256, 512, 1024), fc.nat(20)), { maxLength: 80 }), (interleaving, writes) => {
      const scheduler = new Scheduler();
      if (interleaving) scheduler.interleave(200_000);
      const out: OutMessage[] = [];
      const expected: OutMessage[] = [];
      const step = (count: number): void => {
        for (let i = 0; i < count; i++) {
          const message = scheduler.peek(0);
          if (message === undefined) return;
          const size = Math.min(1168, message.data.length - message.sentBytes);
          scheduler.sent(message, size, size + 20);
          if (message.sentBytes === message.data.length) out.push(message);
        }
      };
      for (const [id, size, priority, steps] of writes) {
        const message: OutMessage = { stream: scheduler.stream(id), ppid: 1, data: new Uint8Array(size), ordered: true, maxRetransmits: Infinity, expiresAt: Infinity, sequence: 0, sentBytes: 0, fragments: 0, lastTsn: 0, memory: undefined, abandoned: false };
        scheduler.push(message, rankOf(priority));
        expected.push(message);
        step(steps);
      }
      step(100_000);
      assert.equal(out.length, expected.length);
      for (let id = 0; id <= 6; id++) assert.ok(out.filter(({ stream }) => stream.id === id).every((message, i) => message === expected.filter(({ stream }) => stream.id === id)[i]));
      assert.equal(scheduler.messages, 0);
      assert.equal(scheduler.bufferedBytes, 0);
    }),
  );
});
