import { readU16, readU32 } from '../core/bytes.ts';
import { DecodeError } from '../core/index.ts';
import { checkAttribute } from './attributes.ts';
import { StunBuilder } from './builder.ts';
import { FINGERPRINT_XOR, HEADER_BYTES, MAGIC_COOKIE, StunAttribute as A, type StunClass } from './constants.ts';
import { crc32 } from './crc32.ts';
import type { IntegrityAlgorithm, IntegrityKey } from './integrity.ts';
import { StunMessage } from './message.ts';

/**
 * Whether a datagram looks like STUN: two zero bits, the magic cookie and a length that fits (RFC 8489 5). Cheap enough
 * for every packet, and no proof of anything.
 */
export function isStun(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEADER_BYTES &&
    (bytes[0] as number) < 0x40 &&
    readU32(bytes, 4) === MAGIC_COOKIE &&
    readU16(bytes, 2) + HEADER_BYTES === bytes.length &&
    (bytes.length & 3) === 0
  );
}

/**
 * Decodes a datagram that holds exactly one message and checks the form of every attribute it knows, and FINGERPRINT
 * where there is one. Throws {@link DecodeError}.
 *
 * Attributes behind the integrity are left out (RFC 8489 14.5, 14.6); nothing may follow FINGERPRINT (14.7).
 */
export function decodeStun(bytes: Uint8Array): StunMessage {
  if (!isStun(bytes)) throw new DecodeError('stun.header', 'not a STUN message');
  const end = bytes.length;
  let attributesEnd = end;
  let integrityAt = -1;
  let integritySha256At = -1;
  let hasFingerprint = false;
  let at = HEADER_BYTES;
  while (at < end) {
    if (hasFingerprint) throw new DecodeError('stun.attribute', 'an attribute after FINGERPRINT');
    // Both ends are multiples of four, so the four bytes of type and length are there.
    const type = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const size = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    const value = at + 4;
    const next = value + ((size + 3) & ~3);
    if (next > end) throw new DecodeError('stun.attribute', `${size} bytes at ${value}, past the end`);
    const isSeen = type !== A.fingerprint && type !== A.messageIntegrity && type !== A.messageIntegritySha256;
    if (!isSeen && attributesEnd === end) attributesEnd = at;
    if (type === A.fingerprint) {
      checkFingerprint(bytes, at, size);
      hasFingerprint = true;
    } else if (type === A.messageIntegrity) {
      if (integrityAt < 0 && integritySha256At < 0) {
        if (size !== 20) throw new DecodeError('stun.attribute', 'MESSAGE-INTEGRITY is not 20 bytes');
        integrityAt = value;
      }
    } else if (type === A.messageIntegritySha256) {
      if (integritySha256At < 0) {
        if (size < 16 || size > 32 || size % 4 !== 0) throw new DecodeError('stun.attribute', 'MESSAGE-INTEGRITY-SHA256 of a wrong size');
        integritySha256At = value;
      }
    } else if (attributesEnd === end) {
      checkAttribute(type, bytes, value, size);
    }
    at = next;
  }
  const word = readU16(bytes, 0);
  // The class bits C1 and C0 stand between the method's bits (RFC 8489 5).
  const messageClass = (((word >> 7) & 2) | ((word >> 4) & 1)) as StunClass;
  const method = (word & 0xf) | ((word >> 1) & 0x70) | ((word >> 2) & 0xf80);
  return new StunMessage(bytes, messageClass, method, { attributesEnd, integrityAt, integritySha256At, hasFingerprint });
}

function checkFingerprint(bytes: Uint8Array, at: number, size: number): void {
  if (size !== 4) throw new DecodeError('stun.attribute', 'FINGERPRINT is not 4 bytes');
  if ((crc32(bytes, 0, at) ^ FINGERPRINT_XOR) >>> 0 !== readU32(bytes, at + 4)) throw new DecodeError('stun.fingerprint', 'FINGERPRINT does not hold');
}

/** What {@link encodeStun} writes. */
export interface StunMessageInit {
  readonly class: StunClass;
  readonly method: number;
  readonly transactionId: Uint8Array;
  /** Attributes in order, as type and value without padding. */
  readonly attributes: readonly (readonly [type: number, value: Uint8Array])[];
}

/** What a message ends with. */
export interface StunEncodeOptions {
  /** Adds MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256. */
  readonly integrity?: IntegrityKey;
  /** Which of the two. Default `sha-1`. */
  readonly algorithm?: IntegrityAlgorithm;
  /** Adds FINGERPRINT. Default false. */
  readonly fingerprint?: boolean;
}

/** Encodes a message from raw attributes; {@link StunBuilder} has typed ones. */
export function encodeStun(message: StunMessageInit, options: StunEncodeOptions = {}): Uint8Array {
  const builder = new StunBuilder(message.class, message.method, message.transactionId);
  for (const [type, value] of message.attributes) builder.value(type, value);
  if (options.integrity) builder.integrity(options.integrity, options.algorithm);
  if (options.fingerprint) builder.fingerprint();
  return builder.finish();
}
