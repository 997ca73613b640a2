import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError, equalBytes, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import {
  crc32,
  decodeStun,
  encodeStun,
  isStun,
  longTermKey,
  StunAttribute as A,
  StunBuilder,
  StunClass,
  type StunMessage,
  StunMethod,
  userHash,
  verifyIntegrity,
} from '../../../src/stun/index.ts';
import { checkRequest, ID, KEY, keyOf, samplePackets } from '../../support/stun.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const vectors = loadVectors('stun.json');

for (const v of vectors.messages) {
  test(`vector ${v.name} (${v.source})`, () => {
    const message = decodeStun(hex(v.messageHex));
    assert.equal(message.method, StunMethod.binding);
    assert.equal(message.layout.hasFingerprint, v.fingerprint);
    assert.equal(verifyIntegrity(message, keyOf(v.credential)), v.integrity === 'sha1' ? 'sha-1' : 'sha-256');
    if (v.username) assert.equal(message.text(A.username), v.username);
    if (v.credential.algorithm === 'md5') assert.equal(message.text(A.username), v.credential.username);
    if (v.software) assert.equal(message.text(A.software), v.software);
    if (v.nonce) assert.equal(message.text(A.nonce), v.nonce);
    if (v.priority) assert.equal(message.u32(A.priority), Number.parseInt(v.priority, 16));
    if (v.iceControlled) assert.equal(message.u64(A.iceControlled), BigInt(`0x${v.iceControlled}`));
    if (v.xorMapped) assert.deepEqual(message.mappedAddress, { address: v.xorMapped.address, port: v.xorMapped.port });
    if (v.userhash) {
      assert.equal(toHex(message.value(A.userhash) ?? new Uint8Array()), v.userhash);
      assert.equal(toHex(userHash(v.credential.username, v.credential.realm, nodeCrypto)), v.userhash);
    }
  });
}

for (const v of vectors.malformed) {
  test(`malformed vector ${v.name} is refused`, () => {
    assert.throws(() => decodeStun(hex(v.messageHex)), DecodeError);
  });
}

test('our long-term request is, but for the padding, the one of RFC 5769 2.4', () => {
  const v = vectors.messages[3];
  const original = decodeStun(hex(v.messageHex));
  const built = new StunBuilder(StunClass.request, StunMethod.binding, original.transactionId)
    .text(A.username, v.credential.username)
    .text(A.nonce, v.nonce)
    .text(A.realm, v.credential.realm)
    .integrity(longTermKey(v.credential.username, v.credential.realm, v.credential.password, nodeCrypto))
    .finish();
  assert.equal(toHex(built), v.messageHex);
});

test('CRC-32 and the codes agree with another implementation', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
  const request = checkRequest();
  const integrityAt = decodeStun(request).layout.integrityAt;
  const covered = request.slice(0, integrityAt - 4);
  covered[3] = integrityAt; // the length as if the message ended behind the code
  assert.equal(
    toHex(request.subarray(integrityAt, integrityAt + 20)),
    createHmac('sha1', 'VOkJxbRl1RmTxUk/WvJxBt').update(covered).digest('hex'),
  );
  assert.equal(toHex(nodeCrypto.hash('md5', new TextEncoder().encode('a:b:c'))), createHash('md5').update('a:b:c').digest('hex'));
});

test('class and method survive in all their bits (RFC 8489 5)', () => {
  for (const cls of Object.values(StunClass)) {
    for (const method of [0x000, 0x001, 0x00f, 0x010, 0x070, 0x080, 0x3ff, 0xf80, 0xfff]) {
      const bytes = encodeStun({ class: cls, method, transactionId: ID, attributes: [] });
      const message = decodeStun(bytes);
      assert.equal(message.class, cls);
      assert.equal(message.method, method);
      assert.ok((bytes[0] as number) < 0x40);
      assert.deepEqual(message.transactionId, ID);
    }
  }
});

test('raw attributes survive a round trip', () => {
  const attribute = fc.tuple(fc.integer({ min: 0x4000, max: 0x7fff }), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(fc.uniqueArray(attribute, { selector: ([type]) => type, maxLength: 12 }), fc.constantFrom('sha-1' as const, 'sha-256' as const), (attributes, algorithm) => {
      const bytes = encodeStun(
        { class: StunClass.request, method: 1, transactionId: ID, attributes },
        { integrity: KEY, algorithm, fingerprint: true },
      );
      const message = decodeStun(bytes);
      assert.equal(verifyIntegrity(message, KEY), algorithm);
      for (const [type, value] of attributes) assert.ok(equalBytes(message.value(type) ?? new Uint8Array(1), value));
    }),
    { numRuns: 200 },
  );
});

test('addresses of both families survive, plain and XORed (RFC 8489 14.1, 14.2)', () => {
  for (const address of ['192.0.2.1', '0.0.0.0', '255.255.255.255', '2001:db8::1', '::1', 'fe80::1']) {
    for (const port of [0, 1, 0x2112, 65_535]) {
      const plain = new StunBuilder(StunClass.success, 1, ID).address(A.mappedAddress, { address, port }).finish();
      assert.deepEqual(decodeStun(plain).mappedAddress, { address, port });
      const xored = new StunBuilder(StunClass.success, 1, ID).xorAddress(A.xorMappedAddress, { address, port }).finish();
      assert.deepEqual(decodeStun(xored).mappedAddress, { address, port });
    }
  }
});

test('errors, lists of types and password algorithms are read', () => {
  const packets = samplePackets().map(decodeStun);
  const find = (test: (m: StunMessage) => boolean): StunMessage => packets.find(test) as StunMessage;
  assert.deepEqual(find((m) => m.error?.code === 420).unknownAttributes, [1, 2, 3]);
  assert.deepEqual(find((m) => m.error?.code === 401).error, { code: 401, reason: 'Who?' });
  assert.deepEqual(find((m) => m.error?.code === 401).passwordAlgorithms, [2, 1]);
  assert.deepEqual(find((m) => m.error?.code === 300).alternateServer, { address: '192.0.2.9', port: 3478 });
});

test('only the first of two like attributes counts (RFC 8489 14)', () => {
  const message = decodeStun(new StunBuilder(StunClass.request, 1, ID).u32(A.priority, 1).u32(A.priority, 2).finish());
  assert.equal(message.u32(A.priority), 1);
});

test('NETWORK-COST and other optional attributes are passed over', () => {
  const bytes = new StunBuilder(StunClass.request, 1, ID).u32(A.networkCost, 5).u32(0xffee, 1).finish();
  assert.deepEqual(decodeStun(bytes).unknownRequired(), []);
});

test('isStun wants two zero bits, the cookie and a length that fits', () => {
  const request = checkRequest();
  assert.ok(isStun(request));
  assert.ok(!isStun(request.slice(0, 19)));
  assert.ok(!isStun(request.slice(0, -4)));
  for (const at of [0, 3, 4, 7]) {
    const changed = request.slice();
    changed[at] = (changed[at] as number) ^ 0x80;
    assert.ok(!isStun(changed), `byte ${at}`);
  }
  assert.ok(!isStun(new Uint8Array(0)));
});
