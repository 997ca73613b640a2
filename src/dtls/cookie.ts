import { type CryptoProvider, EMPTY, equalBytes, Writer } from '../core/index.ts';
import { type ClientHello, encodeClientHello } from './handshake/packets.ts';

/**
 * Cookies of HelloVerifyRequest (RFC 6347 4.2.1): an HMAC over the peer's address and its hello, so that a server keeps
 * nothing about a client before it has proven where it is.
 */
export class Cookies {
  readonly #crypto: CryptoProvider;
  readonly #secret: Uint8Array;

  constructor(crypto: CryptoProvider, secret: Uint8Array) {
    this.#crypto = crypto;
    this.#secret = secret.slice();
  }

  /** The cookie that a client at this address must return with this hello. */
  of(addressToken: Uint8Array, hello: ClientHello): Uint8Array {
    const address = new Writer(64).vector16(addressToken).finish();
    return this.#crypto.createHmac('sha-256', this.#secret).sign(address, encodeClientHello({ ...hello, cookie: EMPTY }));
  }

  /** Whether a hello carries its cookie; in constant time. */
  holds(addressToken: Uint8Array, hello: ClientHello): boolean {
    return hello.cookie.length > 0 && equalBytes(hello.cookie, this.of(addressToken, hello));
  }
}
