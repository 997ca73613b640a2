import {
  type AeadName,
  concat,
  type CryptoProvider,
  encodeUtf8,
  equalBytes,
  fromHex,
  type GroupName,
  type HashName,
  type RandomSource,
  RtcError,
  type ErrorCode,
  type SigningKeyKind,
  toHex,
} from '../core/index.ts';
import {
  AEAD_VECTORS,
  type AeadVector,
  AGREEMENT_VECTORS,
  BAD_PUBLIC_KEYS,
  HASH_VECTORS,
  HMAC_VECTORS,
  P256_PRIVATE_KEY,
  P256_PUBLIC_KEY,
  SHORT_RSA,
  SIGNATURE_VECTORS,
  type SignatureVector,
} from './conformance-vectors.ts';

/** One behaviour that a provider must show. */
export interface ConformanceCase {
  readonly name: string;
  /** Throws when the provider does not show it. A case about something that the provider does not list passes. */
  run(provider: CryptoProvider): void;
}

/**
 * What a {@link CryptoProvider} must do, for any test runner: known answers, and above all what must be refused.
 *
 * @example
 * for (const { name, run } of cryptoConformance()) test(name, () => run(myCrypto));
 */
export function cryptoConformance(): readonly ConformanceCase[] {
  return [
    { name: 'lists a name and at least one cipher, group and signature scheme, each once', run: checkLists },
    ...hashCases(),
    ...hmacCases(),
    ...aeadCases(),
    ...agreementCases(),
    ...signatureCases(),
    ...signingKeyCases(),
  ];
}

// ---------------------------------------------------------------- helpers

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

function same(actual: Uint8Array, expectedHex: string, what: string): void {
  if (toHex(actual) !== expectedHex) throw new Error(`${what}: ${toHex(actual)}, not ${expectedHex}`);
}

function mustThrow(code: ErrorCode, what: string, call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (error instanceof RtcError && error.code === code) return;
    throw new Error(`${what}: threw ${String(error)}, not an RtcError with ${code}`, { cause: error });
  }
  throw new Error(`${what}: accepted`);
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

/** A source that yields these bytes first and then a sequence without meaning. */
function sourceOf(first: Uint8Array, seed = 1): RandomSource {
  let at = 0;
  let state = seed;
  return (into) => {
    for (let i = 0; i < into.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      into[i] = at < first.length ? (first[at++] as number) : state >>> 24;
    }
  };
}

const SIGNED = encodeUtf8('sample');

function checkLists(provider: CryptoProvider): void {
  must(provider.name.length > 0, 'no name');
  for (const list of [provider.aeads, provider.groups, provider.signatureSchemes]) {
    must(list.length > 0, 'an empty list');
    must(new Set<string>(list).size === list.length, 'an entry twice');
  }
}

// ---------------------------------------------------------------- hashes

function hashCases(): ConformanceCase[] {
  return HASH_VECTORS.map(({ source, hash, text, digest }) => ({
    name: `${hash}: ${source}, whole and in pieces`,
    run(provider): void {
      const data = encodeUtf8(text);
      same(provider.hash(hash, data), digest, 'hash');
      const hasher = provider.createHash(hash).update(data.subarray(0, 1));
      const early = hasher.digest();
      same(early, toHex(provider.hash(hash, data.subarray(0, 1))), 'digest of the first byte');
      same(hasher.update(data.subarray(1)).digest(), digest, 'digest after a digest');
      same(hasher.digest(), digest, 'digest again');
    },
  }));
}

function hmacCases(): ConformanceCase[] {
  const known = HMAC_VECTORS.map(({ source, hash, key, data, mac }): ConformanceCase => ({
    name: `hmac ${hash}: ${source}`,
    run(provider): void {
      const keyBytes = fromHex(key);
      const hmac = provider.createHmac(hash, keyBytes);
      keyBytes.fill(0); // the key is the provider's own copy
      const bytes = fromHex(data);
      same(hmac.sign(bytes), mac, 'in one piece');
      same(hmac.sign(bytes.subarray(0, 3), bytes.subarray(3, 3), bytes.subarray(3)), mac, 'in pieces, the key used again');
    },
  }));
  const empty: readonly (readonly [HashName, string])[] = [['sha-256', 'b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad']];
  return [
    ...known,
    ...empty.map(([hash, mac]): ConformanceCase => ({
      name: `hmac ${hash}: an empty key and no data`,
      run: (provider) => same(provider.createHmac(hash, new Uint8Array(0)).sign(), mac, 'code'),
    })),
  ];
}

