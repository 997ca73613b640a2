import { concat, DecodeError, equalBytes, fromHex, Reader, type SignatureScheme, Writer } from '../core/index.ts';

// The DER containers of keys. What is read comes from the network (the key of a peer's certificate), so an elliptic-curve
// key is compared with the one encoding that RFC 5480 allows it, and an RSA key is read by a parser of a dozen lines.

export type CurveName = 'secp256r1' | 'secp384r1';

export interface EcPublicKey {
  readonly type: 'ec';
  readonly curve: CurveName;
  /** 0x04 ‖ x ‖ y */
  readonly point: Uint8Array;
}

export interface RsaPublicKey {
  readonly type: 'rsa';
  /** Big-endian, without leading zeros. */
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

/** Length of a coordinate and of a private key, in bytes. */
export const COORDINATE_BYTES: Readonly<Record<CurveName, number>> = { secp256r1: 32, secp384r1: 48 };

/** RSA keys that are accepted, in bits: below is too weak, above costs too much to verify. */
export const RSA_MIN_BITS = 2048;
export const RSA_MAX_BITS = 4096;
/** The longest RSA exponent, in bytes: an exponent as long as the modulus makes a verification a hundred times slower. */
const RSA_MAX_EXPONENT_BYTES = 8;

/** SubjectPublicKeyInfo up to the point: id-ecPublicKey, the named curve, the bit string's header (RFC 5480 2.1). */
const EC_SPKI_PREFIX: Readonly<Record<CurveName, Uint8Array>> = {
  secp256r1: fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'),
  secp384r1: fromHex('3076301006072a8648ce3d020106052b81040022036200'),
};
/** PrivateKeyInfo's algorithm identifier for each curve (RFC 5208, RFC 5915). */
const EC_ALGORITHM: Readonly<Record<CurveName, Uint8Array>> = {
  secp256r1: fromHex('301306072a8648ce3d020106082a8648ce3d030107'),
  secp384r1: fromHex('301006072a8648ce3d020106052b81040022'),
};
/** AlgorithmIdentifier of rsaEncryption with its NULL (RFC 8017 A.1). */
const RSA_ALGORITHM = fromHex('300d06092a864886f70d0101010500');

const TAG = { integer: 0x02, bitString: 0x03, octetString: 0x04, sequence: 0x30, context1: 0xa1 } as const;

/** SubjectPublicKeyInfo of an uncompressed point. */
export function encodeEcPublicKey(curve: CurveName, point: Uint8Array): Uint8Array {
  return concat(EC_SPKI_PREFIX[curve], point);
}

/**
 * The key of a SubjectPublicKeyInfo, or `undefined` when it is not an uncompressed point of P-256 or P-384, or an RSA key of
 * 2048 to 4096 bits with an odd exponent of 3 or more.
 */
export function decodePublicKey(spki: Uint8Array): EcPublicKey | RsaPublicKey | undefined {
  for (const curve of ['secp256r1', 'secp384r1'] as const) {
    const prefix = EC_SPKI_PREFIX[curve];
    if (spki.length === prefix.length + 1 + 2 * COORDINATE_BYTES[curve] && equalBytes(spki.subarray(0, prefix.length), prefix)) {
      const point = spki.subarray(prefix.length);
      return point[0] === 4 ? { type: 'ec', curve, point } : undefined;
    }
  }
  try {
    return decodeRsaPublicKey(spki);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function decodeRsaPublicKey(spki: Uint8Array): RsaPublicKey | undefined {
  const outer = new Reader(spki, 'spki');
  const info = readElement(outer, TAG.sequence);
  outer.done();
  if (!equalBytes(info.view(RSA_ALGORITHM.length), RSA_ALGORITHM)) return undefined;
  const bits = readElement(info, TAG.bitString);
  info.done();
  if (bits.u8() !== 0) return undefined; // unused bits
  const key = readElement(bits, TAG.sequence);
  bits.done();
  const modulus = readPositive(key);
  const exponent = readPositive(key);
  key.done();
  return rsaKeyIsSound(modulus, exponent) ? { type: 'rsa', modulus, exponent } : undefined;
}

function rsaKeyIsSound(modulus: Uint8Array, exponent: Uint8Array): boolean {
  const bits = modulus.length * 8 - Math.clz32(modulus[0] as number) + 24;
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS || ((modulus[modulus.length - 1] as number) & 1) === 0) return false;
  const last = exponent[exponent.length - 1] as number;
  return exponent.length <= RSA_MAX_EXPONENT_BYTES && (last & 1) === 1 && !(exponent.length === 1 && last === 1);
}

/** PrivateKeyInfo (RFC 5208) of an elliptic-curve key (RFC 5915). */
export function encodeEcPrivateKey(curve: CurveName, privateKey: Uint8Array, point: Uint8Array): Uint8Array {
  const inner = element(
    TAG.sequence,
    fromHex('020101'),
    element(TAG.octetString, privateKey),
    element(TAG.context1, element(TAG.bitString, Uint8Array.of(0), point)),
  );
  return element(TAG.sequence, fromHex('020100'), EC_ALGORITHM[curve], element(TAG.octetString, inner));
}

/** The curve and private scalar of a PrivateKeyInfo; `undefined` when it is no such key. */
export function decodeEcPrivateKey(pkcs8: Uint8Array): { readonly curve: CurveName; readonly privateKey: Uint8Array } | undefined {
  try {
    const info = readElement(new Reader(pkcs8, 'pkcs8'), TAG.sequence);
    if (!equalBytes(info.view(3), fromHex('020100'))) return undefined;
    const algorithm = element(TAG.sequence, rest(readElement(info, TAG.sequence)));
    const key = readElement(readElement(info, TAG.octetString), TAG.sequence);
    if (!equalBytes(key.view(3), fromHex('020101'))) return undefined;
    const privateKey = rest(readElement(key, TAG.octetString));
    for (const curve of ['secp256r1', 'secp384r1'] as const) {
      if (equalBytes(algorithm, EC_ALGORITHM[curve]) && privateKey.length === COORDINATE_BYTES[curve]) return { curve, privateKey };
    }
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** The hash of a signature scheme and the kind of key it wants. */
export interface SchemeInfo {
  readonly key: 'ec' | 'rsa';
  readonly padding: 'none' | 'pkcs1' | 'pss';
  readonly hash: 'sha-256' | 'sha-384' | 'sha-512';
}

export const SCHEMES: Readonly<Record<SignatureScheme, SchemeInfo>> = {
  ecdsa_secp256r1_sha256: { key: 'ec', padding: 'none', hash: 'sha-256' },
  ecdsa_secp384r1_sha384: { key: 'ec', padding: 'none', hash: 'sha-384' },
  rsa_pkcs1_sha256: { key: 'rsa', padding: 'pkcs1', hash: 'sha-256' },
  rsa_pkcs1_sha384: { key: 'rsa', padding: 'pkcs1', hash: 'sha-384' },
  rsa_pkcs1_sha512: { key: 'rsa', padding: 'pkcs1', hash: 'sha-512' },
  rsa_pss_rsae_sha256: { key: 'rsa', padding: 'pss', hash: 'sha-256' },
  rsa_pss_rsae_sha384: { key: 'rsa', padding: 'pss', hash: 'sha-384' },
  rsa_pss_rsae_sha512: { key: 'rsa', padding: 'pss', hash: 'sha-512' },
};

/** What a scheme is made of; `undefined` for a name that is none. */
export function schemeInfo(scheme: SignatureScheme): SchemeInfo | undefined {
  return Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
}

/** The content of the next element, which must have this tag and a definite length in its shortest form (X.690 10.1). */
function readElement(reader: Reader, tag: number): Reader {
  if (reader.u8() !== tag) throw new DecodeError('der', `tag 0x${tag.toString(16)} wanted`);
  const first = reader.u8();
  let length = first;
  if (first === 0x81) length = reader.u8();
  else if (first === 0x82) length = reader.u16();
  else if (first > 0x7f) throw new DecodeError('der', 'length of more than two bytes, or indefinite');
  if ((first === 0x81 && length < 0x80) || (first === 0x82 && length < 0x100)) throw new DecodeError('der', 'length not in its shortest form');
  return new Reader(reader.view(length), 'der');
}

/** A positive integer without its sign byte. */
function readPositive(reader: Reader): Uint8Array {
  const bytes = rest(readElement(reader, TAG.integer));
  const first = bytes[0];
  if (first === undefined || first > 0x7f) throw new DecodeError('der', 'not a positive integer');
  if (first !== 0) return bytes;
  if (bytes.length < 2 || (bytes[1] as number) < 0x80) throw new DecodeError('der', 'zero, or needless zeros in front');
  return bytes.subarray(1);
}

function rest(reader: Reader): Uint8Array {
  return reader.view(reader.left);
}

function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content);
  const writer = new Writer(body.length + 4).u8(tag);
  if (body.length > 0xff) writer.u8(0x82).u16(body.length);
  else if (body.length > 0x7f) writer.u8(0x81).u8(body.length);
  else writer.u8(body.length);
  return writer.append(body).finish();
}
