export { type CandidateType, formatCandidate, type IceCandidate, isIceText, type LocalCandidate, parseCandidate } from './candidate.ts';
export type { IceConfig } from './config.ts';
export { TYPE_PREFERENCE } from './constants.ts';
export { generateIceCredentials, type IceCredentials } from './credentials.ts';
export type { IceConnectionState, IceEvent, IceFailure } from './events.ts';
export { IceAgent } from './machine.ts';
export type { IcePair, PairState } from './pair.ts';
export { candidatePriority, pairPriority } from './priority.ts';
export type { IceStats } from './stats.ts';
