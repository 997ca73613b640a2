import assert from 'node:assert/strict';
import test from 'node:test';
import { add32 } from '../../../src/core/index.ts';
import { ChunkType, encodeChunk, messageCharge } from '../../../src/sctp/index.ts';
import { Attacker, dataChunk, packetOf, payload, sackChunk, SctpWorld, words } from '../../support/sctp.ts';

const MIB = 1024 * 1024;

/** What a SACK says. */
function sackOf(value: Uint8Array) {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const gaps = view.getUint16(8);
  return {
    cumulativeTsn: view.getUint32(0),
    window: view.getUint32(4),
    gaps: Array.from({ length: gaps }, (_, i) => [view.getUint16(12 + 4 * i), view.getUint16(14 + 4 * i)]),
    duplicates: Array.from({ length: view.getUint16(10) }, (_, i) => view.getUint32(12 + 4 * (gaps + i))),
  };
}

function lastSack(answers: readonly { type: number; value: Uint8Array }[]) {
  const sack = answers.findLast((answer) => answer.type === ChunkType.SACK);
  assert.ok(sack !== undefined, 'no SACK');
  return sackOf(sack.value);
}

test('A-SCTP-04 a packet whose chunks do not add up is dropped whole', () => {
  const attacker = new Attacker();
  const good = packetOf(attacker.tag, [dataChunk(attacker.tsn), dataChunk(attacker.tsn + 1)]);
  for (const length of [0, 1, 2, 3, 40, 65_535]) {
    const packet = good.slice();
    new DataView(packet.buffer).setUint16(12 + 20 + 2, length);
    attacker.sendRaw(packetOf(attacker.tag, [packet.subarray(12)]));
  }
  assert.equal(attacker.messages().length, 0);
  assert.equal(attacker.victim.counters.get('sctp.packet'), 6);
});

test('A-SCTP-05 unknown chunks are skipped or end the packet, reported or not, by their two high bits', () => {
  const known = new Set<number>(Object.values(ChunkType));
  for (let type = 0; type < 256; type++) {
    if (known.has(type)) continue;
    const attacker = new Attacker();
    const answers = attacker.send(encodeChunk(type, 0, words(1, 2)), dataChunk(attacker.tsn));
    assert.equal(attacker.messages().length, type & 0x80 ? 1 : 0, `type ${type}`);
    assert.equal(answers.filter((answer) => answer.type === ChunkType.ERROR).length, type & 0x40 ? 1 : 0, `type ${type}`);
    if (type % 64 > 2 && type % 64 < 60) type += 3;
  }
});

test('A-SCTP-05 at most one ERROR per packet and ten per second', () => {
  const attacker = new Attacker();
  const unknown = encodeChunk(0xff, 0, words(1));
  assert.equal(attacker.send(unknown, unknown, unknown).length, 1);
  let errors = 0;
  for (let i = 0; i < 1000; i++) {
    attacker.now += 1;
    errors += attacker.send(unknown).length;
  }
  assert.ok(errors <= 20, `${errors} errors in a second`);
});

test('A-SCTP-06 a SACK of what was never sent ends the association', () => {
  for (const sack of [
    (base: number) => sackChunk(add32(base, 1)),
    (base: number) => sackChunk(add32(base, 0x7fff_0000)),
    (base: number) => sackChunk(add32(base, -1), { gaps: [[2, 65_535]] }),
  ]) {
    const attacker = new Attacker();
    attacker.victim.handleWrite({ streamId: 0, ppid: 53, data: Uint8Array.of(1), ordered: true }, attacker.now);
    attacker.answers();
    const answers = attacker.send(sack(attacker.victimTsn));
    assert.equal(answers.at(-1)?.type, ChunkType.ABORT);
    assert.deepEqual(attacker.events().at(-1), { type: 'failed', reason: 'protocol-violation' });
  }
});

