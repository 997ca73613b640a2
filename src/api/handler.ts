import type { RtcError } from '../core/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import type { ConnectionState, IceCandidateError, IceGatheringState, SignalingState, SignalledCandidate } from '../peer/index.ts';
import type { RtcpPacket } from '../rtcp/index.ts';
import type { DataChannel } from './data-channel.ts';
import type { RtpReceiver } from './rtp-receiver.ts';
import type { RtpTransceiver } from './rtp-transceiver.ts';
import type { TrackRemote } from './track-remote.ts';

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
  /** Offer and answer stand elsewhere (W3C `signalingstatechange`). */
  onSignalingStateChange?(state: SignalingState): void | Promise<void>;
  /** ICE found a path, or lost it (W3C `iceconnectionstatechange`). */
  onIceConnectionStateChange?(state: IceConnectionState): void | Promise<void>;
  /** Gathering began, or is complete (W3C `icegatheringstatechange`). */
  onIceGatheringStateChange?(state: IceGatheringState): void | Promise<void>;
  /** The connection is up, or is not any more (W3C `connectionstatechange`). `disconnected` may pass; `failed` stays until ICE is restarted. */
  onConnectionStateChange?(state: ConnectionState): void | Promise<void>;
  /** The peer opened a channel. A `handler` set on it before this returns hears of everything. */
  onDataChannel?(channel: DataChannel): void | Promise<void>;
  /** The peer has a track to send; with a simulcast, once for each encoding. A `handler` set on it before this returns gets every packet. */
  onTrack?(event: TrackEvent): void | Promise<void>;
  /** RTCP came: the packets of one datagram, after the interceptors have seen them. */
  onRtcp?(packets: readonly RtcpPacket[]): void | Promise<void>;
  /** Congestion control has a new estimate of what the path carries, over all senders, in bits per second. */
  onTargetBitrate?(targetBps: number): void | Promise<void>;
  /** A callback of yours threw. Without this method the error is logged. */
  onError?(error: unknown): void;
}

/** A track that the peer sends (W3C `RTCTrackEvent`). */
export interface TrackEvent {
  readonly track: TrackRemote;
  readonly receiver: RtpReceiver;
  readonly transceiver: RtpTransceiver;
  /** The MediaStreams that the track belongs to. */
  readonly streamIds: readonly string[];
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
  | ({ readonly type: 'track' } & TrackEvent)
  | { readonly type: 'targetbitrate'; readonly targetBps: number }
  | { readonly type: 'error'; readonly error: RtcError };
