import {
  constants,
  createECDH,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  type SignKeyObjectInput,
  verify,
} from 'node:crypto';
import { type KeyAgreement, type RandomSource, RtcError, type SignatureScheme, type SigningKey, type SigningKeyKind } from '../core/index.ts';
import { COORDINATE_BYTES, type CurveName, decodePublicKey, encodeEcPublicKey, RSA_MIN_BITS, type SchemeInfo, schemeInfo } from './keys.ts';
import {
  exportX25519Public,
  importEcPrivate,
  importEcPublic,
  importPrivate,
  importPublic,
  importX25519Private,
  importX25519Public,
  plain,
} from './node-import.ts';
import { randomScalar } from './scalar.ts';

const CURVES: Readonly<Record<CurveName, string>> = { secp256r1: 'prime256v1', secp384r1: 'secp384r1' };
/** The hashes that sign. */
const HASHES: Readonly<Record<SchemeInfo['hash'], string>> = { 'sha-256': 'sha256', 'sha-384': 'sha384', 'sha-512': 'sha512' };

export class NodeX25519 implements KeyAgreement {
  readonly group = 'x25519';
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(random: RandomSource) {
    if (GENERATES_KEYS && random.isSystem === true) {
      const { privateKey, publicKey } = generateKeyPair('x25519', { publicKeyEncoding: JWK });
      this.#privateKey = privateKey;
      this.publicKey = new Uint8Array(Buffer.from(publicKey.x ?? '', 'base64url')); // a copy: theirs is part of a pool
      return;
    }
    const scalar = new Uint8Array(32);
    random(scalar);
    this.#privateKey = importX25519Private(scalar);
    scalar.fill(0);
    this.publicKey = exportX25519Public(this.#privateKey);
  }

  deriveSecret(peerPublicKey: Uint8Array): Uint8Array {
    if (peerPublicKey.length !== 32) throw new RtcError('ERR_CRYPTO', 'an X25519 public key has 32 bytes');
    let secret: Uint8Array;
    try {
      secret = plain(diffieHellman({ privateKey: this.#privateKey, publicKey: importX25519Public(peerPublicKey) }));
    } catch (cause) {
      throw new RtcError('ERR_CRYPTO', 'the peer’s X25519 key cannot be used', { cause });
    }
    // RFC 7748 6.1: a low-order point gives zero. OpenSSL refuses it; other implementations of this module may not.
    if (secret.every((byte) => byte === 0)) throw new RtcError('ERR_CRYPTO', 'the peer’s X25519 key is of low order');
    return secret;
  }
}

export class NodeEcdh implements KeyAgreement {
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

/** Deno's ECDH goes on reading the buffer that it was given, which is wiped here; so it gets one of its own. */
const KEEPS_SCALAR: boolean = process.versions['deno'] !== undefined;

function setPrivateKey(ecdh: ReturnType<typeof createECDH>, scalar: Uint8Array): boolean {
  try {
    ecdh.setPrivateKey(KEEPS_SCALAR ? scalar.slice() : scalar);
    return true;
  } catch {
    return false; // zero, or not below the order of the curve
  }
}

class NodeSigningKey implements SigningKey {
  readonly kind: SigningKeyKind;
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  constructor(kind: SigningKeyKind, key: KeyObject, publicKey: Uint8Array = plain(createPublicKey(key).export({ format: 'der', type: 'spki' }))) {
    this.kind = kind;
    this.#key = key;
    this.publicKey = publicKey;
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const info = schemeInfo(scheme);
    if (info === undefined || (info.key === 'rsa') !== (this.kind === 'rsa-2048')) {
      throw new RtcError('ERR_NOT_SUPPORTED', `a key of kind ${this.kind} does not sign ${String(scheme)}`);
    }
    return plain(sign(HASHES[info.hash], data, withPadding(this.#key, info.padding)));
  }

  exportPrivateKey(): Uint8Array {
    return plain(this.#key.export({ format: 'der', type: 'pkcs8' })).slice();
  }
}

/** What signs and verifies. Signatures of ECDSA are DER where nothing else is asked for. RFC 8446 4.2.3: PSS with a salt as long as the hash. */
function withPadding(key: KeyObject, padding: SchemeInfo['padding']): KeyObject | SignKeyObjectInput {
  switch (padding) {
    case 'none':
      return key;
    case 'pkcs1':
      return { key, padding: constants.RSA_PKCS1_PADDING };
    case 'pss':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  }
}

export function generateSigningKey(kind: SigningKeyKind, random: RandomSource): SigningKey {
  if (kind === 'rsa-2048') return new NodeSigningKey(kind, generateKeyPairSync('rsa', { modulusLength: RSA_MIN_BITS }).privateKey);
  const curve = CURVE_OF_KIND[kind];
  if (curve === undefined) throw new RtcError('ERR_NOT_SUPPORTED', `no signing key of kind ${String(kind)}`);
  if (GENERATES_KEYS && random.isSystem === true) return generateEcKey(kind, curve);
  const ecdh = createECDH(CURVES[curve]);
  const scalar = randomScalar(random, COORDINATE_BYTES[curve], (candidate) => setPrivateKey(ecdh, candidate));
  const point = ecdh.getPublicKey();
  const key = importEcPrivate(curve, scalar, point);
  scalar.fill(0);
  return new NodeSigningKey(kind, key, encodeEcPublicKey(curve, point));
}

/** Whether the platform is Node itself, whose generator is the system's and whose own keys take a third of the time of imported ones. */
const GENERATES_KEYS: boolean = process.versions['deno'] === undefined && process.versions['bun'] === undefined;

const JWK = { format: 'jwk' } as const;

/** With an encoding that its types do not know: one object less, and half of the time. */
const generateKeyPair = generateKeyPairSync as unknown as (
  type: 'ec' | 'x25519',
  options: { readonly namedCurve?: string; readonly publicKeyEncoding: typeof JWK },
) => { readonly privateKey: KeyObject; readonly publicKey: JsonWebKey };

/** An imported key is converted when it first signs, which leaves ten kilobytes outside of the heap until the collector comes by. */
function generateEcKey(kind: SigningKeyKind, curve: CurveName): SigningKey {
  const { privateKey, publicKey } = generateKeyPair('ec', { namedCurve: CURVES[curve], publicKeyEncoding: JWK });
  const size = COORDINATE_BYTES[curve];
  const point = Buffer.alloc(1 + 2 * size, UNCOMPRESSED);
  point.write(publicKey.x ?? '', 1, 'base64url');
  point.write(publicKey.y ?? '', 1 + size, 'base64url');
  return new NodeSigningKey(kind, privateKey, encodeEcPublicKey(curve, point));
}

/** The first byte of an uncompressed point (SEC 1 2.3.3). */
const UNCOMPRESSED = 4;
const CURVE_OF_KIND: Readonly<Record<Exclude<SigningKeyKind, 'rsa-2048'>, CurveName>> = { 'ecdsa-p256': 'secp256r1', 'ecdsa-p384': 'secp384r1' };

export function importKey(pkcs8: Uint8Array): SigningKey {
  let key: KeyObject;
  try {
    key = importPrivate(pkcs8);
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

export function verifySignature(scheme: SignatureScheme, publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const info = schemeInfo(scheme);
  const decoded = decodePublicKey(publicKey);
  if (info === undefined || decoded?.type !== info.key) return false;
  try {
    const key = decoded.type === 'ec' ? importEcPublic(decoded.curve, decoded.point) : importPublic(publicKey);
    return verify(HASHES[info.hash], data, withPadding(key, info.padding), signature);
  } catch {
    return false; // a point that is not on the curve, a signature that is not DER
  }
}
