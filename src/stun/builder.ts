import { addressToBytes, encodeUtf8, type TransportAddress, Writer } from '../core/index.ts';
import { FINGERPRINT_XOR, HEADER_BYTES, MAGIC_COOKIE, MAX_UNKNOWN_ATTRIBUTES, StunAttribute as A, type StunClass } from './constants.ts';
import { crc32 } from './crc32.ts';
import type { IntegrityAlgorithm, IntegrityKey } from './integrity.ts';

/**
 * Writes a message attribute by attribute; padding is zero. Integrity comes after all other attributes, the fingerprint
 * last.
 *
 * @example
 * new StunBuilder(StunClass.request, StunMethod.binding, id).text(StunAttribute.username, 'a:b').integrity(key).fingerprint().finish();
 */
export class StunBuilder {
  readonly #writer: Writer = new Writer(128);

  constructor(messageClass: StunClass, method: number, transactionId: Uint8Array) {
    const word = (method & 0xf) | ((method & 0x70) << 1) | ((method & 0xf80) << 2) | ((messageClass & 1) << 4) | ((messageClass & 2) << 7);
    this.#writer.u32(word << 16).u32(MAGIC_COOKIE).append(transactionId); // the length comes last
  }

  /** Any attribute, from its bytes. */
  value(type: number, value: Uint8Array): this {
    this.#head(type, value.length).append(value).zeros(-value.length & 3);
    return this;
  }

  text(type: number, text: string): this {
    return this.value(type, encodeUtf8(text));
  }

  /** An attribute without a value, as USE-CANDIDATE. */
  flag(type: number): this {
    this.#head(type, 0);
    return this;
  }

  u32(type: number, value: number): this {
    this.#head(type, 4).u32(value);
    return this;
  }

  u64(type: number, value: bigint): this {
    this.#head(type, 8).u32(Number(value >> 32n)).u32(Number(value & 0xffffffffn));
    return this;
  }

  /** MAPPED-ADDRESS or ALTERNATE-SERVER (RFC 8489 14.1, 14.15). */
  address(type: number, address: TransportAddress): this {
    const raw = addressToBytes(address.address);
    this.#head(type, raw.length + 4).u16(raw.length === 4 ? 1 : 2).u16(address.port).append(raw);
    return this;
  }

  /** XOR-MAPPED-ADDRESS and its like (RFC 8489 14.2). */
  xorAddress(type: number, address: TransportAddress): this {
    const raw = addressToBytes(address.address);
    const header = this.#writer.finish();
    for (let i = 0; i < raw.length; i++) raw[i] = (raw[i] as number) ^ (header[4 + i] as number);
    this.#head(type, raw.length + 4).u16(raw.length === 4 ? 1 : 2).u16(address.port ^ (MAGIC_COOKIE >>> 16)).append(raw);
    return this;
  }

  /** ERROR-CODE (RFC 8489 14.8). */
  error(code: number, reason = ''): this {
    const text = encodeUtf8(reason);
    this.#head(A.errorCode, text.length + 4).u16(0).u8(Math.floor(code / 100)).u8(code % 100).append(text).zeros(-text.length & 3);
    return this;
  }

  /** UNKNOWN-ATTRIBUTES, at most 16 of them (RFC 8489 14.9). */
  unknownAttributes(types: readonly number[]): this {
    const count = Math.min(types.length, MAX_UNKNOWN_ATTRIBUTES);
    const writer = this.#head(A.unknownAttributes, count * 2);
    for (let i = 0; i < count; i++) writer.u16(types[i] as number);
    writer.zeros((count & 1) * 2);
    return this;
  }

  /** MESSAGE-INTEGRITY (default) or MESSAGE-INTEGRITY-SHA256 over all that was written (RFC 8489 14.5, 14.6). */
  integrity(key: IntegrityKey, algorithm: IntegrityAlgorithm = 'sha-1'): this {
    const size = algorithm === 'sha-1' ? 20 : 32;
    // The header's length counts this attribute already when the code is computed.
    this.#writer.patchU16(2, this.#writer.length - HEADER_BYTES + 4 + size);
    const code = key.hmac(algorithm).sign(this.#writer.finish());
    return this.value(algorithm === 'sha-1' ? A.messageIntegrity : A.messageIntegritySha256, code);
  }

  /** FINGERPRINT (RFC 8489 14.7). */
  fingerprint(): this {
    this.#writer.patchU16(2, this.#writer.length - HEADER_BYTES + 8);
    return this.u32(A.fingerprint, (crc32(this.#writer.finish()) ^ FINGERPRINT_XOR) >>> 0);
  }

  /** The message, as a view of the builder's buffer. */
  finish(): Uint8Array {
    this.#writer.patchU16(2, this.#writer.length - HEADER_BYTES);
    return this.#writer.finish();
  }

  #head(type: number, size: number): Writer {
    return this.#writer.u32((type << 16) | size);
  }
}