// ---------------------------------------------------------------- authenticated ciphers

/** Where the text stands in the buffer: not at its start, so that offsets are seen to count. */
const TEXT_AT = 13;
const AROUND = 0xa5;

function laidOut(content: Uint8Array, roomAfter: number): Uint8Array {
  const buffer = new Uint8Array(TEXT_AT + content.length + roomAfter + 5).fill(AROUND);
  buffer.set(content, TEXT_AT);
  return buffer;
}

function surroundingsUntouched(buffer: Uint8Array, end: number): void {
  must(buffer.subarray(0, TEXT_AT).every((byte) => byte === AROUND), 'bytes in front of the range changed');
  must(buffer.subarray(end).every((byte) => byte === AROUND), 'bytes behind the range changed');
}

function aeadCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const vector of AEAD_VECTORS) {
    const add = (what: string, check: (provider: CryptoProvider, v: AeadVector) => void): void => {
      cases.push({ name: `${vector.cipher}: ${what}`, run: (provider) => void (provider.aeads.includes(vector.cipher) && check(provider, vector)) });
    };
    add(`${vector.source}, in place`, checkAeadVector);
    add('a wrong tag, text, nonce or associated data is refused and leaves no plaintext', checkAeadForgeries);
    add('text of any length from none, and ranges that are too short', checkAeadLengths);
    add('a key or nonce of the wrong length, and a range outside of the buffer, are errors of the caller', checkAeadArguments);
  }
  cases.push({
    name: 'a cipher that is not listed is not supported',
    run(provider): void {
      mustThrow('ERR_NOT_SUPPORTED', 'a cipher of another name', () => provider.createAead('aes-128-cbc' as AeadName, new Uint8Array(16)));
      for (const { cipher, key } of AEAD_VECTORS) {
        if (!provider.aeads.includes(cipher)) mustThrow('ERR_NOT_SUPPORTED', cipher, () => provider.createAead(cipher, fromHex(key)));
      }
    },
  });
  return cases;
}

function checkAeadVector(provider: CryptoProvider, v: AeadVector): void {
  const key = fromHex(v.key);
  const aead = provider.createAead(v.cipher, key);
  key.fill(0); // the key is the provider's own copy
  const plain = fromHex(v.plain);
  const nonce = fromHex(v.nonce);
  const aad = fromHex(v.aad);
  for (let round = 0; round < 2; round++) {
    const buffer = laidOut(plain, 16);
    const end = TEXT_AT + plain.length;
    aead.seal(nonce, aad, buffer, TEXT_AT, end);
    same(buffer.subarray(TEXT_AT, end + 16), v.sealed, 'sealed');
    surroundingsUntouched(buffer, end + 16);
    must(aead.open(nonce, aad, buffer, TEXT_AT, end + 16), 'what was sealed does not open');
    same(buffer.subarray(TEXT_AT, end), v.plain, 'opened');
    surroundingsUntouched(buffer, end + 16);
  }
  same(nonce, v.nonce, 'the nonce changed');
  same(aad, v.aad, 'the associated data changed');
}

function checkAeadForgeries(provider: CryptoProvider, v: AeadVector): void {
  const aead = provider.createAead(v.cipher, fromHex(v.key));
  const plain = fromHex(v.plain);
  const sealed = fromHex(v.sealed);
  const nonce = fromHex(v.nonce);
  const aad = fromHex(v.aad);
  const refuse = (what: string, n: Uint8Array, a: Uint8Array, content: Uint8Array): void => {
    const buffer = laidOut(content, 0);
    must(!aead.open(n, a, buffer, TEXT_AT, TEXT_AT + content.length), `${what} opened`);
    const shown = buffer.subarray(TEXT_AT, TEXT_AT + Math.min(plain.length, content.length));
    let equal = 0;
    for (let i = 0; i < shown.length; i++) if (shown[i] === plain[i]) equal++;
    // Unrelated bytes agree once in 256; half of them agreeing means that the text was left there.
    must(shown.length < 8 || equal < shown.length / 2, `${what} left plaintext in the buffer`);
    surroundingsUntouched(buffer, TEXT_AT + content.length);
  };
  for (let bit = 8 * plain.length; bit < 8 * sealed.length; bit++) refuse(`tag bit ${bit}`, nonce, aad, flipped(sealed, bit));
  for (const bit of [0, 7, 8 * plain.length - 1]) refuse(`text bit ${bit}`, nonce, aad, flipped(sealed, bit));
  for (const bit of [0, 95]) refuse(`nonce bit ${bit}`, flipped(nonce, bit), aad, sealed);
  for (const bit of [0, 8 * aad.length - 1]) refuse(`associated data bit ${bit}`, nonce, flipped(aad, bit), sealed);
  refuse('no associated data', nonce, new Uint8Array(0), sealed);
  refuse('longer associated data', nonce, concat(aad, Uint8Array.of(0)), sealed);
  refuse('a byte less', nonce, aad, sealed.subarray(0, sealed.length - 1));
  refuse('a zero tag', nonce, aad, concat(sealed.subarray(0, plain.length), new Uint8Array(16)));
  const good = laidOut(sealed, 0);
  must(aead.open(nonce, aad, good, TEXT_AT, TEXT_AT + sealed.length), 'the good packet does not open after forged ones');
}

