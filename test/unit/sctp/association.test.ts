import assert from 'node:assert/strict';
import test from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { ChunkType, checksumOf, decodePacket, encodeChunk, encodeInit, SctpAssociation } from '../../../src/sctp/index.ts';
import { bitFlips } from '../../support/fuzz.ts';
import { Attacker, dataChunk, packetOf, payload, sackChunk, sctpEnvironment, SctpWorld, words } from '../../support/sctp.ts';

const NOTHING = new Uint8Array(0);
const message = { streamId: 0, ppid: 53, data: Uint8Array.of(1, 2, 3), ordered: true };

const init = (tag = 77, tsn = 1000) =>
  encodeInit(ChunkType.INIT, { initiateTag: tag, initialTsn: tsn, receiveWindowBytes: 100_000, streamsOut: 10, streamsIn: 10, forwardTsn: true, reconfig: true, zeroChecksum: false });

test('one end connects, the other accepts, in two round trips (RFC 9260 5.1)', () => {
  const world = new SctpWorld({ link: { delayMs: 10 } });
  world.a.association.connect(0);
  world.run(100, () => world.a.event('connected') !== undefined && world.b.event('connected') !== undefined);
  assert.equal(world.now, 40);
  assert.deepEqual(world.a.event('connected'), { type: 'connected', streamsOut: 65_535, streamsIn: 65_535 });
});

test('what was written before goes out behind COOKIE ECHO, and nothing else before its answer (RFC 9260 5.1)', () => {
  for (const lost of [0, 1, 2]) {
    const world = new SctpWorld({ link: { delayMs: 10 } });
    const typesFromA: number[][] = [];
    let drops = lost;
    world.filter = (from, bytes) => {
      const types = decodePacket(bytes).chunks.map((chunk) => chunk.type);
      if (from === world.a && world.a.association.state === 'cookie-echoed') typesFromA.push(types);
      return !types.includes(ChunkType.COOKIE_ECHO) || --drops < 0;
    };
    world.a.association.connect(0);
    world.a.association.handleWrite(message, 0);
    world.a.association.handleWrite({ ...message, data: payload(5000, 1) }, 0);
    world.run(20_000, () => world.b.messages.length > 0);
    assert.deepEqual(typesFromA.map((types) => types.filter((type, i) => i > 0 || type !== ChunkType.COOKIE_ECHO)), typesFromA.map((types) => Array(types.length - 1).fill(ChunkType.I_DATA)), `${lost} lost`);
    assert.deepEqual(typesFromA.map((types) => types[0]), Array(lost + 1).fill(ChunkType.COOKIE_ECHO));
    assert.deepEqual(typesFromA[0], [ChunkType.COOKIE_ECHO, ChunkType.I_DATA, ChunkType.I_DATA]);
    if (lost === 0) assert.equal(world.now, 30);
    assert.ok(world.run(10_000, () => world.b.messages.length === 2), `${lost} lost`);
    assert.deepEqual(world.b.messages.map(({ data }) => data), [message.data, payload(5000, 1)]);
  }
});

test('what went behind COOKIE ECHO to a peer that has begun anew since goes to the new one (RFC 9260 5.2.4 B)', () => {
  const side = new SctpAssociation({}, sctpEnvironment(3));
  const [old, fresh] = [77, 88];
  side.connect(0);
  const own = new DataView(side.pollWrite()!.buffer).getUint32(16);
  const agreed = { receiveWindowBytes: 100_000, streamsOut: 10, streamsIn: 10, forwardTsn: true, reconfig: true, zeroChecksum: false };
  side.handleRead(packetOf(own, [encodeInit(ChunkType.INIT_ACK, { ...agreed, initiateTag: old, initialTsn: 5, cookie: Uint8Array.of(1, 2, 3, 4) })]), 1);
  side.handleWrite(message, 1);
  const echo = decodePacket(side.pollWrite()!);
  assert.deepEqual([echo.verificationTag, echo.chunks.map(({ type }) => type)], [old, [ChunkType.COOKIE_ECHO, ChunkType.DATA]]);
  side.handleRead(packetOf(0, [init(fresh)]), 2);
  const ack = side.pollWrite()!;
  side.handleRead(packetOf(own, [encodeChunk(ChunkType.COOKIE_ECHO, 0, ack.slice(36, 36 + 67))]), 3);
  assert.equal(side.state, 'established');
  const answer = decodePacket(side.pollWrite()!);
  assert.deepEqual([answer.verificationTag, answer.chunks.map(({ type }) => type)], [fresh, [ChunkType.COOKIE_ACK, ChunkType.DATA]]);
});

