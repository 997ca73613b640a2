import type { Deadline, Instant } from '../../core/index.ts';
import type { PacketResults } from '../twcc/index.ts';

/** A probe that is to be sent: packets at a rate, a little longer than they would go otherwise. */
export interface ProbePlan {
  /** 1 to 65,535; it wraps. */
  readonly id: number;
  readonly rateBps: number;
  readonly bytes: number;
  readonly packets: number;
}

/**
 * Decides how much may be sent. Hears of every packet that leaves and of all feedback; all sizes are bytes on the path, all rates
 * bits per second on the path. It never calls out, and time is an argument.
 */
export interface BandwidthEstimator {
  /** What the path carries, as far as is known. */
  readonly targetBps: number;
  /** How fast packets may leave at once. */
  readonly pacingBps: number;
  /** A packet leaves. False where it made neither a probe nor an earlier deadline. */
  packetSent(sizeBytes: number, now: Instant): boolean | void;
  /** The peer told of packets. `results` is good for this call only. */
  handleFeedback(results: PacketResults, now: Instant): void;
  /** The peer's own estimate (draft-alvestrand-rmcat-remb-03), in bit/s, whatever it says. */
  handleReceiverEstimate(bitrateBps: number, now: Instant): void;
  /** A round trip that was measured elsewhere, in ms. */
  handleRoundTrip(roundTripMs: number): void;
  /** The path is another one, and nothing is known of it. */
  handlePathChange(now: Instant): void;
  /** A probe that is to be sent now. */
  pollProbe(): ProbePlan | undefined;
  handleTimeout(now: Instant): void;
  pollTimeout(): Deadline | undefined;
}
