import type { CryptoProvider } from '../core/index.ts';

/** A certificate's fingerprint as SDP carries it (RFC 8122 5). */
export interface Fingerprint {
  /** The hash function, as in `sha-256`. Only SHA-2 with 256 bits and more can make a certificate believed. */
  readonly algorithm: string;
  /** Upper-case hexadecimal with colons. */
  readonly value: string;
}

/** The hash functions that a fingerprint may rest on. */
export type FingerprintHash = 'sha-256' | 'sha-384' | 'sha-512';

const STRONG: readonly FingerprintHash[] = ['sha-256', 'sha-384', 'sha-512'];

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
  let matches = false;
  for (const strong of STRONG) {
    const wanted = fingerprints.filter(({ algorithm }) => algorithm.toLowerCase() === strong);
    if (wanted.length === 0) continue;
    const ours = fingerprintOf(crypto, strong, der).value.split(':');
    for (const { value } of wanted) if (sameParts(ours, value.toUpperCase().split(':'))) matches = true;
  }
  return matches;
}

/** Looks at all parts wherever the two differ. */
function sameParts(a: readonly string[], b: readonly string[]): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) different |= Number(a[i] !== b[i]);
  return different === 0;
}
