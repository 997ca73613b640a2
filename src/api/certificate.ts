import type { CryptoProvider, SigningKeyKind } from '../core/index.ts';
import { Certificate, type CertificatePem } from '../dtls/index.ts';
import { defaultRuntime, type Runtime } from '../runtime/index.ts';

/** What a certificate is made with; all of it has defaults. */
export interface GenerateCertificateOptions {
  /** Default `ecdsa-p256`. */
  readonly keyKind?: SigningKeyKind;
  /** How long it is valid, in milliseconds. Default 30 days. */
  readonly lifeMs?: number;
  readonly runtime?: Runtime;
  readonly crypto?: CryptoProvider;
}

/**
 * Makes a self-signed certificate that several connections can share (W3C WebRTC 4.9.1), as `configuration.certificates`.
 *
 * @example
 * const certificate = generateCertificate();
 * const pc = await createPeerConnection({ configuration: { certificates: [certificate] } });
 */
export function generateCertificate({ runtime = defaultRuntime(), crypto = runtime.crypto, ...options }: GenerateCertificateOptions = {}): Certificate {
  const now = runtime.now();
  return Certificate.generate({ ...options, now }, { crypto, random: runtime.random, unixOffsetMs: runtime.unixNow() - now });
}

/** Reads a certificate and its key back from PEM. Throws `ERR_CRYPTO` when they cannot be read or do not belong together. */
export function importCertificate(pem: CertificatePem, { runtime = defaultRuntime(), crypto = runtime.crypto }: Pick<GenerateCertificateOptions, 'runtime' | 'crypto'> = {}): Certificate {
  const now = runtime.now();
  return Certificate.fromPem(pem, { crypto, random: runtime.random, unixOffsetMs: runtime.unixNow() - now });
}
