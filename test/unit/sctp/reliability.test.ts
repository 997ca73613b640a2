import assert from 'node:assert/strict';
import test from 'node:test';
import { add32 } from '../../../src/core/index.ts';
import { checksumOf as crcOf, ChunkType, decodePacket, encodeChunk } from '../../../src/sctp/index.ts';
import { decodeReconfig, encodeOutgoingReset, encodeResetResponse } from '../../../src/sctp/packets.ts';
import { Attacker, dataChunk, payload, SctpWorld } from '../../support/sctp.ts';

function index(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}

function numbered(i: number, size: number): Uint8Array {
  const bytes = payload(size, i);
  new DataView(bytes.buffer).setUint32(0, i);
  return bytes;
}

test('maxRetransmits 0: what is lost is skipped, the rest comes in order and whole (RFC 7496, RFC 3758)', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = SctpWorld.connected({ seed, link: { delayMs: 20, jitterMs: seed % 2 ? 0 : 5, loss: 0.1 } });
    const ordered = seed % 3 !== 0;
    const total = 300;
    let written = 0;
    world.a.onTurn = (now) => {
      while (written < total && now >= written * 10) {
        world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(written, 100 + (written % 7) * 600), ordered, maxRetransmits: 0 }, now);
        written++;
      }
    };
    while (written < total) world.run(10);
    world.run(20_000);
    const indices = world.b.messages.map((message) => index(message.data));
    for (const { data } of world.b.messages) assert.deepEqual(data, numbered(index(data), 100 + (index(data) % 7) * 600));
    assert.equal(new Set(indices).size, indices.length);
    if (ordered) assert.deepEqual(indices, [...indices].sort((x, y) => x - y));
    assert.ok(indices.length < total && indices.length > total / 2, `seed ${seed}: ${indices.length}`);
    const stats = world.a.association.stats();
    assert.equal(stats.unacknowledgedChunks, 0, `seed ${seed}`);
    assert.equal(stats.chunksRetransmitted, 0, `seed ${seed}`);
    assert.equal(world.b.association.stats().receiveWindowBytes, 5 * 1024 * 1024, 'no fragment is left behind');
    // A reliable message behind them arrives.
    world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(9999, 10), ordered: true }, world.now);
    world.run(60_000, () => world.b.messages.some((message) => index(message.data) === 9999));
    assert.equal(index(world.b.messages.at(-1)!.data), 9999, `seed ${seed}`);
  }
});

test('maxRetransmits n: a message is sent n times more, not oftener', () => {
  for (const maxRetransmits of [0, 1, 3]) {
    const world = SctpWorld.connected({ link: { delayMs: 5 } });
    let copies = 0;
    world.filter = (from, bytes) => {
      if (from !== world.a) return true;
      const hasData = decodePacket(bytes).chunks.some((chunk) => chunk.type === ChunkType.I_DATA);
      if (hasData) copies++;
      return !hasData;
    };
    world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(1, 100), ordered: true, maxRetransmits }, world.now);
    world.run(30_000);
    assert.equal(copies, 1 + maxRetransmits);
    assert.equal(world.a.association.stats().messagesAbandoned, 1);
    assert.equal(world.a.association.stats().unacknowledgedChunks, 0);
  }
});

test('a lifetime ends a message that waits, one under way, and one half sent', () => {
  const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 0 }, link: { delayMs: 50, rateBps: 1_000_000, queueBytes: 20_000 } });
  const { a, b } = world;
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(0, 200_000), ordered: true, lifetimeMs: 300 }, world.now); // takes 1.6 s
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(1, 100), ordered: true, lifetimeMs: 100 }, world.now); // waits behind it
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(2, 100), ordered: true }, world.now);
  a.association.handleWrite({ streamId: 1, ppid: 1, data: numbered(3, 100), ordered: true }, world.now);
  assert.ok(world.run(10_000, () => b.messages.length === 2));
  assert.deepEqual(b.messages.map((message) => index(message.data)).sort(), [2, 3]);
  assert.ok(world.now < 1500, `${world.now} ms`);
  world.run(5000);
  assert.equal(a.association.totalBufferedAmount, 0);
  assert.equal(a.association.stats().unacknowledgedChunks, 0);
  assert.equal(b.association.stats().receiveWindowBytes, 5 * 1024 * 1024);
});

