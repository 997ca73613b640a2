/** What the media transport reports. */
export type MediaEvent =
  /** The first packet of a stream of the peer came. */
  | { readonly type: 'encoding-started'; readonly transceiver: number; readonly rid: string | undefined; readonly ssrc: number }
  /** A stream of the peer is over: it said so (RTCP BYE), its section stopped receiving, or it was evicted. */
  | { readonly type: 'encoding-ended'; readonly transceiver: number; readonly rid: string | undefined; readonly ssrc: number }
  /** The peer cannot decode what an encoding of ours sends, and wants a keyframe. */
  | { readonly type: 'keyframe-wanted'; readonly transceiver: number; readonly encoding: number }
  /** What congestion control makes of the path, over all streams together, in bits per second. */
  | { readonly type: 'target-rate'; readonly targetBps: number };
