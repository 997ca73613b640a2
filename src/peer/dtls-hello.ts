import { equalBytes } from '../core/index.ts';

// RFC 6347 4.1 and 4.2.2: a record header of 13 bytes, a handshake header of 12, the version, and then the random of a hello.
const CONTENT_HANDSHAKE = 22;
const HANDSHAKE_CLIENT_HELLO = 1;
const AT_TYPE = 13;
const AT_FRAGMENT_OFFSET = 19;
const AT_RANDOM = 27;
export const RANDOM_BYTES = 32;
/** Hellos that are remembered: those that can still be on their way. */
const MAX_HELLOS = 16;

/** What a datagram says of the attempt that it belongs to; `none` for all but the beginning of a ClientHello. */
export type HelloJudgement = 'none' | 'new' | 'current' | 'stale';

/** The random of the ClientHello that a datagram begins with; `undefined` for all else. */
export function randomOfHello(datagram: Uint8Array): Uint8Array | undefined {
  if (datagram[0] !== CONTENT_HANDSHAKE || datagram[AT_TYPE] !== HANDSHAKE_CLIENT_HELLO || datagram.length < AT_RANDOM + RANDOM_BYTES) return undefined;
  if (datagram[AT_FRAGMENT_OFFSET] !== 0 || datagram[AT_FRAGMENT_OFFSET + 1] !== 0 || datagram[AT_FRAGMENT_OFFSET + 2] !== 0) return undefined;
  return datagram.subarray(AT_RANDOM, AT_RANDOM + RANDOM_BYTES);
}

/** The ClientHellos that came, by their random: a late one of an earlier attempt must not end the present one. */
export class HelloLog {
  #randoms: Uint8Array[] = [];

  judge(datagram: Uint8Array): HelloJudgement {
    const random = randomOfHello(datagram);
    if (random === undefined) return 'none';
    const at = this.#randoms.findIndex((seen) => equalBytes(seen, random));
    if (at >= 0) return at === this.#randoms.length - 1 ? 'current' : 'stale';
    if (this.#randoms.length === MAX_HELLOS) this.#randoms.shift();
    this.#randoms.push(random.slice());
    return 'new';
  }

  /** The handshake is over. */
  forget(): void {
    this.#randoms = [];
  }
}
