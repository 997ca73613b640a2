// What the protocols ask of cryptography. All of it is synchronous, and a provider is a value given per connection.

/** Fills a buffer with bytes of a cryptographically strong source. */
export interface RandomSource {
  (into: Uint8Array): void;
  /** Whether it is the system's generator, so that keys which the system makes by itself are as good. Default false: it may be seeded. */
  readonly isSystem?: true;
}

/** Hash functions: MD5 and SHA-1 only where STUN (RFC 8489) and SRTP (RFC 3711) prescribe them, never for signatures. */
export type HashName = 'md5' | 'sha-1' | 'sha-256' | 'sha-384' | 'sha-512';

/** Length of a hash and of a code made with it, in bytes. */
export const HASH_BYTES: Readonly<Record<HashName, number>> = { md5: 16, 'sha-1': 20, 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 };

/** Authenticated ciphers with a 12-byte nonce and a 16-byte tag. */
export type AeadName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';

/** Groups for key agreement, named as in the TLS registry. */
export type GroupName = 'x25519' | 'secp256r1' | 'secp384r1';

/** Signature schemes, named as in RFC 8446 4.2.3. With TLS 1.2, `ecdsa_*` fixes the hash and not the curve (RFC 5246). */
export type SignatureScheme =
  | 'ecdsa_secp256r1_sha256'
  | 'ecdsa_secp384r1_sha384'
  | 'rsa_pkcs1_sha256'
  | 'rsa_pkcs1_sha384'
  | 'rsa_pkcs1_sha512'
  | 'rsa_pss_rsae_sha256'
  | 'rsa_pss_rsae_sha384'
  | 'rsa_pss_rsae_sha512';

/** Kinds of certificate key that can be made. */
export type SigningKeyKind = 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048';

/** A keyed authenticated cipher that works in place. */
export interface Aead {
  /**
   * Encrypts `buffer[start, end)` in place and writes the 16-byte tag at `end`; the buffer must have room for it.
   * The nonce (12 bytes) must never repeat under one key.
   */
  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void;
  /**
   * Checks and decrypts `buffer[start, end)` in place, where the last 16 bytes are the tag. The text is then
   * `buffer[start, end - 16)`. Returns false when the tag does not hold; no plaintext is left in the buffer then.
   */
  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean;
  /**
   * Packets whose nonces are `nonce` with the packet's counter exclusive-ored into its last six bytes, which is how SRTP (RFC 7714 8.1)
   * and TLS (RFC 8446 5.3) make them. Where it is there, packets whose counters follow each other cost less.
   */
  sequence?(nonce: Uint8Array): AeadSequence;
  /** Overwrites the key, where the provider holds it as bytes. The cipher must not be used afterwards, nor its sequences. */
  destroy?(): void;
}

/** Packets under one key that are numbered from 0 to 2^48 − 1. As with {@link Aead}, no counter may ever seal two packets. */
export interface AeadSequence {
  /** See {@link Aead.seal}. */
  seal(counter: number, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void;
  /** See {@link Aead.open}. */
  open(counter: number, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean;
}

/** AES in counter mode under one key (NIST SP 800-38A 6.5). It authenticates nothing: a code over the result must do that. */
export interface Ctr {
  /**
   * Encrypts or decrypts `buffer[start, end)` in place. `counter` is the first counter block (16 bytes), which counts up as one
   * 128-bit number; no block may ever come up twice under one key.
   */
  xor(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void;
  /** Overwrites the key, where the provider holds it as bytes. The cipher must not be used afterwards. */
  destroy?(): void;
}

/** A hash of data that comes in pieces. */
export interface Hasher {
  update(data: Uint8Array): this;
  /** The hash of what came so far; more may follow. */
  digest(): Uint8Array;
}

/** A fixed HMAC key. */
export interface Hmac {
  /** The authentication code of the pieces, joined. */
  sign(...pieces: readonly Uint8Array[]): Uint8Array;
  /** Fills `mac` with the first bytes of the authentication code of `buffer[start, end)`, of which it may be a part; `mac` is no longer than the code. */
  signInto(mac: Uint8Array, buffer: Uint8Array, start: number, end: number): void;
}

/** Our half of a key agreement. It is used once. */
export interface KeyAgreement {
  readonly group: GroupName;
  /** 32 bytes for X25519; the uncompressed point (0x04 ‖ x ‖ y) for the NIST curves. */
  readonly publicKey: Uint8Array;
  /**
   * The shared secret (x-coordinate for the NIST curves). Throws `RtcError` `ERR_CRYPTO` when the peer's key is not a
   * valid, uncompressed point or the secret is all zero (RFC 7748 6.1, RFC 8422 5.11).
   */
  deriveSecret(peerPublicKey: Uint8Array): Uint8Array;
}

/** A private key of a certificate. */
export interface SigningKey {
  readonly kind: SigningKeyKind;
  /** SubjectPublicKeyInfo (RFC 5280 4.1.2.7), DER. */
  readonly publicKey: Uint8Array;
  /** Signs with a scheme that fits the key; ECDSA signatures are DER. Throws `ERR_NOT_SUPPORTED` when it does not fit. */
  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array;
  /** PKCS #8, DER. */
  exportPrivateKey(): Uint8Array;
}

/** Cryptography for one or more connections. `node` is the default; `pure` needs nothing but JavaScript. */
export interface CryptoProvider {
  readonly name: string;
  /** What this provider can do, in order of preference. */
  readonly aeads: readonly AeadName[];
  /** Whether there is AES in counter mode, which every SRTP profile needs to derive its keys (RFC 3711 4.3.3). */
  readonly aesCtr: boolean;
  readonly groups: readonly GroupName[];
  readonly signatureSchemes: readonly SignatureScheme[];

  hash(name: HashName, data: Uint8Array): Uint8Array;
  createHash(name: HashName): Hasher;
  createHmac(name: HashName, key: Uint8Array): Hmac;
  /** Throws `ERR_NOT_SUPPORTED` for a cipher that is not in `aeads`, `ERR_INVALID_ARGUMENT` for a key of the wrong length. */
  createAead(name: AeadName, key: Uint8Array): Aead;
  /** Throws `ERR_NOT_SUPPORTED` unless `aesCtr`, `ERR_INVALID_ARGUMENT` unless the key has 16, 24 or 32 bytes. */
  createCtr(key: Uint8Array): Ctr;
  generateKeyAgreement(group: GroupName, random: RandomSource): KeyAgreement;
  generateSigningKey(kind: SigningKeyKind, random: RandomSource): SigningKey;
  /** Throws `ERR_CRYPTO` when the key cannot be read or is of no kind that is supported. */
  importSigningKey(pkcs8: Uint8Array): SigningKey;
  /**
   * Whether a signature holds. False, never an exception, for a key or signature that is malformed or of another kind.
   * `publicKey` is a SubjectPublicKeyInfo whose size the caller has bounded.
   */
  verify(scheme: SignatureScheme, publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
}