test('A-SCTP-06 an old SACK, one with bad blocks and one with 16,000 duplicates do no harm', () => {
  const attacker = new Attacker();
  attacker.victim.handleWrite({ streamId: 0, ppid: 53, data: payload(5000, 1), ordered: true }, attacker.now);
  attacker.answers();
  const base = attacker.victimTsn;
  attacker.send(sackChunk(add32(base, 1)));
  attacker.send(sackChunk(add32(base, -1), { window: 0xffff_ffff }));
  attacker.send(sackChunk(add32(base, -100_000)));
  assert.equal(attacker.victim.counters.get('sctp.sack-old'), 2);
  attacker.send(sackChunk(add32(base, 1), { gaps: [[5, 4]] }));
  assert.equal(attacker.victim.counters.get('sctp.sack'), 1);
  attacker.send(sackChunk(add32(base, 1), { duplicates: new Array<number>(16_000).fill(base) }));
  assert.equal(attacker.victim.stats().unacknowledgedChunks, 3);
  attacker.send(sackChunk(add32(base, 4)));
  assert.equal(attacker.victim.stats().unacknowledgedChunks, 0);
  assert.equal(attacker.victim.state, 'established');
});

test('A-SCTP-07 a thousand SACKs in a round trip grow the window by what they acknowledge, no more', () => {
  const attacker = new Attacker();
  attacker.victim.handleWrite({ streamId: 0, ppid: 53, data: payload(60_000, 1), ordered: true }, attacker.now);
  attacker.answers();
  const before = attacker.victim.stats();
  for (let i = 0; i < 1000; i++) attacker.victim.handleRead(packetOf(attacker.tag, [sackChunk(attacker.victimTsn, { gaps: i % 2 ? [[2, 3]] : [] })]), attacker.now);
  const after = attacker.victim.stats();
  assert.ok(after.congestionWindowBytes - before.congestionWindowBytes <= 3 * 1200, `${before.congestionWindowBytes} to ${after.congestionWindowBytes}`);
});

test('A-SCTP-08 a closed window is probed by one chunk per timeout, ever more slowly, and the writer hears of a full buffer', () => {
  const attacker = new Attacker({ victim: { sendBufferBytes: 100_000 } });
  const { victim } = attacker;
  victim.handleWrite({ streamId: 0, ppid: 53, data: payload(1000, 1), ordered: true }, attacker.now);
  attacker.answers();
  attacker.send(sackChunk(attacker.victimTsn, { window: 0 }));
  victim.handleWrite({ streamId: 0, ppid: 53, data: payload(60_000, 2), ordered: true }, attacker.now);
  assert.throws(() => victim.handleWrite({ streamId: 0, ppid: 53, data: payload(60_000, 2), ordered: true }, attacker.now), /full/);
  let probes = attacker.answers().filter((answer) => answer.type === ChunkType.DATA).length;
  assert.equal(probes, 1);
  const times: number[] = [];
  const began = attacker.now;
  while (attacker.now < began + 60_000) {
    const at = victim.pollTimeout()!.at;
    attacker.wait(at - attacker.now - 0.001);
    attacker.now = at;
    victim.handleTimeout(at);
    const sent = attacker.answers().filter((answer) => answer.type === ChunkType.DATA).length;
    assert.ok(sent <= 1);
    if (sent === 1) times.push(at);
    probes += sent;
    attacker.send(sackChunk(attacker.victimTsn, { window: 0 })); // still closed, still there
  }
  assert.equal(victim.state, 'established');
  assert.ok(probes >= 10 && probes <= 30, `${probes} probes in a minute`);
  for (let i = 2; i < 5; i++) assert.ok(times[i]! - times[i - 1]! > 1.5 * (times[i - 1]! - times[i - 2]!) || times[i]! - times[i - 1]! >= 5000, `probe ${i}`);
  // The window opens: what probed it goes again at once.
  const answers = attacker.send(sackChunk(attacker.victimTsn, { window: 100_000 }));
  assert.ok(answers.filter((answer) => answer.type === ChunkType.DATA).length > 1);
});

