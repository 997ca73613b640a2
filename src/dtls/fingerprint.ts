import { type CryptoProvider, equalBytes, type HashName } from '../core/index.ts';

/** A certificate's fingerprint as SDP carries it (RFC 8122 5). */
export interface Fingerprint {
  /** The hash function, as in `sha-256`. Only SHA-2 with 256 bits and more can make a certificate believed. */
  readonly algorithm: string;
  /** Upper-case hexadecimal with colons. */
  readonly value: string;
}

/** The hash functions that a fingerprint may rest on. */
export type FingerprintHash = 'sha-256' | 'sha-384' | 'sha-512';

const HASH_BYTES: Readonly<Record<FingerprintHash, number>> = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 };

const DIGITS = '0123456789ABCDEF';

/** The fingerprint of a certificate, as SDP writes it (RFC 8122 5). */
export function fingerprintOf(crypto: CryptoProvider, algorithm: FingerprintHash, der: Uint8Array): Fingerprint {
  const digest = crypto.hash(algorithm, der);
  const parts = new Array<string>(digest.length);
  for (let i = 0; i < digest.length; i++) {
    const byte = digest[i] as number;
    parts[i] = DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  }
  return { algorithm, value: parts.join(':') };
}

/**
 * Whether a certificate is one of those that were signalled: at least one fingerprint with a strong hash must match.
 * Every fingerprint is compared, in constant time, and letter case does not matter.
 */
export function matchesFingerprint(crypto: CryptoProvider, der: Uint8Array, fingerprints: readonly Fingerprint[]): boolean {
  const digests = new Map<HashName, Uint8Array>();
  let matches = false;
  for (const { algorithm, value } of fingerprints) {
    const name = algorithm.toLowerCase();
    if (name !== 'sha-256' && name !== 'sha-384' && name !== 'sha-512') continue;
    const wanted = parseHash(value, HASH_BYTES[name]);
    if (wanted === undefined) continue;
    const digest = digests.get(name) ?? crypto.hash(name, der);
    digests.set(name, digest);
    if (equalBytes(digest, wanted)) matches = true;
  }
  return matches;
}

/** The bytes of `length` pairs of hexadecimal digits with colons between. */
function parseHash(value: string, length: number): Uint8Array | undefined {
  if (value.length !== 3 * length - 1) return undefined;
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const high = digit(value.charCodeAt(3 * i));
    const low = digit(value.charCodeAt(3 * i + 1));
    if (high < 0 || low < 0 || (i < length - 1 && value[3 * i + 2] !== ':')) return undefined;
    out[i] = (high << 4) | low;
  }
  return out;
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
