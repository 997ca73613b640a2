import type { Instant } from '../core/index.ts';
import type { CodecRole, RtpHeader } from '../rtp/index.ts';
import type { LocalStream, RemoteStream } from './stream.ts';

/**
 * An RTP packet on the belt. Interceptors may change its bytes and header in place, together. The bytes of an outgoing packet
 * have {@link OUTGOING_TAILROOM_BYTES} of their buffer behind them and are sealed in place below the chain: whoever wants
 * to keep a packet that it passes on keeps a copy.
 */
export interface BeltPacket<Stream> {
  bytes: Uint8Array;
  /** The decoded header of `bytes`, with `payloadEnd` before any padding. */
  readonly header: RtpHeader;
  readonly stream: Stream;
  /** What the payload is; an interceptor that restores a repaired packet changes it to `media`. */
  role: CodecRole | 'padding';
  /** When it arrived, or was written. */
  at: Instant;
  /**
   * The payload once more, of an outgoing packet whose source sends it to several: bytes that nobody changes and that all of them share.
   * Who keeps the packet may keep these in the place of a copy. An interceptor that changes the payload takes them off; see
   * {@link Interceptor.keepsPayload}.
   */
  sharedPayload?: Uint8Array | undefined;
  /** The probe cluster that it is sent in; absent when it is in none. Set by the pacer, read where the packet meets the wire. */
  probe?: number;
}

/** A packet of the peer on its way to the application. */
export type IncomingPacket = BeltPacket<RemoteStream>;
/** A packet of the application on its way to the peer. */
export type OutgoingPacket = BeltPacket<LocalStream>;

/** A packet for the belt; all are made here, so that they have one shape. */
export function beltPacket<Stream>(bytes: Uint8Array, header: RtpHeader, stream: Stream, role: CodecRole | 'padding', at: Instant, sharedPayload?: Uint8Array): BeltPacket<Stream> {
  return { bytes, header, stream, role, at, sharedPayload };
}

/** Room that every outgoing packet has behind it, in bytes: the longest SRTP tag (RFC 7714), and padding of 4. */
export const OUTGOING_TAILROOM_BYTES = 24;
