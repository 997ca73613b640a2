/** What interceptors and the connection tell each other; the connection hears all of it. */
export type InterceptorEvent =
  /** What the path carries, by congestion control; `pacingBps` is what may leave at once. */
  | { readonly type: 'target-rate'; readonly targetBps: number; readonly pacingBps: number }
  /** Send at this rate for a short while, with padding if need be, to learn whether the path carries it. */
  | { readonly type: 'probe'; readonly id: number; readonly rateBps: number; readonly bytes: number; readonly packets: number }
  /** The peer cannot decode and wants a keyframe of this local stream (PLI or FIR). */
  | { readonly type: 'keyframe-wanted'; readonly ssrc: number }
  /** Ask the peer for a keyframe of this remote stream. */
  | { readonly type: 'request-keyframe'; readonly ssrc: number }
  /** Packets go another way from now on: another pair was selected. */
  | { readonly type: 'path-changed' }
  /** The round trip as it was measured, in milliseconds. */
  | { readonly type: 'round-trip'; readonly roundTripMs: number }
  /** A packet of this remote stream need not be asked for any more: FEC restored it. */
  | { readonly type: 'recovered'; readonly ssrc: number; readonly sequenceNumber: number }
  /** A packet of this local stream was sent once more as it was, below where packets are counted. */
  | { readonly type: 'repeated'; readonly ssrc: number; readonly headerBytes: number; readonly payloadBytes: number }
  /** Packets of this remote stream came and were thrown away unused, as those that are too late. */
  | { readonly type: 'discarded'; readonly ssrc: number; readonly packets: number }
  /** A source left (RTCP BYE, RFC 3550 6.6). */
  | { readonly type: 'bye'; readonly ssrc: number };
