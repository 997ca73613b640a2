import { readU16, writeU16 } from '../core/bytes.ts';
import { type CryptoProvider, encodeUtf8, equalBytes, type Hmac } from '../core/index.ts';
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

/**
 * Which integrity of a message holds under a key: SHA-256 when the message has one, else SHA-1 (RFC 8489 9.1.3);
 * `undefined` when it has none or it is wrong. The comparison takes the same time for every content.
 */
export function verifyIntegrity(message: StunMessage, key: IntegrityKey): IntegrityAlgorithm | undefined {
  const { integrityAt, integritySha256At } = message.layout;
  const sha256 = integritySha256At >= 0;
  const at = sha256 ? integritySha256At : integrityAt;
  if (at < 0) return undefined;
  const { bytes } = message;
  const size = readU16(bytes, at - 2);
  // The code covers all before its attribute, with a length in the header as if the message ended behind it.
  const head = bytes.slice(0, HEADER_BYTES);
  writeU16(head, 2, at + size - HEADER_BYTES);
  const algorithm: IntegrityAlgorithm = sha256 ? 'sha-256' : 'sha-1';
  const code = key.hmac(algorithm).sign(head, bytes.subarray(HEADER_BYTES, at - 4));
  // A SHA-256 code may be cut to 16 bytes or more (RFC 8489 14.6).
  return equalBytes(size < code.length ? code.subarray(0, size) : code, bytes.subarray(at, at + size)) ? algorithm : undefined;
}
