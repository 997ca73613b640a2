import { RtcError } from '../core/index.ts';

/** DTLS-SRTP protection profiles (RFC 5764 4.1.2, RFC 7714 14.2). */
export const SrtpProfile = { aes128CmSha1_80: 0x0001, aeadAes128Gcm: 0x0007, aeadAes256Gcm: 0x0008 } as const;

/** The order of preference. */
export const DEFAULT_SRTP_PROFILES: readonly number[] = [SrtpProfile.aeadAes128Gcm, SrtpProfile.aeadAes256Gcm, SrtpProfile.aes128CmSha1_80];

/** The exporter label of RFC 5764 4.2. */
export const SRTP_EXPORTER_LABEL = 'EXTRACTOR-dtls_srtp';

/** Master key and salt of one direction. */
export interface SrtpMaster {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

/** The keys of an SRTP session, by who uses them. */
export interface SrtpKeys {
  readonly profile: number;
  /** What this side protects with. */
  readonly local: SrtpMaster;
  /** What the peer protects with. */
  readonly remote: SrtpMaster;
}

/** Lengths of a profile's master key and salt, in bytes. Throws `ERR_NOT_SUPPORTED` for a profile that is not known. */
export function srtpProfileSizes(profile: number): { readonly keyBytes: number; readonly saltBytes: number } {
  switch (profile) {
    case SrtpProfile.aes128CmSha1_80:
      return { keyBytes: 16, saltBytes: 14 };
    case SrtpProfile.aeadAes128Gcm:
      return { keyBytes: 16, saltBytes: 12 };
    case SrtpProfile.aeadAes256Gcm:
      return { keyBytes: 32, saltBytes: 12 };
    default:
      throw new RtcError('ERR_NOT_SUPPORTED', `no SRTP profile ${profile}`);
  }
}

/** Cuts exported material up: client key, server key, client salt, server salt (RFC 5764 4.2). */
export function splitSrtpKeys(profile: number, role: 'client' | 'server', exporter: (label: string, length: number) => Uint8Array): SrtpKeys {
  const { keyBytes, saltBytes } = srtpProfileSizes(profile);
  const material = exporter(SRTP_EXPORTER_LABEL, 2 * (keyBytes + saltBytes));
  const salts = 2 * keyBytes;
  const client: SrtpMaster = { key: material.slice(0, keyBytes), salt: material.slice(salts, salts + saltBytes) };
  const server: SrtpMaster = { key: material.slice(keyBytes, salts), salt: material.slice(salts + saltBytes) };
  material.fill(0);
  return role === 'client' ? { profile, local: client, remote: server } : { profile, local: server, remote: client };
}
