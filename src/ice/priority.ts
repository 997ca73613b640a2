import type { CandidateType } from './candidate.ts';
import { TYPE_PREFERENCE } from './constants.ts';

/** The priority of a candidate (RFC 8445 5.1.2.1); unsigned 32 bits. `localPreference` is 0 to 65535. */
export function candidatePriority(type: CandidateType, localPreference: number, component = 1): number {
  return TYPE_PREFERENCE[type] * 0x1000000 + localPreference * 0x100 + (256 - component);
}

/** The priority that a local candidate would have as peer-reflexive: what PRIORITY in a check says (RFC 8445 7.1.1). */
export function peerReflexivePriority(priority: number): number {
  return TYPE_PREFERENCE.prflx * 0x1000000 + (priority & 0xffffff);
}

/** The priority of a pair (RFC 8445 6.1.2.3), exact: it has 64 bits. */
export function pairPriority(controlling: number, controlled: number): bigint {
  const min = Math.min(controlling, controlled);
  const max = Math.max(controlling, controlled);
  return (BigInt(min) << 32n) + 2n * BigInt(max) + (controlling > controlled ? 1n : 0n);
}
