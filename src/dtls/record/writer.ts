import { writeU16, writeU24, writeU32 } from '../../core/bytes.ts';
import { RECORD_HEADER_BYTES, TAG_BYTES, VERSION_DTLS_1_0, VERSION_DTLS_1_2 } from '../constants.ts';
import type { RecordProtection } from './protection.ts';

/** However far the client counted, half of the numbers remain for our handshake. */
const MAX_HELLO_SEQUENCE = 2 ** 47;

/** Numbers and protects outgoing records: epoch 0 in the clear and, once keys are there, epoch 1. */
export class RecordWriter {
  #plainSequence = 0;
  #sealedSequence = 0;
  #protection: RecordProtection | undefined;
  #epoch = 0;

  /** The epoch of new records. */
  get epoch(): number {
    return this.#epoch;
  }

  /** How many records were sealed in epoch 1; also the number of the next. */
  get sealed(): number {
    return this.#sealedSequence;
  }

  /** Continues the numbers of epoch 0 with that of the client's hello (RFC 6347 4.2.1). */
  skipPlainTo(sequence: number): void {
    this.#plainSequence = Math.max(this.#plainSequence, Math.min(sequence, MAX_HELLO_SEQUENCE));
  }

  /** Begins epoch 1. */
  protect(protection: RecordProtection): void {
    this.#protection = protection;
    this.#epoch = 1;
  }

  /** Bytes of an epoch's record in front of its content. */
  headBytes(epoch: number): number {
    return RECORD_HEADER_BYTES + (epoch === 0 ? 0 : (this.#protection as RecordProtection).explicitNonceBytes);
  }

  /** Bytes of an epoch's record behind its content. */
  tailBytes(epoch: number): number {
    return epoch === 0 ? 0 : TAG_BYTES;
  }

  /** Writes the record around its content `buffer[start, end)`. The client's first hello may carry an older version. */
  write(type: number, epoch: number, buffer: Uint8Array, start: number, end: number, version: number = VERSION_DTLS_1_2): void {
    if (epoch === 0) writePlainHeader(type, this.#plainSequence++, buffer, start, end, version);
    else this.seal(type, buffer, start, end);
  }

  /** Seals `buffer[start, end)` as a record of epoch 1; returns where the record begins. */
  seal(type: number, buffer: Uint8Array, start: number, end: number): number {
    return (this.#protection as RecordProtection).seal(type, 1, this.#sealedSequence++, buffer, start, end);
  }
}

/** Writes the header of a record in the clear in front of its content. */
export function writePlainHeader(type: number, sequence: number, buffer: Uint8Array, start: number, end: number, version: number = VERSION_DTLS_1_0): void {
  const at = start - RECORD_HEADER_BYTES;
  writeU24(buffer, at, (type << 16) | version);
  writeU32(buffer, at + 3, Math.floor(sequence / 0x1_0000_0000)); // epoch 0 in its upper half
  writeU32(buffer, at + 7, sequence);
  writeU16(buffer, at + 11, end - start);
}
