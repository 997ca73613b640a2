import type { Instant } from '../core/index.ts';

/** A whole frame. */
export interface Sample {
  /** The frame in one piece: an Annex B access unit, an AV1 temporal unit with size fields, or the codec's own frame. */
  readonly data: Uint8Array;
  /** RTP timestamp. */
  readonly timestamp: number;
  readonly keyframe: boolean;
  /** Marker of its first packet: with audio, the beginning of a talkspurt. */
  readonly marker: boolean;
  /** How many packets with payload it came in. */
  readonly packets: number;
  readonly firstSequenceNumber: number;
  readonly lastSequenceNumber: number;
  /** When its first packet arrived. */
  readonly arrivedAt: Instant;
  /** Whether a packet or frame before it was lost, so that a decoder may lack a reference. */
  readonly discontinuity: boolean;
}

/**
 * Why frames were dropped: `lost` – a packet did not come; `malformed` – a payload does not decode or parts do not fit;
 * `too-large` – more bytes or packets than a frame may have; `stale` – it did not end in time; `unread` – nobody polled.
 */
export type SampleLossReason = 'lost' | 'malformed' | 'too-large' | 'stale' | 'unread';

/** What was dropped since the last report. */
export interface SampleLoss {
  readonly type: 'loss';
  /** Of the first drop that the report is about. */
  readonly reason: SampleLossReason;
  /** RTP timestamp of the first frame dropped; absent when only missing packets were noticed. */
  readonly timestamp?: number;
  /** Frames that were begun and dropped. Frames of which no packet came are not known. */
  readonly frames: number;
  /** Packets that never came. */
  readonly packets: number;
}

/** Counts since the beginning. */
export interface SampleBuilderStats {
  readonly framesAssembled: number;
  readonly framesDropped: number;
  readonly keyframesAssembled: number;
  /** Packets given up. */
  readonly packetsLost: number;
  /** Packets that came after they were given up, or a second time. */
  readonly packetsLate: number;
  readonly packetsDuplicate: number;
  /** Packets of frames that were dropped. */
  readonly packetsDiscarded: number;
  /** Times that the sequence numbers began anew elsewhere. */
  readonly restarts: number;
  /** Packets that wait for a missing one. */
  readonly packetsHeld: number;
}
