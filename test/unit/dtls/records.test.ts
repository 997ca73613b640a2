import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeUtf8, toHex } from '../../../src/core/index.ts';
import { readU48 } from '../../../src/core/bytes.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { DtlsMachine } from '../../../src/dtls/index.ts';
import { Alert, ContentType, HandshakeType } from '../../../src/dtls/constants.ts';
import { RecordProtection } from '../../../src/dtls/record/protection.ts';
import { ReplayWindow } from '../../../src/dtls/record/replay.ts';
import { DtlsPair, endOf, fragmentOf, plainRecord, recordsOf, sendSealed } from '../../support/dtls.ts';
import { seeded } from '../../support/fuzz.ts';

const dropped = (machine: DtlsMachine, counter: string): number => machine.stats().dropped.get(counter) ?? 0;

function connected(options: ConstructorParameters<typeof DtlsPair>[0] = {}): DtlsPair {
  const pair = new DtlsPair(options).handshake();
  assert.equal(pair.client.state, 'connected', JSON.stringify(pair.events));
  assert.equal(pair.server.state, 'connected', JSON.stringify(pair.events));
  return pair;
}

/** Seals without sending. */
function seal(machine: DtlsMachine, text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  const buffer = new Uint8Array(DtlsMachine.HEADROOM + bytes.length + DtlsMachine.TAILROOM);
  buffer.set(bytes, DtlsMachine.HEADROOM);
  return machine.sealInPlace(buffer.subarray(DtlsMachine.HEADROOM, DtlsMachine.HEADROOM + bytes.length)).slice();
}

function readAll(machine: DtlsMachine): string[] {
  const texts: string[] = [];
  for (let data = machine.pollRead(); data; data = machine.pollRead()) texts.push(Buffer.from(data).toString());
  return texts;
}

