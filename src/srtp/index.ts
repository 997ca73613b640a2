export type { SrtpConfig } from './config.ts';
export { type ProfileParameters, profileParameters, SrtpProfile, supportedSrtpProfiles } from './profiles.ts';
export { SrtpSession } from './session.ts';
export type { SrtpStats } from './stats.ts';
