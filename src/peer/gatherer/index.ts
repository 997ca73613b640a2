export type { GathererConfig, GathererInterface, GathererSocket, StunServer } from './config.ts';
export type { CandidateErrorEvent, GathererEvent, GathererInput } from './events.ts';
export { Gatherer } from './machine.ts';
export type { GathererStats } from './stats.ts';
export { parseIceServerUrl } from './url.ts';
