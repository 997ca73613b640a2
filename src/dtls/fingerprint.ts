import { hexOfBytes } from '../core/bytes.ts';
import { type CryptoProvider, encodeUtf8, equalBytes } from '../core/index.ts';

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

/** The fingerprint of a certificate, as SDP writes it (RFC 8122 5). */
export function fingerprintOf(crypto: CryptoProvider, algorithm: FingerprintHash, der: Uint8Array): Fingerprint {
  return { algorithm, value: hexOfBytes(crypto.hash(algorithm, der)).join(':').toUpperCase() };
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
    const ours = encodeUtf8(fingerprintOf(crypto, strong, der).value);
    for (const { value } of wanted) if (equalBytes(ours, encodeUtf8(value.toUpperCase()))) matches = true;
  }
  return matches;
}
