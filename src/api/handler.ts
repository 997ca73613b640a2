import type { RtcError } from '../core/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import type { ConnectionState, IceCandidateError, IceGatheringState, SignalingState, SignalledCandidate } from '../peer/index.ts';
import type { DataChannel } from './data-channel.ts';

/**
 * Takes what a connection reports. All methods are optional, and each may be async: the connection waits for none of them,
 * so a method that never returns stops nothing. What a method throws goes to `onError`.
 */
export interface PeerConnectionEventHandler {
  /** An offer is due (W3C `negotiationneeded`). */
  onNegotiationNeeded?(): void | Promise<void>;
  /** A local candidate to signal; `null` when there will be no more. */
  onIceCandidate?(candidate: SignalledCandidate | null): void | Promise<void>;
  /** A STUN or TURN server did not help. Other candidates are not affected. */
  onIceCandidateError?(error: IceCandidateError): void | Promise<void>;
  onSignalingStateChange?(state: SignalingState): void | Promise<void>;
  onIceConnectionStateChange?(state: IceConnectionState): void | Promise<void>;
  onIceGatheringStateChange?(state: IceGatheringState): void | Promise<void>;
  onConnectionStateChange?(state: ConnectionState): void | Promise<void>;
  /** The peer opened a channel. A `handler` set on it before this returns hears of everything. */
  onDataChannel?(channel: DataChannel): void | Promise<void>;
  /** The peer sends a track. */
  onTrack?(event: TrackEvent): void | Promise<void>;
  /** A callback of yours threw. Without this method the error is logged. */
  onError?(error: unknown): void;
}

/** A track that the peer sends. */
export interface TrackEvent {
  readonly kind: 'audio' | 'video';
  readonly mid: string;
}

/** What {@link PeerConnection.events} yields: the same as the methods of {@link PeerConnectionEventHandler}, named as in the W3C API. */
export type PeerConnectionEvent =
  | { readonly type: 'negotiationneeded' }
  | { readonly type: 'icecandidate'; readonly candidate: SignalledCandidate | null }
  | { readonly type: 'icecandidateerror'; readonly error: IceCandidateError }
  | { readonly type: 'signalingstatechange'; readonly state: SignalingState }
  | { readonly type: 'iceconnectionstatechange'; readonly state: IceConnectionState }
  | { readonly type: 'icegatheringstatechange'; readonly state: IceGatheringState }
  | { readonly type: 'connectionstatechange'; readonly state: ConnectionState }
  | { readonly type: 'datachannel'; readonly channel: DataChannel }
  | { readonly type: 'track'; readonly track: TrackEvent }
  | { readonly type: 'error'; readonly error: RtcError };
