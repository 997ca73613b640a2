import type { IceCandidate, LocalCandidate } from './candidate.ts';
import type { IceConnectionState } from './events.ts';
import type { IcePair } from './pair.ts';

/** A snapshot of an agent. */
export interface IceStats {
  readonly state: IceConnectionState;
  readonly controlling: boolean;
  /** Of the generation in use. */
  readonly localUsernameFragment: string;
  readonly selectedPair: IcePair | undefined;
  /** How often another pair was selected. */
  readonly selectedPairChanges: number;
  readonly pairs: readonly IcePair[];
  readonly localCandidates: readonly LocalCandidate[];
  readonly remoteCandidates: readonly IceCandidate[];
  /** What was dropped and why, by name. */
  readonly counters: ReadonlyMap<string, number>;
}
