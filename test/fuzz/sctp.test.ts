import assert from 'node:assert/strict';
import test from 'node:test';
import { ChunkType, decodeErrorCauses, decodeForwardTsn, decodeIForwardTsn, decodeInit, decodePacket, decodeReconfig, checkSack, makeInit, readInit, type SctpAssociation, type SctpEvent, checksumOf } from '../../src/sctp/index.ts';
import { fuzzDecoder, mutations, seeded, seededRandom } from '../support/fuzz.ts';
import { Attacker, payload, SctpWorld } from '../support/sctp.ts';
import { hex, loadVectors } from '../support/vectors.ts';

/** Packets of all kinds: recorded ones, and those of a session with loss, resets, skips and an end. */
function corpus(): Uint8Array[] {
  const packets: Uint8Array[] = loadVectors('sctp.json').packets.map((vector: { packetHex: string }) => hex(vector.packetHex));
  packets.push(...recorded(true), ...recorded(false));
  return packets;
}

function recorded(interleaving: boolean): Uint8Array[] {
  const world = new SctpWorld({ seed: 4, a: { interleaving, mtuBytes: 300 }, link: { delayMs: 20, loss: 0.2, jitterMs: 20 } });
  world.record = true;
  world.a.association.connect(0);
  for (let i = 0; i < 30; i++) world.a.association.handleWrite({ streamId: i % 3, ppid: 53, data: payload(i % 10 === 9 ? 2500 : 40 + i * 5, i), ordered: i % 2 === 0, maxRetransmits: i % 4 ? undefined : 0 }, 0);
  world.run(60_000);
  world.a.association.resetStreams([1, 2], world.now);
  world.run(100_000);
  world.a.association.shutdown(world.now);
  world.run(100_000);
  const kinds = new Map<string, Uint8Array[]>();
  for (const packet of [...world.a.sent, ...world.b.sent]) {
    const kind = decodePacket(packet).chunks.map((chunk) => chunk.type).join();
    const same = kinds.get(kind) ?? [];
    if (same.length < 3 && packet.length < 400) same.push(packet);
    kinds.set(kind, same);
  }
  return [...kinds.values()].flat();
}

/** Decodes a packet and everything in it that has a decoder. */
function decodeAll(bytes: Uint8Array): void {
  for (const { type, start, end } of decodePacket(bytes).chunks) {
    if (type === ChunkType.INIT || type === ChunkType.INIT_ACK) decodeInit(bytes, start, end);
    else if (type === ChunkType.SACK) checkSack(bytes, start, end);
    else if (type === ChunkType.FORWARD_TSN) decodeForwardTsn(bytes, start, end);
    else if (type === ChunkType.I_FORWARD_TSN) decodeIForwardTsn(bytes, start, end);
    else if (type === ChunkType.RE_CONFIG) decodeReconfig(bytes, start, end);
    else if (type === ChunkType.ERROR || type === ChunkType.ABORT) decodeErrorCauses(bytes, start, end);
  }
}

test('A-JS-01 decoders answer any bytes with a value or DecodeError', () => {
  assert.ok(fuzzDecoder(decodeAll, corpus(), 100_000, 1) > 100_000);
});

/** Lets an association answer whatever it wants and time pass. */
function drain(association: SctpAssociation, now: number): SctpEvent[] {
  const events: SctpEvent[] = [];
  for (let i = 0; association.pollWrite() !== undefined; i++) assert.ok(i < 20_000, 'an endless answer');
  while (association.pollRead() !== undefined);
  for (let e = association.pollEvent(); e !== undefined; e = association.pollEvent()) events.push(e);
  association.handleTimeout(now);
  return events;
}

test('A-JS-01 an INIT of a description is one, or is none', () => {
  const chunk = makeInit({}, seededRandom(1));
  let read = 0;
  for (const mutant of mutations([chunk], 50_000, 3)) {
    const init = readInit(mutant);
    if (init === undefined) continue;
    assert.ok(init.initiateTag !== 0 && init.streamsOut > 0 && init.streamsIn > 0);
    read++;
  }
  assert.ok(read > 500, `${read} were read`);
});

test('no packet makes an association throw, wherever it is in its life', () => {
  const next = seeded(77);
  const packets = corpus();
  let fed = 0;
  let survived = 0;
  let attacker = new Attacker({ seed: 1 });
  for (const mutant of mutations(packets, 40_000, 2)) {
    if (attacker.victim.state === 'closed' || fed % 500 === 499) {
      attacker = new Attacker({ seed: fed + 1, peer: { interleaving: next() < 0.5 } });
      const { victim } = attacker;
      victim.handleWrite({ streamId: 1, ppid: 53, data: payload(20_000, fed), ordered: true }, attacker.now);
      if (fed % 3 === 0) victim.resetStreams([5], attacker.now);
      if (fed % 5 === 0) victim.shutdown(attacker.now);
    }
    // Half of them reach the chunks: right ports, tag and checksum, and TSNs near the real ones.
    if (mutant.length >= 16 && next() < 0.7) {
      const view = new DataView(mutant.buffer, mutant.byteOffset, mutant.length);
      view.setUint16(0, 5000);
      view.setUint16(2, 5000);
      view.setUint32(4, mutant[12] === ChunkType.INIT ? 0 : attacker.tag);
      if (mutant.length >= 20 && next() < 0.7) {
        const base = mutant[12] === ChunkType.SACK ? attacker.victimTsn - 1 : attacker.tsn;
        view.setUint32(16, (base + Math.floor(next() * 8)) >>> 0);
      }
      view.setUint32(8, checksumOf(mutant), true);
    }
    attacker.victim.handleRead(mutant, attacker.now);
    attacker.now += next() * 5;
    drain(attacker.victim, attacker.now);
    const stats = attacker.victim.stats();
    assert.ok(stats.receiveWindowBytes >= 0 && stats.flightBytes >= 0 && stats.bufferedBytes >= 0);
    fed++;
    if (attacker.victim.state === 'established') survived++;
  }
  assert.equal(fed, 40_000);
  assert.ok(survived > 10_000, `${survived}`);
});

test('on-path mutation between two honest ends costs packets, never an exception or a wrong message', () => {
  for (let seed = 1; seed <= 25; seed++) {
    const world = new SctpWorld({ seed, link: { delayMs: 10, corrupt: 0.3, duplicate: 0.1, jitterMs: 10 } });
    world.a.association.connect(0);
    for (let i = 0; i < 30; i++) world.a.association.handleWrite({ streamId: 0, ppid: 53, data: payload(500, i), ordered: true }, 0);
    assert.ok(world.run(1_000_000, () => world.b.messages.length === 30));
    world.b.messages.forEach((message, i) => assert.deepEqual(message.data, payload(500, i)));
  }
});
