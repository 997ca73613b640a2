import { createECDH } from 'node:crypto';
import {
  concat,
  type CryptoProvider,
  fromHex,
  type HashName,
  type RandomSource,
  RtcError,
  type SignatureScheme,
  type SigningKey,
  type SigningKeyKind,
  toHex,
} from '../core/index.ts';
import { COORDINATE_BYTES, type CurveName, decodeEcPrivateKey, schemeInfo } from './keys.ts';
import { nodeCrypto } from './node.ts';

/** The orders of the groups (FIPS 186-5, SP 800-186 3.2.1). */
const ORDER: Readonly<Record<CurveName, bigint>> = {
  secp256r1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};
const OPENSSL_CURVE: Readonly<Record<CurveName, string>> = { secp256r1: 'prime256v1', secp384r1: 'secp384r1' };

/** Signs as RFC 6979 says: the nonce follows from the key and the message. */
class ReproducibleKey implements SigningKey {
  readonly kind: SigningKeyKind;
  readonly publicKey: Uint8Array;
  readonly #key: SigningKey;
  readonly #curve: CurveName;
  readonly #scalar: Uint8Array;

  constructor(key: SigningKey) {
    const decoded = decodeEcPrivateKey(key.exportPrivateKey());
    if (decoded === undefined) throw new RtcError('ERR_CRYPTO', 'only ECDSA keys sign reproducibly');
    this.kind = key.kind;
    this.publicKey = key.publicKey;
    this.#key = key;
    this.#curve = decoded.curve;
    this.#scalar = decoded.privateKey;
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const info = schemeInfo(scheme);
    if (info?.key !== 'ec') throw new RtcError('ERR_NOT_SUPPORTED', `a key of kind ${this.kind} does not sign ${String(scheme)}`);
    const order = ORDER[this.#curve];
    const digest = nodeCrypto.hash(info.hash, data);
    const z = leftmostBits(digest, this.#curve);
    for (const nonce of nonces(this.#curve, info.hash, this.#scalar, digest)) {
      const r = toBigInt(xOfMultiple(this.#curve, nonce)) % order;
      const s = (invert(toBigInt(nonce), order) * (z + r * toBigInt(this.#scalar))) % order;
      if (r !== 0n && s !== 0n) return encodeSignature(r, s);
    }
    throw new RtcError('ERR_CRYPTO', 'no signature'); // the nonces never end
  }

  exportPrivateKey(): Uint8Array {
    return this.#key.exportPrivateKey();
  }
}

/** The candidates for the nonce, in order (RFC 6979 3.2). */
function* nonces(curve: CurveName, hash: HashName, scalar: Uint8Array, digest: Uint8Array): Generator<Uint8Array> {
  const size = COORDINATE_BYTES[curve];
  const seed = concat(scalar, toBytes(leftmostBits(digest, curve) % ORDER[curve], size));
  let v: Uint8Array = new Uint8Array(digest.length).fill(1);
  let k: Uint8Array = new Uint8Array(digest.length);
  const update = (...more: readonly Uint8Array[]): void => {
    k = nodeCrypto.createHmac(hash, k).sign(v, ...more);
    v = nodeCrypto.createHmac(hash, k).sign(v);
  };
  update(Uint8Array.of(0), seed);
  update(Uint8Array.of(1), seed);
  for (;;) {
    let candidate: Uint8Array = new Uint8Array(0);
    while (candidate.length < size) {
      v = nodeCrypto.createHmac(hash, k).sign(v);
      candidate = concat(candidate, v);
    }
    candidate = candidate.slice(0, size);
    const value = toBigInt(candidate);
    if (value > 0n && value < ORDER[curve]) yield candidate;
    update(Uint8Array.of(0));
  }
}

/** bits2int of RFC 6979 2.3.2; both orders have a whole number of bytes. */
function leftmostBits(bytes: Uint8Array, curve: CurveName): bigint {
  return toBigInt(bytes.subarray(0, COORDINATE_BYTES[curve]));
}

function xOfMultiple(curve: CurveName, scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH(OPENSSL_CURVE[curve]);
  ecdh.setPrivateKey(scalar);
  return ecdh.getPublicKey().subarray(1, 1 + COORDINATE_BYTES[curve]);
}

/** The inverse modulo a prime, by the extended Euclidean algorithm. */
function invert(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a !== 0n) {
    const quotient = b / a;
    [a, b] = [b % a, a];
    [x, y] = [y - quotient * x, x]; // a ≡ x·value and b ≡ y·value
  }
  return ((y % modulus) + modulus) % modulus;
}

/** ECDSA-Sig-Value (RFC 3279 2.2.3). */
function encodeSignature(r: bigint, s: bigint): Uint8Array {
  const integers = concat(...[r, s].map((value) => {
    const bytes = fromHex(value.toString(16).padStart(2 * Math.ceil(value.toString(16).length / 2), '0'));
    const positive = (bytes[0] as number) > 0x7f ? concat(Uint8Array.of(0), bytes) : bytes;
    return concat(Uint8Array.of(2, positive.length), positive);
  }));
  return concat(Uint8Array.of(0x30, integers.length), integers);
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

function toBytes(value: bigint, length: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * length, '0'));
}

/**
 * {@link nodeCrypto} without anything that a seed does not decide: ECDSA signatures are those of RFC 6979, and RSA keys are
 * neither made nor read. For simulations whose packets must be the same from run to run, at the speed of the platform. Its
 * signatures are computed with BigInt, whose time tells about the key, so it is not for a real network.
 */
export const reproducibleCrypto: CryptoProvider = Object.freeze({
  ...nodeCrypto,
  name: 'reproducible',
  // The order of what is offered must not depend on the runtime either.
  aeads: Object.freeze((['chacha20-poly1305', 'aes-128-gcm', 'aes-256-gcm'] as const).filter((name) => nodeCrypto.aeads.includes(name))),

  generateSigningKey(kind: SigningKeyKind, random: RandomSource): SigningKey {
    if (kind === 'rsa-2048') throw new RtcError('ERR_NOT_SUPPORTED', 'an RSA key cannot be made from a seed');
    return new ReproducibleKey(nodeCrypto.generateSigningKey(kind, random));
  },

  importSigningKey: (pkcs8: Uint8Array): SigningKey => new ReproducibleKey(nodeCrypto.importSigningKey(pkcs8)),
});
