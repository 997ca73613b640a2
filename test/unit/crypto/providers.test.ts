import assert from 'node:assert/strict';
import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { concat, type CryptoProvider, fromHex, type SigningKeyKind, toHex } from '../../../src/core/index.ts';
import { decodeEcPrivateKey, decodePublicKey, encodeEcPrivateKey } from '../../../src/crypto/keys.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { createPureCrypto, pureCrypto } from '../../../src/crypto/pure.ts';
import { bitFlips, mutations, prefixes, seededRandom } from '../../support/fuzz.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const pureAes = createPureCrypto({ tableAes: true });
const rsa = createPrivateKey({
  key: Buffer.from(loadVectors('certificates.json').certificates.find((c: { name: string }) => c.name === 'rsa-2048').pkcs8Hex, 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const rsaPublicKey = new Uint8Array(createPublicKey(rsa).export({ format: 'der', type: 'spki' }));
const text = Uint8Array.of(1, 2, 3, 4);

test('the providers read each other: ciphers, key agreement, signatures, private keys', () => {
  for (const [a, b] of [[nodeCrypto, pureAes], [pureAes, nodeCrypto]] as const) {
    for (const cipher of a.aeads) {
      const key = new Uint8Array(cipher === 'aes-128-gcm' ? 16 : 32).fill(5);
      const buffer = concat(text, new Uint8Array(16));
      a.createAead(cipher, key).seal(new Uint8Array(12), text, buffer, 0, 4);
      assert.ok(b.createAead(cipher, key).open(new Uint8Array(12), text, buffer, 0, 20), cipher);
    }
    for (const group of a.groups) {
      const ours = a.generateKeyAgreement(group, seededRandom(1));
      const theirs = b.generateKeyAgreement(group, seededRandom(2));
      assert.equal(toHex(ours.deriveSecret(theirs.publicKey)), toHex(theirs.deriveSecret(ours.publicKey)));
    }
    for (const kind of ['ecdsa-p256', 'ecdsa-p384'] as const) {
      const key = b.importSigningKey(a.generateSigningKey(kind, seededRandom(3)).exportPrivateKey());
      for (const scheme of ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'] as const) {
        assert.ok(a.verify(scheme, key.publicKey, text, key.sign(scheme, text)), `${kind} ${scheme}`);
      }
    }
  }
});

test('one random source gives the same ephemeral and signing keys with either provider', () => {
  const keys = (provider: CryptoProvider): string[] => [
    ...provider.groups.map((group) => toHex(provider.generateKeyAgreement(group, seededRandom(4)).publicKey)),
    ...(['ecdsa-p256', 'ecdsa-p384'] as const).map((kind: SigningKeyKind) => toHex(provider.generateSigningKey(kind, seededRandom(5)).exportPrivateKey())),
  ];
  assert.deepEqual(keys(nodeCrypto), keys(pureCrypto));
});

test('the pure provider signs the same thing the same way (RFC 6979)', () => {
  for (const kind of ['ecdsa-p256', 'ecdsa-p384'] as const) {
    for (const scheme of ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'] as const) {
      const signatures = [1, 2].map(() => toHex(pureCrypto.generateSigningKey(kind, seededRandom(6)).sign(scheme, text)));
      assert.equal(signatures[0], signatures[1]);
    }
  }
});

test('the pure provider offers AES only when its tables are asked for', () => {
  assert.deepEqual(pureCrypto.aeads, ['chacha20-poly1305']);
  assert.throws(() => pureCrypto.createAead('aes-128-gcm', new Uint8Array(16)), { code: 'ERR_NOT_SUPPORTED' });
  assert.ok(pureAes.aeads.includes('aes-128-gcm') && pureAes.aeads.includes('aes-256-gcm'));
});

test('the pure provider neither makes nor reads RSA keys, and says so', () => {
  assert.throws(() => pureCrypto.generateSigningKey('rsa-2048', seededRandom(1)), { code: 'ERR_NOT_SUPPORTED' });
  assert.throws(() => pureCrypto.importSigningKey(new Uint8Array(rsa.export({ format: 'der', type: 'pkcs8' }))), { code: 'ERR_CRYPTO' });
});

test('the node provider makes RSA keys that sign every RSA scheme, and no other', () => {
  const key = nodeCrypto.generateSigningKey('rsa-2048', seededRandom(1));
  for (const scheme of nodeCrypto.signatureSchemes) {
    if (!scheme.startsWith('rsa')) {
      assert.throws(() => key.sign(scheme, text), { code: 'ERR_NOT_SUPPORTED' });
      continue;
    }
    const signature = key.sign(scheme, text);
    for (const provider of [nodeCrypto, pureCrypto]) {
      assert.equal(provider.verify(scheme, key.publicKey, text, signature), true, `${provider.name} ${scheme}`);
      assert.equal(provider.verify(scheme, key.publicKey, new Uint8Array(3), signature), false, `${provider.name} ${scheme}`);
      for (const other of nodeCrypto.signatureSchemes) {
        if (other !== scheme) assert.equal(provider.verify(other, key.publicKey, text, signature), false, `${provider.name}: ${scheme} as ${other}`);
      }
    }
  }
});

test('a PSS signature whose salt is not as long as the hash is refused (RFC 8446 4.2.3)', () => {
  for (const saltLength of [0, 20, 31, 33]) {
    const signature = new Uint8Array(sign('sha256', text, { key: rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }));
    for (const provider of [nodeCrypto, pureCrypto]) {
      assert.equal(provider.verify('rsa_pss_rsae_sha256', rsaPublicKey, text, signature), false, `${provider.name} salt ${saltLength}`);
    }
  }
});

test('A-DTLS-18 RSA keys outside of 2048 to 4096 bits, and exponents that are even, 1 or long, are refused', { skip: process.versions['deno'] !== undefined && 'the platform makes no such key' }, () => {
  for (const [bits, good] of [[1024, false], [2047, false], [2048, true], [3072, true], [4096, true], [4097, false], [16_384, false]] as const) {
    assert.equal(decodePublicKey(rsaSpki((1n << BigInt(bits - 1)) + 1n, 65_537n)) !== undefined, good, `${bits} bits`);
  }
  const modulus = (1n << 2047n) + 1n;
  for (const [exponent, good] of [[1n, false], [2n, false], [3n, true], [17n, true], [65_536n, false], [(1n << 63n) + 1n, true], [(1n << 64n) + 1n, false]] as const) {
    assert.equal(decodePublicKey(rsaSpki(modulus, exponent)) !== undefined, good, `e = ${exponent}`);
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const signature = new Uint8Array(sign('sha256', text, privateKey));
  for (const provider of [nodeCrypto, pureCrypto]) assert.equal(provider.verify('rsa_pkcs1_sha256', spki, text, signature), false, provider.name);
});

/** SubjectPublicKeyInfo of any two numbers. */
function rsaSpki(modulus: bigint, exponent: bigint): Uint8Array {
  const base64url = (value: bigint): string => {
    const digits = value.toString(16);
    return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString('base64url');
  };
  const key = createPublicKey({ key: { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) }, format: 'jwk' });
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
}

test('a signature of SHA-1 is never accepted', () => {
  const signature = new Uint8Array(sign('sha1', text, rsa));
  for (const provider of [nodeCrypto, pureCrypto]) {
    for (const scheme of provider.signatureSchemes) assert.equal(provider.verify(scheme, rsaPublicKey, text, signature), false);
  }
});

test('results are plain Uint8Arrays, whose slice is a copy', () => {
  const key = nodeCrypto.generateSigningKey('ecdsa-p256', seededRandom(1));
  const agreement = nodeCrypto.generateKeyAgreement('secp256r1', seededRandom(1));
  const results = [
    nodeCrypto.hash('sha-256', text),
    nodeCrypto.createHash('sha-256').update(text).digest(),
    nodeCrypto.createHmac('sha-1', text).sign(text),
    key.publicKey,
    key.exportPrivateKey(),
    key.sign('ecdsa_secp256r1_sha256', text),
    agreement.publicKey,
    agreement.deriveSecret(agreement.publicKey),
    nodeCrypto.generateKeyAgreement('x25519', seededRandom(1)).publicKey,
  ];
  for (const result of results) assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype);
});

test('what a caller passes outside of the types is an RtcError, not a crash', () => {
  for (const provider of [nodeCrypto, pureCrypto]) {
    assert.throws(() => provider.hash('sha-3' as 'sha-1', text), { code: 'ERR_NOT_SUPPORTED' });
    assert.throws(() => provider.createHash('' as 'sha-1'), { code: 'ERR_NOT_SUPPORTED' });
    assert.throws(() => provider.createHmac('toString' as 'sha-1', text), { code: 'ERR_NOT_SUPPORTED' });
    assert.throws(() => provider.generateSigningKey('ed25519' as 'rsa-2048', seededRandom(1)), { code: 'ERR_NOT_SUPPORTED' });
    assert.equal(provider.verify('ed25519' as 'rsa_pkcs1_sha256', rsaPublicKey, text, text), false);
    assert.equal(provider.verify('constructor' as 'rsa_pkcs1_sha256', rsaPublicKey, text, text), false);
  }
});

test('A-DTLS-18 a public key survives every prefix, bit flip and 20,000 mutations without an exception', () => {
  const spkis = [rsaPublicKey, nodeCrypto.generateSigningKey('ecdsa-p256', seededRandom(1)).publicKey, nodeCrypto.generateSigningKey('ecdsa-p384', seededRandom(1)).publicKey];
  let accepted = 0;
  for (const spki of spkis) {
    for (const input of prefixes(spki)) assert.equal(decodePublicKey(input), undefined);
    for (const input of bitFlips(spki)) if (decodePublicKey(input) !== undefined) accepted++;
  }
  for (const input of mutations(spkis, 20_000, 11)) if (decodePublicKey(input) !== undefined) accepted++;
  assert.ok(accepted > 0); // a bit of the point or the modulus
  for (const input of mutations(spkis, 300, 12)) nodeCrypto.verify('ecdsa_secp256r1_sha256', input, text, text);
  for (const input of mutations(spkis, 300, 13)) assert.equal(pureCrypto.verify('rsa_pkcs1_sha256', input, text, text), false);
});

test('an RSA key whose DER is not in its shortest form, or has a negative or padded number, is refused (X.690 10.1)', () => {
  const at = (needle: string): number => toHex(rsaPublicKey).indexOf(needle) / 2;
  const numbers = at('0282010100');
  const negative = rsaPublicKey.slice();
  negative[numbers + 4] = 0x80;
  assert.equal(decodePublicKey(negative), undefined);
  const indefinite = rsaPublicKey.slice();
  indefinite[1] = 0x80;
  assert.equal(decodePublicKey(indefinite), undefined);
  const even = rsaPublicKey.slice();
  even[rsaPublicKey.length - 6] = (even[rsaPublicKey.length - 6] as number) & 0xfe; // last byte of the modulus
  assert.equal(decodePublicKey(even), undefined);
  assert.equal(decodePublicKey(rsaPublicKey)?.type, 'rsa');
});

test('private keys survive every prefix and mutation, and round-trip', () => {
  const scalar = new Uint8Array(48).fill(3);
  const pkcs8 = encodeEcPrivateKey('secp384r1', scalar, new Uint8Array(97).fill(4));
  assert.deepEqual(decodeEcPrivateKey(pkcs8), { curve: 'secp384r1', privateKey: scalar });
  for (const input of prefixes(pkcs8)) assert.equal(decodeEcPrivateKey(input), undefined);
  for (const input of mutations([pkcs8], 5000, 14)) decodeEcPrivateKey(input);
  assert.throws(() => pureCrypto.importSigningKey(encodeEcPrivateKey('secp256r1', new Uint8Array(32), new Uint8Array(65))), { code: 'ERR_CRYPTO' });
});

test('the vectors of RFC 6979 come out of the pure provider', () => {
  const key = pureCrypto.generateSigningKey('ecdsa-p256', (into) => into.set(hex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721')));
  const signature = key.sign('ecdsa_secp256r1_sha256', fromHex('73616d706c65'));
  assert.ok(toHex(signature).includes('efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716'));
});
