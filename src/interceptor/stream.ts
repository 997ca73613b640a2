import type { ExtensionMap, MediaKind, RtpCodec } from '../rtp/index.ts';

/** One RTP stream (an SSRC with those that repair it) as the descriptions and the first packets told of it. */
export interface StreamInfo {
  readonly ssrc: number;
  readonly kind: MediaKind;
  /** The section it belongs to (RFC 9143). */
  readonly mid: string;
  /** The encoding of a simulcast (RFC 8852). */
  readonly rid: string | undefined;
  /** What its packets may be, by payload type, the repairing ones among them. */
  readonly codecs: ReadonlyMap<number, RtpCodec>;
  readonly extensions: ExtensionMap;
  /** RFC 5506 was negotiated: RTCP need not be compound. */
  readonly reducedSizeRtcp: boolean;
  /** RFC 3611 5.2 was negotiated: an end that only receives may ask for the round trip, and is answered. */
  readonly receiverRoundTrip: boolean;
  /** The stream of its retransmissions (RFC 4588); of a remote one it may become known late. */
  rtxSsrc: number | undefined;
  /** The stream of its FEC packets (RFC 8627). */
  fecSsrc: number | undefined;
}

/** A stream that is sent. */
export interface LocalStream extends StreamInfo {
  readonly direction: 'local';
}

/** A stream that is received. */
export interface RemoteStream extends StreamInfo {
  readonly direction: 'remote';
}

/** Whether a payload type of a stream was negotiated with a kind of feedback, as in `nack` or `nack pli`. */
export function hasFeedback(stream: StreamInfo, payloadType: number, feedback: string): boolean {
  return stream.codecs.get(payloadType)?.feedback.includes(feedback) ?? false;
}

/** Whether any payload type of a stream was negotiated with a kind of feedback. */
export function wantsFeedback(stream: StreamInfo, feedback: string): boolean {
  for (const codec of stream.codecs.values()) if (codec.feedback.includes(feedback)) return true;
  return false;
}

/** The payload type of the retransmissions of another one (RFC 4588 8.1), or −1. */
export function rtxPayloadType(stream: StreamInfo, payloadType: number): number {
  for (const codec of stream.codecs.values()) {
    if (codec.name.toLowerCase() === 'rtx' && codec.parameters.get('apt') === String(payloadType)) return codec.payloadType;
  }
  return -1;
}
