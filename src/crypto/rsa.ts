import { concat, equalBytes, fromHex, type HashName, toHex } from '../core/index.ts';
import type { RsaPublicKey } from './keys.ts';

// RSA verification with BigInt (RFC 8017). All of its inputs are public, so nothing here needs constant time.

type HashFunction = (data: Uint8Array) => Uint8Array;

/** DigestInfo up to the hash (RFC 8017 9.2 note 1). */
const DIGEST_INFO: Readonly<Partial<Record<HashName, Uint8Array>>> = {
  'sha-256': fromHex('3031300d060960864801650304020105000420'),
  'sha-384': fromHex('3041300d060960864801650304020205000430'),
  'sha-512': fromHex('3051300d060960864801650304020305000440'),
};

/** RSASSA-PKCS1-v1_5 (RFC 8017 8.2.2): the encoding is made and compared, not parsed, so that no slack can be forged into. */
export function verifyPkcs1(key: RsaPublicKey, hash: HashName, digest: Uint8Array, signature: Uint8Array): boolean {
  const prefix = DIGEST_INFO[hash];
  const encoded = recover(key, signature, key.modulus.length);
  if (prefix === undefined || encoded === undefined) return false;
  const padding = new Uint8Array(encoded.length - prefix.length - digest.length - 3).fill(0xff);
  return equalBytes(encoded, concat(Uint8Array.of(0, 1), padding, Uint8Array.of(0), prefix, digest));
}

/** RSASSA-PSS (RFC 8017 8.1.2 and 9.1.2) with MGF1 of the same hash and a salt as long as the hash (RFC 8446 4.2.3). */
export function verifyPss(key: RsaPublicKey, hash: HashFunction, digest: Uint8Array, signature: Uint8Array): boolean {
  const bits = key.modulus.length * 8 - Math.clz32(key.modulus[0] as number) + 24 - 1;
  const encoded = recover(key, signature, Math.ceil(bits / 8));
  const size = digest.length;
  if (encoded === undefined || encoded.length < 2 * size + 2 || encoded[encoded.length - 1] !== 0xbc) return false;
  const block = encoded.slice(0, encoded.length - size - 1);
  const expected = encoded.subarray(block.length, encoded.length - 1);
  const spareBits = 8 * encoded.length - bits;
  if (((block[0] as number) & (0xff00 >> spareBits) & 0xff) !== 0) return false;
  mask(block, expected, hash);
  block[0] = (block[0] as number) & (0xff >> spareBits);
  const saltAt = block.length - size;
  for (let i = 0; i < saltAt - 1; i++) if (block[i] !== 0) return false;
  if (block[saltAt - 1] !== 1) return false;
  return equalBytes(hash(concat(new Uint8Array(8), digest, block.subarray(saltAt))), expected);
}

/** MGF1 (RFC 8017 B.2.1), applied to `block`. */
function mask(block: Uint8Array, seed: Uint8Array, hash: HashFunction): void {
  for (let at = 0, counter = 0; at < block.length; counter++) {
    for (const byte of hash(concat(seed, Uint8Array.of(0, 0, counter >> 8, counter)))) {
      if (at === block.length) break;
      block[at] = (block[at] as number) ^ byte;
      at++;
    }
  }
}

/** `signature ^ e mod n` as `length` bytes; `undefined` when the signature is out of range or the result does not fit. */
function recover(key: RsaPublicKey, signature: Uint8Array, length: number): Uint8Array | undefined {
  if (signature.length !== key.modulus.length) return undefined;
  const modulus = toBigInt(key.modulus);
  const base = toBigInt(signature);
  if (base >= modulus) return undefined;
  let result = 1n;
  for (const bit of toBigInt(key.exponent).toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  const hex = result.toString(16);
  return hex.length > 2 * length ? undefined : fromHex(hex.padStart(2 * length, '0'));
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}
