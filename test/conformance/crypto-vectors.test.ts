import assert from 'node:assert/strict';
import { test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { type AeadName, concat, type CryptoProvider, equalBytes, type GroupName, type HashName, RtcError, toHex } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { createPureCrypto } from '../../src/crypto/pure.ts';
import { hex, loadVectors } from '../support/vectors.ts';

const providers: readonly CryptoProvider[] = [nodeCrypto, createPureCrypto({ tableAes: true })];
const HASHES: Readonly<Record<string, HashName>> = { sha1: 'sha-1', sha256: 'sha-256', sha384: 'sha-384' };
const GROUPS: Readonly<Record<string, GroupName>> = { x25519: 'x25519', prime256v1: 'secp256r1', secp256r1: 'secp256r1' };

function open(provider: CryptoProvider, cipher: AeadName, key: string, nonce: string, aad: string, sealed: string): string | undefined {
  const buffer = hex(sealed);
  const held = provider.createAead(cipher, hex(key)).open(hex(nonce), hex(aad), buffer, 0, buffer.length);
  return held ? toHex(buffer.subarray(0, buffer.length - 16)) : undefined;
}

function seal(provider: CryptoProvider, cipher: AeadName, key: string, nonce: string, aad: string, plain: string): string {
  const buffer = concat(hex(plain), new Uint8Array(16));
  provider.createAead(cipher, hex(key)).seal(hex(nonce), hex(aad), buffer, 0, buffer.length - 16);
  return toHex(buffer);
}

function agree(provider: CryptoProvider, group: GroupName, privateKey: Uint8Array, publicKey: string): string | undefined {
  try {
    return toHex(provider.generateKeyAgreement(group, (into) => into.set(privateKey)).deriveSecret(hex(publicKey)));
  } catch (error) {
    assert.ok(error instanceof RtcError && error.code === 'ERR_CRYPTO', String(error));
    return undefined;
  }
}

/** HKDF (RFC 5869) out of a provider's HMAC. */
function hkdf(provider: CryptoProvider, hash: HashName, ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, size: number): Uint8Array {
  const prk = provider.createHmac(hash, salt).sign(ikm);
  const hmac = provider.createHmac(hash, prk);
  let block: Uint8Array = new Uint8Array(0);
  const blocks: Uint8Array[] = [];
  for (let i = 1, length = 0; length < size; i++, length += block.length) {
    block = hmac.sign(block, info, Uint8Array.of(i));
    blocks.push(block);
  }
  return concat(...blocks).subarray(0, size);
}

const vectors = loadVectors('crypto.json');
const kdf = loadVectors('kdf.json');
const { certificates } = loadVectors('certificates.json');

for (const provider of providers) {
  for (const v of vectors.aead) {
    test(`${provider.name}: ${v.source}`, () => {
      assert.equal(seal(provider, v.cipher, v.keyHex, v.nonceHex, v.aadHex, v.plainHex), v.cipherHex + v.tagHex);
      assert.equal(open(provider, v.cipher, v.keyHex, v.nonceHex, v.aadHex, v.cipherHex + v.tagHex), v.plainHex);
    });
  }

  for (const v of vectors.ecdh) {
    test(`${provider.name}: ${v.source}`, () => {
      assert.equal(agree(provider, GROUPS[v.curve] as GroupName, hex(v.privateHex), v.publicHex), v.sharedHex);
    });
  }

  for (const v of vectors.ecdhMustReject) {
    test(`A-DTLS-17 ${provider.name} refuses: ${v.source}`, () => {
      assert.equal(agree(provider, GROUPS[v.curve] as GroupName, new Uint8Array(32).fill(7), v.publicHex), undefined);
    });
  }

  for (const v of kdf.hmac) {
    test(`${provider.name}: HMAC-${v.hash}, ${v.source}`, () => {
      assert.equal(toHex(provider.createHmac(HASHES[v.hash] as HashName, hex(v.keyHex)).sign(hex(v.dataHex))), v.macHex);
    });
  }

  for (const v of kdf.hkdf) {
    test(`${provider.name}: HKDF-${v.hash}, ${v.source}`, () => {
      const hash = HASHES[v.hash] as HashName;
      const okm = hex(v.okmHex);
      assert.equal(toHex(provider.createHmac(hash, hex(v.saltHex)).sign(hex(v.ikmHex))), v.prkHex);
      assert.equal(toHex(hkdf(provider, hash, hex(v.ikmHex), hex(v.saltHex), hex(v.infoHex), okm.length)), v.okmHex);
    });
  }

  for (const v of certificates) {
    test(`${provider.name}: fingerprints and key of the certificate ${v.name}`, () => {
      const der = hex(v.derHex);
      const colons = (bytes: Uint8Array): string | undefined => toHex(bytes).toUpperCase().match(/../g)?.join(':');
      assert.equal(colons(provider.hash('sha-256', der)), v.fingerprintSha256);
      assert.equal(colons(provider.hash('sha-384', der)), v.fingerprintSha384);
      const known = v.name.startsWith('ecdsa') || (v.name.startsWith('rsa') && provider === nodeCrypto);
      if (!known) {
        assert.throws(() => provider.importSigningKey(hex(v.pkcs8Hex)), { code: 'ERR_CRYPTO' });
        return;
      }
      const key = provider.importSigningKey(hex(v.pkcs8Hex));
      const spki = new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' });
      assert.equal(toHex(key.publicKey), spki.toString('hex'));
      const text = Uint8Array.of(1, 2, 3);
      const scheme = v.name === 'rsa-2048' ? 'rsa_pss_rsae_sha256' : v.name === 'ecdsa-p384' ? 'ecdsa_secp384r1_sha384' : 'ecdsa_secp256r1_sha256';
      for (const other of providers) assert.equal(other.verify(scheme, key.publicKey, text, key.sign(scheme, text)), true, other.name);
    });
  }

  wycheproof(provider, 'aes_gcm_test.json', (group, t) => {
    if (group.tagSize !== 128 || group.ivSize !== 96 || group.keySize === 192) return undefined;
    const cipher: AeadName = group.keySize === 128 ? 'aes-128-gcm' : 'aes-256-gcm';
    return open(provider, cipher, t.key, t.iv, t.aad, t.ct + t.tag) === t.msg;
  });
  wycheproof(provider, 'chacha20_poly1305_test.json', (group, t) => {
    if (group.tagSize !== 128 || group.ivSize !== 96) return undefined;
    return open(provider, 'chacha20-poly1305', t.key, t.iv, t.aad, t.ct + t.tag) === t.msg;
  });
  for (const hash of ['sha1', 'sha256'] as const) {
    wycheproof(provider, `hmac_${hash}_test.json`, (group, t) => {
      const mac = provider.createHmac(HASHES[hash] as HashName, hex(t.key)).sign(hex(t.msg));
      return equalBytes(mac.subarray(0, group.tagSize / 8), hex(t.tag));
    });
  }
  for (const hash of ['sha256', 'sha384'] as const) {
    wycheproof(provider, `hkdf_${hash}_test.json`, (_, t) => {
      const size = hash === 'sha256' ? 32 : 48;
      if (t.size > 255 * size) return false; // RFC 5869 2.3: no more than 255 blocks
      return toHex(hkdf(provider, HASHES[hash] as HashName, hex(t.ikm), hex(t.salt), hex(t.info), t.size)) === t.okm;
    });
  }
  wycheproof(provider, 'x25519_test.json', (_, t) => agree(provider, 'x25519', hex(t.private), t.public) === t.shared);
  wycheproof(provider, 'ecdh_secp256r1_ecpoint_test.json', (_, t) => {
    const scalar = hex(t.private.slice(-64).padStart(64, '0'));
    return agree(provider, 'secp256r1', scalar, t.public) === t.shared;
  });
  wycheproof(provider, 'ecdsa_secp256r1_sha256_test.json', (group, t) =>
    provider.verify('ecdsa_secp256r1_sha256', hex(group.publicKeyDer), hex(t.msg), hex(t.sig)),
  );
  wycheproof(provider, 'ecdsa_secp384r1_sha384_test.json', (group, t) =>
    provider.verify('ecdsa_secp384r1_sha384', hex(group.publicKeyDer), hex(t.msg), hex(t.sig)),
  );
}

/** Judges every case of a file; `undefined` leaves one out, and `acceptable` ones may go either way. */
function wycheproof(provider: CryptoProvider, file: string, holds: (group: any, t: any) => boolean | undefined): void {
  test(`${provider.name}: Wycheproof ${file}`, () => {
    let judged = 0;
    const wrong: string[] = [];
    for (const group of loadVectors(`wycheproof/${file}`).testGroups) {
      for (const t of group.tests) {
        const held = holds(group, t);
        if (held === undefined) continue;
        judged++;
        if ((t.result === 'valid' && !held) || (t.result === 'invalid' && held)) wrong.push(`${t.tcId} (${t.result}) ${t.comment}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(judged > 50, `only ${judged} cases`);
  });
}