for (const aead of ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'] as const)
  test(`${aead}: a packet is sealed and opened in its own buffer (RFC 5288 3, RFC 7905 2)`, () => {
    const pair = connected({ client: { aeads: [aead] } });
    const buffer = new Uint8Array(100).fill(0xee);
    const packet = buffer.subarray(30, 40).fill(7);
    const record = pair.client.sealInPlace(packet);
    assert.equal(record.buffer, buffer.buffer);
    const explicit = aead === 'chacha20-poly1305' ? 0 : 8;
    assert.equal(record.byteOffset, 30 - 13 - explicit);
    assert.equal(record.length, 13 + explicit + 10 + 16);
    assert.ok(buffer.subarray(0, record.byteOffset).every((byte) => byte === 0xee), 'nothing before the record is touched');
    assert.ok(buffer.subarray(record.byteOffset + record.length).every((byte) => byte === 0xee), 'nothing behind the record is touched');
    const datagram = record.slice();
    pair.server.handleRead(datagram, pair.now);
    const data = pair.server.pollRead() as Uint8Array;
    assert.equal(data.buffer, datagram.buffer);
    assert.deepEqual([...data], new Array(10).fill(7));
  });

test('sealInPlace refuses a packet without room, too long a packet, and a connection that is not up', () => {
  const pair = new DtlsPair({ client: { aeads: ['aes-128-gcm'] } }).handshake(); // whose records need all of the headroom
  assert.throws(() => pair.client.sealInPlace(new Uint8Array(60).subarray(20, 30)), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => pair.client.sealInPlace(new Uint8Array(60).subarray(21, 45)), { code: 'ERR_INVALID_ARGUMENT' });
  assert.equal(pair.client.sealInPlace(new Uint8Array(60).subarray(21, 44)).length, 60);
  assert.throws(() => pair.client.handleWrite(new Uint8Array(16_385), 0), { code: 'ERR_MESSAGE_TOO_LARGE' });
  pair.client.handleWrite(new Uint8Array(16_384), 0);
  pair.settle();
  assert.equal(pair.data.server[0]?.length, 16_384);
  assert.throws(() => new DtlsPair().client.handleWrite(new Uint8Array(1), 0), { code: 'ERR_INVALID_STATE' });
  pair.client.close(pair.now);
  assert.throws(() => pair.client.handleWrite(new Uint8Array(1), 0), { code: 'ERR_CLOSED' });
});

test('several records of one datagram are all taken (RFC 6347 4.1.1)', () => {
  const pair = connected();
  const datagram = Buffer.concat(['a', 'b', 'c'].map((text) => seal(pair.client, text)));
  pair.server.handleRead(new Uint8Array(datagram), pair.now);
  assert.deepEqual(readAll(pair.server), ['a', 'b', 'c']);
});

test('records of unknown type, version and epoch are dropped and counted, and what follows them is taken (RFC 6347 4.1.2.7)', () => {
  const pair = connected();
  const good = seal(pair.client, 'good');
  const odd = [plainRecord(24, new Uint8Array(3)), plainRecord(19, new Uint8Array(3)), plainRecord(23, new Uint8Array(3), 0, 0, 0x0303), plainRecord(23, new Uint8Array(40), 0, 1, 0xfeff), plainRecord(23, new Uint8Array(40), 0, 2)];
  pair.server.handleRead(new Uint8Array(Buffer.concat([...odd, good, good.subarray(0, 20)])), pair.now);
  assert.deepEqual(readAll(pair.server), ['good']);
  assert.equal(dropped(pair.server, 'dtls.record.type'), 2);
  assert.equal(dropped(pair.server, 'dtls.record.version'), 2);
  assert.equal(dropped(pair.server, 'dtls.epoch'), 1);
  assert.equal(dropped(pair.server, 'dtls.record.truncated'), 1);
});

test('A-DTLS-06 what comes in the clear after the keys is never believed', () => {
  const pair = connected();
  const before = pair.sent.length;
  for (let second = 0; second < 5; second++)
    for (let i = 0; i < 20; i++) {
      pair.now += 49;
      for (const machine of [pair.client, pair.server]) {
        machine.handleRead(plainRecord(ContentType.applicationData, encodeUtf8('forged')), pair.now);
        machine.handleRead(plainRecord(ContentType.alert, Uint8Array.of(2, Alert.handshakeFailure)), pair.now);
        machine.handleRead(plainRecord(ContentType.alert, Uint8Array.of(1, Alert.closeNotify)), pair.now);
        machine.handleRead(plainRecord(ContentType.changeCipherSpec, Uint8Array.of(1)), pair.now);
        machine.handleRead(plainRecord(ContentType.handshake, fragmentOf(HandshakeType.clientHello, 0, new Uint8Array(60))), pair.now);
        machine.handleRead(plainRecord(ContentType.handshake, fragmentOf(HandshakeType.finished, 9, new Uint8Array(12))), pair.now);
      }
      pair.collect();
    }
  const answers = pair.sent.length - before;
  assert.ok(answers <= 6, `${answers} answers in 5 s: at most one retransmission of the last flight a second`);
  assert.ok(pair.sent.slice(before).every(({ from }) => from === 'server'), 'the client has nothing to repeat');
  assert.deepEqual(pair.data, { client: [], server: [] });
  assert.equal(pair.client.state, 'connected');
  pair.send('client', encodeUtf8('still'));
  pair.settle();
  assert.equal(pair.data.server.length, 1);
  assert.ok(dropped(pair.server, 'dtls.plaintext') >= 400);
});

test('A-DTLS-07 a forged record from the future moves no window', () => {
  const pair = connected();
  const honest = seal(pair.client, 'honest');
  const forged = honest.slice();
  forged.fill(0xff, 5, 11);
  pair.server.handleRead(forged, pair.now);
  const nextEpoch = honest.slice();
  nextEpoch[4] = 2;
  nextEpoch.fill(0xff, 5, 11);
  pair.server.handleRead(nextEpoch, pair.now);
  pair.server.handleRead(honest, pair.now);
  assert.deepEqual(readAll(pair.server), ['honest']);
  assert.equal(dropped(pair.server, 'dtls.forged'), 1);
  assert.equal(dropped(pair.server, 'dtls.epoch'), 1);
});

test('A-DTLS-08 each record is delivered once, in any order within 256, and not when it is older', () => {
  const pair = connected();
  const records = Array.from({ length: 600 }, (_, i) => seal(pair.client, String(i)));
  const next = seeded(8);
  const order = records.slice(0, 250).map((record, i) => ({ record, i, key: next() })).sort((a, b) => a.key - b.key);
  for (let times = 1 + Math.floor(next() * 5); times > 0; times--) for (const { record } of order) pair.server.handleRead(record.slice(), pair.now);
  assert.deepEqual(readAll(pair.server).map(Number).sort((a, b) => a - b), Array.from({ length: 250 }, (_, i) => i));
  // 255 back is the last that the window holds; 256 back is too old.
  pair.server.handleRead(records[599] as Uint8Array, pair.now);
  pair.server.handleRead((records[599 - 255] as Uint8Array).slice(), pair.now);
  pair.server.handleRead((records[599 - 256] as Uint8Array).slice(), pair.now);
  assert.deepEqual(readAll(pair.server), ['599', '344']);
  assert.ok(dropped(pair.server, 'dtls.replay') > 0);
});

test('the replay window does what a set of numbers would (RFC 6347 4.1.2.6)', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(700), fc.nat(40), fc.integer({ min: 2 ** 48 - 300, max: 2 ** 48 - 1 })), { maxLength: 200 }), (numbers) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let latest = -1;
      for (const number of numbers) {
        const isNew = !seen.has(number) && number > latest - 256;
        assert.equal(window.isNew(number), isNew);
        if (!isNew) continue;
        window.accept(number);
        seen.add(number);
        latest = Math.max(latest, number);
      }
    }),
    { seed: 11, numRuns: 400 },
  );
});

