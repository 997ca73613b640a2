/** What a peer reports of its media; its own queue, so that what a description changes is known before the call returns. */
export type MediaEvent =
  /** What holds of media changed: parameters of senders and receivers. */
  | { readonly type: 'media-agreed' }
  /** The peer's offer made a transceiver. */
  | { readonly type: 'transceiver'; readonly transceiver: number }
  /** The peer has a track to send (W3C 5.1). */
  | { readonly type: 'track'; readonly transceiver: number; readonly trackId: string; readonly streamIds: readonly string[]; readonly rids: readonly string[] }
  /** The track belongs to other streams of the peer from now on. */
  | { readonly type: 'track-streams'; readonly transceiver: number; readonly streamIds: readonly string[] }
  /** The peer sends no more of it. */
  | { readonly type: 'track-removed'; readonly transceiver: number }
  | { readonly type: 'transceiver-stopped'; readonly transceiver: number }
  /** The first packet of a stream of the peer came. */
  | { readonly type: 'encoding-started'; readonly transceiver: number; readonly rid: string | undefined; readonly ssrc: number }
  /** A stream of the peer is over: it said so (RTCP BYE), its section stopped receiving, or it was evicted. */
  | { readonly type: 'encoding-ended'; readonly transceiver: number; readonly rid: string | undefined; readonly ssrc: number }
  /** The peer cannot decode what an encoding of ours sends, and wants a keyframe. */
  | { readonly type: 'keyframe-wanted'; readonly transceiver: number; readonly encoding: number }
  /** What congestion control makes of the path, over all streams together, in bits per second. */
  | { readonly type: 'target-rate'; readonly targetBps: number };
