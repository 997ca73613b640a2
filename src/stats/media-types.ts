import type { RtcStatsBase } from './types.ts';

// The dictionaries of webrtc-stats that are about media, with what a connection that neither encodes nor decodes can know.

/** RTCCodecStats. */
export interface CodecStats extends RtcStatsBase<'codec'> {
  readonly payloadType: number;
  readonly transportId: string;
  /** As in `video/VP8`. */
  readonly mimeType: string;
  readonly clockRate: number;
  readonly channels?: number;
  readonly sdpFmtpLine?: string;
}

/** RTCRtpStreamStats. */
interface RtpStreamStats {
  readonly ssrc: number;
  readonly kind: 'audio' | 'video';
  readonly transportId: string;
  readonly codecId?: string;
}

/** RTCInboundRtpStreamStats. */
export interface InboundRtpStats extends RtcStatsBase<'inbound-rtp'>, RtpStreamStats {
  readonly trackIdentifier: string;
  readonly mid: string;
  /** The id of a `remote-outbound-rtp` entry. */
  readonly remoteId?: string;
  readonly packetsReceived: number;
  /** May be negative, where packets came twice. */
  readonly packetsLost?: number;
  /** In seconds. */
  readonly jitter?: number;
  readonly packetsDiscarded?: number;
  /** Without headers and padding. */
  readonly bytesReceived: number;
  /** Headers and padding. */
  readonly headerBytesReceived: number;
  readonly lastPacketReceivedTimestamp?: number;
  readonly retransmittedPacketsReceived?: number;
  readonly retransmittedBytesReceived?: number;
  readonly rtxSsrc?: number;
  readonly fecSsrc?: number;
  readonly fecPacketsReceived?: number;
  readonly fecBytesReceived?: number;
  readonly fecPacketsDiscarded?: number;
  readonly nackCount?: number;
  readonly pliCount?: number;
  readonly firCount?: number;
  /** The sum over packets of their time in the jitter buffer, in seconds. */
  readonly jitterBufferDelay?: number;
  readonly jitterBufferTargetDelay?: number;
  readonly jitterBufferMinimumDelay?: number;
  readonly jitterBufferEmittedCount?: number;
}

/** RTCOutboundRtpStreamStats. */
export interface OutboundRtpStats extends RtcStatsBase<'outbound-rtp'>, RtpStreamStats {
  readonly mid: string;
  readonly rid?: string;
  readonly encodingIndex: number;
  readonly mediaSourceId?: string;
  /** The id of a `remote-inbound-rtp` entry. */
  readonly remoteId?: string;
  readonly active: boolean;
  readonly packetsSent: number;
  /** Without headers and padding. */
  readonly bytesSent: number;
  readonly headerBytesSent: number;
  /** For video. */
  readonly framesSent?: number;
  readonly retransmittedPacketsSent?: number;
  readonly retransmittedBytesSent?: number;
  readonly rtxSsrc?: number;
  /** In bits per second. */
  readonly targetBitrate?: number;
  /** The sum over packets of the time between being written and being sent, in seconds. */
  readonly totalPacketSendDelay?: number;
  readonly nackCount?: number;
  readonly pliCount?: number;
  readonly firCount?: number;
}

/** RTCRemoteInboundRtpStreamStats: how the peer receives a stream of ours, by its receiver reports. */
export interface RemoteInboundRtpStats extends RtcStatsBase<'remote-inbound-rtp'>, RtpStreamStats {
  /** The id of an `outbound-rtp` entry. */
  readonly localId: string;
  readonly packetsLost: number;
  /** Of the last report, 0 to 1. */
  readonly fractionLost: number;
  /** In seconds. */
  readonly jitter: number;
  /** In seconds. */
  readonly roundTripTime?: number;
  readonly totalRoundTripTime: number;
  readonly roundTripTimeMeasurements: number;
}

/** RTCRemoteOutboundRtpStreamStats: what the peer says it sent, by its sender reports. */
export interface RemoteOutboundRtpStats extends RtcStatsBase<'remote-outbound-rtp'>, RtpStreamStats {
  /** The id of an `inbound-rtp` entry. */
  readonly localId: string;
  readonly packetsSent: number;
  readonly bytesSent: number;
  /** The peer's clock in its last report, in milliseconds since the Unix epoch. */
  readonly remoteTimestamp: number;
  readonly reportsSent: number;
  /** In seconds; by XR DLRR (RFC 3611). */
  readonly roundTripTime?: number;
  readonly totalRoundTripTime?: number;
  readonly roundTripTimeMeasurements?: number;
}

/** RTCMediaSourceStats. */
export interface MediaSourceStats extends RtcStatsBase<'media-source'> {
  readonly trackIdentifier: string;
  readonly kind: 'audio' | 'video';
}

/** Entries about media. */
export type MediaStats = CodecStats | InboundRtpStats | OutboundRtpStats | RemoteInboundRtpStats | RemoteOutboundRtpStats | MediaSourceStats;
