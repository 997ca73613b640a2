import { RtcError } from '../core/index.ts';
import { MAX_FRAME_BYTES, MAX_FRAME_PACKETS, MAX_HELD_PACKETS, MAX_HOLD_MS, MAX_READY_BYTES, MAX_READY_FRAMES } from './constants.ts';

/** Limits of a `SampleBuilder`; each may be lowered or raised. */
export interface SampleBuilderConfig {
  /** Most packets that wait for a missing one, 1–32,768. Default 2048. */
  readonly maxHeldPackets?: number;
  /** Longest wait for a missing packet or the end of a frame, in milliseconds. Default 2000. */
  readonly maxHoldMs?: number;
  /** Largest frame in bytes, and most bytes that wait for a missing packet. Default 8 MiB. */
  readonly maxFrameBytes?: number;
  /** Most packets of a frame. Default 4096. */
  readonly maxFramePackets?: number;
  /** Most finished frames that wait to be polled; then the oldest is dropped. Default 2048. */
  readonly maxReadyFrames?: number;
  /** Most bytes of finished frames that wait to be polled. Default 16 MiB. */
  readonly maxReadyBytes?: number;
}

/** The limits with defaults filled in. Throws `ERR_INVALID_ARGUMENT`. */
export function sampleBuilderLimits(config: SampleBuilderConfig): Required<SampleBuilderConfig> {
  const limits = {
    maxHeldPackets: config.maxHeldPackets ?? MAX_HELD_PACKETS,
    maxHoldMs: config.maxHoldMs ?? MAX_HOLD_MS,
    maxFrameBytes: config.maxFrameBytes ?? MAX_FRAME_BYTES,
    maxFramePackets: config.maxFramePackets ?? MAX_FRAME_PACKETS,
    maxReadyFrames: config.maxReadyFrames ?? MAX_READY_FRAMES,
    maxReadyBytes: config.maxReadyBytes ?? MAX_READY_BYTES,
  };
  const sound = limits.maxHeldPackets <= 32_768 && limits.maxHoldMs >= 0 && limits.maxReadyBytes >= limits.maxFrameBytes;
  const positive = limits.maxHeldPackets >= 1 && limits.maxFrameBytes >= 1 && limits.maxFramePackets >= 1 && limits.maxReadyFrames >= 1;
  if (!sound || !positive) throw new RtcError('ERR_INVALID_ARGUMENT', `limits ${Object.values(limits).join(', ')}`);
  return limits;
}
