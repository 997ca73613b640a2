import type { Aead, AeadName, AeadSequence, CryptoProvider } from '../../core/index.ts';
import { readU16, readU32, readU48, writeU16, writeU24, writeU32 } from '../../core/bytes.ts';
import { GCM_EXPLICIT_NONCE_BYTES, RECORD_HEADER_BYTES, TAG_BYTES, VERSION_DTLS_1_2 } from '../constants.ts';

const AAD_BYTES = 13;
const NONCE_BYTES = 12;

/** Bytes of implicit nonce that the key block gives to each side: 4 for GCM (RFC 5288 3), 12 for ChaCha20 (RFC 7905 2). */
export function implicitNonceBytes(aead: AeadName): number {
  return aead === 'chacha20-poly1305' ? NONCE_BYTES : NONCE_BYTES - GCM_EXPLICIT_NONCE_BYTES;
}

// Filled anew for every record, so that one pair serves all connections and none allocates; they hold nothing secret.
const nonce: Uint8Array = new Uint8Array(NONCE_BYTES);
const aad: Uint8Array = new Uint8Array(AAD_BYTES);
const nonceWords: DataView = new DataView(nonce.buffer);
const aadWords: DataView = new DataView(aad.buffer);
writeU16(aad, 9, VERSION_DTLS_1_2);

/** The one epoch that is protected. */
const EPOCH = 1;

/** Of the record with number 0. */
function firstNonce(implicit: Uint8Array): Uint8Array {
  const first = new Uint8Array(NONCE_BYTES);
  first.set(implicit);
  writeU16(first, implicit.length, EPOCH);
  return first;
}

/** Whether the explicit nonce is epoch and record number, as everybody makes it though nobody has to (RFC 5288 3). */
function isNumbered(): boolean {
  for (let i = 0; i < 8; i++) if (nonce[4 + i] !== aad[i]) return false;
  return readU16(aad, 0) === EPOCH;
}

/** The keys of one direction of one epoch. Records are sealed and opened in place. */
export class RecordProtection {
  /** Bytes between the record header and the ciphertext. */
  readonly explicitNonceBytes: number;
  readonly #aead: Aead;
  // The implicit nonce, as three words: bytes of their own would take four times as much, and a connection has two.
  readonly #nonce0: number;
  readonly #nonce1: number;
  readonly #nonce2: number;
  /** The records of an epoch whose explicit nonces are their numbers, where the cipher is faster with those. */
  readonly #sequence: AeadSequence | undefined;

  constructor(crypto: CryptoProvider, aead: AeadName, key: Uint8Array, implicitNonce: Uint8Array) {
    this.explicitNonceBytes = NONCE_BYTES - implicitNonce.length;
    this.#aead = crypto.createAead(aead, key);
    const isWhole = implicitNonce.length === NONCE_BYTES;
    this.#nonce0 = readU32(implicitNonce, 0) | 0;
    this.#nonce1 = isWhole ? readU32(implicitNonce, 4) | 0 : 0;
    this.#nonce2 = isWhole ? readU32(implicitNonce, 8) | 0 : 0;
    this.#sequence = this.explicitNonceBytes > 0 ? this.#aead.sequence?.(firstNonce(implicitNonce)) : undefined;
  }

  /**
   * Seals `buffer[start, end)` and writes the header in front of it and the tag behind it.
   * Returns where the record begins; it ends at `end + 16`.
   */
  seal(type: number, epoch: number, sequence: number, buffer: Uint8Array, start: number, end: number): number {
    const at = start - this.explicitNonceBytes - RECORD_HEADER_BYTES;
    const length = end - start;
    const high = (epoch << 16) | Math.floor(sequence / 0x1_0000_0000);
    const low = sequence | 0;
    writeU24(buffer, at, (type << 16) | VERSION_DTLS_1_2);
    writeU32(buffer, at + 3, high);
    writeU32(buffer, at + 7, low);
    writeU16(buffer, at + 11, this.explicitNonceBytes + length + TAG_BYTES);
    // GCM's explicit nonce is epoch and record number, which never repeat under one key (RFC 5288 3, RFC 9325 7.2.1).
    if (this.explicitNonceBytes > 0) buffer.copyWithin(at + RECORD_HEADER_BYTES, at + 3, at + RECORD_HEADER_BYTES - 2);
    this.#prepare(buffer, at, high, low, length);
    if (epoch === EPOCH && this.#sequence !== undefined) this.#sequence.seal(sequence, aad, buffer, start, end);
    else this.#aead.seal(nonce, aad, buffer, start, end);
    return at;
  }

  /**
   * Opens the record whose header is at `at`. Returns the length of its content, which then begins at
   * `at + 13 + explicitNonceBytes`, or −1 when it does not authenticate.
   */
  open(buffer: Uint8Array, at: number): number {
    const body = at + RECORD_HEADER_BYTES;
    const end = body + readU16(buffer, at + 11);
    const start = body + this.explicitNonceBytes;
    const length = end - start - TAG_BYTES;
    if (length < 0) return -1;
    this.#prepare(buffer, at, readU32(buffer, at + 3), readU32(buffer, at + 7), length);
    const holds =
      this.#sequence !== undefined && isNumbered()
        ? this.#sequence.open(readU48(aad, 2), aad, buffer, start, end)
        : this.#aead.open(nonce, aad, buffer, start, end);
    return holds ? length : -1;
  }

  /** Sets nonce and additional data (RFC 5246 6.2.3.3) of a record; `high` and `low` are its epoch and number. */
  #prepare(buffer: Uint8Array, at: number, high: number, low: number, length: number): void {
    aadWords.setInt32(0, high);
    aadWords.setInt32(4, low);
    aadWords.setUint8(8, buffer[at] as number);
    aadWords.setUint16(11, length);
    nonceWords.setInt32(0, this.#nonce0);
    const isExplicit = this.explicitNonceBytes > 0;
    nonceWords.setInt32(4, isExplicit ? readU32(buffer, at + RECORD_HEADER_BYTES) : this.#nonce1 ^ high);
    nonceWords.setInt32(8, isExplicit ? readU32(buffer, at + RECORD_HEADER_BYTES + 4) : this.#nonce2 ^ low);
  }
}