test('A-SCTP-08 a window of 0, 1, 0, 1 … makes no busy loop and no crumbs', () => {
  const attacker = new Attacker();
  const { victim } = attacker;
  victim.handleWrite({ streamId: 0, ppid: 53, data: payload(1000, 1), ordered: true }, attacker.now);
  attacker.answers();
  victim.handleWrite({ streamId: 0, ppid: 53, data: payload(60_000, 2), ordered: true }, attacker.now);
  attacker.send(sackChunk(attacker.victimTsn, { window: 0 }));
  let chunks = 0;
  for (let i = 0; i < 1000; i++) {
    attacker.now += 1;
    for (const answer of attacker.send(sackChunk(attacker.victimTsn, { window: i & 1 }))) {
      if (answer.type !== ChunkType.DATA) continue;
      chunks++;
      assert.ok(answer.value.length > 1000, 'a crumb');
    }
  }
  assert.ok(chunks <= 520, `${chunks} chunks`);
});

test('A-SCTP-09 DATA without data ends the association (RFC 9260 6.2)', () => {
  const attacker = new Attacker();
  const answers = attacker.send(dataChunk(attacker.tsn, { bytes: new Uint8Array(0) }));
  assert.equal(answers.at(-1)?.type, ChunkType.ABORT);
  assert.equal(answers.at(-1)?.value[1], 9);
});

test('A-SCTP-09 a TSN too far ahead is ignored, a second one with other data too', () => {
  const attacker = new Attacker();
  for (const ahead of [70_000, 0x7fff_ffff, 0x8000_0000]) attacker.send(dataChunk(add32(attacker.tsn, ahead)));
  assert.equal(attacker.messages().length, 0);
  attacker.send(dataChunk(attacker.tsn, { bytes: Uint8Array.of(1) }));
  const sack = lastSack(attacker.send(dataChunk(attacker.tsn, { bytes: Uint8Array.of(2) })));
  assert.deepEqual(sack.duplicates.at(-1), attacker.tsn);
  attacker.send(dataChunk(attacker.tsn + 2, { ssn: 1, flags: 7, bytes: Uint8Array.of(3) }));
  attacker.send(dataChunk(attacker.tsn + 2, { ssn: 1, flags: 7, bytes: Uint8Array.of(4) }));
  assert.deepEqual(attacker.messages().map((message) => message.data[0]), [1, 3]);
  assert.equal(attacker.victim.state, 'established');
});

test('A-SCTP-09 fragments that contradict one another end the association', () => {
  const cases: [string, Parameters<typeof dataChunk>[1][]][] = [
    ['a beginning in a message', [{ flags: 2 }, { flags: 2 }]],
    ['a middle without a beginning', [{ flags: 0 }]],
    ['an end without a beginning', [{ flags: 1 }]],
    ['another stream', [{ flags: 2 }, { flags: 1, streamId: 1 }]],
    ['another number', [{ flags: 2 }, { flags: 1, ssn: 1 }]],
    ['unordered in the middle', [{ flags: 2 }, { flags: 5 }]],
  ];
  for (const [name, chunks] of cases) {
    const inOrder = new Attacker();
    chunks.forEach((chunk, i) => inOrder.send(dataChunk(add32(inOrder.tsn, i), chunk)));
    assert.equal(inOrder.victim.state, 'closed', name);
    if (chunks.length < 2) continue;
    const ahead = new Attacker();
    chunks.forEach((chunk, i) => ahead.send(dataChunk(add32(ahead.tsn, i + 5), chunk)));
    assert.equal(ahead.victim.state, 'closed', `${name}, ahead`);
  }
});

test('A-SCTP-09 the payload protocol of a message is that of its first fragment', () => {
  const attacker = new Attacker();
  attacker.send(dataChunk(attacker.tsn, { flags: 2, ppid: 51 }), dataChunk(attacker.tsn + 1, { flags: 1, ppid: 53 }));
  assert.deepEqual(attacker.messages().map(({ ppid, data }) => [ppid, data.length]), [[51, 2]]);
});