test('both ends connect at once and share one association (RFC 9260 5.2.1)', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new SctpWorld({ seed, link: { delayMs: 10, jitterMs: seed % 2 === 0 ? 30 : 0, loss: seed > 10 ? 0.3 : 0 } });
    world.a.association.connect(0);
    world.b.association.connect(0);
    world.b.association.handleWrite(message, 0);
    world.a.association.handleWrite(message, 0);
    assert.ok(world.run(120_000, () => world.a.messages.length === 1 && world.b.messages.length === 1), `seed ${seed}`);
    for (const side of [world.a, world.b]) assert.equal(side.events.filter((event) => event.type === 'connected').length, 1);
  }
});

test('an INIT that has not left when the peer’s comes stays behind, unless nothing comes of the peer’s (RFC 9260 5.1)', () => {
  const [a, b] = [1, 2].map((seed) => new SctpAssociation({ localPort: 5000, remotePort: 5000 }, sctpEnvironment(seed))) as [SctpAssociation, SctpAssociation];
  const typesOf = (packets: readonly Uint8Array[]): number[] => packets.map((packet) => decodePacket(packet).chunks[0]!.type);
  const written = (side: SctpAssociation): Uint8Array[] => {
    const packets: Uint8Array[] = [];
    for (let packet = side.pollWrite(); packet !== undefined; packet = side.pollWrite()) packets.push(packet.slice());
    return packets;
  };
  const carry = (packets: readonly Uint8Array[], to: SctpAssociation): void => packets.forEach((packet) => to.handleRead(packet, 0));
  a.connect(0);
  b.connect(0);
  const hello = written(a);
  carry(hello, b);
  const answer = written(b);
  assert.deepEqual(typesOf(answer), [ChunkType.INIT_ACK]);
  const deadline = b.pollTimeout();
  b.handleTimeout(deadline?.at ?? 0);
  assert.deepEqual(typesOf(written(b)), [ChunkType.INIT]);
  carry(answer, a);
  carry(written(a), b);
  assert.equal(b.stats().state, 'established');
  carry(written(b), a);
  assert.equal(a.stats().state, 'established');
});

test('connecting gives up after eight INITs, and says so once', () => {
  const world = new SctpWorld();
  world.filter = () => false;
  world.a.association.connect(0);
  world.run(1_000_000);
  assert.equal(world.a.sentPackets, 9);
  assert.deepEqual(world.a.events, [{ type: 'failed', reason: 'timeout' }]);
  assert.equal(world.a.association.pollTimeout(), undefined);
});

