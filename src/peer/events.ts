import type { RtcError, TransportAddress } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import type { GathererInput } from './gatherer/index.ts';
import type { SignalledCandidate } from './jsep/index.ts';
import type { ConnectionState, IceGatheringState, SignalingState } from './states.ts';

/** W3C `RTCPeerConnectionIceErrorEvent`. */
export interface IceCandidateError {
  readonly url: string;
  /** A STUN error code, or 701 when the server did not answer or could not be reached. */
  readonly errorCode: number;
  readonly errorText: string;
  readonly address: string | null;
  readonly port: number | null;
}

/** What the driver tells a peer. Sockets are those of the first transport, or of one that `sockets-wanted` named. */
export type PeerInput =
  | (GathererInput & { readonly transport?: number })
  | {
      readonly type: 'socket-error';
      readonly local: TransportAddress;
      readonly kind: 'unreachable' | 'too-large' | 'no-room' | 'forbidden' | 'other';
      readonly remote: TransportAddress | undefined;
      readonly sizeBytes: number | undefined;
    };

/** What a peer reports. */
export type PeerEvent =
  | { readonly type: 'signaling-state'; readonly state: SignalingState }
  | { readonly type: 'ice-gathering-state'; readonly state: IceGatheringState }
  | { readonly type: 'ice-connection-state'; readonly state: IceConnectionState }
  | { readonly type: 'connection-state'; readonly state: ConnectionState }
  | { readonly type: 'ice-candidate'; readonly candidate: SignalledCandidate | null }
  | { readonly type: 'ice-candidate-error'; readonly error: IceCandidateError }
  /** A host name to look up; the answer comes back as `resolved`. */
  | { readonly type: 'resolve'; readonly hostname: string }
  /** The peer does not bundle a section: its transport needs sockets of its own (RFC 9143 7), which come back as `socket` and `sockets-done`. */
  | { readonly type: 'sockets-wanted'; readonly transport: number }
  /** These sockets have no use any more. */
  | { readonly type: 'sockets-unused'; readonly transport: number }
  /** The peer opened a channel, and it is open. */
  | { readonly type: 'data-channel'; readonly channel: ChannelHandle }
  | { readonly type: 'channel-open'; readonly channel: ChannelHandle }
  | { readonly type: 'channel-buffered'; readonly channel: ChannelHandle }
  | { readonly type: 'channel-closing'; readonly channel: ChannelHandle }
  | { readonly type: 'channel-closed'; readonly channel: ChannelHandle; readonly error?: RtcError };
