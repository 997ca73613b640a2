import { type CryptoProvider, RtcError } from '../core/index.ts';
import { CM_SALT_BYTES, GCM_NONCE_BYTES, GCM_TAG_BYTES } from './constants.ts';

/** DTLS-SRTP protection profiles (RFC 5764 4.1.2, RFC 7714 14.2). */
export const SrtpProfile = { aes128CmSha1_80: 0x0001, aes128CmSha1_32: 0x0002, aeadAes128Gcm: 0x0007, aeadAes256Gcm: 0x0008 } as const;

/** What distinguishes one protection profile from another. */
export interface ProfileParameters {
  readonly cipher: 'gcm' | 'counter-mode';
  readonly keyBytes: number;
  readonly saltBytes: number;
  /** Tag of an SRTP packet. */
  readonly rtpTagBytes: number;
}

const counterMode = (rtpTagBytes: number): ProfileParameters => ({ cipher: 'counter-mode', keyBytes: 16, saltBytes: CM_SALT_BYTES, rtpTagBytes });
const gcm = (keyBytes: number): ProfileParameters => ({ cipher: 'gcm', keyBytes, saltBytes: GCM_NONCE_BYTES, rtpTagBytes: GCM_TAG_BYTES });

/** The parameters of a profile. Throws `ERR_NOT_SUPPORTED` for one that is not known. */
export function profileParameters(profile: number): ProfileParameters {
  switch (profile) {
    case SrtpProfile.aes128CmSha1_80:
      return counterMode(10);
    case SrtpProfile.aes128CmSha1_32:
      return counterMode(4);
    case SrtpProfile.aeadAes128Gcm:
      return gcm(16);
    case SrtpProfile.aeadAes256Gcm:
      return gcm(32);
    default:
      throw new RtcError('ERR_NOT_SUPPORTED', `no SRTP profile ${profile}`);
  }
}

/**
 * The profiles to offer, in order of preference: those that the crypto provider has ciphers for. None has a tag of 32 bits;
 * whoever wants that names it.
 */
export function supportedSrtpProfiles(crypto: Pick<CryptoProvider, 'aeads' | 'aesCtr'>): readonly number[] {
  if (!crypto.aesCtr) return []; // every profile derives its keys with it (RFC 3711 4.3.3)
  const profiles: number[] = [];
  if (crypto.aeads.includes('aes-128-gcm')) profiles.push(SrtpProfile.aeadAes128Gcm);
  if (crypto.aeads.includes('aes-256-gcm')) profiles.push(SrtpProfile.aeadAes256Gcm);
  profiles.push(SrtpProfile.aes128CmSha1_80);
  return profiles;
}