test('the smaller number of streams holds (RFC 9260 5.1.1)', () => {
  const world = SctpWorld.connected({ a: { streams: 20 }, b: { streams: 100 } });
  assert.deepEqual(world.b.event('connected'), { type: 'connected', streamsOut: 20, streamsIn: 20 });
  assert.throws(() => world.b.association.handleWrite({ ...message, streamId: 20 }, world.now), (error) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT');
  world.b.association.handleWrite({ ...message, streamId: 19 }, world.now);
  world.settle();
  assert.equal(world.a.messages.length, 1);
});

test('misuse is answered with a code and changes nothing', () => {
  const world = SctpWorld.connected({ a: { remoteMaxMessageSizeBytes: 10, sendBufferBytes: 20 } });
  const { association } = world.a;
  const code = (send: Partial<typeof message>): string | undefined => {
    try {
      association.handleWrite({ ...message, ...send }, world.now);
      return undefined;
    } catch (error) {
      return (error as RtcError).code;
    }
  };
  assert.equal(code({ data: new Uint8Array(11) }), 'ERR_MESSAGE_TOO_LARGE');
  assert.equal(code({ data: NOTHING }), 'ERR_INVALID_ARGUMENT');
  assert.equal(code({ streamId: -1 }), 'ERR_INVALID_ARGUMENT');
  assert.equal(association.totalBufferedAmount, 0);
  assert.equal(code({ data: new Uint8Array(10) }), undefined);
  assert.equal(code({ data: new Uint8Array(10) }), undefined);
  assert.equal(code({ data: Uint8Array.of(1) }), 'ERR_RESOURCE');
  world.settle();
  assert.equal(world.b.messages.length, 2);
  association.shutdown(world.now);
  assert.equal(code({}), 'ERR_INVALID_STATE');
  assert.throws(() => new SctpAssociation({ mtuBytes: 20 }, sctpEnvironment(1)), (error) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT');
});

test('a packet leaves exactly the room around it that was asked for', () => {
  const world = SctpWorld.connected({ a: { headroomBytes: 21, tailroomBytes: 16 } });
  const { association } = world.a;
  for (let i = 0; i < 20; i++) association.handleWrite({ ...message, data: payload(i * 431 + 1, i) }, world.now);
  const taken: { buffer: ArrayBufferLike; from: number; to: number }[] = [];
  for (let packet = association.pollWrite(); packet !== undefined; packet = association.pollWrite()) {
    const from = packet.byteOffset - 21;
    const to = packet.byteOffset + packet.length + 16;
    assert.ok(from >= 0 && to <= packet.buffer.byteLength);
    for (const other of taken) assert.ok(other.buffer !== packet.buffer || other.to <= from || other.from >= to, 'two packets share bytes');
    taken.push({ buffer: packet.buffer, from, to });
    assert.ok(packet.length <= 1200);
  }
  assert.ok(taken.length >= 10);
});

test('small messages share packets', () => {
  const world = SctpWorld.connected();
  const before = world.a.sentPackets;
  for (let i = 0; i < 90; i++) world.a.association.handleWrite({ ...message, data: payload(100, i) }, world.now);
  world.settle();
  assert.equal(world.b.messages.length, 90);
  assert.ok(world.a.sentPackets - before <= 10, `${world.a.sentPackets - before} packets`);
});

test('A-SCTP-01 no single-bit error gets past the checksum', () => {
  const attacker = new Attacker();
  const packet = packetOf(attacker.tag, [dataChunk(attacker.tsn, { bytes: payload(50, 1) })]);
  let flips = 0;
  for (const flipped of bitFlips(packet)) {
    attacker.victim.handleRead(flipped, attacker.now);
    flips++;
  }
  assert.equal(attacker.messages().length, 0);
  assert.deepEqual(attacker.answers(), []);
  const { counters } = attacker.victim;
  assert.equal(counters.get('sctp.checksum') + counters.get('sctp.packet') + counters.get('sctp.port'), flips);
  attacker.victim.handleRead(packet, attacker.now);
  assert.equal(attacker.messages().length, 1);
});

test('A-SCTP-01 a zero checksum is taken only when both ends agreed on it (RFC 9653)', () => {
  for (const [victim, peer, taken] of [[true, true, 1], [true, false, 0], [false, true, 0], [false, false, 0]] as const) {
    const attacker = new Attacker({ victim: { zeroChecksum: victim }, peer: { zeroChecksum: peer } });
    attacker.sendRaw(packetOf(attacker.tag, [dataChunk(attacker.tsn)], { checksum: false }));
    assert.equal(attacker.messages().length, taken, `${victim} ${peer}`);
  }
});

test('A-SCTP-01 INIT and COOKIE ECHO always bear a checksum, and are dropped without one', () => {
  const world = new SctpWorld({ a: { zeroChecksum: true }, b: { zeroChecksum: true } });
  world.record = true;
  let zeroed = 0;
  world.filter = (from, bytes) => {
    const type = bytes[12];
    const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
    if (type === ChunkType.INIT || type === ChunkType.COOKIE_ECHO) {
      assert.equal(checksum, checksumOf(bytes));
      const stripped = bytes.slice();
      stripped.fill(0, 8, 12);
      (from === world.a ? world.b : world.a).association.handleRead(stripped, world.now);
      zeroed++;
    }
    return true;
  };
  world.a.association.connect(0);
  world.settle();
  world.a.association.handleWrite(message, world.now);
  world.settle();
  assert.equal(zeroed, 2);
  assert.equal(world.b.association.counters.get('sctp.checksum'), 2);
  assert.equal(world.b.messages.length, 1);
  const data = world.a.sent.at(-1)!;
  assert.deepEqual(data.subarray(8, 12), new Uint8Array(4)); // inside the association the checksum is left out
});

test('A-SCTP-02 a wrong or zero verification tag is dropped on every chunk type', () => {
  for (const tag of [0, 1, 0xffff_ffff]) {
    for (let type = 0; type < 256; type++) {
      const attacker = new Attacker();
      if (tag === 0 && type === ChunkType.INIT) continue;
      const answers = attacker.sendRaw(packetOf(tag, [encodeChunk(type, 0, new Uint8Array(16).fill(1))]));
      assert.deepEqual(answers, [], `type ${type}`);
      assert.equal(attacker.victim.counters.get('sctp.tag'), 1, `type ${type}`);
      assert.equal(attacker.victim.state, 'established');
      if (type % 16 !== 0) type += 5; // every type near the ones that exist, a sample of the rest
    }
  }
});

test('A-SCTP-02 ABORT and SHUTDOWN COMPLETE: our tag, or the peer’s with the T bit (RFC 9260 8.5.1)', () => {
  const outcome = (tag: 'ours' | 'peers', flags: number): string => {
    const attacker = new Attacker();
    attacker.sendRaw(packetOf(tag === 'ours' ? attacker.tag : attacker.ownTag, [encodeChunk(ChunkType.ABORT, flags, NOTHING)]));
    return attacker.victim.state;
  };
  assert.equal(outcome('ours', 0), 'closed');
  assert.equal(outcome('peers', 1), 'closed');
  assert.equal(outcome('ours', 1), 'established');
  assert.equal(outcome('peers', 0), 'established');
});

test('A-SCTP-02 INIT with other chunks, with tag 0 inside or in a tagged packet is dropped', () => {
  const attacker = new Attacker();
  assert.deepEqual(attacker.sendRaw(packetOf(0, [init(), dataChunk(attacker.tsn)])), []);
  assert.deepEqual(attacker.sendRaw(packetOf(attacker.tag, [init()])), []);
  assert.deepEqual(attacker.sendRaw(packetOf(0, [encodeChunk(ChunkType.INIT, 0, words(0, 100_000, 0x000a_000a, 1))])), []);
  assert.deepEqual(attacker.send(sackChunk(attacker.victimTsn - 1), init()), []);
  assert.equal(attacker.messages().length, 0);
});

test('A-SCTP-03 INITs are answered without keeping anything, and never more than a turn’s worth', () => {
  const victim = new SctpAssociation({}, sctpEnvironment(3));
  for (let i = 0; i < 5000; i++) victim.handleRead(packetOf(0, [init(i + 1)]), i / 1000);
  let answers = 0;
  for (let packet = victim.pollWrite(); packet !== undefined; packet = victim.pollWrite()) {
    assert.equal(decodePacket(packet).chunks[0]!.type, ChunkType.INIT_ACK);
    answers++;
  }
  assert.ok(answers <= 64);
  assert.equal(victim.state, 'new');
  assert.equal(victim.pollTimeout(), undefined);
});

test('A-SCTP-03 an INIT in the midst of an association is answered and changes nothing; a restart is refused', () => {
  const attacker = new Attacker();
  const [answer] = attacker.sendRaw(packetOf(0, [init(4242, 1)]));
  assert.equal(answer?.type, ChunkType.INIT_ACK);
  const tag = new DataView(answer!.value.buffer, answer!.value.byteOffset).getUint32(0);
  assert.notEqual(tag, attacker.tag);
  const cookie = answer!.value.slice(20, 20 + 67);
  assert.deepEqual(attacker.sendRaw(packetOf(tag, [encodeChunk(ChunkType.COOKIE_ECHO, 0, cookie)])), []);
  assert.deepEqual(attacker.send(encodeChunk(ChunkType.COOKIE_ECHO, 0, cookie)), []);
  assert.equal(attacker.victim.counters.get('sctp.restart'), 1);
  attacker.send(dataChunk(attacker.tsn));
  assert.equal(attacker.messages().length, 1);
});

test('A-SCTP-03 a cookie that is forged, old or of another association sets nothing up; one replayed is only confirmed', () => {
  const victim = new SctpAssociation({}, sctpEnvironment(3));
  victim.handleRead(packetOf(0, [init()]), 0);
  const ack = victim.pollWrite()!;
  const { chunks } = decodePacket(ack);
  const tag = new DataView(ack.buffer, ack.byteOffset).getUint32(16);
  assert.equal(new DataView(ack.buffer, ack.byteOffset).getUint16(32), 7); // the cookie is the first parameter
  const cookie = ack.slice(36, 36 + 67);
  assert.equal(chunks.length, 1);
  const echo = (bytes: Uint8Array, now: number): string => {
    victim.handleRead(packetOf(tag, [encodeChunk(ChunkType.COOKIE_ECHO, 0, bytes)]), now);
    return victim.state;
  };
  const forged = cookie.slice();
  forged[40] = forged[40]! ^ 1;
  assert.equal(echo(forged, 10), 'new');
  assert.equal(echo(cookie, 60_001), 'new');
  assert.equal(decodePacket(victim.pollWrite()!).chunks[0]!.type, ChunkType.ERROR);
  assert.equal(echo(cookie, 60_000), 'established');
  assert.equal(echo(cookie, 60_000), 'established');
  let acks = 0;
  for (let packet = victim.pollWrite(); packet !== undefined; packet = victim.pollWrite()) {
    acks += decodePacket(packet).chunks.filter((chunk) => chunk.type === ChunkType.COOKIE_ACK).length;
  }
  assert.equal(acks, 2);
});

test('A-SCTP-15 a shutdown waits for what was written, and both ends hear of the end', () => {
  const world = SctpWorld.connected({ link: { delayMs: 10 } });
  for (let i = 0; i < 50; i++) world.a.association.handleWrite({ ...message, data: payload(5000, i) }, world.now);
  world.a.association.shutdown(world.now);
  world.run(60_000, () => world.b.event('closed') !== undefined);
  world.run(10_000);
  assert.equal(world.b.messages.length, 50);
  assert.deepEqual([world.a.event('closed'), world.b.event('closed')], [{ type: 'closed', reason: 'local' }, { type: 'closed', reason: 'remote' }]);
  assert.equal(world.a.association.pollTimeout(), undefined);
  assert.equal(world.b.association.pollTimeout(), undefined);
});

test('A-SCTP-15 shutdowns that cross, and lossy ones, end both sides', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = SctpWorld.connected({ seed, link: { delayMs: 10, jitterMs: 20, loss: seed > 10 ? 0.3 : 0 } });
    world.b.association.handleWrite(message, world.now);
    world.a.association.shutdown(world.now);
    if (seed % 2 === 0) world.b.association.shutdown(world.now);
    world.run(1_000_000, () => world.a.association.state === 'closed' && world.b.association.state === 'closed');
    for (const side of [world.a, world.b]) {
      assert.equal(side.association.state, 'closed', `seed ${seed}`);
      const ends = side.events.filter((event) => event.type === 'closed' || event.type === 'failed');
      assert.equal(ends.length, 1);
      assert.equal(side.association.pollTimeout(), undefined);
    }
    assert.equal(world.a.event('closed')?.type, 'closed');
  }
});

