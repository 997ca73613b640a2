import { RtcError } from '../../core/index.ts';
import { MAX_QUEUE_MS } from './constants.ts';

/** How packets are spread over time. */
export interface PacerConfig {
  /** How long packets wait at most, in ms: beyond what the pacing rate allows, packets leave as fast as it takes. Default 1000. */
  readonly maxQueueMs?: number;
  /** Whether audio waits as well, in the order of its packets with all others. Default false: it leaves at once. */
  readonly paceAudio?: boolean;
  /** Whether to send padding where a probe has no media to send. Default true. */
  readonly padding?: boolean;
}

export type ResolvedPacerConfig = Required<PacerConfig>;

/** Fills in the defaults. Throws {@link RtcError} `ERR_INVALID_ARGUMENT`. */
export function resolvePacerConfig(config: PacerConfig = {}): ResolvedPacerConfig {
  const { maxQueueMs = MAX_QUEUE_MS, paceAudio = false, padding = true } = config;
  if (!(maxQueueMs > 0 && maxQueueMs < Infinity)) throw new RtcError('ERR_INVALID_ARGUMENT', `a queue of ${maxQueueMs} ms`);
  return { maxQueueMs, paceAudio, padding };
}
