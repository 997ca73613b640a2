import { StunAttribute as A, StunBuilder, StunClass, StunMethod } from '../stun/index.ts';
import type { Generation } from './generation.ts';
import type { CandidatePair } from './pair.ts';
import { peerReflexivePriority } from './priority.ts';

export type CheckKind = 'ordinary' | 'triggered' | 'nomination' | 'consent';

/** A connectivity check that waits for its response. */
export interface Check {
  readonly kind: CheckKind;
  readonly pair: CandidatePair;
  readonly generation: Generation;
  /** The role that the request named. */
  readonly controlling: boolean;
  /** The PRIORITY that the request named. */
  readonly priority: number;
}

/** Encodes a check (RFC 8445 7.1, 7.2.2, 7.2.4). The generation must know the peer's credentials. */
export function encodeCheck(check: Check, tieBreaker: bigint, transactionId: Uint8Array): Uint8Array {
  const { generation } = check;
  const builder = new StunBuilder(StunClass.request, StunMethod.binding, transactionId)
    .value(A.username, generation.outgoingUsername)
    .u32(A.priority, check.priority)
    .u64(check.controlling ? A.iceControlling : A.iceControlled, tieBreaker);
  if (check.kind === 'nomination') builder.flag(A.useCandidate);
  if (generation.remoteKey) builder.integrity(generation.remoteKey);
  return builder.fingerprint().finish();
}

/** A new check of a pair. */
export function makeCheck(kind: CheckKind, pair: CandidatePair, generation: Generation, controlling: boolean): Check {
  return { kind, pair, generation, controlling, priority: peerReflexivePriority(pair.local.priority) };
}
