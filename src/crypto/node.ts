import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  constants,
  diffieHellman,
  generateKeyPairSync,
  type Hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import {
  type Aead,
  type AeadName,
  concat,
  type CryptoProvider,
  type Ctr,
  fromHex,
  type GroupName,
  type Hasher,
  type HashName,
  type Hmac,
  type KeyAgreement,
  type RandomSource,
  RtcError,
  type SignatureScheme,
  type SigningKey,
  type SigningKeyKind,
} from '../core/index.ts';
import { COORDINATE_BYTES, type CurveName, decodePublicKey, encodeEcPrivateKey, RSA_MIN_BITS, schemeInfo, SCHEMES } from './keys.ts';
import { randomScalar } from './scalar.ts';

const HASHES: Readonly<Record<HashName, string>> = { md5: 'md5', 'sha-1': 'sha1', 'sha-256': 'sha256', 'sha-384': 'sha384', 'sha-512': 'sha512' };
const CURVES: Readonly<Record<CurveName, string>> = { secp256r1: 'prime256v1', secp384r1: 'secp384r1' };
const KEY_BYTES: Readonly<Record<AeadName, number>> = { 'aes-128-gcm': 16, 'aes-256-gcm': 32, 'chacha20-poly1305': 32 };
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const BLOCK_BYTES = 16;
const AES_KEY_BYTES: readonly number[] = [16, 24, 32];

/** PrivateKeyInfo and SubjectPublicKeyInfo of X25519 up to the 32 bytes of the key (RFC 8410 4 and 7). */
const X25519_PKCS8_PREFIX = fromHex('302e020100300506032b656e04220420');
const X25519_SPKI_PREFIX = fromHex('302a300506032b656e032100');

/** A `Buffer` as a plain `Uint8Array`: the two differ in `slice`, so a Buffer must not leave this file. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}

function openSslHash(name: HashName): string {
  if (!Object.hasOwn(HASHES, name)) throw new RtcError('ERR_NOT_SUPPORTED', `no hash ${String(name)}`);
  return HASHES[name];
}

class NodeHasher implements Hasher {
  readonly #hash: Hash;

  constructor(name: HashName) {
    this.#hash = createHash(openSslHash(name));
  }

  update(data: Uint8Array): this {
    this.#hash.update(data);
    return this;
  }

  digest(): Uint8Array {
    return plain(this.#hash.copy().digest());
  }
}

class NodeHmac implements Hmac {
  readonly #hash: string;
  readonly #key: KeyObject;

  constructor(name: HashName, key: Uint8Array) {
    this.#hash = openSslHash(name);
    this.#key = createSecretKey(key);
  }

  sign(...pieces: readonly Uint8Array[]): Uint8Array {
    const hmac = createHmac(this.#hash, this.#key);
    for (let i = 0; i < pieces.length; i++) hmac.update(pieces[i] as Uint8Array);
    return plain(hmac.digest());
  }

  signInto(mac: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkPart(buffer, start, end, end);
    const code = createHmac(this.#hash, this.#key).update(buffer.subarray(start, end)).digest();
    if (mac.length > code.length) throw new RtcError('ERR_INVALID_ARGUMENT', `the code has ${code.length} bytes, not ${mac.length}`);
    for (let i = 0; i < mac.length; i++) mac[i] = code[i] as number;
  }
}

/** One cipher context per packet, which is what `node:crypto` offers; the result is copied in place. */
class NodeAead implements Aead {
  // Its type in node:crypto is one literal per family; all three take the same calls.
  readonly #name: 'aes-128-gcm';
  // As bytes: a KeyObject costs a little more per packet. Without options the tag has 16 bytes, and an options object costs more too.
  readonly #key: Uint8Array;

