import { encodeUtf8, type Environment, equalBytes, type Instant, randomBytes, type TransportAddress } from '../core/index.ts';
import type { DtlsConfig, DtlsMachine } from '../dtls/index.ts';
import { randomOfHello } from './dtls-hello.ts';
import { DtlsTransport } from './dtls-transport.ts';

const COOKIE_SECRET_BYTES = 32;
const CONTENT_HANDSHAKE = 22;
const HANDSHAKE_SERVER_HELLO = 2;
/** Behind the headers of the record and of the message (RFC 6347 4.1, 4.2.2). */
const AT_TYPE = 13;

/** Where to send from and to. */
export interface Path {
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
}

/**
 * A DTLS association in the making, beside the one in use. A server answers nothing but a hello with its cookie, and from
 * then on it hears no other client until that handshake is over: hellos alone, whoever sends them, do not disturb it.
 */
export class Successor {
  readonly dtls: DtlsTransport;
  readonly #isServer: boolean;
  /** A server answers where it was asked from; a client follows the pair that is in use. */
  path: Path | undefined;
  /** The random of the hello that is being answered. */
  #random: Uint8Array | undefined;
  /** The machine that has let a client in. */
  #admitting: DtlsMachine | undefined;

  /** @param asked - where a server's first datagram came from */
  constructor(config: DtlsConfig, asked: Path | undefined, environment: Environment) {
    this.#isServer = config.role === 'server';
    this.path = asked;
    const cookie = asked && ({ cookie: 'required', addressToken: encodeUtf8(`${asked.remote.address} ${asked.remote.port}`), cookieSecret: randomBytes(environment.random, COOKIE_SECRET_BYTES) } as const);
    this.dtls = new DtlsTransport({ ...config, ...cookie }, environment);
  }

  handleRead(bytes: Uint8Array, from: Path, now: Instant): void {
    if (this.#isServer) {
      const random = randomOfHello(bytes);
      if (random !== undefined && !this.#hears(random)) return;
      this.path = from;
    }
    this.dtls.handleRead(bytes, now);
  }

  /** The next datagram of the handshake. */
  pollWrite(): Uint8Array | undefined {
    const bytes = this.dtls.pollWrite();
    if (bytes === undefined) return undefined;
    if (bytes[0] === CONTENT_HANDSHAKE && bytes[AT_TYPE] === HANDSHAKE_SERVER_HELLO) this.#admitting = this.dtls.machine;
    return bytes;
  }

  #hears(random: Uint8Array): boolean {
    if (this.#random !== undefined && equalBytes(this.#random, random)) return true;
    if (this.#admitting === this.dtls.machine) return false;
    this.#random = random.slice();
    return true;
  }
}
