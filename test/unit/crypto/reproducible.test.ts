import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { pureCrypto } from '../../../src/crypto/pure.ts';
import { reproducibleCrypto } from '../../../src/crypto/reproducible.ts';
import { seededRandom } from '../../support/fuzz.ts';
import { hex } from '../../support/vectors.ts';

const kinds = [['ecdsa-p256', 'ecdsa_secp256r1_sha256'], ['ecdsa-p384', 'ecdsa_secp384r1_sha384']] as const;

test('the reproducible provider signs byte for byte as the pure one does (RFC 6979), for 15 keys of each kind', () => {
  for (let seed = 0; seed < 15; seed++) {
    for (const [kind, scheme] of kinds) {
      const data = new Uint8Array(seed).fill(seed);
      const [ours, theirs] = [reproducibleCrypto, pureCrypto].map((provider) => provider.generateSigningKey(kind, seededRandom(seed)));
      const signature = ours!.sign(scheme, data);
      assert.equal(toHex(signature), toHex(theirs!.sign(scheme, data)));
      assert.ok(nodeCrypto.verify(scheme, ours!.publicKey, data, signature));
    }
  }
});

test('RFC 6979 A.2.5 and A.2.6, with either hash on P-256', () => {
  const text = hex('73616d706c65');
  const p256 = reproducibleCrypto.generateSigningKey('ecdsa-p256', (into) => into.set(hex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721')));
  const expected = {
    ecdsa_secp256r1_sha256: ['efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716', 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8'],
    ecdsa_secp384r1_sha384: ['0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719', '4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954'],
  } as const;
  for (const scheme of ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'] as const) {
    const signature = toHex(p256.sign(scheme, text));
    for (const part of expected[scheme]) assert.ok(signature.includes(part), scheme);
  }
});

test('every scheme on every curve gives a signature that holds and that the next run gives again', () => {
  for (const [kind] of kinds) {
    for (const [, scheme] of kinds) {
      const [first, second] = [1, 2].map(() => reproducibleCrypto.generateSigningKey(kind, seededRandom(9)).sign(scheme, Uint8Array.of(1)));
      assert.equal(toHex(first!), toHex(second!));
      assert.ok(nodeCrypto.verify(scheme, reproducibleCrypto.generateSigningKey(kind, seededRandom(9)).publicKey, Uint8Array.of(1), first!));
    }
  }
});

test('RSA keys, which no seed decides, are refused', () => {
  assert.throws(() => reproducibleCrypto.generateSigningKey('rsa-2048', seededRandom(1)), { code: 'ERR_NOT_SUPPORTED' });
  const rsa = nodeCrypto.generateSigningKey('rsa-2048', seededRandom(1));
  assert.throws(() => reproducibleCrypto.importSigningKey(rsa.exportPrivateKey()), { code: 'ERR_CRYPTO' });
});
