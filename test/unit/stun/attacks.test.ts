import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '../../../src/core/index.ts';
import { writeU16, writeU32 } from '../../../src/core/bytes.ts';
import { decodeStun, encodeStun, StunAttribute as A, StunBuilder, StunClass, verifyIntegrity } from '../../../src/stun/index.ts';
import { checkRequest, ID, KEY, samplePackets } from '../../support/stun.ts';

/** A message from raw parts, lengths as they are told. */
function raw(attributes: readonly (readonly [type: number, size: number, value: Uint8Array])[], length?: number): Uint8Array {
  const body = attributes.flatMap(([type, size, value]) => [type >> 8, type & 255, size >> 8, size & 255, ...value]);
  const bytes = Uint8Array.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...ID, ...body]);
  writeU16(bytes, 2, length ?? body.length);
  return bytes;
}

const refused = (bytes: Uint8Array, what: string): void => assert.throws(() => decodeStun(bytes), DecodeError, what);

test('A-STUN-01 attributes behind the integrity are not seen, FINGERPRINT excepted', () => {
  const bytes = new StunBuilder(StunClass.request, 1, ID).integrity(KEY).flag(A.useCandidate).u32(A.priority, 7).fingerprint().finish();
  const message = decodeStun(bytes);
  assert.equal(verifyIntegrity(message, KEY), 'sha-1');
  assert.ok(!message.has(A.useCandidate));
  assert.equal(message.u32(A.priority), undefined);
  assert.ok(message.layout.hasFingerprint);
});

test('A-STUN-01 a message without integrity, or with a changed bit, does not verify', () => {
  assert.equal(verifyIntegrity(decodeStun(new StunBuilder(StunClass.request, 1, ID).finish()), KEY), undefined);
  const bytes = new StunBuilder(StunClass.request, 1, ID).u32(A.priority, 5).integrity(KEY).finish();
  assert.equal(verifyIntegrity(decodeStun(bytes), KEY), 'sha-1');
  for (let bit = 20 * 8; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      assert.equal(verifyIntegrity(decodeStun(changed), KEY), undefined, `bit ${bit}`);
    } catch (error) {
      assert.ok(error instanceof DecodeError, `bit ${bit}: ${error}`);
    }
  }
});

test('A-STUN-01 SHA-256 integrity is the one that counts when both are there (RFC 8489 9.1.3)', () => {
  const good = new StunBuilder(StunClass.request, 1, ID).integrity(KEY).integrity(KEY, 'sha-256').finish();
  assert.equal(verifyIntegrity(decodeStun(good), KEY), 'sha-256');
  good[good.length - 1] = (good[good.length - 1] as number) ^ 1;
  assert.equal(verifyIntegrity(decodeStun(good), KEY), undefined);
});

test('A-STUN-04 lengths and values that lie are refused', () => {
  const request = checkRequest();
  refused(request.slice(0, -1), 'odd');
  refused(Uint8Array.from([...request, 0, 0, 0, 0]), 'more bytes than the header says');
  refused(raw([], 0xfffc), 'length past the end');
  refused(raw([[A.software, 5, new Uint8Array(4)]]), 'attribute past the end');
  refused(raw([[A.software, 0xffff, new Uint8Array(4)]]), 'attribute far past the end');
  refused(raw([[A.xorMappedAddress, 8, Uint8Array.of(0, 3, 0, 1, 1, 2, 3, 4)]]), 'family 3');
  refused(raw([[A.xorMappedAddress, 4, Uint8Array.of(0, 1, 0, 1)]]), 'address of 4 bytes');
  refused(raw([[A.xorMappedAddress, 8, Uint8Array.of(0, 2, 0, 1, 1, 2, 3, 4)]]), 'IPv6 of 4 bytes');
  refused(raw([[A.mappedAddress, 0, new Uint8Array(0)]]), 'empty address');
  refused(raw([[A.errorCode, 2, new Uint8Array(4)]]), 'ERROR-CODE of 2 bytes');
  refused(raw([[A.errorCode, 4, Uint8Array.of(0, 0, 7, 0)]]), 'class 7');
  refused(raw([[A.errorCode, 4, Uint8Array.of(0, 0, 4, 100)]]), 'number 100');
  refused(raw([[A.errorCode, 8, Uint8Array.of(0, 0, 4, 0, 0xff, 0xfe, 0xc0, 0x80)]]), 'reason that is not UTF-8');
  refused(raw([[A.priority, 3, new Uint8Array(4)]]), 'PRIORITY of 3 bytes');
  refused(raw([[A.useCandidate, 4, new Uint8Array(4)]]), 'USE-CANDIDATE with a value');
  refused(raw([[A.iceControlling, 4, new Uint8Array(4)]]), 'short tie-breaker');
  refused(raw([[A.username, 513, new Uint8Array(516)]]), 'USERNAME of 513 bytes');
  refused(raw([[A.unknownAttributes, 3, new Uint8Array(4)]]), 'odd list of types');
  refused(raw([[A.passwordAlgorithms, 4, Uint8Array.of(0, 1, 0xff, 0xff)]]), 'parameters past the end');
});