test('a message whose sent part arrived is given up with its end: the peer forgets the beginning', () => {
  const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 0 }, link: { delayMs: 50 } });
  const { a, b } = world;
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(0, 40_000), ordered: false, lifetimeMs: 60 }, world.now);
  a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(1, 10), ordered: true }, world.now);
  assert.ok(world.run(5000, () => b.messages.length === 1));
  world.run(2000);
  assert.equal(b.association.stats().receiveWindowBytes, 5 * 1024 * 1024);
  assert.equal(a.association.stats().unacknowledgedChunks, 0);
});

test('to a peer without FORWARD TSN everything is reliable (RFC 3758 3.3)', () => {
  const world = new SctpWorld({ link: { delayMs: 5 } });
  // The parameter and the list of extensions are taken out of INIT and INIT ACK on the way to a.
  world.filter = (_from, bytes) => {
    if (bytes[12] !== ChunkType.INIT && bytes[12] !== ChunkType.INIT_ACK) return true;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 32; at + 4 <= bytes.length; at += (view.getUint16(at + 2) + 3) & ~3) {
      if ([0xc000, 0x8008].includes(view.getUint16(at))) view.setUint16(at, 0x8fff);
    }
    bytes.fill(0, 8, 12);
    const crc = crcOf(bytes);
    view.setUint32(8, crc, true);
    return true;
  };
  world.a.association.connect(0);
  world.run(1000);
  assert.equal(world.a.association.state, 'established');
  let lost = 0;
  world.filter = (from, bytes) => from !== world.a || bytes.length < 1000 || lost++ % 3 !== 0;
  for (let i = 0; i < 50; i++) world.a.association.handleWrite({ streamId: 0, ppid: 1, data: numbered(i, 3000), ordered: true, maxRetransmits: 0 }, world.now);
  assert.ok(world.run(600_000, () => world.b.messages.length === 50));
  // Nor does it reset streams.
  world.a.association.resetStreams([0], world.now);
  world.run(1000);
  assert.deepEqual(world.a.event('outgoing-reset'), { type: 'outgoing-reset', streamIds: [0], result: 'failed' });
});


test('a reset follows what was written; then the id begins anew in this direction (RFC 6525)', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = SctpWorld.connected({ seed, firstTsn: seed % 2 ? 0xffff_fff8 : 5, link: { delayMs: 20, jitterMs: seed % 3 ? 0 : 30, loss: seed > 10 ? 0.25 : 0, duplicate: seed > 20 ? 0.2 : 0 } });
    const { a, b } = world;
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 5; i++) a.association.handleWrite({ streamId: 7, ppid: round, data: numbered(round * 10 + i, 1500), ordered: true }, world.now);
      a.association.resetStreams([7], world.now);
      a.association.resetStreams([7], world.now); // asking twice is asking once
      a.association.handleWrite({ streamId: 7, ppid: round, data: numbered(round * 10 + 5, 10), ordered: true }, world.now); // waits for the reset
      a.association.handleWrite({ streamId: 8, ppid: 99, data: numbered(0, 10), ordered: true }, world.now);
      const resets = (): number => a.events.filter((event) => event.type === 'outgoing-reset' && event.result === 'performed').length;
      const arrived = (): number => b.messages.filter((message) => message.streamId === 7).length;
      assert.ok(world.run(2_000_000, () => resets() === round + 1 && arrived() === 6 * (round + 1)), `seed ${seed}, round ${round}: ${resets()} resets, ${arrived()} messages`);
    }
    assert.equal(b.events.filter((event) => event.type === 'incoming-reset').length, 12, `seed ${seed}`);
    const order = b.messages.filter((message) => message.streamId === 7).map((message) => index(message.data));
    assert.deepEqual(order, [...order].sort((x, y) => x - y));
    world.run(200_000, () => a.association.pollTimeout()?.reason === 'heartbeat');
    assert.equal(a.association.pollTimeout()?.reason, 'heartbeat', 'no other timer runs');
  }
});

