import type { Instant } from '../../core/index.ts';

// What packets alone can tell of a stream, with the names and units of the W3C's "Identifiers for WebRTC's Statistics API", so that an
// entry of a report is one of these and ids. What is not known is `undefined`.

/** Of round trips, in seconds. */
export interface RoundTripStats {
  /** The latest one. */
  readonly roundTripTime: number | undefined;
  /** The sum of all. */
  readonly totalRoundTripTime: number;
  readonly roundTripTimeMeasurements: number;
}

/** For `outbound-rtp`. */
export interface OutboundStats {
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
  /** Of the last media packet; names the codec. */
  readonly payloadType: number | undefined;
  /** Retransmissions among them, on whatever SSRC; FEC with an SSRC of its own is not. */
  readonly packetsSent: number;
  /** Payload. */
  readonly bytesSent: number;
  /** Headers and padding. */
  readonly headerBytesSent: number;
  readonly retransmittedPacketsSent: number;
  readonly retransmittedBytesSent: number;
  /** Not of the W3C. */
  readonly fecPacketsSent: number;
  readonly fecBytesSent: number;
  /** Timestamps of media packets; for video only. */
  readonly framesSent: number | undefined;
  /** Requests of the peer. */
  readonly nackCount: number;
  readonly pliCount: number;
  readonly firCount: number;
  /** Not of the W3C. */
  readonly lastPacketSentAt: Instant | undefined;
}

/** For `remote-inbound-rtp`: what the receiver's reports say. */
export interface RemoteInboundStats extends RoundTripStats {
  readonly ssrc: number;
  readonly packetsLost: number;
  /** In seconds. */
  readonly jitter: number;
  /** 0 to 1. */
  readonly fractionLost: number;
  /** When the last report came. */
  readonly at: Instant;
}

/** For `inbound-rtp`. */
export interface InboundStats {
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
  readonly fecSsrc: number | undefined;
  /** Of the last media packet; names the codec. */
  readonly payloadType: number | undefined;
  /** Retransmissions among them, on whatever SSRC; FEC with an SSRC of its own is not. */
  readonly packetsReceived: number;
  /** By the sequence numbers; negative when more came twice than were lost. */
  readonly packetsLost: number;
  readonly packetsDiscarded: number;
  /** In seconds. */
  readonly jitter: number;
  /** Payload. */
  readonly bytesReceived: number;
  /** Headers and padding. */
  readonly headerBytesReceived: number;
  /** Absent without RTX: then they cannot be told from others. */
  readonly retransmittedPacketsReceived: number | undefined;
  readonly retransmittedBytesReceived: number | undefined;
  /** Absent unless FEC was negotiated. */
  readonly fecPacketsReceived: number | undefined;
  readonly fecBytesReceived: number | undefined;
  /** Not of the W3C: packets that FEC restored. */
  readonly fecPacketsRecovered: number | undefined;
  /** Requests of ours. */
  readonly nackCount: number;
  readonly pliCount: number;
  readonly firCount: number;
  readonly lastPacketReceivedAt: Instant | undefined;
}

/** For `remote-outbound-rtp`: what the sender's reports say. */
export interface RemoteOutboundStats extends RoundTripStats {
  readonly ssrc: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  /** The sender's own clock, in milliseconds since the Unix epoch. */
  readonly remoteTimestamp: number;
  /** The RTP timestamp of that time, which synchronizes streams of one source. */
  readonly rtpTimestamp: number;
  readonly reportsSent: number;
  /** When the last report came. */
  readonly at: Instant;
}

/** Of a stream that is sent. */
export interface LocalStreamStats {
  readonly outbound: OutboundStats;
  /** Absent before the first report. */
  readonly remoteInbound: RemoteInboundStats | undefined;
}

/** Of a stream that is received. */
export interface RemoteStreamStats {
  readonly inbound: InboundStats;
  /** Absent before the first report. */
  readonly remoteOutbound: RemoteOutboundStats | undefined;
}
