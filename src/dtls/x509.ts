import { DecodeError, equalBytes, fromHex } from '../core/index.ts';
import { MAX_CERTIFICATE_BYTES, MAX_RSA_BITS, MIN_RSA_BITS } from './constants.ts';
import { bitStringBytes, DerReader, Tag, unsignedInteger } from './der.ts';
import { decodeTime } from './time.ts';

export const OID_EC_PUBLIC_KEY: Uint8Array = fromHex('2a8648ce3d0201');
export const OID_P256: Uint8Array = fromHex('2a8648ce3d030107');
export const OID_P384: Uint8Array = fromHex('2b81040022');
export const OID_RSA_ENCRYPTION: Uint8Array = fromHex('2a864886f70d010101');
export const OID_ECDSA_SHA256: Uint8Array = fromHex('2a8648ce3d040302');
export const OID_ECDSA_SHA384: Uint8Array = fromHex('2a8648ce3d040303');
export const OID_RSA_SHA256: Uint8Array = fromHex('2a864886f70d01010b');
export const OID_COMMON_NAME: Uint8Array = fromHex('550403');

const MAX_SERIAL_BYTES = 21;
const MAX_RSA_EXPONENT_BYTES = 8;
const SMALLEST_RSA_EXPONENT = 3;

/** The key of a certificate, as far as it can authenticate a handshake. */
export type PeerKey =
  | { readonly kind: 'ecdsa'; readonly curve: 'secp256r1' | 'secp384r1' }
  | { readonly kind: 'rsa'; readonly bits: number }
  /** Well formed, but of a kind or size that is not accepted. */
  | { readonly kind: 'unsupported' };

/** What a handshake needs of a certificate (RFC 5280 4.1). */
export interface LeafCertificate {
  /** SubjectPublicKeyInfo, DER; a view. */
  readonly publicKey: Uint8Array;
  readonly key: PeerKey;
  /** What stands in Validity; a view. See {@link notAfterOf}. */
  readonly validity: Uint8Array;
}

/**
 * Reads a certificate, strictly and in one pass of fixed depth. Trust comes from the signalled fingerprint, so names,
 * validity, extensions and the self-signature are passed over (RFC 8122 5). Throws {@link DecodeError}.
 */
export function decodeCertificate(der: Uint8Array): LeafCertificate {
  if (der.length > MAX_CERTIFICATE_BYTES) throw new DecodeError('dtls.certificate', `${der.length} bytes`);
  const outer = new DerReader(der);
  const certificate = outer.enter(Tag.sequence);
  outer.done();
  const tbs = certificate.enter(Tag.sequence);
  const outerAlgorithm = certificate.value(Tag.sequence);
  bitStringBytes(certificate.value(Tag.bitString));
  certificate.done();

  if (tbs.tag === Tag.context0) tbs.skip();
  const serial = tbs.value(Tag.integer);
  if (serial.length > MAX_SERIAL_BYTES) throw new DecodeError('dtls.certificate', 'serial number too long');
  unsignedInteger(serial);
  const algorithm = tbs.value(Tag.sequence);
  if (algorithm[0] !== Tag.oid) throw new DecodeError('dtls.certificate', 'a signature algorithm without a name');
  if (!equalBytes(algorithm, outerAlgorithm)) throw new DecodeError('dtls.certificate', 'two signature algorithms');
  tbs.enter(Tag.sequence); // issuer
  const validity = tbs.value(Tag.sequence);
  tbs.enter(Tag.sequence); // subject
  const publicKey = tbs.any();
  while (tbs.left > 0) tbs.skip(); // unique identifiers, extensions
  return { publicKey, key: decodeKey(publicKey), validity };
}

/** When a certificate expires, in milliseconds since the Unix epoch (RFC 5280 4.1.2.5). Throws {@link DecodeError}. */
export function notAfterOf({ validity }: LeafCertificate): number {
  const reader = new DerReader(validity);
  time(reader);
  const notAfter = time(reader);
  reader.done();
  return notAfter;
}

function time(validity: DerReader): number {
  const tag = validity.tag;
  if (tag !== Tag.utcTime && tag !== Tag.generalizedTime) throw new DecodeError('dtls.certificate', 'not a time');
  return decodeTime(tag, validity.value(tag));
}

function decodeKey(spki: Uint8Array): PeerKey {
  const outer = new DerReader(spki);
  const info = outer.enter(Tag.sequence);
  const algorithm = info.enter(Tag.sequence);
  const key = bitStringBytes(info.value(Tag.bitString));
  info.done();
  const oid = algorithm.value(Tag.oid);
  if (equalBytes(oid, OID_EC_PUBLIC_KEY)) return decodeEcKey(algorithm, key);
  if (equalBytes(oid, OID_RSA_ENCRYPTION)) return decodeRsaKey(key);
  return { kind: 'unsupported' };
}

function decodeEcKey(algorithm: DerReader, point: Uint8Array): PeerKey {
  if (algorithm.tag !== Tag.oid) return { kind: 'unsupported' }; // explicit curve parameters
  const curve = algorithm.value(Tag.oid);
  algorithm.done();
  const name = equalBytes(curve, OID_P256) ? 'secp256r1' : equalBytes(curve, OID_P384) ? 'secp384r1' : undefined;
  if (name === undefined) return { kind: 'unsupported' };
  if (point[0] !== 4 || point.length !== (name === 'secp256r1' ? 65 : 97)) throw new DecodeError('dtls.certificate', 'not an uncompressed point');
  return { kind: 'ecdsa', curve: name };
}

function decodeRsaKey(bytes: Uint8Array): PeerKey {
  const outer = new DerReader(bytes);
  const key = outer.enter(Tag.sequence);
  outer.done();
  const modulus = unsignedInteger(key.value(Tag.integer));
  const exponent = unsignedInteger(key.value(Tag.integer));
  key.done();
  const bits = modulus.length === 0 ? 0 : modulus.length * 8 - Math.clz32(modulus[0] as number) + 24;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) return { kind: 'unsupported' };
  const last = exponent[exponent.length - 1] ?? 0;
  const tooSmall = exponent.length === 0 || (exponent.length === 1 && last < SMALLEST_RSA_EXPONENT);
  if (tooSmall || exponent.length > MAX_RSA_EXPONENT_BYTES || (last & 1) === 0) return { kind: 'unsupported' };
  return { kind: 'rsa', bits };
}
