/** What a session has done so far. */
export interface SrtpStats {
  readonly profile: number;
  readonly rtpPacketsSent: number;
  readonly rtcpPacketsSent: number;
  readonly rtpPacketsReceived: number;
  readonly rtcpPacketsReceived: number;
  /** SSRCs that were ever used to send. */
  readonly sendStreams: number;
  /** SSRCs of the peer that are remembered, for SRTP and for SRTCP. */
  readonly rtpReceiveStreams: number;
  readonly rtcpReceiveStreams: number;
  /** Drops by name, as in `srtp.replay`; `srtp.evicted` counts streams that were forgotten. */
  readonly dropped: ReadonlyMap<string, number>;
}
