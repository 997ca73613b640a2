import assert from 'node:assert/strict';
import { createPublicKey, verify as opensslVerify } from 'node:crypto';
import { test } from 'node:test';
import { type Aead, type AeadSequence, concat, type CryptoProvider, type KeyAgreement, RtcError, type SigningKey } from '../../../src/core/index.ts';
import { cryptoConformance } from '../../../src/crypto/conformance.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';

function failures(provider: CryptoProvider): string[] {
  return cryptoConformance().flatMap(({ name, run }) => (fails(run, provider) ? [name] : []));
}

function fails(run: (provider: CryptoProvider) => void, provider: CryptoProvider): boolean {
  try {
    run(provider);
    return false;
  } catch {
    return true;
  }
}

/** The good provider with one method bent. */
function bent(change: Partial<CryptoProvider>): CryptoProvider {
  return { ...nodeCrypto, ...change };
}

function withAead(bend: (aead: Aead) => Partial<Aead>): CryptoProvider {
  return bent({
    createAead(name, key) {
      const aead = nodeCrypto.createAead(name, key);
      return { seal: (...args) => aead.seal(...args), open: (...args) => aead.open(...args), ...bend(aead) };
    },
  });
}

/** A sequence as the interface says, but for the counter. */
function sequenceBy(aead: Aead, base: Uint8Array, bend: (counter: number) => number): AeadSequence {
  const nonce = (counter: number): Uint8Array => {
    if (base.length !== 12) throw new RtcError('ERR_INVALID_ARGUMENT', 'nonce');
    const bent = bend(counter);
    return base.map((byte, i) => (i < 6 ? byte : byte ^ (Math.floor(bent / 2 ** (8 * (11 - i))) & 0xff)));
  };
  nonce(0);
  return {
    seal: (counter, ...rest) => aead.seal(nonce(counter), ...rest),
    open: (counter, ...rest) => aead.open(nonce(counter), ...rest),
  };
}

function withAgreement(bend: (agreement: KeyAgreement) => Partial<KeyAgreement>): CryptoProvider {
  return bent({
    generateKeyAgreement(group, random) {
      const agreement = nodeCrypto.generateKeyAgreement(group, random);
      const { publicKey } = agreement;
      return { group, publicKey, deriveSecret: (peer) => agreement.deriveSecret(peer), ...bend(agreement) };
    },
  });
}

function withKeys(bend: (key: SigningKey) => Partial<SigningKey>): CryptoProvider {
  const wrap = (key: SigningKey): SigningKey => ({
    kind: key.kind, publicKey: key.publicKey, sign: (...args) => key.sign(...args), exportPrivateKey: () => key.exportPrivateKey(), ...bend(key),
  });
  return bent({
    generateSigningKey: (kind, random) => wrap(nodeCrypto.generateSigningKey(kind, random)),
    importSigningKey: (pkcs8) => wrap(nodeCrypto.importSigningKey(pkcs8)),
  });
}

/** Verifies with no look at the key. */
const trusting: CryptoProvider['verify'] = (scheme, publicKey, data, signature) => {
  if (!scheme.startsWith('rsa_pkcs1')) return nodeCrypto.verify(scheme, publicKey, data, signature);
  try {
    return opensslVerify('sha256', data, createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }), signature);
  } catch {
    return false;
  }
};