test('A-SCTP-15 SHUTDOWN chunks out of the blue change nothing', () => {
  const shutdownAck = encodeChunk(ChunkType.SHUTDOWN_ACK, 0, NOTHING);
  const shutdownComplete = encodeChunk(ChunkType.SHUTDOWN_COMPLETE, 0, NOTHING);
  const attacker = new Attacker();
  assert.deepEqual(attacker.send(shutdownAck), []);
  assert.deepEqual(attacker.send(shutdownComplete), []);
  assert.deepEqual(attacker.send(encodeChunk(ChunkType.SHUTDOWN, 0, Uint8Array.of(1))), []);
  assert.equal(attacker.victim.state, 'established');
  // A SHUTDOWN that acknowledges what was not sent is a violation.
  attacker.send(encodeChunk(ChunkType.SHUTDOWN, 0, words(attacker.victimTsn + 5)));
  assert.equal(attacker.victim.state, 'closed');
});

test('A-SCTP-15 SHUTDOWN is answered in every state, and data may still come while we wait for its answer', () => {
  const attacker = new Attacker();
  attacker.victim.shutdown(attacker.now);
  assert.deepEqual(attacker.answers().map((answer) => answer.type), [ChunkType.SHUTDOWN]);
  const answers = attacker.send(dataChunk(attacker.tsn)).map((answer) => answer.type);
  assert.ok(answers.includes(ChunkType.SHUTDOWN));
  assert.equal(attacker.messages().length, 1);
  assert.deepEqual(attacker.send(encodeChunk(ChunkType.SHUTDOWN, 0, words(attacker.victimTsn - 1))).map((answer) => answer.type), [ChunkType.SHUTDOWN_ACK]);
  assert.deepEqual(attacker.send(encodeChunk(ChunkType.SHUTDOWN_ACK, 0, NOTHING)).map((answer) => answer.type), [ChunkType.SHUTDOWN_COMPLETE]);
  assert.equal(attacker.victim.state, 'closed');
  // The peer did not hear it: it is told again, from the closed state.
  assert.deepEqual(attacker.send(encodeChunk(ChunkType.SHUTDOWN_ACK, 0, NOTHING)), [{ type: ChunkType.SHUTDOWN_COMPLETE, flags: 1, value: NOTHING }]);
});

