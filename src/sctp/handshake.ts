import { type Environment, type Instant, randomU32 } from '../core/index.ts';
import type { ResolvedSctpConfig } from './config.ts';
import { ChunkType } from './constants.ts';
import { CookieJar, type CookieState } from './cookie.ts';
import { encodeInit, type Init, ownInit } from './init.ts';
import { encodeChunk } from './packets.ts';
import { tagOf, tsnOf } from './signalled-init.ts';

/** Who we are in this association, and the chunks that set it up (RFC 9260 5). */
export class Handshake {
  /** Our verification tag. One object is one association, so it is the same in INIT and INIT ACK (5.2.1). */
  readonly localTag: number;
  /** The TSN of our first chunk. */
  readonly localTsn: number;
  readonly #config: ResolvedSctpConfig;
  readonly #environment: Environment;
  #jar: CookieJar | undefined;

  /** @param signalled - the INIT that the peer was told already, made with the same configuration */
  constructor(config: ResolvedSctpConfig, environment: Environment, signalled?: Uint8Array) {
    this.#config = config;
    this.#environment = environment;
    this.localTag = signalled === undefined ? randomU32(environment.random) || 1 : tagOf(signalled);
    this.localTsn = signalled === undefined ? randomU32(environment.random) : tsnOf(signalled);
  }

  init(): Uint8Array {
    return encodeInit(ChunkType.INIT, ownInit(this.#config, this.localTag, this.localTsn));
  }

  /** The answer to an INIT. Nothing is kept: what it says is in the cookie. */
  initAck(peer: Init, now: Instant): Uint8Array {
    return this.#initAck(peer, this.localTag, this.localTsn, 0, now);
  }

  /**
   * The answer to an INIT in the midst of an association (5.2.2): a peer that has restarted. It gets tags of its own, and
   * its COOKIE ECHO will not hold, so what is there stays untouched.
   */
  initAckForRestart(peer: Init, now: Instant): Uint8Array {
    return this.#initAck(peer, randomU32(this.#environment.random) || 1, randomU32(this.#environment.random), this.localTag, now);
  }

  openCookie(cookie: Uint8Array, now: Instant): CookieState | 'forged' | 'stale' {
    return this.#cookies.open(cookie, now);
  }

  cookieEcho(cookie: Uint8Array): Uint8Array {
    return encodeChunk(ChunkType.COOKIE_ECHO, 0, cookie);
  }

  /** Two ends whose INITs were signalled need none. */
  get #cookies(): CookieJar {
    return (this.#jar ??= new CookieJar(this.#environment, this.#config.cookieLifeMs));
  }

  #initAck(peer: Init, tag: number, tsn: number, tieTag: number, now: Instant): Uint8Array {
    const cookie = this.#cookies.bake({ localTag: tag, localTsn: tsn, tieTag, peer }, now);
    // RFC 9653 5.1 needs the word of both sides, and to a peer that did not give its own the parameter is only strange.
    const zeroChecksum = this.#config.zeroChecksum && peer.zeroChecksum;
    return encodeInit(ChunkType.INIT_ACK, { ...ownInit(this.#config, tag, tsn), zeroChecksum, cookie, unrecognized: peer.unrecognized ?? [] });
  }
}