const broken: Readonly<Record<string, CryptoProvider>> = {
  'accepts any tag': withAead((aead) => ({
    open(nonce, aad, buffer, start, end) {
      return aead.open(nonce, aad, buffer, start, end) || end - start >= 16;
    },
  })),
  'ignores the associated data': withAead((aead) => ({
    seal: (nonce, _, buffer, start, end) => aead.seal(nonce, new Uint8Array(0), buffer, start, end),
    open: (nonce, _, buffer, start, end) => aead.open(nonce, new Uint8Array(0), buffer, start, end),
  })),
  'ignores the last byte of the associated data when it opens': withAead((aead) => ({
    open: (nonce, aad, buffer, start, end) =>
      aead.open(nonce, aad, buffer, start, end) ||
      [...Array(256).keys()].some((byte) => aad.length > 0 && aead.open(nonce, concat(aad.subarray(0, -1), Uint8Array.of(byte)), buffer, start, end)),
  })),
  'checks fifteen bytes of the tag': withAead((aead) => ({
    open(nonce, aad, buffer, start, end) {
      for (let byte = 0; byte < 256; byte++) {
        if (end - start < 16) return false;
        buffer[end - 1] = byte;
        if (aead.open(nonce, aad, buffer, start, end)) return true;
      }
      return false;
    },
  })),
  'leaves the plaintext behind when the tag is wrong': bent({
    createAead(name, key) {
      const aead = nodeCrypto.createAead(name, key);
      return {
        seal: (...args) => aead.seal(...args),
        open(nonce, aad, buffer, start, end) {
          if (aead.open(nonce, aad, buffer, start, end)) return true;
          // What a counter mode gives when it decrypts first: the stream is the sealed zeros.
          if (end - start >= 16) {
            const stream = new Uint8Array(end - start);
            aead.seal(nonce, aad, stream, 0, end - start - 16);
            for (let i = 0; i < end - start - 16; i++) buffer[start + i] = (buffer[start + i] as number) ^ (stream[i] as number);
          }
          return false;
        },
      };
    },
  }),
  'ignores where the text starts': withAead((aead) => ({ seal: (nonce, aad, buffer, start, end) => aead.seal(nonce, aad, buffer, 0, end - start) })),
  'writes behind the tag': withAead((aead) => ({
    seal(nonce, aad, buffer, start, end) {
      aead.seal(nonce, aad, buffer, start, end);
      if (end + 16 < buffer.length) buffer[end + 16] = 0;
    },
  })),
  'uses one nonce for all': withAead((aead) => ({
    seal: (_, aad, buffer, start, end) => aead.seal(new Uint8Array(12), aad, buffer, start, end),
    open: (_, aad, buffer, start, end) => aead.open(new Uint8Array(12), aad, buffer, start, end),
  })),
  'forgets the upper half of a counter': withAead((aead) => ({
    sequence: (base) => sequenceBy(aead, base, (counter) => counter % 2 ** 32),
  })),
  'counts a sequence by its packets': withAead((aead) => ({
    sequence(base) {
      let [sealed, opened] = [0, 0];
      const nonces = [(): number => sealed++, (): number => opened++] as const;
      return { seal: sequenceBy(aead, base, nonces[0]).seal, open: sequenceBy(aead, base, nonces[1]).open };
    },
  })),
  'throws for a wrong tag': withAead((aead) => ({
    open(...args) {
      if (!aead.open(...args)) throw new Error('tag');
      return true;
    },
  })),
  'keeps the caller’s key instead of a copy': bent({
    createAead(name, key) {
      nodeCrypto.createAead(name, key);
      return {
        seal: (...args) => nodeCrypto.createAead(name, key).seal(...args),
        open: (...args) => nodeCrypto.createAead(name, key).open(...args),
      };
    },
  }),
  'truncates the shared secret': withAgreement((agreement) => ({ deriveSecret: (peer) => agreement.deriveSecret(peer).subarray(0, 31) })),
  'accepts invalid points': withAgreement((agreement) => ({
    deriveSecret(peer) {
      try {
        return agreement.deriveSecret(peer);
      } catch {
        return new Uint8Array(32);
      }
    },
  })),
  'throws something else for invalid points': withAgreement((agreement) => ({
    deriveSecret(peer) {
      try {
        return agreement.deriveSecret(peer);
      } catch {
        throw new RangeError('point');
      }
    },
  })),
  'draws its keys from elsewhere': bent({ generateKeyAgreement: (group) => nodeCrypto.generateKeyAgreement(group, (into) => into.fill(9)) }),
  'hashes only the first piece': bent({
    createHmac(name, key) {
      const hmac = nodeCrypto.createHmac(name, key);
      return { sign: (...pieces) => hmac.sign(...pieces.slice(0, 1)), signInto: (...args) => hmac.signInto(...args) };
    },
  }),
  'ignores where the signed range starts': bent({
    createHmac(name, key) {
      const hmac = nodeCrypto.createHmac(name, key);
      return { sign: (...pieces) => hmac.sign(...pieces), signInto: (mac, buffer, start, end) => hmac.signInto(mac, buffer, 0, end - start) };
    },
  }),
  'counts in 32 bits only': bent({
    createCtr(key) {
      const ctr = nodeCrypto.createCtr(key);
      return {
        xor(counter, buffer, start, end) {
          const block = counter.slice();
          const view = new DataView(block.buffer);
          const first = view.getUint32(12);
          for (let at = start, i = 0; at < end; at += 16, i++) {
            view.setUint32(12, first + i);
            ctr.xor(block, buffer, at, Math.min(end, at + 16));
          }
        },
      };
    },
  }),
  'keeps the caller’s counter mode key': bent({
    createCtr: (key) => ({ xor: (...args) => nodeCrypto.createCtr(key).xor(...args) }),
  }),
  'ends a hash with its first digest': bent({
    createHash(name) {
      let hash = nodeCrypto.createHash(name);
      return {
        update(data) {
          hash.update(data);
          return this;
        },
        digest() {
          const out = hash.digest();
          hash = nodeCrypto.createHash(name);
          return out;
        },
      };
    },
  }),
  'takes SHA-384 for SHA-256': bent({ hash: (name, data) => nodeCrypto.hash(name === 'sha-256' ? 'sha-384' : name, data) }),
  'accepts every signature': bent({ verify: () => true }),
  'accepts no signature': bent({ verify: () => false }),
  'throws for malformed keys': bent({
    verify(scheme, publicKey, data, signature) {
      createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
      return nodeCrypto.verify(scheme, publicKey, data, signature);
    },
  }),
  'accepts short RSA keys and the exponent 1': bent({ verify: trusting }),
  'signs other data': withKeys((key) => ({ sign: (scheme) => key.sign(scheme, new Uint8Array(0)) })),
  'exports another key': withKeys(() => ({
    exportPrivateKey: () => nodeCrypto.generateSigningKey('ecdsa-p256', (into) => into.fill(3)).exportPrivateKey(),
  })),
  'lists nothing': bent({ aeads: [] }),
};

test('the good provider passes every case', () => {
  assert.deepEqual(failures(nodeCrypto), []);
});

for (const [flaw, provider] of Object.entries(broken)) {
  test(`a provider that ${flaw} is caught`, () => {
    assert.ok(cryptoConformance().some(({ run }) => fails(run, provider)));
  });
}

test('a sequence made of single nonces has no flaw', () => {
  assert.deepEqual(failures(withAead((aead) => ({ sequence: (base) => sequenceBy(aead, base, (counter) => counter) }))), []);
});

const strict = ['bun', 'deno'].some((name) => process.versions[name] !== undefined) && 'the platform refuses an exponent of 1 by itself';

test('both ways of weak RSA are caught, each by its own case', { skip: strict }, () => {
  const caught = failures(bent({ verify: trusting }));
  assert.ok(caught.some((name) => name.includes('2048')), caught.join());
  assert.ok(caught.some((name) => name.includes('exponent of 1')), caught.join());
});
