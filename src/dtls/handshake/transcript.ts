import { type CryptoProvider, EMPTY, type HashName } from '../../core/index.ts';
import { HANDSHAKE_HEADER_BYTES, TRANSCRIPT_BYTES } from '../constants.ts';
import { writeFragmentHeader } from './fragment.ts';

/**
 * The handshake messages so far, each as if it had come in one fragment (RFC 6347 4.2.6). They are kept as they are: the hash is known
 * only with the suite, and CertificateVerify signs the messages themselves (RFC 5246 7.4.8).
 */
export class Transcript {
  #bytes: Uint8Array = EMPTY;
  #length = 0;

  add(type: number, sequence: number, body: Uint8Array): void {
    const at = this.#length;
    this.#length += HANDSHAKE_HEADER_BYTES + body.length;
    if (this.#length > this.#bytes.length) this.#grow();
    writeFragmentHeader(this.#bytes, at, type, body.length, sequence, 0, body.length);
    this.#bytes.set(body, at + HANDSHAKE_HEADER_BYTES);
  }

  /** Begins anew: a hello without a cookie and its HelloVerifyRequest do not count (RFC 6347 4.2.1). */
  clear(): void {
    this.#bytes = EMPTY;
    this.#length = 0;
  }

  /** A view, which holds until the next message is added. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  hash(crypto: CryptoProvider, name: HashName): Uint8Array {
    return crypto.hash(name, this.bytes());
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length, TRANSCRIPT_BYTES));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
