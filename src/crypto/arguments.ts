// What every provider asks of its arguments, and offers besides its ciphers.
import { type AeadName, type GroupName, type KeyAgreement, RtcError, type SignatureScheme } from '../core/index.ts';
import { type CurveName, SCHEMES } from './keys.ts';

/** The tag of every cipher, in bytes (RFC 5116 5.1, RFC 8439 2.8). */
export const TAG_BYTES = 16;
/** The nonce of every cipher, in bytes. */
export const NONCE_BYTES = 12;
/** A block of AES, and its counter, in bytes. */
export const BLOCK_BYTES = 16;
export const KEY_BYTES: Readonly<Record<AeadName, number>> = { 'aes-128-gcm': 16, 'aes-256-gcm': 32, 'chacha20-poly1305': 32 };
export const AES_KEY_BYTES: readonly number[] = [16, 24, 32];

export const GROUPS: readonly GroupName[] = Object.freeze(['x25519', 'secp256r1', 'secp384r1'] as const);
export const SIGNATURE_SCHEMES: readonly SignatureScheme[] = Object.freeze(Object.keys(SCHEMES) as SignatureScheme[]);

/** Throws where `[start, last)` is not within the buffer. */
export function checkPart(buffer: Uint8Array, start: number, end: number, last: number): void {
  if (start < 0 || start > end || last > buffer.length) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `[${start}, ${last}) is not within a buffer of ${buffer.length} bytes`);
  }
}

/** {@link checkPart} for a cipher, with its nonce. */
export function checkRange(nonce: Uint8Array, buffer: Uint8Array, start: number, end: number, last: number): void {
  if (nonce.length !== NONCE_BYTES) throw new RtcError('ERR_INVALID_ARGUMENT', `the nonce has ${nonce.length} bytes, not ${NONCE_BYTES}`);
  checkPart(buffer, start, end, last);
}

/** {@link checkPart} for counter mode, with its counter. */
export function checkCounter(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
  checkPart(buffer, start, end, end);
  if (counter.length !== BLOCK_BYTES) throw new RtcError('ERR_INVALID_ARGUMENT', `the counter has ${counter.length} bytes, not ${BLOCK_BYTES}`);
}

/** Throws where the provider does not have the cipher, or it takes no such key. */
export function checkAead(aeads: readonly AeadName[], name: AeadName, key: Uint8Array): void {
  if (!aeads.includes(name)) throw new RtcError('ERR_NOT_SUPPORTED', `no cipher ${String(name)}`);
  if (key.length !== KEY_BYTES[name]) throw new RtcError('ERR_INVALID_ARGUMENT', `a key of ${name} has ${KEY_BYTES[name]} bytes, not ${key.length}`);
}

/** Throws where the provider has no counter mode, or the key is not one of AES. */
export function checkCtr(aesCtr: boolean, key: Uint8Array): void {
  if (!aesCtr) throw new RtcError('ERR_NOT_SUPPORTED', 'no AES in counter mode');
  if (!AES_KEY_BYTES.includes(key.length)) throw new RtcError('ERR_INVALID_ARGUMENT', `a key of AES has 16, 24 or 32 bytes, not ${key.length}`);
}

/** Throws where a code is shorter than what is asked of it. */
export function checkMac(mac: Uint8Array, code: Uint8Array): void {
  if (mac.length > code.length) throw new RtcError('ERR_INVALID_ARGUMENT', `the code has ${code.length} bytes, not ${mac.length}`);
}

/** The key agreement of a group, by the provider's two kinds. */
export function agreementOf(group: GroupName, x25519: () => KeyAgreement, ecdh: (curve: CurveName) => KeyAgreement): KeyAgreement {
  switch (group) {
    case 'x25519':
      return x25519();
    case 'secp256r1':
    case 'secp384r1':
      return ecdh(group);
    default:
      throw new RtcError('ERR_NOT_SUPPORTED', `no group ${String(group satisfies never)}`);
  }
}