test('A-SCTP-09 a stream that does not exist is reported and acknowledged (RFC 9260 6.5)', () => {
  const attacker = new Attacker({ victim: { streams: 10 } });
  const answers = attacker.send(dataChunk(attacker.tsn, { streamId: 10 }), dataChunk(attacker.tsn + 1, { streamId: 9 }));
  assert.deepEqual([...answers.find((answer) => answer.type === ChunkType.ERROR)!.value], [0, 1, 0, 8, 0, 10, 0, 0]);
  assert.equal(attacker.messages().length, 1);
  attacker.send(dataChunk(attacker.tsn + 2, { streamId: 9, ssn: 1 }));
  assert.equal(attacker.messages().length, 1);
});

test('A-SCTP-09 65,536 fragments that never end stay within the largest message', () => {
  const attacker = new Attacker({ victim: { maxMessageSizeBytes: 100_000 } });
  let tsn = attacker.tsn;
  for (let i = 0; i < 65_536; i++) {
    attacker.victim.handleRead(packetOf(attacker.tag, [dataChunk(tsn, { flags: i === 0 ? 2 : 0, bytes: Uint8Array.of(1, 2, 3) })]), attacker.now);
    tsn = add32(tsn, 1);
    if (i % 1024 === 0) {
      attacker.answers();
      const held = 5 * MIB - attacker.victim.stats().receiveWindowBytes;
      assert.ok(held <= 100_000 + 260 * 256, `${held} bytes after ${i} fragments`);
    }
  }
  attacker.send(dataChunk(tsn, { flags: 1 }));
  assert.deepEqual(attacker.events().at(-1), { type: 'message-too-large', streamId: 0 });
  attacker.send(dataChunk(add32(tsn, 1), { ssn: 1, bytes: Uint8Array.of(9) }));
  assert.deepEqual(attacker.messages().map((message) => message.data[0]), [9]);
  assert.equal(attacker.victim.stats().receiveWindowBytes, 5 * MIB);
});

test('A-DC-01 a message over our limit is dropped and reported; the association goes on', () => {
  for (const ahead of [false, true]) {
    const attacker = new Attacker({ victim: { maxMessageSizeBytes: 1500 } });
    const { tsn } = attacker;
    const chunks = [
      dataChunk(tsn, { flags: 2, bytes: payload(1000, 1) }),
      dataChunk(tsn + 1, { flags: 1, bytes: payload(501, 2) }),
      dataChunk(tsn + 2, { flags: 2, ssn: 1, bytes: payload(1000, 3) }),
      dataChunk(tsn + 3, { flags: 1, ssn: 1, bytes: payload(500, 4) }),
    ];
    if (ahead) chunks.reverse();
    for (const chunk of chunks) attacker.send(chunk);
    assert.deepEqual(attacker.messages().map((message) => message.data.length), [1500]);
    assert.deepEqual(attacker.events().filter((event) => event.type === 'message-too-large'), [{ type: 'message-too-large', streamId: 0 }]);
    assert.equal(attacker.victim.stats().receiveWindowBytes, 5 * MIB);
  }
});

test('A-SCTP-10 unfinished fragments on all streams are charged with their bookkeeping and stay in the window', () => {
  const attacker = new Attacker();
  let accepted = 0;
  for (let i = 0; i < 32_700; i++) {
    const before = attacker.victim.counters.get('sctp.window');
    attacker.victim.handleRead(packetOf(attacker.tag, [dataChunk(add32(attacker.tsn, 2 + 2 * i), { flags: 2, streamId: i })]), attacker.now);
    if (attacker.victim.counters.get('sctp.window') === before) accepted++;
    if (i % 500 === 0) attacker.answers();
  }
  assert.ok(accepted * 257 <= 5 * MIB && accepted >= 20_000, `${accepted} accepted`);
  const sack = lastSack(attacker.answers());
  assert.equal(sack.window, 0);
  // Still alive: what comes in order is taken (A-SCTP-20).
  attacker.send(dataChunk(attacker.tsn), dataChunk(attacker.tsn + 1, { ssn: 1 }));
  assert.equal(attacker.messages().length, 2);
});

