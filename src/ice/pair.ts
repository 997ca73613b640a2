import { type Instant, type TransportAddress } from '../core/index.ts';
import type { StunTransaction } from '../stun/index.ts';
import type { IceCandidate, LocalCandidate } from './candidate.ts';
import type { Check } from './check.ts';
import { pairPriority } from './priority.ts';

/** Where a pair stands in its checks (RFC 8445 6.1.2.6). */
export type PairState = 'frozen' | 'waiting' | 'in-progress' | 'succeeded' | 'failed';

/** A pair of candidates, as users see it. The object lives: its numbers change. */
export interface IcePair {
  /** The candidate that the peer sees us as. */
  readonly local: LocalCandidate;
  readonly remote: IceCandidate;
  /** The socket to send from. */
  readonly base: TransportAddress;
  /** The address to send to. */
  readonly remoteAddress: TransportAddress;
  readonly state: PairState;
  readonly nominated: boolean;
  /** 64 bits (RFC 8445 6.1.2.3). */
  readonly priority: bigint;
  /** The last round-trip time that was measured, in milliseconds. */
  readonly roundTripTimeMs: number | undefined;
  readonly totalRoundTripTimeMs: number;
  readonly requestsSent: number;
  readonly requestsReceived: number;
  readonly responsesSent: number;
  readonly responsesReceived: number;
  readonly consentRequestsSent: number;
}

/** A pair in a checklist. */
export class CandidatePair implements IcePair {
  local: LocalCandidate;
  remote: IceCandidate;
  readonly base: TransportAddress;
  readonly remoteAddress: TransportAddress;
  state: PairState = 'frozen';
  /** Chosen by the controlling side, and valid here. */
  nominated = false;
  priority: bigint;
  roundTripTimeMs: number | undefined = undefined;
  totalRoundTripTimeMs = 0;
  requestsSent = 0;
  requestsReceived = 0;
  responsesSent = 0;
  responsesReceived = 0;
  consentRequestsSent = 0;

  /** The controlling side asked for this pair before our own check succeeded (RFC 8445 7.3.1.5). */
  nominateOnSuccess = false;
  /** Waits in the triggered-check queue. */
  triggered = false;
  // Private, so that a pair that a user prints does not show the credentials behind its check.
  #transaction: StunTransaction<Check> | undefined = undefined;
  /** Requests sent since anything authenticated came from there. */
  unanswered = 0;
  /** A check succeeded, or we answered one: DTLS may come from there. */
  accepted = false;
  /** When the last valid response came. */
  lastResponseAt: Instant | undefined = undefined;
  /** In its checklist still; a pair that was dropped is dead for good. */
  listed = true;

  constructor(local: LocalCandidate, remote: IceCandidate, remoteAddress: TransportAddress, controlling: boolean) {
    this.local = local;
    this.remote = remote;
    this.base = local.base;
    this.remoteAddress = remoteAddress;
    this.priority = pairPriorityOf(local, remote, controlling);
  }

  /** The check under way. */
  get transaction(): StunTransaction<Check> | undefined {
    return this.#transaction;
  }

  set transaction(transaction: StunTransaction<Check> | undefined) {
    this.#transaction = transaction;
  }

  /** Pairs of one foundation share their fate (RFC 8445 6.1.2.6). */
  get foundation(): string {
    return `${this.local.foundation}:${this.remote.foundation}`;
  }

  /** Whether a check was answered and none has failed since. */
  get valid(): boolean {
    return this.state === 'succeeded';
  }

  /** Whether checks of it may still succeed. */
  get alive(): boolean {
    return this.state === 'frozen' || this.state === 'waiting' || this.state === 'in-progress';
  }
}

/** The priority of a pair for our role. */
export function pairPriorityOf(local: IceCandidate, remote: IceCandidate, controlling: boolean): bigint {
  return controlling ? pairPriority(local.priority, remote.priority) : pairPriority(remote.priority, local.priority);
}
