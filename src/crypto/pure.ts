import { ctr, gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import {
  type Aead,
  type AeadName,
  type CryptoProvider,
  type Ctr,
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
import { agreementOf, checkAead, checkCounter, checkCtr, checkMac, checkPart, checkRange, GROUPS, SIGNATURE_SCHEMES, TAG_BYTES } from './arguments.ts';
import { COORDINATE_BYTES, type CurveName, decodeEcPrivateKey, decodePublicKey, encodeEcPrivateKey, encodeEcPublicKey, schemeInfo } from './keys.ts';
import { verifyPkcs1, verifyPss } from './rsa.ts';
import { randomScalar } from './scalar.ts';
import { createWasmChaCha20Poly1305 } from './wasm-chacha.ts';

const HASHES = { md5, 'sha-1': sha1, 'sha-256': sha256, 'sha-384': sha384, 'sha-512': sha512 } as const;
const CURVES = { secp256r1: p256, secp384r1: p384 } as const;
const CIPHERS = { 'aes-128-gcm': gcm, 'aes-256-gcm': gcm, 'chacha20-poly1305': chacha20poly1305 } as const;

function hashFunction(name: HashName): (typeof HASHES)[HashName] {
  if (!Object.hasOwn(HASHES, name)) throw new RtcError('ERR_NOT_SUPPORTED', `no hash ${String(name)}`);
  return HASHES[name];
}

class PureHasher implements Hasher {
  readonly #hash: ReturnType<(typeof HASHES)[HashName]['create']>;

  constructor(name: HashName) {
    this.#hash = hashFunction(name).create();
  }

  update(data: Uint8Array): this {
    this.#hash.update(data);
    return this;
  }

  digest(): Uint8Array {
    return this.#hash.clone().digest();
  }
}

class PureHmac implements Hmac {
  /** The state after the key, which every code starts from. */
  readonly #keyed: ReturnType<typeof hmac.create>;

  constructor(name: HashName, key: Uint8Array) {
    this.#keyed = hmac.create(hashFunction(name), key);
  }

  sign(...pieces: readonly Uint8Array[]): Uint8Array {
    const state = this.#keyed.clone();
    for (const piece of pieces) state.update(piece);
    return state.digest();
  }

  signInto(mac: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkPart(buffer, start, end, end);
    const code = this.#keyed.clone().update(buffer.subarray(start, end)).digest();
    checkMac(mac, code);
    mac.set(code.subarray(0, mac.length));
  }
}

class PureAead implements Aead {
  readonly #cipher: (typeof CIPHERS)[AeadName];
  readonly #key: Uint8Array;

  constructor(name: AeadName, key: Uint8Array) {
    this.#cipher = CIPHERS[name];
    this.#key = key.slice();
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkRange(nonce, buffer, start, end, end + TAG_BYTES);
    buffer.set(this.#cipher(this.#key, nonce, aad).encrypt(buffer.subarray(start, end)), start);
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    checkRange(nonce, buffer, start, end, end);
    if (end - start < TAG_BYTES) return false;
    let text: Uint8Array;
    try {
      text = this.#cipher(this.#key, nonce, aad).decrypt(buffer.subarray(start, end));
    } catch {
      return false; // both ciphers check the tag before they decrypt
    }
    buffer.set(text, start);
    return true;
  }

  destroy(): void {
    this.#key.fill(0);
  }
}

class PureCtr implements Ctr {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key.slice();
  }

  xor(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkCounter(counter, buffer, start, end);
    if (end > start) buffer.set(ctr(this.#key, counter).encrypt(buffer.subarray(start, end)), start);
  }

  destroy(): void {
    this.#key.fill(0);
  }
}

class PureX25519 implements KeyAgreement {
  readonly group = 'x25519';
  readonly publicKey: Uint8Array;
  readonly #privateKey: Uint8Array = new Uint8Array(32);

  constructor(random: RandomSource) {
    random(this.#privateKey);
    this.publicKey = x25519.getPublicKey(this.#privateKey);
  }

  deriveSecret(peerPublicKey: Uint8Array): Uint8Array {
    if (peerPublicKey.length !== 32) throw new RtcError('ERR_CRYPTO', 'an X25519 public key has 32 bytes');
    try {
      return x25519.getSharedSecret(this.#privateKey, peerPublicKey);
    } catch (cause) {
      throw new RtcError('ERR_CRYPTO', 'the peer’s X25519 key is of low order', { cause });
    }
  }
}

class PureEcdh implements KeyAgreement {
  readonly group: CurveName;
  readonly publicKey: Uint8Array;
  readonly #privateKey: Uint8Array;

  constructor(group: CurveName, random: RandomSource) {
    this.group = group;
    this.#privateKey = randomScalar(random, COORDINATE_BYTES[group], CURVES[group].utils.isValidSecretKey);
    this.publicKey = CURVES[group].getPublicKey(this.#privateKey, false);
  }

  deriveSecret(peerPublicKey: Uint8Array): Uint8Array {
    // RFC 8422 5.4.1: uncompressed points only. That the point lies on the curve is checked when it is read.
    const size = COORDINATE_BYTES[this.group];
    if (peerPublicKey.length !== 1 + 2 * size || peerPublicKey[0] !== 4) {
      throw new RtcError('ERR_CRYPTO', 'the peer’s key is not an uncompressed point');
    }
    try {
      return CURVES[this.group].getSharedSecret(this.#privateKey, peerPublicKey, false).slice(1, 1 + size);
    } catch (cause) {
      throw new RtcError('ERR_CRYPTO', 'the peer’s key is not a point of the curve', { cause });
    }
  }
}

class PureSigningKey implements SigningKey {
  readonly kind: SigningKeyKind;
  readonly publicKey: Uint8Array;
  readonly #curve: CurveName;
  readonly #privateKey: Uint8Array;
  readonly #point: Uint8Array;

  constructor(curve: CurveName, privateKey: Uint8Array) {
    this.kind = curve === 'secp256r1' ? 'ecdsa-p256' : 'ecdsa-p384';
    this.#curve = curve;
    this.#privateKey = privateKey;
    this.#point = CURVES[curve].getPublicKey(privateKey, false);
    this.publicKey = encodeEcPublicKey(curve, this.#point);
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const info = schemeInfo(scheme);
    if (info?.key !== 'ec') throw new RtcError('ERR_NOT_SUPPORTED', `a key of kind ${this.kind} does not sign ${String(scheme)}`);
    // RFC 6979: the nonce comes from the key and the message, so the signature is the same each time.
    const digest = hashFunction(info.hash)(data);
    return CURVES[this.#curve].sign(digest, this.#privateKey, { prehash: false, lowS: false, format: 'der' });
  }

  exportPrivateKey(): Uint8Array {
    return encodeEcPrivateKey(this.#curve, this.#privateKey, this.#point);
  }
}

function generateSigningKey(kind: SigningKeyKind, random: RandomSource): SigningKey {
  if (kind !== 'ecdsa-p256' && kind !== 'ecdsa-p384') throw new RtcError('ERR_NOT_SUPPORTED', `no signing key of kind ${String(kind)}`);
  const curve = kind === 'ecdsa-p256' ? 'secp256r1' : 'secp384r1';
  return new PureSigningKey(curve, randomScalar(random, COORDINATE_BYTES[curve], CURVES[curve].utils.isValidSecretKey));
}

function importSigningKey(pkcs8: Uint8Array): SigningKey {
  const key = decodeEcPrivateKey(pkcs8);
  if (key === undefined || !CURVES[key.curve].utils.isValidSecretKey(key.privateKey)) {
    throw new RtcError('ERR_CRYPTO', 'the private key is not ECDSA with P-256 or P-384');
  }
  return new PureSigningKey(key.curve, key.privateKey.slice());
}

function verify(scheme: SignatureScheme, publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const info = schemeInfo(scheme);
  const key = decodePublicKey(publicKey);
  if (info === undefined || key?.type !== info.key) return false;
  const hash = hashFunction(info.hash);
  if (key.type === 'rsa') {
    return info.padding === 'pss' ? verifyPss(key, hash, hash(data), signature) : verifyPkcs1(key, info.hash, hash(data), signature);
  }
  try {
    return CURVES[key.curve].verify(signature, hash(data), key.point, { prehash: false, lowS: false, format: 'der' });
  } catch {
    return false; // a point that is not on the curve, a signature that is not DER
  }
}

/** What the user allows of cryptography without native code. */
export interface PureCryptoOptions {
  /**
   * Whether AES is offered too, in GCM and in counter mode. Its JavaScript looks secrets up in tables, so an attacker who shares the machine's caches
   * may learn keys from the time it takes. Default false: ChaCha20-Poly1305 only, which has no tables.
   */
  readonly tableAes?: boolean;
  /**
   * Whether ChaCha20-Poly1305 runs in WebAssembly where that has vectors; its bytes are the same and it is fifteen times faster.
   * Default true.
   */
  readonly webAssembly?: boolean;
}

/**
 * Cryptography that needs nothing but JavaScript, and takes WebAssembly for ChaCha20-Poly1305 where there is one (`@noble/ciphers`, `@noble/curves` and `@noble/hashes`, optional peer
 * dependencies). All of it follows from the `random` that is passed in: ECDSA is deterministic (RFC 6979), and an ephemeral or
 * signing key is the next bytes of the source. RSA signatures are verified but not made.
 */
export function createPureCrypto(options: PureCryptoOptions = {}): CryptoProvider {
  const webAssembly = options.webAssembly ?? true;
  const aesCtr = options.tableAes ?? false;
  const aeads: readonly AeadName[] = aesCtr ? ['chacha20-poly1305', 'aes-128-gcm', 'aes-256-gcm'] : ['chacha20-poly1305'];
  return Object.freeze({
    name: 'pure',
    aeads: Object.freeze(aeads),
    aesCtr,
    groups: GROUPS,
    signatureSchemes: SIGNATURE_SCHEMES,

    hash: (name: HashName, data: Uint8Array): Uint8Array => hashFunction(name)(data),
    createHash: (name: HashName): Hasher => new PureHasher(name),
    createHmac: (name: HashName, key: Uint8Array): Hmac => new PureHmac(name, key),

    createAead(name: AeadName, key: Uint8Array): Aead {
      checkAead(aeads, name, key);
      return (name === 'chacha20-poly1305' && webAssembly ? createWasmChaCha20Poly1305(key) : undefined) ?? new PureAead(name, key);
    },

    createCtr(key: Uint8Array): Ctr {
      checkCtr(aesCtr, key);
      return new PureCtr(key);
    },

    generateKeyAgreement: (group: GroupName, random: RandomSource): KeyAgreement =>
      agreementOf(group, () => new PureX25519(random), (curve) => new PureEcdh(curve, random)),

    generateSigningKey,
    importSigningKey,
    verify,
  });
}

/** {@link createPureCrypto} with its defaults. */
export const pureCrypto: CryptoProvider = createPureCrypto();
