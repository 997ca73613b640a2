import type { AeadName, GroupName, HashName, SignatureScheme, SigningKeyKind } from '../../core/index.ts';

/** A cipher suite of DTLS 1.2: always ephemeral ECDH with an authenticated cipher. */
export interface CipherSuite {
  readonly id: number;
  /** The registry's name. */
  readonly name: string;
  /** The key that signs. */
  readonly authentication: 'ecdsa' | 'rsa';
  readonly aead: AeadName;
  readonly keyBytes: 16 | 32;
  /** The hash of the PRF and of Finished (RFC 5289 3, RFC 7905 2). */
  readonly hash: HashName;
}

/** RFC 5289 3.2 and RFC 7905 2, in the order of preference when the provider's order of ciphers does not decide. */
export const CIPHER_SUITES: readonly CipherSuite[] = [
  { id: 0xc02b, name: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', authentication: 'ecdsa', aead: 'aes-128-gcm', keyBytes: 16, hash: 'sha-256' },
  { id: 0xc02f, name: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', authentication: 'rsa', aead: 'aes-128-gcm', keyBytes: 16, hash: 'sha-256' },
  { id: 0xc02c, name: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', authentication: 'ecdsa', aead: 'aes-256-gcm', keyBytes: 32, hash: 'sha-384' },
  { id: 0xc030, name: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', authentication: 'rsa', aead: 'aes-256-gcm', keyBytes: 32, hash: 'sha-384' },
  { id: 0xcca9, name: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', authentication: 'ecdsa', aead: 'chacha20-poly1305', keyBytes: 32, hash: 'sha-256' },
  { id: 0xcca8, name: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', authentication: 'rsa', aead: 'chacha20-poly1305', keyBytes: 32, hash: 'sha-256' },
];

/** A provider's list of ciphers is one object, and so are its suites, for all connections. */
const SUITES: WeakMap<readonly AeadName[], readonly CipherSuite[]> = new WeakMap();

/** The suites of some ciphers, in the order of the ciphers. */
export function suitesOf(aeads: readonly AeadName[]): readonly CipherSuite[] {
  let suites = SUITES.get(aeads);
  if (suites === undefined) {
    suites = aeads.flatMap((aead) => CIPHER_SUITES.filter((suite) => suite.aead === aead));
    if (Object.isFrozen(aeads)) SUITES.set(aeads, suites);
  }
  return suites;
}

/** Groups by their number (IANA TLS Supported Groups). */
const GROUP_IDS: Readonly<Record<GroupName, number>> = { x25519: 29, secp256r1: 23, secp384r1: 24 };

export function groupId(group: GroupName): number {
  return GROUP_IDS[group];
}

/** Signature schemes by their number (RFC 8446 4.2.3). */
const SCHEME_IDS: Readonly<Record<SignatureScheme, number>> = {
  ecdsa_secp256r1_sha256: 0x0403,
  ecdsa_secp384r1_sha384: 0x0503,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  rsa_pkcs1_sha256: 0x0401,
  rsa_pkcs1_sha384: 0x0501,
  rsa_pkcs1_sha512: 0x0601,
};

export function schemeId(scheme: SignatureScheme): number {
  return SCHEME_IDS[scheme];
}

/** The scheme of a number among those that are allowed. */
export function schemeOf(id: number, allowed: readonly SignatureScheme[]): SignatureScheme | undefined {
  return allowed.find((scheme) => SCHEME_IDS[scheme] === id);
}

/** Which keys can sign with a scheme. */
export function authenticationOf(scheme: SignatureScheme): 'ecdsa' | 'rsa' {
  return scheme.startsWith('ecdsa') ? 'ecdsa' : 'rsa';
}

const P256_SCHEMES: readonly SignatureScheme[] = ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'];
const P384_SCHEMES: readonly SignatureScheme[] = ['ecdsa_secp384r1_sha384', 'ecdsa_secp256r1_sha256'];
const RSA_SCHEMES: readonly SignatureScheme[] = [
  'rsa_pss_rsae_sha256',
  'rsa_pkcs1_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pkcs1_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha512',
];

/** What a key signs with, best first. In TLS 1.2 the ECDSA schemes fix the hash only (RFC 5246 7.4.1.4.1). */
export function schemesForKey(kind: SigningKeyKind): readonly SignatureScheme[] {
  switch (kind) {
    case 'ecdsa-p256':
      return P256_SCHEMES;
    case 'ecdsa-p384':
      return P384_SCHEMES;
    case 'rsa-2048':
      return RSA_SCHEMES;
    default:
      return kind satisfies never;
  }
}