test('A-SCTP-11 FORWARD TSN backwards or half the space ahead changes nothing; forwards it skips what it names', () => {
  const attacker = new Attacker();
  const { tsn } = attacker;
  const forward = (to: number, ...pairs: number[]) => encodeChunk(ChunkType.FORWARD_TSN, 0, words(add32(tsn, to), ...pairs));
  attacker.send(forward(-5), forward(0x7fff_ffff), forward(0x8000_0000), forward(70_000));
  assert.equal(attacker.victim.counters.get('sctp.forward-tsn'), 4);
  // Stream 0 lost messages 0 and 1, of which 1 is here; stream 1 is untouched.
  attacker.send(dataChunk(tsn + 2, { ssn: 1, bytes: Uint8Array.of(1) }));
  attacker.send(dataChunk(tsn + 3, { streamId: 1, ssn: 1, bytes: Uint8Array.of(2) }));
  attacker.send(dataChunk(tsn + 6, { ssn: 2, bytes: Uint8Array.of(3) }));
  assert.deepEqual(attacker.messages(), []);
  const sack = lastSack(attacker.send(forward(1, 0x0000_0000)));
  assert.equal(sack.cumulativeTsn, tsn + 3);
  assert.deepEqual(attacker.messages().map((message) => message.data[0]), [1, 3]);
  attacker.send(forward(4));
  assert.deepEqual(attacker.messages(), [], 'stream 1 still waits for its message 0');
  assert.equal(lastSack(attacker.send(forward(5, 0x0001_0000))).cumulativeTsn, tsn + 6);
  assert.deepEqual(attacker.messages().map((message) => message.data[0]), [2]);
});

test('A-SCTP-11 10,000 skipped streams are read in one pass; malformed ones are refused', () => {
  const attacker = new Attacker();
  const pairs = Array.from({ length: 10_000 }, (_, i) => i * 65_536 + 30_000);
  const before = performance.now();
  for (let i = 0; i < 20; i++) attacker.send(encodeChunk(ChunkType.FORWARD_TSN, 0, words(add32(attacker.tsn, i), ...pairs)));
  assert.ok(performance.now() - before < 5000);
  attacker.send(encodeChunk(ChunkType.FORWARD_TSN, 0, new Uint8Array(6)));
  assert.equal(attacker.victim.counters.get('sctp.forward-tsn'), 1);
  assert.equal(attacker.victim.state, 'established');
});

test('A-SCTP-13 addresses, AUTH and ASCONF mean nothing here', () => {
  const attacker = new Attacker();
  for (const type of [0x0f, 0xc1, 0x80]) attacker.send(encodeChunk(type, 0, words(1, 0x0005_0008, 0x7f00_0001)));
  const params = new Uint8Array(8 * 1000);
  for (let i = 0; i < 1000; i++) params.set([0, 5, 0, 8, 127, 0, 0, 1], 8 * i);
  const init = encodeChunk(ChunkType.INIT, 0, Uint8Array.from([...words(9, 100_000, 0x000a_000a, 1), ...params]));
  const answers = attacker.sendRaw(packetOf(0, [init]));
  assert.equal(answers.length, 1);
  assert.ok(answers[0]!.value.length < 200, 'the answer is smaller than the question');
  attacker.send(dataChunk(attacker.tsn));
  assert.equal(attacker.messages().length, 1);
});

