import { type CryptoProvider, encodeUtf8, EMPTY, sameAddress, type TransportAddress } from '../core/index.ts';
import { type IntegrityKey, shortTermKey } from '../stun/index.ts';
import type { IceCandidate, LocalCandidate } from './candidate.ts';
import { Checklist } from './checklist.ts';
import { MAX_EARLY_CHECKS } from './constants.ts';
import type { IceCredentials } from './credentials.ts';
import type { CandidatePair } from './pair.ts';

/** A check of the peer that came before we could form its pair (RFC 8445 7.3). */
export interface EarlyCheck {
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
  readonly username: Uint8Array;
  readonly priority: number;
  readonly useCandidate: boolean;
}

/** All that one pair of credentials stands for. A restart begins another (RFC 8445 9). */
export class Generation {
  readonly local: IceCredentials;
  readonly localKey: IntegrityKey;
  readonly checklist: Checklist;
  locals: readonly LocalCandidate[] = [];
  /** What signalling brought. */
  remotes: readonly IceCandidate[] = [];
  /** What the peer's checks brought, oldest first. */
  readonly reflexive: IceCandidate[] = [];
  early: EarlyCheck[] = [];
  endOfLocal = false;
  /** The peer's credentials changed before ours did: the peer asked for a restart. */
  begunByPeer = false;
  endOfRemote = false;
  /** Requests sent, all but consent and nomination. */
  checksSent = 0;
  /** The pair whose nomination is under way. */
  nominating: CandidatePair | undefined = undefined;
  /** When the first pair became valid. */
  validSince: number | undefined = undefined;
  remote: IceCredentials | undefined = undefined;
  remoteKey: IntegrityKey | undefined = undefined;
  readonly #crypto: CryptoProvider;

  constructor(local: IceCredentials, maxPairs: number, crypto: CryptoProvider) {
    this.local = local;
    this.#crypto = crypto;
    this.localKey = shortTermKey(local.password, crypto);
    this.checklist = new Checklist(maxPairs);
  }

  setRemote(remote: IceCredentials): void {
    this.remote = remote;
    this.remoteKey = shortTermKey(remote.password, this.#crypto);
  }

  // Both usernames are made for each check, since they are needed every few seconds only.

  /** USERNAME of our checks: theirs, a colon, ours (RFC 8445 7.2.2). */
  get outgoingUsername(): Uint8Array {
    return this.remote === undefined ? EMPTY : encodeUtf8(`${this.remote.usernameFragment}:${this.local.usernameFragment}`);
  }

  /** Whether a request's USERNAME is meant for this generation: ours, a colon, theirs (RFC 8445 7.2.2). The peer's half counts as soon as we know it. */
  owns(username: Uint8Array): boolean {
    const ours = this.local.usernameFragment;
    const theirs = this.remote?.usernameFragment;
    if (!hasText(username, 0, ours) || username[ours.length] !== COLON) return false;
    const at = ours.length + 1;
    return theirs === undefined ? username.length > at : username.length === at + theirs.length && hasText(username, at, theirs);
  }

  /** Remembers an early check; a newer one from the same place replaces it, and the oldest gives way. */
  remember(check: EarlyCheck): void {
    const at = this.early.findIndex((e) => sameAddress(e.remote, check.remote) && sameAddress(e.local, check.local));
    if (at >= 0) {
      const useCandidate = check.useCandidate || (this.early[at] as EarlyCheck).useCandidate;
      this.early[at] = { ...check, useCandidate };
      return;
    }
    if (this.early.length >= MAX_EARLY_CHECKS) this.early.shift();
    this.early.push(check);
  }

  /** The remote candidate with this address. */
  findRemote(address: string, port: number): IceCandidate | undefined {
    return (
      this.remotes.find((c) => c.address === address && c.port === port) ?? this.reflexive.find((c) => c.address === address && c.port === port)
    );
  }

  /** Our best candidate on a socket, to pair with what came in on it: of the same family where there is one. */
  localAt(base: TransportAddress, ipv6: boolean): LocalCandidate | undefined {
    let best: LocalCandidate | undefined;
    for (const c of this.locals) {
      if (!sameAddress(c.base, base) || c.type === 'prflx' || c.address.includes(':') !== ipv6) continue;
      if (best === undefined || c.priority > best.priority) best = c;
    }
    return best;
  }
}

const COLON = 0x3a;

/** Whether bytes have an ASCII text, as credentials are (RFC 8839 5.4), from `at` on. */
function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
