import { readU16, standsAt, writeU16 } from '../core/bytes.ts';
import { HASH_BYTES } from '../core/crypto.ts';
import { type CryptoProvider, encodeUtf8, type Hmac } from '../core/index.ts';
import { HEADER_BYTES } from './constants.ts';
import type { StunMessage } from './message.ts';

/** The hash behind MESSAGE-INTEGRITY (`sha-1`) and MESSAGE-INTEGRITY-SHA256 (`sha-256`). */
export type IntegrityAlgorithm = 'sha-1' | 'sha-256';

/** A key for message integrity, made ready once and used for many messages. */
export class IntegrityKey {
  /** Text is a password of the short-term mechanism. */
  readonly #key: Uint8Array | string;
  readonly #crypto: CryptoProvider;
  #sha1: Hmac | undefined;
  #sha256: Hmac | undefined;

  constructor(key: Uint8Array | string, crypto: CryptoProvider) {
    this.#key = key;
    this.#crypto = crypto;
  }

  /** The keyed hash for one of the two attributes. */
  hmac(algorithm: IntegrityAlgorithm): Hmac {
    if (algorithm === 'sha-1') return (this.#sha1 ??= this.#crypto.createHmac('sha-1', this.#bytes()));
    return (this.#sha256 ??= this.#crypto.createHmac('sha-256', this.#bytes()));
  }

  #bytes(): Uint8Array {
    return typeof this.#key === 'string' ? encodeUtf8(opaqueString(this.#key)) : this.#key;
  }
}

/** Text as the OpaqueString profile wants it (RFC 8265 4.2): composed, every space a plain one. */
function opaqueString(text: string): string {
  return text.normalize('NFC').replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ');
}

/** The key of the short-term mechanism: the password itself (RFC 8489 9.1.1). ICE uses this one. */
export function shortTermKey(password: string, crypto: CryptoProvider): IntegrityKey {
  return new IntegrityKey(password, crypto);
}

/** The key of the long-term mechanism (RFC 8489 18.5.1); `md5` unless both sides agreed on `sha-256`. */
export function longTermKey(
  username: string,
  realm: string,
  password: string,
  crypto: CryptoProvider,
  algorithm: 'md5' | 'sha-256' = 'md5',
): IntegrityKey {
  const text = `${username}:${opaqueString(realm)}:${opaqueString(password)}`;
  return new IntegrityKey(crypto.hash(algorithm, encodeUtf8(text)), crypto);
}

/** The value of USERHASH, which hides the user's name (RFC 8489 14.4). */
export function userHash(username: string, realm: string, crypto: CryptoProvider): Uint8Array {
  return crypto.hash('sha-256', encodeUtf8(`${username}:${opaqueString(realm)}`));
}

/** Filled anew for every message. */
const sha1Code: Uint8Array = new Uint8Array(HASH_BYTES['sha-1']);

/**
 * The code of `bytes[0, end)` with a length in the header as if the message ended behind the attribute that holds it, which has `size` bytes of value
 * (RFC 8489 14.5, 14.6). The header is as it was afterwards. What is returned holds until the next code.
 */
export function integrityCode(key: IntegrityKey, algorithm: IntegrityAlgorithm, bytes: Uint8Array, end: number, size: number): Uint8Array {
  const length = readU16(bytes, 2);
  const code = algorithm === 'sha-1' ? sha1Code : new Uint8Array(size);
  writeU16(bytes, 2, end + 4 + size - HEADER_BYTES);
  key.hmac(algorithm).signInto(code, bytes, 0, end);
  writeU16(bytes, 2, length);
  return code;
}

/**
 * Which integrity of a message holds under a key: SHA-256 when the message has one, else SHA-1 (RFC 8489 9.1.3);
 * `undefined` when it has none or it is wrong. The comparison takes the same time for every content.
 */
export function verifyIntegrity(message: StunMessage, key: IntegrityKey): IntegrityAlgorithm | undefined {
  const { integrityAt, integritySha256At } = message.layout;
  const algorithm: IntegrityAlgorithm = integritySha256At >= 0 ? 'sha-256' : 'sha-1';
  const at = algorithm === 'sha-256' ? integritySha256At : integrityAt;
  if (at < 0) return undefined;
  const { bytes } = message;
  // A SHA-256 code may be cut to 16 bytes or more (RFC 8489 14.6).
  const size = readU16(bytes, at - 2);
  return standsAt(integrityCode(key, algorithm, bytes, at - 4, size), bytes, at) ? algorithm : undefined;
}
