import { concat, type CryptoProvider, type HashName } from '../../core/index.ts';
import { unfragmented } from './fragment.ts';

/**
 * The handshake messages so far (RFC 6347 4.2.6). They are kept as they are: the hash is known only with the suite, and
 * CertificateVerify signs the messages themselves (RFC 5246 7.4.8).
 */
export class Transcript {
  #messages: Uint8Array[] = [];

  add(type: number, sequence: number, body: Uint8Array): void {
    this.#messages.push(unfragmented(type, sequence, body));
  }

  /** Begins anew: a hello without a cookie and its HelloVerifyRequest do not count (RFC 6347 4.2.1). */
  clear(): void {
    this.#messages = [];
  }

  bytes(): Uint8Array {
    return concat(...this.#messages);
  }

  hash(crypto: CryptoProvider, name: HashName): Uint8Array {
    return crypto.hash(name, this.bytes());
  }
}
