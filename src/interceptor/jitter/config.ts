import { RtcError } from '../../core/index.ts';
import { MAX_DELAY_MS, MAX_HELD_PACKETS, QUANTILE } from './constants.ts';

/** How long packets wait for those before them. */
export interface JitterBufferConfig {
  /**
   * `prompt`: packets in order go on at once, and only gaps are waited for. `steady`: packets go on at the pace at which they were made,
   * with a delay that evens out the jitter. Default `prompt`.
   */
  readonly mode?: 'prompt' | 'steady';
  /** The least delay of a steady stream, and the least wait for a gap, in ms. Default 0. */
  readonly minDelayMs?: number;
  /** The most, in ms; up to 10,000. Default 2000. */
  readonly maxDelayMs?: number;
  /** Packets of one stream that are held at most, a power of two. Default 2048. */
  readonly maxPackets?: number;
  /** The part of the late packets that shall not be late, between 0 and 1. Default 0.95. */
  readonly quantile?: number;
}

export type ResolvedJitterBufferConfig = Required<JitterBufferConfig>;

const LONGEST_DELAY_MS = 10_000;
const MOST_PACKETS = 16_384;

/** Fills in the defaults. Throws {@link RtcError} `ERR_INVALID_ARGUMENT`. */
export function resolveJitterBufferConfig(config: JitterBufferConfig = {}): ResolvedJitterBufferConfig {
  const { mode = 'prompt', minDelayMs = 0, maxDelayMs = MAX_DELAY_MS, maxPackets = MAX_HELD_PACKETS, quantile = QUANTILE } = config;
  if (!(minDelayMs >= 0 && minDelayMs <= maxDelayMs && maxDelayMs <= LONGEST_DELAY_MS)) throw new RtcError('ERR_INVALID_ARGUMENT', `delays from ${minDelayMs} to ${maxDelayMs} ms`);
  const isPower = Number.isInteger(maxPackets) && maxPackets >= 2 && maxPackets <= MOST_PACKETS && (maxPackets & (maxPackets - 1)) === 0;
  if (!isPower) throw new RtcError('ERR_INVALID_ARGUMENT', `a buffer of ${maxPackets} packets`);
  if (!(quantile > 0 && quantile < 1)) throw new RtcError('ERR_INVALID_ARGUMENT', `a quantile of ${quantile}`);
  return { mode, minDelayMs, maxDelayMs, maxPackets, quantile };
}