test('A-SCTP-12 requests are idempotent, one at a time, and answered "in progress" until the data is here', () => {
  const attacker = new Attacker();
  const { tsn } = attacker;
  const results = (answers: { type: number; value: Uint8Array }[]) =>
    answers.filter((answer) => answer.type === ChunkType.RE_CONFIG).flatMap((answer) => decodeReconfig(answer.value, 0, answer.value.length)).map((param) => (param.type === 'response' ? param.result : -1));
  const incoming = () => attacker.events().filter((event) => event.type === 'incoming-reset');
  assert.deepEqual(results(attacker.send(encodeOutgoingReset(tsn + 9, 0, tsn - 1, [1]))), [5], 'wrong number');
  assert.deepEqual(results(attacker.send(encodeOutgoingReset(tsn, 0, tsn + 1, [1]))), [6]);
  assert.deepEqual(results(attacker.send(encodeOutgoingReset(tsn, 0, tsn + 1, [1]))), [6]);
  assert.deepEqual(incoming(), []);
  attacker.send(dataChunk(tsn, { streamId: 1 }));
  assert.deepEqual(results(attacker.send(dataChunk(tsn + 1, { streamId: 1, ssn: 1 }))), [1], 'told as soon as it is done');
  assert.deepEqual(incoming(), [], 'what came before it is not read yet');
  assert.equal(attacker.messages().length, 2);
  assert.deepEqual(incoming(), [{ type: 'incoming-reset', streamIds: [1] }]);
  assert.deepEqual(results(attacker.send(encodeOutgoingReset(tsn, 0, tsn + 1, [1]))), [1], 'the same answer again');
  assert.deepEqual(incoming(), []);
  attacker.send(dataChunk(tsn + 2, { streamId: 1, ssn: 0 }));
  assert.equal(attacker.messages().length, 1, 'numbers begin anew');
  assert.deepEqual(results(attacker.send(encodeOutgoingReset(tsn + 1, 0, add32(tsn, 0x7000_0000), [1]))), [2], 'a last TSN far in the future');
});

test('A-SCTP-12 resets of 65,535 streams and 10^4 in a row leave nothing behind; forged responses are ignored', () => {
  const attacker = new Attacker();
  const all = Array.from({ length: 30_000 }, (_, i) => i);
  attacker.send(encodeOutgoingReset(attacker.tsn, 0, add32(attacker.tsn, -1), all));
  for (let i = 1; i < 10_000; i++) {
    attacker.send(encodeOutgoingReset(add32(attacker.tsn, i), 0, add32(attacker.tsn, -1), [i]));
    attacker.events();
  }
  attacker.send(encodeOutgoingReset(add32(attacker.tsn, 10_000), 0, add32(attacker.tsn, -1), []));
  assert.deepEqual(attacker.events(), [{ type: 'incoming-reset', streamIds: [] }]);
  attacker.send(encodeResetResponse(attacker.victimTsn, 1), encodeResetResponse(0, 1));
  assert.equal(attacker.victim.counters.get('sctp.reset-response'), 2);
  // Ours: a response with another number does not end it.
  attacker.victim.resetStreams([5], attacker.now);
  assert.equal(attacker.answers()[0]?.type, ChunkType.RE_CONFIG);
  attacker.send(encodeResetResponse(add32(attacker.victimTsn, 1), 1));
  assert.deepEqual(attacker.events(), []);
  attacker.send(encodeResetResponse(attacker.victimTsn, 6)); // in progress
  assert.ok(attacker.wait(2000).some((answer) => answer.type === ChunkType.RE_CONFIG));
  attacker.send(encodeResetResponse(attacker.victimTsn, 1));
  assert.deepEqual(attacker.events(), [{ type: 'outgoing-reset', streamIds: [5], result: 'performed' }]);
  for (const kind of [14, 15, 17, 18]) {
    const value = new Uint8Array(12);
    const view = new DataView(value.buffer);
    view.setUint16(0, kind);
    view.setUint16(2, 12);
    view.setUint32(4, add32(attacker.tsn, 10_001 + [14, 15, 17, 18].indexOf(kind)));
    const [answer] = attacker.send(encodeChunk(ChunkType.RE_CONFIG, 0, value));
    assert.deepEqual(decodeReconfig(answer!.value, 0, 12)[0], { type: 'response', sequence: view.getUint32(4), result: 2 });
  }
  assert.equal(attacker.victim.state, 'established');
});

test('many streams are reset in requests that fit a packet', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  const ids = Array.from({ length: 500 }, (_, i) => 2 * i);
  world.a.association.resetStreams(ids, world.now);
  world.run(60_000, () => world.a.events.filter((event) => event.type === 'outgoing-reset').flatMap((event) => event.streamIds).length === 500);
  const reset = world.b.events.flatMap((event) => (event.type === 'incoming-reset' ? event.streamIds : []));
  assert.deepEqual(reset, ids);
});
