import type { SctpState } from './events.ts';
import type { PathMtuState } from './pmtu.ts';

/** A snapshot of an association. Sizes are in bytes, times in ms. */
export interface SctpStats {
  readonly state: SctpState;
  readonly congestionWindowBytes: number;
  readonly flightBytes: number;
  /** The peer's last announced window. */
  readonly peerWindowBytes: number;
  /** What we would announce now. */
  readonly receiveWindowBytes: number;
  readonly smoothedRoundTripTimeMs: number | undefined;
  readonly retransmissionTimeoutMs: number;
  /** The largest SCTP packet at present. */
  readonly mtuBytes: number;
  readonly pathMtuState: PathMtuState;
  readonly mtuProbesSent: number;
  readonly mtuProbesAcknowledged: number;
  readonly bufferedBytes: number;
  readonly unacknowledgedChunks: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly chunksSent: number;
  readonly chunksRetransmitted: number;
  readonly messagesAbandoned: number;
  /** Drops by reason, as in `sctp.checksum`. */
  readonly counters: ReadonlyMap<string, number>;
}
