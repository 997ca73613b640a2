import type { IceCandidate, IceCredentials } from '../../ice/index.ts';
import type { SignalledInits } from '../../sctp/index.ts';
import type { SdpFingerprint } from '../../sdp/index.ts';
import type { MediaAgreement, TransceiverView } from './media.ts';

/** W3C `RTCSignalingState`, but for `closed`, which is the peer's. */
export type SignalingState = 'stable' | 'have-local-offer' | 'have-remote-offer' | 'have-local-pranswer' | 'have-remote-pranswer';

/** W3C `RTCSdpType`. */
export type DescriptionType = 'offer' | 'pranswer' | 'answer' | 'rollback';

/** W3C `RTCOfferOptions`. */
export interface OfferOptions {
  readonly iceRestart?: boolean;
  /** W3C 4.4.3: true adds a transceiver that receives where there is none, false lets none of the kind receive. */
  readonly offerToReceiveAudio?: boolean;
  readonly offerToReceiveVideo?: boolean;
}

/** W3C `RTCSessionDescriptionInit` as an argument; a local one may leave both out. */
export interface DescriptionInit {
  readonly type?: DescriptionType;
  readonly sdp?: string;
}

/** W3C `RTCSessionDescriptionInit` with nothing left out. */
export interface SessionDescriptionInit {
  readonly type: DescriptionType;
  readonly sdp: string;
}

/** A description that is set, or was created. */
export interface Description extends SessionDescriptionInit {
  readonly type: 'offer' | 'pranswer' | 'answer';
  readonly sdp: string;
}

/** W3C `RTCIceCandidateInit`. An empty `candidate` says that no more follow. */
export interface CandidateInit {
  readonly candidate?: string;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
  readonly usernameFragment?: string | null;
}

/** A local candidate as it is signalled. */
export interface SignalledCandidate {
  /** As in `candidate:…`. */
  readonly candidate: string;
  readonly sdpMid: string;
  readonly sdpMLineIndex: number;
  readonly usernameFragment: string;
}

/** What concerns one transport. */
export type TransportEffect =
  /** Make an ICE agent with these credentials and gather candidates. */
  | { readonly type: 'gather'; readonly credentials: IceCredentials; readonly controlling: boolean }
  /** Restart the agent with these credentials and gather again; the selected pair goes on until there is a new one. */
  | { readonly type: 'ice-restart'; readonly credentials: IceCredentials }
  /** Back to the generation with these credentials; `undefined`: the agent goes, since it was the first generation. */
  | { readonly type: 'ice-rollback'; readonly credentials: IceCredentials | undefined }
  /** The peer's generation is known: pairs can be checked. */
  | {
      readonly type: 'remote-ice';
      readonly credentials: IceCredentials;
      readonly lite: boolean;
      readonly candidates: readonly IceCandidate[];
      readonly endOfCandidates: boolean;
      /** The generation replaces one that was in use. */
      readonly restarted: boolean;
    }
  /** Another candidate of the generation in use. */
  | { readonly type: 'remote-candidate'; readonly candidate: IceCandidate }
  | { readonly type: 'remote-end-of-candidates' }
  /** Offer and answer are known: the roles, and what the peer's certificate must match. Once per transport. */
  | {
      readonly type: 'transport';
      readonly dtlsRole: 'client' | 'server';
      readonly remoteFingerprints: readonly SdpFingerprint[];
      readonly iceControlling: boolean;
    }
  /** The transport belongs to another section now, since the peer rejected the one that had it: a peer may have made a new one for it. */
  | { readonly type: 'transport-moved' }
  /** No section uses the transport any more. If one comes back, it comes with a transport of its own. */
  | { readonly type: 'transport-closed' };

/** Something that the transports must do now that a description or candidate was applied; in the order given. */
export type JsepEffect =
  /** Of the first transport, which is the only one of most connections. */
  | TransportEffect
  /** Of another one: of sections that are not bundled. Its first is `gather`, its last `transport-closed`. */
  | { readonly type: 'branch'; readonly id: number; readonly effect: TransportEffect }
  /** The SCTP association can start, or its send limit changed. A limit of 0 is none. */
  | {
      readonly type: 'sctp';
      readonly localPort: number;
      readonly remotePort: number;
      readonly remoteMaxMessageSizeBytes: number;
      /** Which transport carries it; 0 is the first. */
      readonly transport: number;
      /** The INIT chunks of the descriptions, for an association that has not begun. */
      readonly inits: SignalledInits | undefined;
    }
  /** There will be no data channels, or no more: the association has no section. */
  | { readonly type: 'sctp-rejected' }
  /** What holds of media now, all of it, since something of it changed: an answer was applied, or a transceiver stopped. */
  | { readonly type: 'media'; readonly agreements: readonly MediaAgreement[] }
  /** A remote offer made a transceiver. */
  | { readonly type: 'transceiver-added'; readonly transceiver: TransceiverView }
  /** The peer has a track to send (W3C 5.1, process the addition of a remote track). */
  | {
      readonly type: 'track';
      readonly transceiver: number;
      readonly trackId: string;
      readonly streamIds: readonly string[];
      /** The encodings of a simulcast that the peer offers to send (RFC 8853); empty without one. */
      readonly rids: readonly string[];
    }
  /** What the peer goes on sending belongs to other streams from now on (W3C 5.1, set the associated remote streams). */
  | { readonly type: 'track-streams'; readonly transceiver: number; readonly streamIds: readonly string[] }
  /** The peer sends no more: the remote track mutes (W3C 5.1, process the removal of a remote track). */
  | { readonly type: 'track-removed'; readonly transceiver: number }
  /** It came to its end, and leaves the list once the state is stable. */
  | { readonly type: 'transceiver-stopped'; readonly transceiver: number }
  | { readonly type: 'signaling-state'; readonly state: SignalingState };

/** What a call changed. */
export interface JsepChanges {
  readonly effects: readonly JsepEffect[];
}