test('A-SCTP-14 HEARTBEATs are echoed up to the packet size and four times a second', () => {
  const attacker = new Attacker();
  const value = Uint8Array.from([0, 1, 0, 12, ...payload(8, 1)]);
  assert.deepEqual(attacker.send(encodeChunk(ChunkType.HEARTBEAT, 0, value)), [{ type: ChunkType.HEARTBEAT_ACK, flags: 0, value }]);
  let echoes = 0;
  for (let i = 0; i < 1000; i++) {
    attacker.now += 1;
    echoes += attacker.send(encodeChunk(ChunkType.HEARTBEAT, 0, value)).length;
  }
  assert.ok(echoes <= 8, `${echoes} echoes in a second`);
  attacker.now += 1000;
  assert.deepEqual(attacker.send(encodeChunk(ChunkType.HEARTBEAT, 0, new Uint8Array(60_000))), []);
  assert.equal(attacker.victim.counters.get('sctp.heartbeat'), 1001 - echoes);
});

test('A-SCTP-14 a HEARTBEAT ACK that does not bring our nonce back proves nothing', () => {
  const attacker = new Attacker({ victim: { rtoMaxMs: 2000 } });
  const { victim } = attacker;
  attacker.wait(29_000);
  let beats = attacker.wait(1100).filter((answer) => answer.type === ChunkType.HEARTBEAT);
  assert.equal(beats.length, 1);
  const forged = beats[0]!.value.slice();
  forged[5] = forged[5]! ^ 1;
  attacker.send(encodeChunk(ChunkType.HEARTBEAT_ACK, 0, forged));
  assert.equal(victim.counters.get('sctp.heartbeat-ack'), 1);
  attacker.wait(29_000);
  beats = attacker.wait(3000).filter((answer) => answer.type === ChunkType.HEARTBEAT);
  attacker.send(encodeChunk(ChunkType.HEARTBEAT_ACK, 0, beats.at(-1)!.value));
  assert.equal(victim.counters.get('sctp.heartbeat-ack'), 1);
});

test('A-SCTP-20 a window full of unfinished messages still takes the chunk that completes them', () => {
  const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 0 }, b: { receiveWindowBytes: 100_000, maxMessageSizeBytes: 90_000 }, link: { delayMs: 5 } });
  const { a, b } = world;
  let dropped = 0;
  world.filter = (from, bytes) => {
    // The first chunk of each burst is lost, twice.
    if (from !== a || bytes.length < 1000 || dropped >= 6) return true;
    dropped++;
    return dropped % 3 === 0;
  };
  for (let i = 0; i < 40; i++) a.association.handleWrite({ streamId: i % 2, ppid: 53, data: payload(90_000, i), ordered: true }, world.now);
  assert.ok(world.run(600_000, () => b.messages.length === 40), `${b.messages.length} messages`);
  assert.equal(b.association.stats().receiveWindowBytes, 100_000);
});

test('A-SCTP-20 a reader that stops closes the window and loses nothing; the sender goes on when it reads again', () => {
  for (const size of [50, 1000, 60_000]) {
    const world = SctpWorld.connected({ b: { receiveWindowBytes: 200_000 }, link: { delayMs: 5 } });
    const { a, b } = world;
    b.reads = false;
    const count = Math.ceil(1_000_000 / size);
    for (let i = 0; i < count; i++) a.association.handleWrite({ streamId: 0, ppid: 53, data: payload(size, i), ordered: true }, world.now);
    world.run(20_000);
    assert.equal(a.association.stats().peerWindowBytes, 0);
    assert.equal(a.association.state, 'established');
    b.reads = true;
    const began = world.now;
    assert.ok(world.run(60_000, () => b.messages.length === count), `${b.messages.length} of ${count}`);
    assert.ok(world.now - began < 10_000, `${world.now - began} ms`);
    b.messages.forEach((message, i) => assert.deepEqual(message.data, payload(size, i)));
  }
});

