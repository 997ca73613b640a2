import type { MediaKind, RtpCodec } from '../../rtp/index.ts';

/** W3C `RTCRtpTransceiverDirection`. */
export type TransceiverDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | 'stopped';

/** A codec that can be offered; its payload type is the one to offer it with, unless the peer named it first. */
export type CodecCapability = RtpCodec;

/** A header extension that can be offered (W3C `RTCRtpHeaderExtensionCapability`). */
export interface HeaderExtensionCapability {
  readonly uri: string;
  readonly kind: MediaKind;
  /** Default `sendrecv`. */
  readonly direction?: Exclude<TransceiverDirection, 'stopped'>;
  /** The id to offer it with, if it is free: 1 to 14. Default: the lowest that is. */
  readonly preferredId?: number;
}

/** What offer/answer may negotiate for media. */
export interface MediaCapabilities {
  /** In order of preference, the repairing ones (`rtx` with its `apt`, `red`, `ulpfec`, `flexfec-03`) among them. */
  readonly codecs: readonly CodecCapability[];
  readonly headerExtensions: readonly HeaderExtensionCapability[];
}

/** What is settled about one encoding of a sender when it is made (W3C `RTCRtpEncodingParameters`, RFC 8853). */
export interface EncodingInit {
  /** Absent when there is but one encoding. */
  readonly rid?: string;
  /** Default true. */
  readonly active?: boolean;
}

/** W3C `RTCRtpTransceiverInit`. */
export interface TransceiverInit {
  /** Default `sendrecv`. */
  readonly direction?: Exclude<TransceiverDirection, 'stopped'>;
  /** Ids of the MediaStreams that the sent track belongs to (RFC 8830). */
  readonly streamIds?: readonly string[];
  /** The sent track's id; absent while nothing is attached. */
  readonly trackId?: string;
  /** Default: one without RID. */
  readonly encodings?: readonly EncodingInit[];
}

/** The SSRCs of one encoding of a sender, chosen once. */
export interface SendEncoding {
  readonly rid: string | undefined;
  readonly active: boolean;
  readonly ssrc: number;
  readonly rtxSsrc: number;
  readonly fecSsrc: number;
}

/** A source that the peer declared with `a=ssrc` (RFC 5576) and `a=ssrc-group:FID`/`FEC-FR`. */
export interface DeclaredSource {
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
  readonly fecSsrc: number | undefined;
  readonly cname: string | undefined;
}

/** An encoding of a simulcast to receive (RFC 8853 5.2). */
export interface ReceiveEncoding {
  readonly rid: string;
  readonly paused: boolean;
  /** The only payload types it may have; `undefined` for all. */
  readonly payloadTypes: readonly number[] | undefined;
}

/** What both descriptions together say of one media section: all that is needed to send and receive. */
export interface MediaAgreement {
  /** The transceiver, by {@link TransceiverView.id}. */
  readonly transceiver: number;
  readonly mid: string;
  /** Which of the connection's transports it has: 0, but for sections that the peer does not bundle (RFC 9143). */
  readonly transport: number;
  readonly kind: MediaKind;
  /** Ours. */
  readonly direction: Exclude<TransceiverDirection, 'stopped'>;
  /** Payload types as the peer wants them, in its order of preference; the first of role `media` is the one to send. */
  readonly sendCodecs: readonly RtpCodec[];
  /** Payload types that the peer may send. */
  readonly receiveCodecs: readonly RtpCodec[];
  /** Ids of header extensions, the same both ways (RFC 8285 6). */
  readonly extensions: readonly { readonly id: number; readonly uri: string }[];
  readonly extmapAllowMixed: boolean;
  readonly reducedSizeRtcp: boolean;
  /** An end that only receives may ask for the round trip, and is answered (RFC 3611 5.2). */
  readonly receiverRoundTrip: boolean;
  /** Empty unless the direction sends. With several, each has a RID. */
  readonly sendEncodings: readonly SendEncoding[];
  /** Sources that the peer declared; often none, and then MID and RID of the packets decide. */
  readonly sources: readonly DeclaredSource[];
  readonly receiveEncodings: readonly ReceiveEncoding[];
}

/** A transceiver as it stands (W3C 5.4). */
export interface TransceiverView {
  /** Names the transceiver for as long as the connection lives. */
  readonly id: number;
  readonly kind: MediaKind;
  /** `null` before it is associated with a section, and after a rollback that undid that. */
  readonly mid: string | null;
  readonly direction: TransceiverDirection;
  /** `null` before the first agreement; `stopped` at the end. */
  readonly currentDirection: TransceiverDirection | null;
  readonly stopping: boolean;
  readonly encodings: readonly SendEncoding[];
  readonly streamIds: readonly string[];
  /** Made by a remote description, and no `addTrack` has used it (W3C: may go with a rollback). */
  readonly createdByRemote: boolean;
}
