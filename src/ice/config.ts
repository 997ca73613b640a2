import { SharedSettings } from '../core/index.ts';
import type { IceCredentials } from './credentials.ts';
import {
  ALLOWED_LOW_PORTS,
  CHECK_INTERVAL_MS,
  CONSENT_INTERVAL_MS,
  CONSENT_TIMEOUT_MS,
  DISCONNECTED_MS,
  MAX_CHECKS_PER_GENERATION,
  MAX_CHECKS_PER_SECOND,
  MAX_PAIRS,
  MAX_PEER_REFLEXIVE,
  MAX_REMOTE_CANDIDATES,
  PATIENCE_MS,
  TRICKLE_PATIENCE_MS,
} from './constants.ts';

/** How an agent behaves. All but the first two have defaults. */
export interface IceConfig {
  /** Whether we choose the pair: the offerer does, at first (RFC 8445 6.1.1). */
  readonly controlling: boolean;
  /** Ours. */
  readonly credentials: IceCredentials;
  /** We only answer checks (RFC 8445 2.5). Default false. */
  readonly lite?: boolean;
  /** The 64-bit number that settles role conflicts. Default random. */
  readonly tieBreaker?: bigint;
  /** Ta, milliseconds. Default 50. */
  readonly checkIntervalMs?: number;
  /** Default 100. */
  readonly maxRemoteCandidates?: number;
  /** Default 200. */
  readonly maxPairs?: number;
  /** Default 32. */
  readonly maxPeerReflexive?: number;
  /** Default 50. */
  readonly maxChecksPerSecond?: number;
  /** Default 1000. */
  readonly maxChecksPerGeneration?: number;
  /** Ports below 1024 that a remote candidate may have. Default 53, 80, 443. */
  readonly allowedLowPorts?: readonly number[];
  /** How long after the last news nothing is declared failed, milliseconds. Default 39,500 (RFC 8863). */
  readonly patienceMs?: number;
  /** Likewise while the peer may have more candidates to tell, milliseconds. Default 120,000. */
  readonly tricklePatienceMs?: number;
  /** Mean time between consent checks, milliseconds. Default 5000 (RFC 7675). */
  readonly consentIntervalMs?: number;
  /** Unanswered consent checks for so long mean `disconnected`, milliseconds. Default 5000. */
  readonly disconnectedMs?: number;
  /** Consent ends so long after the last answer, milliseconds. Default 30,000, which RFC 7675 makes the most. */
  readonly consentTimeoutMs?: number;
}

/** The configuration with its defaults, without what changes later. */
export type IceSettings = Required<Omit<IceConfig, 'controlling' | 'credentials' | 'tieBreaker'>>;

export function settingsOf(config: IceConfig): IceSettings {
  return shared.share({
    lite: config.lite ?? false,
    checkIntervalMs: config.checkIntervalMs ?? CHECK_INTERVAL_MS,
    maxRemoteCandidates: config.maxRemoteCandidates ?? MAX_REMOTE_CANDIDATES,
    maxPairs: config.maxPairs ?? MAX_PAIRS,
    maxPeerReflexive: config.maxPeerReflexive ?? MAX_PEER_REFLEXIVE,
    maxChecksPerSecond: config.maxChecksPerSecond ?? MAX_CHECKS_PER_SECOND,
    maxChecksPerGeneration: config.maxChecksPerGeneration ?? MAX_CHECKS_PER_GENERATION,
    allowedLowPorts: config.allowedLowPorts ?? ALLOWED_LOW_PORTS,
    patienceMs: config.patienceMs ?? PATIENCE_MS,
    tricklePatienceMs: config.tricklePatienceMs ?? TRICKLE_PATIENCE_MS,
    consentIntervalMs: config.consentIntervalMs ?? CONSENT_INTERVAL_MS,
    disconnectedMs: config.disconnectedMs ?? DISCONNECTED_MS,
    consentTimeoutMs: Math.min(config.consentTimeoutMs ?? CONSENT_TIMEOUT_MS, CONSENT_TIMEOUT_MS),
  });
}

const shared: SharedSettings<IceSettings> = new SharedSettings();
