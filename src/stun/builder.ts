import { writeU16, writeU32 } from '../core/bytes.ts';
import { HASH_BYTES } from '../core/crypto.ts';
import { addressToBytes, encodeUtf8, type TransportAddress } from '../core/index.ts';
import { FINGERPRINT_XOR, HEADER_BYTES, MAGIC_COOKIE, MAX_UNKNOWN_ATTRIBUTES, StunAttribute as A, type StunClass } from './constants.ts';
import { crc32 } from './crc32.ts';
import { type IntegrityAlgorithm, integrityCode, type IntegrityKey } from './integrity.ts';

/** Room for a connectivity check and its answer. */
const CAPACITY_BYTES = 128;

/**
 * Writes a message attribute by attribute; padding is zero. Integrity comes after all other attributes, the fingerprint
 * last.
 *
 * @example
 * new StunBuilder(StunClass.request, StunMethod.binding, id).text(StunAttribute.username, 'a:b').integrity(key).fingerprint().finish();
 */
export class StunBuilder {
  #bytes: Uint8Array = new Uint8Array(CAPACITY_BYTES);
  #length: number = HEADER_BYTES;

  constructor(messageClass: StunClass, method: number, transactionId: Uint8Array) {
    const word = (method & 0xf) | ((method & 0x70) << 1) | ((method & 0xf80) << 2) | ((messageClass & 1) << 4) | ((messageClass & 2) << 7);
    writeU16(this.#bytes, 0, word);
    writeU32(this.#bytes, 4, MAGIC_COOKIE);
    this.#bytes.set(transactionId, 8);
  }

  /** Any attribute, from its bytes. */
  value(type: number, value: Uint8Array): this {
    const at = this.#add(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  text(type: number, text: string): this {
    return this.value(type, encodeUtf8(text));
  }

  /** An attribute without a value, as USE-CANDIDATE. */
  flag(type: number): this {
    this.#add(type, 0);
    return this;
  }

  u32(type: number, value: number): this {
    const at = this.#add(type, 4);
    writeU32(this.#bytes, at, value);
    return this;
  }

  u64(type: number, value: bigint): this {
    const at = this.#add(type, 8);
    writeU32(this.#bytes, at, Number(value >> 32n));
    writeU32(this.#bytes, at + 4, Number(value & 0xffffffffn));
    return this;
  }

  /** MAPPED-ADDRESS or ALTERNATE-SERVER (RFC 8489 14.1, 14.15). */
  address(type: number, { address, port }: TransportAddress): this {
    this.#address(type, addressToBytes(address), port);
    return this;
  }

  /** XOR-MAPPED-ADDRESS and its like (RFC 8489 14.2). */
  xorAddress(type: number, { address, port }: TransportAddress): this {
    const raw = addressToBytes(address);
    for (let i = 0; i < raw.length; i++) raw[i] = (raw[i] as number) ^ (this.#bytes[4 + i] as number);
    this.#address(type, raw, port ^ (MAGIC_COOKIE >>> 16));
    return this;
  }

  /** ERROR-CODE (RFC 8489 14.8). */
  error(code: number, reason = ''): this {
    const text = encodeUtf8(reason);
    const at = this.#add(A.errorCode, text.length + 4);
    this.#bytes[at + 2] = Math.floor(code / 100);
    this.#bytes[at + 3] = code % 100;
    this.#bytes.set(text, at + 4);
    return this;
  }

  /** UNKNOWN-ATTRIBUTES, at most 16 of them (RFC 8489 14.9). */
  unknownAttributes(types: readonly number[]): this {
    const count = Math.min(types.length, MAX_UNKNOWN_ATTRIBUTES);
    const at = this.#add(A.unknownAttributes, count * 2);
    for (let i = 0; i < count; i++) writeU16(this.#bytes, at + 2 * i, types[i] as number);
    return this;
  }

  /** MESSAGE-INTEGRITY (default) or MESSAGE-INTEGRITY-SHA256 over all that was written (RFC 8489 14.5, 14.6). */
  integrity(key: IntegrityKey, algorithm: IntegrityAlgorithm = 'sha-1'): this {
    const code = integrityCode(key, algorithm, this.#bytes, this.#length, HASH_BYTES[algorithm]);
    return this.value(algorithm === 'sha-1' ? A.messageIntegrity : A.messageIntegritySha256, code);
  }

  /** FINGERPRINT (RFC 8489 14.7). */
  fingerprint(): this {
    const end = this.#length;
    const at = this.#add(A.fingerprint, 4);
    writeU16(this.#bytes, 2, this.#length - HEADER_BYTES);
    writeU32(this.#bytes, at, crc32(this.#bytes, 0, end) ^ FINGERPRINT_XOR);
    return this;
  }

  /** The message, as a view of the builder's buffer. */
  finish(): Uint8Array {
    writeU16(this.#bytes, 2, this.#length - HEADER_BYTES);
    return this.#bytes.subarray(0, this.#length);
  }

  #address(type: number, raw: Uint8Array, port: number): void {
    const at = this.#add(type, raw.length + 4);
    this.#bytes[at + 1] = raw.length === 4 ? 1 : 2;
    writeU16(this.#bytes, at + 2, port);
    this.#bytes.set(raw, at + 4);
  }

  /** Adds an attribute of zeros; returns where its value begins. */
  #add(type: number, size: number): number {
    const at = this.#length;
    const end = at + 4 + ((size + 3) & ~3);
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes;
    bytes[at] = type >>> 8;
    bytes[at + 1] = type;
    bytes[at + 2] = size >>> 8;
    bytes[at + 3] = size;
    this.#length = end;
    return at + 4;
  }

  #grow(end: number): void {
    const bytes = new Uint8Array(2 * end);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