test('an abort ends both sides at once (RFC 9260 9.1)', () => {
  const world = SctpWorld.connected();
  world.a.association.abort(world.now, 'enough');
  world.settle();
  assert.deepEqual(world.a.event('closed'), { type: 'closed', reason: 'local' });
  assert.deepEqual(world.b.event('failed'), { type: 'failed', reason: 'aborted' });
  assert.equal(world.b.association.pollTimeout(), undefined);
});

test('a peer that vanishes is noticed: with data after ten timeouts, when idle by heartbeats', () => {
  for (const busy of [true, false]) {
    const world = SctpWorld.connected({ a: { rtoMaxMs: 5000 } });
    world.filter = () => false;
    if (busy) world.a.association.handleWrite(message, world.now);
    world.run(600_000, () => world.a.association.state === 'closed');
    assert.deepEqual(world.a.event('failed'), { type: 'failed', reason: 'timeout' });
    assert.equal(world.a.association.pollTimeout(), undefined);
  }
});

test('an idle association sends one HEARTBEAT in 30 s and nothing else', () => {
  const world = SctpWorld.connected({ link: { delayMs: 5 } });
  world.run(1000);
  const before = world.a.sentPackets;
  world.run(300_000);
  assert.equal(world.a.association.state, 'established');
  const packets = world.a.sentPackets - before;
  assert.ok(packets >= 5 && packets <= 20, `${packets} packets`);
});