function checkAeadLengths(provider: CryptoProvider, v: AeadVector): void {
  const aead = provider.createAead(v.cipher, fromHex(v.key));
  const nonce = fromHex(v.nonce);
  const none = new Uint8Array(0);
  for (const length of [0, 1, 15, 16, 17, 255, 1200, 16_384]) {
    const text = new Uint8Array(length).map((_, i) => i * 7);
    const buffer = laidOut(text, 16);
    const end = TEXT_AT + length;
    aead.seal(nonce, none, buffer, TEXT_AT, end);
    must(length < 15 || !equalBytes(buffer.subarray(TEXT_AT, end), text), `${length} bytes are not encrypted`);
    must(aead.open(nonce, none, buffer, TEXT_AT, end + 16), `${length} bytes do not open`);
    same(buffer.subarray(TEXT_AT, end), toHex(text), `${length} bytes`);
  }
  for (const length of [0, 1, 15]) must(!aead.open(nonce, none, new Uint8Array(64), 8, 8 + length), `a range of ${length} bytes opened`);
}

function checkAeadArguments(provider: CryptoProvider, v: AeadVector): void {
  const key = fromHex(v.key);
  mustThrow('ERR_INVALID_ARGUMENT', 'a key that is too short', () => provider.createAead(v.cipher, key.subarray(1)));
  mustThrow('ERR_INVALID_ARGUMENT', 'a key that is too long', () => provider.createAead(v.cipher, concat(key, key)));
  const aead = provider.createAead(v.cipher, key);
  const none = new Uint8Array(0);
  mustThrow('ERR_INVALID_ARGUMENT', 'a nonce of 8 bytes', () => aead.seal(new Uint8Array(8), none, new Uint8Array(64), 0, 32));
  mustThrow('ERR_INVALID_ARGUMENT', 'no room for the tag', () => aead.seal(new Uint8Array(12), none, new Uint8Array(47), 0, 32));
  mustThrow('ERR_INVALID_ARGUMENT', 'a range that ends after the buffer', () => aead.open(new Uint8Array(12), none, new Uint8Array(47), 0, 48));
}

// ---------------------------------------------------------------- key agreement

function agreementCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const v of AGREEMENT_VECTORS) {
    const add = (what: string, check: (provider: CryptoProvider) => void): void => {
      cases.push({ name: `${v.group}: ${what}`, run: (provider) => void (provider.groups.includes(v.group) && check(provider)) });
    };
    add(`${v.source}; the private key is the next bytes of the random source`, (provider) => {
      const ours = provider.generateKeyAgreement(v.group, sourceOf(fromHex(v.privateKey)));
      must(ours.group === v.group, 'another group');
      same(ours.publicKey, v.publicKey, 'public key');
      same(ours.deriveSecret(fromHex(v.peerPublicKey)), v.secret, 'secret');
    });
    add('two sides agree, and other keys give other secrets', (provider) => {
      const [a, b, c] = [1, 2, 3].map((seed) => provider.generateKeyAgreement(v.group, sourceOf(new Uint8Array(0), seed)));
      if (a === undefined || b === undefined || c === undefined) throw new Error('no key');
      const secret = a.deriveSecret(b.publicKey);
      must(secret.length === v.secret.length / 2, `a secret of ${secret.length} bytes`);
      must(equalBytes(secret, b.deriveSecret(a.publicKey)), 'the sides disagree');
      must(!equalBytes(secret, a.deriveSecret(c.publicKey)), 'two peers share a secret');
    });
    for (const [reason, key] of BAD_PUBLIC_KEYS[v.group]) {
      add(`refuses a key: ${reason} (RFC 7748 6.1, RFC 8422 5.11)`, (provider) => {
        const ours = provider.generateKeyAgreement(v.group, sourceOf(fromHex(v.privateKey)));
        mustThrow('ERR_CRYPTO', reason, () => ours.deriveSecret(fromHex(key)));
      });
    }
  }
  for (const group of ['secp256r1', 'secp384r1'] as const) {
    cases.push({
      name: `${group}: random bytes that are no scalar are drawn again, and a source that gives nothing else is refused`,
      run(provider): void {
        if (!provider.groups.includes(group)) return;
        const zeroFirst = provider.generateKeyAgreement(group, sourceOf(new Uint8Array(group === 'secp256r1' ? 32 : 48)));
        must(zeroFirst.publicKey.some((byte, i) => i > 0 && byte !== 0), 'the scalar zero was used');
        mustThrow('ERR_CRYPTO', 'a source of zeros', () => provider.generateKeyAgreement(group, (into) => into.fill(0)));
        mustThrow('ERR_CRYPTO', 'a source of ones', () => provider.generateKeyAgreement(group, (into) => into.fill(0xff)));
      },
    });
  }
  cases.push({
    name: 'a group that is not listed is not supported',
    run: (provider) => mustThrow('ERR_NOT_SUPPORTED', 'group', () => provider.generateKeyAgreement('secp521r1' as GroupName, sourceOf(new Uint8Array(0)))),
  });
  return cases;
}

// ---------------------------------------------------------------- signatures

function signatureCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const v of SIGNATURE_VECTORS) {
    const add = (what: string, check: (provider: CryptoProvider) => void): void => {
      cases.push({ name: `${v.scheme}: ${what}`, run: (provider) => void (provider.signatureSchemes.includes(v.scheme) && check(provider)) });
    };
    add(`verifies a signature (${v.source})`, (provider) => {
      must(provider.verify(v.scheme, fromHex(v.publicKey), encodeUtf8(v.text), fromHex(v.signature)), 'a good signature is refused');
    });
    add('refuses other data, another signature, key or scheme', (provider) => checkSignatureForgeries(provider, v));
    add('refuses malformed keys and signatures without an exception', (provider) => checkMalformed(provider, v));
  }
  cases.push(
    {
      name: 'rsa: a key of less than 2048 bits is refused',
      run: (p) => must(!p.verify(SHORT_RSA.scheme, fromHex(SHORT_RSA.publicKey), SIGNED, fromHex(SHORT_RSA.signature)), 'accepted'),
    },
    { name: 'rsa: an exponent of 1, under which anybody can sign, is refused', run: checkExponentOne },
  );
  return cases;
}

function checkSignatureForgeries(provider: CryptoProvider, v: SignatureVector): void {
  const key = fromHex(v.publicKey);
  const text = encodeUtf8(v.text);
  const signature = fromHex(v.signature);
  const refuse = (what: string, scheme: SignatureVector['scheme'], k: Uint8Array, t: Uint8Array, s: Uint8Array): void => {
    must(!provider.verify(scheme, k, t, s), `${what} accepted`);
  };
  refuse('other data', v.scheme, key, flipped(text, 0), signature);
  refuse('no data', v.scheme, key, new Uint8Array(0), signature);
  for (let bit = 3; bit < 8 * signature.length; bit += 41) refuse(`signature bit ${bit}`, v.scheme, key, text, flipped(signature, bit));
  refuse('a signature of zeros', v.scheme, key, text, new Uint8Array(signature.length));
  for (const other of SIGNATURE_VECTORS) {
    if (other.scheme !== v.scheme) refuse(`scheme ${other.scheme}`, other.scheme, key, text, signature);
    if (other.publicKey !== v.publicKey) refuse(`the key of ${other.scheme}`, v.scheme, fromHex(other.publicKey), text, signature);
  }
}

