import { readU16, readU32, readU48, writeU16, writeU32, writeU48 } from '../core/bytes.ts';
import { type Environment, equalBytes, type Hmac, type Instant, randomBytes } from '../core/index.ts';
import type { Init } from './init.ts';

/** What an INIT ACK promises and its COOKIE ECHO brings back, so that nothing is kept in between (RFC 9260 5.1.3). */
export interface CookieState {
  readonly localTag: number;
  readonly localTsn: number;
  /** Our tag at the time when an association was there already, else 0 (5.2.2). */
  readonly tieTag: number;
  readonly peer: Init;
}

const MAC_BYTES = 32;
const BODY_BYTES = 6 + 4 + 4 + 4 + 4 + 4 + 4 + 2 + 2 + 1;
/** The size of a cookie in bytes. */
export const COOKIE_BYTES: number = MAC_BYTES + BODY_BYTES;

/** Makes and checks state cookies with a key that lives as long as the association. */
export class CookieJar {
  readonly #environment: Environment;
  readonly #lifeMs: number;
  #hmac: Hmac | undefined;

  constructor(environment: Environment, lifeMs: number) {
    this.#environment = environment;
    this.#lifeMs = lifeMs;
  }

  bake(state: CookieState, now: Instant): Uint8Array {
    const cookie = new Uint8Array(COOKIE_BYTES);
    const { peer } = state;
    writeU48(cookie, MAC_BYTES, Math.max(0, Math.floor(now)));
    writeU32(cookie, MAC_BYTES + 6, state.localTag);
    writeU32(cookie, MAC_BYTES + 10, state.localTsn);
    writeU32(cookie, MAC_BYTES + 14, state.tieTag);
    writeU32(cookie, MAC_BYTES + 18, peer.initiateTag);
    writeU32(cookie, MAC_BYTES + 22, peer.initialTsn);
    writeU32(cookie, MAC_BYTES + 26, peer.receiveWindowBytes);
    writeU16(cookie, MAC_BYTES + 30, peer.streamsOut);
    writeU16(cookie, MAC_BYTES + 32, peer.streamsIn);
    cookie[MAC_BYTES + 34] =
      (peer.forwardTsn ? 1 : 0) |
      (peer.reconfig ? 2 : 0) |
      (peer.zeroChecksum ? 4 : 0) |
      (peer.padding === true ? 8 : 0) |
      (peer.interleaving === true ? 16 : 0) |
      (peer.interleavedSkips === true ? 32 : 0);
    cookie.set(this.#sign(cookie), 0);
    return cookie;
  }

  /** The state of a cookie of ours that is not too old. */
  open(cookie: Uint8Array, now: Instant): CookieState | 'forged' | 'stale' {
    if (cookie.length !== COOKIE_BYTES || !equalBytes(this.#sign(cookie), cookie.subarray(0, MAC_BYTES))) return 'forged';
    if (now - readU48(cookie, MAC_BYTES) > this.#lifeMs) return 'stale';
    const capabilities = cookie[MAC_BYTES + 34] as number;
    return {
      localTag: readU32(cookie, MAC_BYTES + 6),
      localTsn: readU32(cookie, MAC_BYTES + 10),
      tieTag: readU32(cookie, MAC_BYTES + 14),
      peer: {
        initiateTag: readU32(cookie, MAC_BYTES + 18),
        initialTsn: readU32(cookie, MAC_BYTES + 22),
        receiveWindowBytes: readU32(cookie, MAC_BYTES + 26),
        streamsOut: readU16(cookie, MAC_BYTES + 30),
        streamsIn: readU16(cookie, MAC_BYTES + 32),
        forwardTsn: (capabilities & 1) !== 0,
        reconfig: (capabilities & 2) !== 0,
        zeroChecksum: (capabilities & 4) !== 0,
        padding: (capabilities & 8) !== 0,
        interleaving: (capabilities & 16) !== 0,
        interleavedSkips: (capabilities & 32) !== 0,
      },
    };
  }

  #sign(cookie: Uint8Array): Uint8Array {
    this.#hmac ??= this.#environment.crypto.createHmac('sha-256', randomBytes(this.#environment.random, MAC_BYTES));
    return this.#hmac.sign(cookie.subarray(MAC_BYTES));
  }
}
