import { type CryptoProvider, EMPTY } from '../core/index.ts';
import { EXTENSION_HEADER_BYTES, ONE_BYTE_PROFILE, RTP_HEADER_BYTES, TWO_BYTE_PROFILE } from './constants.ts';
import { KeyStream } from './counter-mode.ts';
import { KeyDerivation, KeyLabel } from './key-derivation.ts';
import { csrcBytes, extensionProfile, hasExtension } from './packets.ts';
import type { ProfileParameters } from './profiles.ts';

/** The id that ends one-byte elements, as does the id 0 with a length (RFC 8285 4.2). */
const STOP_ID = 15;

/** Encryption of single header extension elements (RFC 6904), in counter mode with every profile. */
export class HeaderEncryption {
  readonly #stream: KeyStream;
  /** By id: 1 for elements that are encrypted. */
  readonly #encrypted: Uint8Array = new Uint8Array(256);
  /** The whole extension after the cipher, of which single elements are taken. */
  #scratch: Uint8Array = EMPTY;

  constructor(crypto: CryptoProvider, profile: ProfileParameters, key: Uint8Array, salt: Uint8Array, ids: readonly number[]) {
    const keys = new KeyDerivation(crypto, key, salt);
    this.#stream = new KeyStream(crypto, keys, profile.keyBytes, KeyLabel.headerCipherKey, KeyLabel.headerSalt, profile.saltBytes);
    keys.destroy();
    for (const id of ids) this.#encrypted[id] = 1;
  }

  /** Encrypts or decrypts the chosen elements of a packet whose header ends at `headerEnd`. */
  apply(ssrc: number, index: number, buffer: Uint8Array, headerEnd: number): void {
    if (!hasExtension(buffer)) return;
    const profile = extensionProfile(buffer);
    const start = RTP_HEADER_BYTES + csrcBytes(buffer) + EXTENSION_HEADER_BYTES;
    const length = headerEnd - start;
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length);
    const scratch = this.#scratch;
    for (let i = 0; i < length; i++) scratch[i] = buffer[start + i] as number;
    // The key stream runs along the whole extension, and what is not encrypted leaves its share unused (RFC 6904 3.1).
    this.#stream.xor(ssrc, index, scratch, 0, length);
    if (profile === ONE_BYTE_PROFILE) this.#takeOneByte(buffer, start, headerEnd);
    else if ((profile & 0xfff0) === TWO_BYTE_PROFILE) this.#takeTwoByte(buffer, start, headerEnd);
  }

  destroy(): void {
    this.#stream.destroy();
    this.#scratch.fill(0);
  }

  #takeOneByte(buffer: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const first = buffer[at++] as number;
      const id = first >> 4;
      if (first === 0) continue; // padding
      if (id === 0 || id === STOP_ID) return;
      at = this.#take(id, buffer, start, at, Math.min(end, at + 1 + (first & 0x0f)));
    }
  }

  #takeTwoByte(buffer: Uint8Array, start: number, end: number): void {
    for (let at = start; at + 1 < end; ) {
      const id = buffer[at++] as number;
      if (id === 0) continue; // padding
      const length = buffer[at++] as number;
      at = this.#take(id, buffer, start, at, Math.min(end, at + length));
    }
  }

  #take(id: number, buffer: Uint8Array, start: number, from: number, to: number): number {
    if (this.#encrypted[id] === 1) for (let i = from; i < to; i++) buffer[i] = this.#scratch[i - start] as number;
    return to;
  }
}