function checkMalformed(provider: CryptoProvider, v: SignatureVector): void {
  const key = fromHex(v.publicKey);
  const signature = fromHex(v.signature);
  for (const bad of [signature.subarray(0, 0), signature.subarray(1), signature.subarray(0, signature.length - 1), concat(signature, Uint8Array.of(0))]) {
    must(!provider.verify(v.scheme, key, SIGNED, bad), `a signature of ${bad.length} bytes accepted`);
  }
  // r = s = 0 and r = s = 1 as DER
  for (const value of [0, 1]) must(!provider.verify(v.scheme, key, SIGNED, Uint8Array.of(0x30, 6, 2, 1, value, 2, 1, value)), `r = s = ${value} accepted`);
  for (let length = 0; length < key.length; length += 5) {
    must(!provider.verify(v.scheme, key.subarray(0, length), SIGNED, signature), `${length} bytes of the key accepted`);
  }
  must(!provider.verify(v.scheme, concat(key, Uint8Array.of(0)), SIGNED, signature), 'a key with a byte too many accepted');
  must(!provider.verify(v.scheme, flipped(key, 8 * key.length - 8), SIGNED, signature), 'a key that was changed accepted');
}

/** With e = 1 a signature is its own encoding, so anybody makes one for any modulus. */
function checkExponentOne(provider: CryptoProvider): void {
  if (!provider.signatureSchemes.includes('rsa_pkcs1_sha256')) return;
  const digestInfo = concat(fromHex('3031300d060960864801650304020105000420'), provider.hash('sha-256', SIGNED));
  const encoded = concat(fromHex('0001'), new Uint8Array(256 - 3 - digestInfo.length).fill(0xff), fromHex('00'), digestInfo);
  const modulus = new Uint8Array(256).fill(0xff);
  const numbers = concat(fromHex('0282010100'), modulus, fromHex('020101'));
  const key = concat(fromHex('30820108'), numbers);
  const bits = concat(fromHex('0382010d00'), key);
  const spki = concat(fromHex('30820120300d06092a864886f70d0101010500'), bits);
  must(!provider.verify('rsa_pkcs1_sha256', spki, SIGNED, encoded), 'accepted');
}

// ---------------------------------------------------------------- signing keys

function signingKeyCases(): ConformanceCase[] {
  const kinds: readonly SigningKeyKind[] = ['ecdsa-p256', 'ecdsa-p384'];
  return [
    ...kinds.map((kind): ConformanceCase => ({
      name: `${kind}: a key that was made signs, and survives export and import`,
      run(provider): void {
        const fits = kind === 'ecdsa-p256' ? 'ecdsa_secp256r1_sha256' : 'ecdsa_secp384r1_sha384';
        if (!provider.signatureSchemes.includes(fits)) return;
        const made = provider.generateSigningKey(kind, sourceOf(new Uint8Array(0), 7));
        const other = provider.generateSigningKey(kind, sourceOf(new Uint8Array(0), 8));
        must(made.kind === kind, `a key of kind ${made.kind}`);
        must(!equalBytes(made.publicKey, other.publicKey), 'two keys are the same');
        const read = provider.importSigningKey(made.exportPrivateKey());
        must(read.kind === kind && equalBytes(read.publicKey, made.publicKey), 'another key came back');
        for (const key of [made, read]) {
          const signature = key.sign(fits, SIGNED);
          must(provider.verify(fits, made.publicKey, SIGNED, signature), 'its signature does not hold');
          must(!provider.verify(fits, other.publicKey, SIGNED, signature), 'its signature holds for another key');
        }
        mustThrow('ERR_NOT_SUPPORTED', 'a scheme for RSA', () => made.sign('rsa_pkcs1_sha256', SIGNED));
      },
    })),
    {
      name: 'ecdsa-p256: reads PKCS #8, and derives the public key (RFC 5208, RFC 5480)',
      run(provider): void {
        if (!provider.signatureSchemes.includes('ecdsa_secp256r1_sha256')) return;
        const key = provider.importSigningKey(fromHex(P256_PRIVATE_KEY));
        must(key.kind === 'ecdsa-p256', `a key of kind ${key.kind}`);
        same(key.publicKey, P256_PUBLIC_KEY, 'public key');
      },
    },
    {
      name: 'what is not a private key is refused',
      run(provider): void {
        const good = fromHex(P256_PRIVATE_KEY);
        for (const length of [0, 1, 10, 40, good.length - 70]) {
          mustThrow('ERR_CRYPTO', `${length} bytes of a key`, () => provider.importSigningKey(good.subarray(0, length)));
        }
        mustThrow('ERR_CRYPTO', 'a public key', () => provider.importSigningKey(fromHex(P256_PUBLIC_KEY)));
      },
    },
  ];
}
