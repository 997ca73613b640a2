import { RtcError } from '../../core/index.ts';
import { MAX_BITRATE_BPS, MIN_BITRATE_BPS, PACING_FACTOR, START_BITRATE_BPS } from './constants.ts';

/** Bounds of the estimate, in bit/s on the path. */
export interface EstimatorConfig {
  /** The estimate does not fall below it. Default 30,000. */
  readonly minBitrateBps?: number;
  /** Where it begins. Default 300,000. */
  readonly startBitrateBps?: number;
  /** It does not rise above it. Default 100,000,000. */
  readonly maxBitrateBps?: number;
  /** How much faster than the target packets may leave the pacer. Default 2.5, at least 1. */
  readonly pacingFactor?: number;
}

export type ResolvedEstimatorConfig = Required<EstimatorConfig>;

/** Fills in the defaults. Throws {@link RtcError} `ERR_INVALID_ARGUMENT` unless 0 < min ≤ start ≤ max < ∞. */
export function resolveEstimatorConfig(config: EstimatorConfig = {}): ResolvedEstimatorConfig {
  const maxBitrateBps = config.maxBitrateBps ?? MAX_BITRATE_BPS;
  const minBitrateBps = config.minBitrateBps ?? Math.min(MIN_BITRATE_BPS, maxBitrateBps);
  const startBitrateBps = config.startBitrateBps ?? Math.min(Math.max(START_BITRATE_BPS, minBitrateBps), maxBitrateBps);
  const pacingFactor = config.pacingFactor ?? PACING_FACTOR;
  const isOrdered = minBitrateBps > 0 && minBitrateBps <= startBitrateBps && startBitrateBps <= maxBitrateBps && maxBitrateBps < Infinity;
  if (!isOrdered) throw new RtcError('ERR_INVALID_ARGUMENT', `bitrates ${minBitrateBps}, ${startBitrateBps} and ${maxBitrateBps}`);
  if (!(pacingFactor >= 1 && pacingFactor < Infinity)) throw new RtcError('ERR_INVALID_ARGUMENT', `pacing factor ${pacingFactor}`);
  return { minBitrateBps, startBitrateBps, maxBitrateBps, pacingFactor };
}
