import { readU16, readU32 } from '../core/bytes.ts';
import { addressFromBytes, DecodeError, decodeUtf8, type TransportAddress } from '../core/index.ts';
import { MAGIC_COOKIE, MAX_TEXT_BYTES, MAX_USERNAME_BYTES, StunAttribute as A } from './constants.ts';

/** What an ERROR-CODE attribute says (RFC 8489 14.8). */
export interface StunError {
  readonly code: number;
  readonly reason: string;
}

/**
 * Checks the form of an attribute that we know, so that reading it later cannot fail. Throws {@link DecodeError}.
 * Integrity and fingerprint are not checked here: where they stand matters, and that is the decoder's to see.
 */
export function checkAttribute(type: number, bytes: Uint8Array, at: number, size: number): void {
  switch (type) {
    case A.mappedAddress:
    case A.xorMappedAddress:
    case A.alternateServer:
      return checkAddress(bytes, at, size);
    case A.username:
      if (size > MAX_USERNAME_BYTES) throw new DecodeError('stun.attribute', 'USERNAME too long');
      return;
    case A.realm:
    case A.nonce:
    case A.software:
      return checkText(bytes, at, size);
    case A.priority:
      return checkSize(size, 4);
    case A.useCandidate:
      return checkSize(size, 0);
    case A.iceControlled:
    case A.iceControlling:
      return checkSize(size, 8);
    case A.userhash:
      return checkSize(size, 32);
    case A.errorCode:
      return checkError(bytes, at, size);
    case A.unknownAttributes:
      if (size % 2 !== 0) throw new DecodeError('stun.attribute', 'odd UNKNOWN-ATTRIBUTES');
      return;
    case A.passwordAlgorithm:
    case A.passwordAlgorithms:
      return checkAlgorithms(bytes, at, size, type === A.passwordAlgorithm);
  }
}

function checkSize(size: number, wanted: number): void {
  if (size !== wanted) throw new DecodeError('stun.attribute', `${size} bytes where ${wanted} belong`);
}

function checkText(bytes: Uint8Array, at: number, size: number): void {
  if (size > MAX_TEXT_BYTES) throw new DecodeError('stun.attribute', 'text too long');
  if (decodeUtf8(bytes.subarray(at, at + size)) === undefined) throw new DecodeError('stun.attribute', 'text is not UTF-8');
}

function checkAddress(bytes: Uint8Array, at: number, size: number): void {
  const family = size < 2 ? 0 : bytes[at + 1];
  if (!((family === 1 && size === 8) || (family === 2 && size === 20))) throw new DecodeError('stun.attribute', 'address of unknown form');
}

function checkError(bytes: Uint8Array, at: number, size: number): void {
  if (size < 4) throw new DecodeError('stun.attribute', 'short ERROR-CODE');
  const hundreds = (bytes[at + 2] as number) & 7;
  if (hundreds < 3 || hundreds > 6 || (bytes[at + 3] as number) > 99) throw new DecodeError('stun.attribute', 'ERROR-CODE out of range');
  checkText(bytes, at + 4, size - 4);
}

function checkAlgorithms(bytes: Uint8Array, at: number, size: number, single: boolean): void {
  let count = 0;
  let i = at;
  const end = at + size;
  while (i < end) {
    if (end - i < 4) throw new DecodeError('stun.attribute', 'short PASSWORD-ALGORITHM');
    const next = i + 4 + ((readU16(bytes, i + 2) + 3) & ~3);
    // The padding of the last parameters is part of this attribute (RFC 8489 14.11), but senders leave it out.
    if (next > end + 3) throw new DecodeError('stun.attribute', 'PASSWORD-ALGORITHM parameters past the end');
    i = next;
    count++;
  }
  if (single ? count !== 1 : count === 0) throw new DecodeError('stun.attribute', 'wrong number of password algorithms');
}

/** Reads a checked (XOR-)MAPPED-ADDRESS or ALTERNATE-SERVER of the message in `bytes` (RFC 8489 14.1, 14.2). */
export function readAddress(bytes: Uint8Array, at: number, size: number, xor: boolean): TransportAddress {
  const port = readU16(bytes, at + 2);
  const raw = bytes.slice(at + 4, at + size);
  if (!xor) return { address: addressFromBytes(raw), port };
  // The mask is the magic cookie followed by the transaction id, which is how they stand in the header from byte 4 on.
  for (let i = 0; i < raw.length; i++) raw[i] = (raw[i] as number) ^ (bytes[4 + i] as number);
  return { address: addressFromBytes(raw), port: port ^ (MAGIC_COOKIE >>> 16) };
}

/** Reads a checked ERROR-CODE. */
export function readError(bytes: Uint8Array, at: number, size: number): StunError {
  return {
    code: ((bytes[at + 2] as number) & 7) * 100 + (bytes[at + 3] as number),
    reason: decodeUtf8(bytes.subarray(at + 4, at + size)) as string,
  };
}

/** Reads 8 bytes as an unsigned number. */
export function readU64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readU32(bytes, at)) << 32n) | BigInt(readU32(bytes, at + 4));
}