  constructor(name: AeadName, key: Uint8Array) {
    this.#name = name as 'aes-128-gcm';
    this.#key = key.slice();
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkRange(nonce, buffer, start, end, end + TAG_BYTES);
    const cipher = createCipheriv(this.#name, this.#key, nonce);
    cipher.setAAD(aad);
    if (end > start) buffer.set(cipher.update(buffer.subarray(start, end)), start);
    cipher.final();
    buffer.set(cipher.getAuthTag(), end);
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    checkRange(nonce, buffer, start, end, end);
    const tagAt = end - TAG_BYTES;
    if (tagAt < start) return false;
    const decipher = createDecipheriv(this.#name, this.#key, nonce);
    decipher.setAuthTag(buffer.subarray(tagAt, end));
    decipher.setAAD(aad);
    const text = tagAt > start ? decipher.update(buffer.subarray(start, tagAt)) : undefined;
    try {
      decipher.final();
    } catch {
      text?.fill(0);
      return false;
    }
    if (text !== undefined) buffer.set(text, start);
    return true;
  }

  destroy(): void {
    this.#key.fill(0);
  }
}

class NodeCtr implements Ctr {
  readonly #name: string;
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#name = `aes-${8 * key.length}-ctr`;
    this.#key = key.slice();
  }

  xor(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkPart(buffer, start, end, end);
    if (counter.length !== BLOCK_BYTES) throw new RtcError('ERR_INVALID_ARGUMENT', `the counter has ${counter.length} bytes, not ${BLOCK_BYTES}`);
    if (end > start) buffer.set(createCipheriv(this.#name, this.#key, counter).update(buffer.subarray(start, end)), start);
  }

  destroy(): void {
    this.#key.fill(0);
  }
}

function checkRange(nonce: Uint8Array, buffer: Uint8Array, start: number, end: number, last: number): void {
  if (nonce.length !== NONCE_BYTES) throw new RtcError('ERR_INVALID_ARGUMENT', `the nonce has ${nonce.length} bytes, not ${NONCE_BYTES}`);
  checkPart(buffer, start, end, last);
}

function checkPart(buffer: Uint8Array, start: number, end: number, last: number): void {
  if (start < 0 || start > end || last > buffer.length) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `[${start}, ${last}) is not within a buffer of ${buffer.length} bytes`);
  }
}

class NodeX25519 implements KeyAgreement {
  readonly group = 'x25519';
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(random: RandomSource) {
    const scalar = new Uint8Array(32);
    random(scalar);
    const der = concat(X25519_PKCS8_PREFIX, scalar);
    this.#privateKey = createPrivateKey({ key: Buffer.from(der.buffer as ArrayBuffer), format: 'der', type: 'pkcs8' });
    scalar.fill(0);
    der.fill(0);
    this.publicKey = plain(createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' })).slice(X25519_SPKI_PREFIX.length);
  }

  deriveSecret(peerPublicKey: Uint8Array): Uint8Array {
    if (peerPublicKey.length !== 32) throw new RtcError('ERR_CRYPTO', 'an X25519 public key has 32 bytes');
    let secret: Uint8Array;
    try {
      const key = Buffer.from(concat(X25519_SPKI_PREFIX, peerPublicKey).buffer as ArrayBuffer);
      secret = plain(diffieHellman({ privateKey: this.#privateKey, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) }));
    } catch (cause) {
      throw new RtcError('ERR_CRYPTO', 'the peer’s X25519 key cannot be used', { cause });
    }
    // RFC 7748 6.1: a low-order point gives zero. OpenSSL refuses it; other implementations of this module may not.
    if (secret.every((byte) => byte === 0)) throw new RtcError('ERR_CRYPTO', 'the peer’s X25519 key is of low order');
    return secret;
  }
}

class NodeEcdh implements KeyAgreement {
  readonly group: CurveName;
  readonly publicKey: Uint8Array;
  readonly #ecdh: ReturnType<typeof createECDH>;

  constructor(group: CurveName, random: RandomSource) {
    this.group = group;
    this.#ecdh = createECDH(CURVES[group]);
    randomScalar(random, COORDINATE_BYTES[group], (scalar) => setPrivateKey(this.#ecdh, scalar)).fill(0);
    this.publicKey = plain(this.#ecdh.getPublicKey());
  }

  deriveSecret(peerPublicKey: Uint8Array): Uint8Array {
    // RFC 8422 5.4.1: uncompressed points only. That the point lies on the curve is checked by OpenSSL.
    if (peerPublicKey.length !== 1 + 2 * COORDINATE_BYTES[this.group] || peerPublicKey[0] !== 4) {
      throw new RtcError('ERR_CRYPTO', 'the peer’s key is not an uncompressed point');
    }
    try {
      return plain(this.#ecdh.computeSecret(peerPublicKey));
    } catch (cause) {
      throw new RtcError('ERR_CRYPTO', 'the peer’s key is not a point of the curve', { cause });
    }
  }
}

function setPrivateKey(ecdh: ReturnType<typeof createECDH>, scalar: Uint8Array): boolean {
  try {
    ecdh.setPrivateKey(scalar);
    return true;
  } catch {
    return false; // zero, or not below the order of the curve
  }
}

class NodeSigningKey implements SigningKey {
  readonly kind: SigningKeyKind;
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  constructor(kind: SigningKeyKind, key: KeyObject) {
    this.kind = kind;
    this.#key = key;
    this.publicKey = plain(createPublicKey(key).export({ format: 'der', type: 'spki' }));
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const info = schemeInfo(scheme);
    if (info === undefined || (info.key === 'rsa') !== (this.kind === 'rsa-2048')) {
      throw new RtcError('ERR_NOT_SUPPORTED', `a key of kind ${this.kind} does not sign ${String(scheme)}`);
    }
    return plain(sign(HASHES[info.hash], data, { key: this.#key, ...SIGN_OPTIONS[info.padding] }));
  }

  exportPrivateKey(): Uint8Array {
    return plain(this.#key.export({ format: 'der', type: 'pkcs8' })).slice();
  }
}

// RFC 8446 4.2.3: PSS with a salt as long as the hash.
const SIGN_OPTIONS = {
  none: { dsaEncoding: 'der' },
  pkcs1: { padding: constants.RSA_PKCS1_PADDING },
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
} as const;

function generateSigningKey(kind: SigningKeyKind, random: RandomSource): SigningKey {
  if (kind === 'rsa-2048') return new NodeSigningKey(kind, generateKeyPairSync('rsa', { modulusLength: RSA_MIN_BITS }).privateKey);
  const curve = CURVE_OF_KIND[kind];
  if (curve === undefined) throw new RtcError('ERR_NOT_SUPPORTED', `no signing key of kind ${String(kind)}`);
  const ecdh = createECDH(CURVES[curve]);
  const scalar = randomScalar(random, COORDINATE_BYTES[curve], (candidate) => setPrivateKey(ecdh, candidate));
  const pkcs8 = encodeEcPrivateKey(curve, scalar, ecdh.getPublicKey());
  const key = importKey(pkcs8);
  scalar.fill(0);
  pkcs8.fill(0);
  return key;
}

const CURVE_OF_KIND: Readonly<Record<Exclude<SigningKeyKind, 'rsa-2048'>, CurveName>> = { 'ecdsa-p256': 'secp256r1', 'ecdsa-p384': 'secp384r1' };

function importKey(pkcs8: Uint8Array): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: Buffer.from(pkcs8.buffer as ArrayBuffer, pkcs8.byteOffset, pkcs8.length), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new RtcError('ERR_CRYPTO', 'the private key cannot be read', { cause });
  }
  return new NodeSigningKey(kindOf(key), key);
}

function kindOf(key: KeyObject): SigningKeyKind {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec' && namedCurve === CURVES.secp256r1) return 'ecdsa-p256';
  if (key.asymmetricKeyType === 'ec' && namedCurve === CURVES.secp384r1) return 'ecdsa-p384';
  if (key.asymmetricKeyType === 'rsa' && modulusLength === RSA_MIN_BITS) return 'rsa-2048';
  throw new RtcError('ERR_CRYPTO', 'the private key is neither ECDSA with P-256 or P-384 nor RSA with 2048 bits');
}

function verifySignature(scheme: SignatureScheme, publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const info = schemeInfo(scheme);
  if (info === undefined || decodePublicKey(publicKey)?.type !== info.key) return false;
  try {
    const der = Buffer.from(publicKey.buffer as ArrayBuffer, publicKey.byteOffset, publicKey.length);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(HASHES[info.hash], data, { key, ...SIGN_OPTIONS[info.padding] }, signature);
  } catch {
    return false; // a point that is not on the curve, a signature that is not DER
  }
}

/** ChaCha20-Poly1305 is left out of some builds of OpenSSL and BoringSSL. */
function supportedAeads(): readonly AeadName[] {
  const wanted: readonly AeadName[] = ['aes-128-gcm', 'chacha20-poly1305', 'aes-256-gcm'];
  return wanted.filter((name) => {
    try {
      new NodeAead(name, new Uint8Array(KEY_BYTES[name])).seal(new Uint8Array(NONCE_BYTES), new Uint8Array(0), new Uint8Array(TAG_BYTES), 0, 0);
      return true;
    } catch {
      return false;
    }
  });
}

/** Some builds leave counter mode out, or some of its key lengths. */
function supportsCtr(): boolean {
  try {
    for (const length of AES_KEY_BYTES) new NodeCtr(new Uint8Array(length)).xor(new Uint8Array(BLOCK_BYTES), new Uint8Array(1), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** Cryptography of `node:crypto`, for Node, Bun and Deno. RSA keys and ECDSA nonces come from the system and not from `random`. */
export const nodeCrypto: CryptoProvider = Object.freeze({
  name: 'node',
  aeads: Object.freeze(supportedAeads()),
  aesCtr: supportsCtr(),
  groups: Object.freeze(['x25519', 'secp256r1', 'secp384r1'] as const),
  signatureSchemes: Object.freeze(Object.keys(SCHEMES) as SignatureScheme[]),

  hash: (name: HashName, data: Uint8Array): Uint8Array => plain(createHash(openSslHash(name)).update(data).digest()),
  createHash: (name: HashName): Hasher => new NodeHasher(name),
  createHmac: (name: HashName, key: Uint8Array): Hmac => new NodeHmac(name, key),

  createAead(name: AeadName, key: Uint8Array): Aead {
    if (!nodeCrypto.aeads.includes(name)) throw new RtcError('ERR_NOT_SUPPORTED', `no cipher ${String(name)}`);
    if (key.length !== KEY_BYTES[name]) throw new RtcError('ERR_INVALID_ARGUMENT', `a key of ${name} has ${KEY_BYTES[name]} bytes, not ${key.length}`);
    return new NodeAead(name, key);
  },

  createCtr(key: Uint8Array): Ctr {
    if (!nodeCrypto.aesCtr) throw new RtcError('ERR_NOT_SUPPORTED', 'no AES in counter mode');
    if (!AES_KEY_BYTES.includes(key.length)) throw new RtcError('ERR_INVALID_ARGUMENT', `a key of AES has 16, 24 or 32 bytes, not ${key.length}`);
    return new NodeCtr(key);
  },

  generateKeyAgreement(group: GroupName, random: RandomSource): KeyAgreement {
    switch (group) {
      case 'x25519':
        return new NodeX25519(random);
      case 'secp256r1':
      case 'secp384r1':
        return new NodeEcdh(group, random);
      default:
        throw new RtcError('ERR_NOT_SUPPORTED', `no group ${String(group satisfies never)}`);
    }
  },

  generateSigningKey,
  importSigningKey: importKey,
  verify: verifySignature,
});