test('A-DTLS-09 the connection ends before its record numbers do', () => {
  const pair = connected({ client: { maxSealedRecords: 10 } });
  for (let i = 0; i < 8; i++) pair.send('client', encodeUtf8('x')); // Finished was the first
  assert.throws(() => pair.client.handleWrite(encodeUtf8('x'), 0), { code: 'ERR_CLOSED' });
  pair.settle();
  assert.deepEqual(endOf(pair, 'client'), { reason: 'sequence-limit', alert: Alert.closeNotify });
  assert.equal(pair.server.state, 'closed');
  assert.equal(pair.data.server.length, 8);
  const numbers = pair.sent.filter(({ from }) => from === 'client').flatMap(({ bytes }) => recordsOf(bytes)).filter(({ epoch }) => epoch === 1).map(({ sequence }) => sequence);
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('A-JS-07 the last record number, 2^48 - 1, is sealed and opened as it is', () => {
  const key = new Uint8Array(16).fill(1);
  for (const [aead, nonceBytes] of [['aes-128-gcm', 4], ['chacha20-poly1305', 12]] as const) {
    const protection = new RecordProtection(nodeCrypto, aead, aead === 'aes-128-gcm' ? key : new Uint8Array(32), new Uint8Array(nonceBytes));
    for (const sequence of [0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 2 ** 48 - 1]) {
      const buffer = new Uint8Array(64);
      const at = protection.seal(ContentType.applicationData, 1, sequence, buffer, 21, 31);
      assert.equal(readU48(buffer, at + 5), sequence);
      assert.equal(protection.open(buffer, at), 10);
    }
  }
});

test('A-DTLS-10 forged records are counted and end the connection at the limit', () => {
  const pair = connected({ server: { maxForgedRecords: 50 } });
  for (let i = 0; i < 49; i++) {
    const forged = seal(pair.client, 'x');
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1;
    pair.server.handleRead(forged, pair.now);
  }
  assert.equal(pair.server.state, 'connected');
  pair.server.handleRead(plainRecord(ContentType.applicationData, new Uint8Array(40), 999, 1), pair.now);
  pair.collect();
  assert.deepEqual(endOf(pair, 'server'), { reason: 'forgery-limit', alert: Alert.badRecordMac });
  assert.equal(dropped(pair.server, 'dtls.forged'), 50);
  assert.equal(pair.server.pollRead(), undefined);
});

test('A-DTLS-11 explicit nonces are epoch and record number and never repeat, retransmissions included', () => {
  const pair = new DtlsPair({ client: { aeads: ['aes-128-gcm'] } });
  pair.wire = (_from, datagram, index) => (index % 3 === 1 && index < 12 ? [] : [datagram]);
  pair.handshake();
  const seen = { client: new Set<string>(), server: new Set<string>() };
  const note = (from: 'client' | 'server', bytes: Uint8Array): void => {
    for (const record of recordsOf(bytes)) {
      if (record.epoch === 0) continue;
      const nonce = toHex(record.bytes.subarray(13, 21));
      assert.equal(nonce, toHex(record.bytes.subarray(3, 11)));
      assert.ok(!seen[from].has(nonce), `${from} repeats ${nonce}`);
      seen[from].add(nonce);
    }
  };
  for (const { from, bytes } of pair.sent) note(from, bytes);
  assert.ok(pair.server.stats().retransmissions + pair.client.stats().retransmissions > 0);
  for (let i = 0; i < 20_000; i++) note('client', seal(pair.client, 'x'));
  assert.ok(seen.client.size > 20_000);
});

test('A-DTLS-21 four warning alerts are tolerated, the fifth ends the connection', () => {
  const pair = connected();
  for (let i = 1; i <= 5; i++) {
    assert.equal(pair.server.state, 'connected', `${i - 1} warnings`);
    sendSealed(pair, 'client', ContentType.alert, Uint8Array.of(1, Alert.userCanceled));
    pair.settle();
  }
  assert.equal(endOf(pair, 'server')?.reason, 'alert-limit');
});

test('alerts of odd length are dropped; a fatal one ends the connection (RFC 5246 7.2)', () => {
  const pair = connected();
  sendSealed(pair, 'client', ContentType.alert, Uint8Array.of(2));
  sendSealed(pair, 'client', ContentType.alert, Uint8Array.of(1, 0, 0));
  pair.settle();
  assert.equal(dropped(pair.server, 'dtls.malformed'), 2);
  sendSealed(pair, 'client', ContentType.alert, Uint8Array.of(2, Alert.internalError));
  pair.settle();
  assert.deepEqual(endOf(pair, 'server'), { reason: 'peer-alert', alert: Alert.internalError });
});

test('close_notify closes both sides, once (RFC 5246 7.2.1)', () => {
  const pair = connected();
  pair.client.close(pair.now);
  pair.client.close(pair.now);
  pair.settle();
  for (const side of ['client', 'server'] as const) {
    assert.equal(pair.machine(side).state, 'closed');
    assert.deepEqual(pair.events[side].map(({ type }) => type), ['connected', 'closed']);
    assert.equal(pair.machine(side).pollTimeout(), undefined);
    assert.throws(() => pair.machine(side).exportKeyingMaterial('x', 16), { code: 'ERR_INVALID_STATE' });
  }
  const unused = new DtlsPair();
  unused.client.close(0);
  unused.collect();
  assert.deepEqual(unused.events.client, [{ type: 'closed' }]);
  assert.equal(unused.sent.length, 0);
});

test('A-DTLS-22 data that overtakes Finished waits, 16 records at most, and is delivered after it', () => {
  const pair = new DtlsPair();
  pair.wire = (from, datagram) => (from === 'server' && recordsOf(datagram).some(({ epoch }) => epoch === 1) ? [] : [datagram]);
  pair.start();
  while (pair.server.state !== 'connected') pair.step();
  const finished = pair.sent.findLast(({ from }) => from === 'server')?.bytes as Uint8Array;
  for (let i = 0; i < 20; i++) pair.client.handleRead(seal(pair.server, String(i)), pair.now);
  assert.equal(pair.client.state, 'connecting');
  assert.equal(pair.client.pollRead(), undefined, 'nothing before Finished');
  assert.equal(dropped(pair.client, 'dtls.early'), 4);
  // ChangeCipherSpec alone brings the keys but not the proof.
  pair.client.handleRead((recordsOf(finished)[0] as { bytes: Uint8Array }).bytes.slice(), pair.now);
  assert.equal(pair.client.pollRead(), undefined, 'nothing before Finished');
  pair.client.handleRead(finished.slice(), pair.now);
  assert.equal(pair.client.state, 'connected');
  assert.deepEqual(readAll(pair.client), Array.from({ length: 16 }, (_, i) => String(i)));
});

test('A-DTLS-22 early records are bounded at 32 KiB', () => {
  const pair = new DtlsPair().start();
  for (let i = 0; i < 9; i++) pair.client.handleRead(plainRecord(ContentType.applicationData, new Uint8Array(4096 - 13), i, 1), pair.now);
  assert.equal(dropped(pair.client, 'dtls.early'), 1);
});

test('received data that nobody takes is bounded', () => {
  const pair = connected();
  for (let i = 0; i < 4_100; i++) pair.server.handleRead(seal(pair.client, 'x'), pair.now);
  assert.equal(readAll(pair.server).length, 4_096);
  assert.equal(dropped(pair.server, 'dtls.unread'), 4);
});