test('A-STUN-04 a fingerprint that does not hold, or is not last, is refused (RFC 8489 14.7)', () => {
  const bytes = new StunBuilder(StunClass.request, 1, ID).fingerprint().finish();
  assert.ok(decodeStun(bytes).layout.hasFingerprint);
  const wrong = bytes.slice();
  writeU32(wrong, wrong.length - 4, 0);
  refused(wrong, 'wrong CRC');
  refused(new StunBuilder(StunClass.request, 1, ID).fingerprint().u32(A.priority, 1).finish(), 'not last');
});

test('A-STUN-05 350 empty attributes are parsed in no time, and a 420 lists 16 types at most', () => {
  const bomb = raw(Array.from({ length: 350 }, (_, i) => [0x4000 + (i % 64), 0, new Uint8Array(0)] as const));
  for (let i = 0; i < 200; i++) decodeStun(bomb);
  const start = process.hrtime.bigint();
  for (let i = 0; i < 200; i++) decodeStun(bomb);
  const micros = Number(process.hrtime.bigint() - start) / 1000 / 200;
  assert.ok(micros < 1000, `${micros} µs`);
  const message = decodeStun(bomb);
  assert.equal(message.unknownRequired().length, 16);
  const answer = new StunBuilder(StunClass.error, 1, ID).error(420).unknownAttributes(Array.from({ length: 64 }, (_, i) => i)).finish();
  assert.equal(decodeStun(answer).unknownAttributes.length, 16);
  assert.ok(answer.length < 80);
});

test('A-JS-10 integrity of any other length is refused, never compared', () => {
  for (const size of [0, 4, 16, 19, 21, 32, 33]) {
    refused(raw([[A.messageIntegrity, size, new Uint8Array((size + 3) & ~3)]]), `MESSAGE-INTEGRITY of ${size}`);
  }
  for (const size of [0, 12, 15, 17, 20 + 1, 33, 36]) {
    refused(raw([[A.messageIntegritySha256, size, new Uint8Array((size + 3) & ~3)]]), `MESSAGE-INTEGRITY-SHA256 of ${size}`);
  }
  const cut = encodeStun({ class: StunClass.request, method: 1, transactionId: ID, attributes: [] }, { integrity: KEY, algorithm: 'sha-256' });
  const message = decodeStun(cut);
  assert.equal(verifyIntegrity(message, KEY), 'sha-256');
});

test('A-JS-05 padding is zero, whatever the memory held before', () => {
  for (let i = 0; i < 50; i++) Buffer.allocUnsafe(4096).fill(0xaa);
  for (let size = 0; size < 9; size++) {
    const bytes = new StunBuilder(StunClass.request, 1, ID).value(A.software, new Uint8Array(size).fill(0x55)).error(400, 'x'.repeat(size)).unknownAttributes([1]).finish();
    assert.ok(!bytes.includes(0xaa));
    const padding = bytes.subarray(24 + size, 24 + ((size + 3) & ~3));
    assert.deepEqual([...padding], new Array(padding.length).fill(0));
    assert.deepEqual([...bytes.subarray(-2)], [0, 0], 'UNKNOWN-ATTRIBUTES');
  }
});

test('A-JS-01 every proper prefix of every kind of message gives the typed error', () => {
  for (const packet of samplePackets()) {
    for (let n = 0; n < packet.length; n++) refused(packet.slice(0, n), `${n} bytes`);
  }
});
