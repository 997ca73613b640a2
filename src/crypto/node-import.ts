import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { concat, fromHex, toHex } from '../core/index.ts';
import { COORDINATE_BYTES, type CurveName, encodeEcPrivateKey, encodeEcPublicKey } from './keys.ts';

// Keys from bytes. OpenSSL 3 reads DER through a search for a decoder that costs more than the handshake's arithmetic; a JSON Web
// Key names its numbers, and is read ten times faster. The price is that a private number passes through a string, which
// cannot be overwritten and lives until the collector comes by.

/** PrivateKeyInfo and SubjectPublicKeyInfo of X25519 up to the 32 bytes of the key (RFC 8410 4 and 7). */
const X25519_PKCS8_PREFIX = fromHex('302e020100300506032b656e04220420');
const X25519_SPKI_PREFIX = fromHex('302a300506032b656e032100');
/** The names of RFC 7518 6.2.1.1. */
const JWK_CURVES: Readonly<Record<CurveName, string>> = { secp256r1: 'P-256', secp384r1: 'P-384' };

/** A `Buffer` as a plain `Uint8Array`: the two differ in `slice`, so a Buffer must not leave the provider. */
export function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
}

function base64Url(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64url');
}

/** Reads an elliptic-curve key's numbers as RFC 7518 6.2 has them. */
function ecNumbers(curve: CurveName, point: Uint8Array): { kty: string; crv: string; x: string; y: string } {
  const size = COORDINATE_BYTES[curve];
  return { kty: 'EC', crv: JWK_CURVES[curve], x: base64Url(point.subarray(1, 1 + size)), y: base64Url(point.subarray(1 + size)) };
}

let jwkIsSound: boolean | undefined;

/** Whether JSON Web Keys of both kinds are read here as they should: the first iteration of RFC 7748 5.2 and the generator of P-256 tell. */
export function readsJwk(): boolean {
  return (jwkIsSound ??= checkJwk());
}

function checkJwk(): boolean {
  const scalar = fromHex('09' + '00'.repeat(31));
  const one = fromHex('00'.repeat(31) + '01');
  const generator = fromHex(
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  );
  try {
    const publicKey = x25519PublicFromJwk(x25519PrivateFromJwk(scalar));
    const ec = createPrivateKey({ format: 'jwk', key: { ...ecNumbers('secp256r1', generator), d: base64Url(one) } });
    createPublicKey({ format: 'jwk', key: ecNumbers('secp256r1', generator) });
    return toHex(publicKey) === '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079' && ec.asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

// The public member is required in a private key (RFC 8037 2) and computed anew by what reads it, so any will do.
function x25519PrivateFromJwk(scalar: Uint8Array): KeyObject {
  return createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: base64Url(new Uint8Array(32)), d: base64Url(scalar) } });
}

function x25519PrivateFromDer(scalar: Uint8Array): KeyObject {
  const der = concat(X25519_PKCS8_PREFIX, scalar);
  const key = createPrivateKey({ key: bufferOf(der), format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

function x25519PublicFromJwk(privateKey: KeyObject): Uint8Array {
  return plain(Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url')).slice();
}

function x25519PublicFromDer(privateKey: KeyObject): Uint8Array {
  return plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })).slice(X25519_SPKI_PREFIX.length);
}

export function importX25519Private(scalar: Uint8Array): KeyObject {
  return readsJwk() ? x25519PrivateFromJwk(scalar) : x25519PrivateFromDer(scalar);
}

/** The 32 bytes of the public key that belongs to a private one. */
export function exportX25519Public(privateKey: KeyObject): Uint8Array {
  return readsJwk() ? x25519PublicFromJwk(privateKey) : x25519PublicFromDer(privateKey);
}

export function importX25519Public(bytes: Uint8Array): KeyObject {
  if (readsJwk()) return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: base64Url(bytes) } });
  return createPublicKey({ key: bufferOf(concat(X25519_SPKI_PREFIX, bytes)), format: 'der', type: 'spki' });
}

/** Throws what the platform throws when the numbers are no key of the curve. */
export function importEcPrivate(curve: CurveName, scalar: Uint8Array, point: Uint8Array): KeyObject {
  if (readsJwk()) return createPrivateKey({ format: 'jwk', key: { ...ecNumbers(curve, point), d: base64Url(scalar) } });
  const der = encodeEcPrivateKey(curve, scalar, point);
  const key = createPrivateKey({ key: bufferOf(der), format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

/** Throws what the platform throws when the point is not on the curve. */
export function importEcPublic(curve: CurveName, point: Uint8Array): KeyObject {
  if (readsJwk()) return createPublicKey({ format: 'jwk', key: ecNumbers(curve, point) });
  return importPublic(encodeEcPublicKey(curve, point));
}

export function importPublic(spki: Uint8Array): KeyObject {
  return createPublicKey({ key: bufferOf(spki), format: 'der', type: 'spki' });
}

export function importPrivate(pkcs8: Uint8Array): KeyObject {
  return createPrivateKey({ key: bufferOf(pkcs8), format: 'der', type: 'pkcs8' });
}