test('A-SCTP-22 writing from the event that says there is room makes no loop and no growth', () => {
  const world = SctpWorld.connected({ a: { sendBufferBytes: 100_000 }, b: { receiveWindowBytes: 50_000 }, link: { delayMs: 5 } });
  const { a, b } = world;
  b.reads = false;
  let writes = 0;
  a.onTurn = (now) => {
    while (a.association.totalBufferedAmount < 50_000 && writes < 1_000_000) {
      a.association.handleWrite({ streamId: 0, ppid: 53, data: payload(10_000, 1), ordered: true }, now);
      writes++;
    }
  };
  world.run(60_000);
  assert.ok(writes < 20, `${writes} writes`);
  assert.ok(a.association.totalBufferedAmount <= 60_000);
});

test('with explicit release the window stays closed until the message is released', () => {
  const world = SctpWorld.connected({ b: { windowRelease: 'explicit', receiveWindowBytes: 100_000 } });
  const { a, b } = world;
  for (let i = 0; i < 2; i++) a.association.handleWrite({ streamId: 0, ppid: 53, data: payload(40_000, i), ordered: true }, world.now);
  world.run(1000);
  assert.equal(b.messages.length, 2);
  assert.equal(b.association.stats().receiveWindowBytes, 100_000 - 2 * messageCharge(payload(40_000, 0)));
  for (const { data } of b.messages) b.association.release(messageCharge(data));
  world.run(2000);
  assert.equal(b.association.stats().receiveWindowBytes, 100_000);
  assert.equal(a.association.stats().peerWindowBytes, 100_000, 'the peer heard of it at once');
});

test('A-JS-03 streams 0 and 65,534 cost as much as streams 0 and 1', () => {
  const world = SctpWorld.connected();
  global.gc?.();
  const before = process.memoryUsage();
  for (const streamId of [0, 65_534]) world.a.association.handleWrite({ streamId, ppid: 53, data: payload(10, streamId), ordered: true }, world.now);
  world.settle();
  const after = process.memoryUsage();
  assert.deepEqual(world.b.messages.map((message) => message.streamId), [0, 65_534]);
  assert.ok(after.arrayBuffers - before.arrayBuffers < 64 * 1024);
});

test('A-JS-04 small messages from a slab do not keep the slab', () => {
  const attacker = new Attacker();
  let tsn = attacker.tsn;
  const kept = new Set<ArrayBufferLike>();
  for (const size of [1, 64, 65, 400, 600, 1100]) {
    for (let i = 0; i < 2000; i++) {
      const packet = packetOf(attacker.tag, [dataChunk(tsn, { flags: 7, bytes: payload(size, i) })]);
      const slab = new Uint8Array(65_536);
      slab.set(packet, 1000);
      attacker.victim.handleRead(slab.subarray(1000, 1000 + packet.length), attacker.now);
      tsn = add32(tsn, 1);
      if (i % 100 === 0) attacker.answers();
    }
    let bytes = 0;
    for (const { data } of attacker.messages()) {
      if (!kept.has(data.buffer)) bytes += data.buffer.byteLength;
      kept.add(data.buffer);
      assert.equal(data.length, size);
    }
    assert.ok(bytes <= 2000 * (2 * size + 64), `${bytes} bytes for 2000 messages of ${size}`);
  }
});

test('A-JS-05 padding is zero, whatever lay in memory before', () => {
  const world = SctpWorld.connected({ a: { headroomBytes: 10, tailroomBytes: 10 } });
  for (let i = 0; i < 50; i++) Buffer.allocUnsafe(4000).fill(0xaa);
  world.record = true;
  for (let i = 1; i <= 200; i++) world.a.association.handleWrite({ streamId: 0, ppid: 53, data: new Uint8Array(1 + ((i * 37) % 300)).fill(0xaa), ordered: true }, world.now);
  world.a.association.resetStreams([3], world.now);
  world.settle();
  let padding = 0;
  for (const packet of world.a.sent) {
    const view = new DataView(packet.buffer);
    for (let at = 12; at < packet.length; ) {
      const length = view.getUint16(at + 2);
      for (let i = at + length; i < Math.min(packet.length, at + ((length + 3) & ~3)); i++, padding++) assert.equal(packet[i], 0);
      at += (length + 3) & ~3;
    }
  }
  assert.ok(padding > 100);
});
