import type { Certificate } from '../dtls/index.ts';
import type { InterceptorFactory } from '../interceptor/index.ts';
import type { StunServer } from './gatherer/index.ts';
import type { MediaCapabilities } from './jsep/index.ts';

/** What a peer is made with. */
export interface PeerConfig {
  readonly iceServers: readonly StunServer[];
  readonly iceTransportPolicy: 'all' | 'relay';
  readonly bundlePolicy: 'balanced' | 'max-compat' | 'max-bundle';
  /** When empty, the peer makes one of its own. */
  readonly certificates: readonly Certificate[];
  /** What can be negotiated of media. Absent: sections of media are rejected. */
  readonly media?: MediaCapabilities;
  /** What every packet of media passes. Default: nothing, so that nothing is reported or repaired. */
  readonly interceptors?: readonly InterceptorFactory[];
  /** The largest message that is accepted, in bytes. Default 262,144. */
  readonly maxMessageSizeBytes?: number;
  /** Bytes the peer may send ahead of what is read here. Default 5 MiB. */
  readonly receiveWindowBytes?: number;
  /**
   * Whether SCTP's INIT chunks are exchanged in the descriptions, as `a=sctp-init` (draft-hancke-tsvwg-snap), so that data flows two round trips
   * sooner to a peer that does so too. Default true.
   */
  readonly sctpSnap?: boolean;
  /** The largest UDP payload to send, in bytes. Default: 1200, until the path was found to carry more (RFC 8899). */
  readonly mtuBytes?: number;
  /** The largest UDP payload to try, in bytes. Default: what the interface carries in one piece, and a DTLS record can hold. */
  readonly maxMtuBytes?: number;
  /** How long a STUN server may take, in milliseconds. Default 5000. */
  readonly stunDeadlineMs?: number;
  /** How long DTLS may take, in milliseconds. Default 30,000. */
  readonly dtlsTimeoutMs?: number;
}

/** The largest message that is accepted unless configured otherwise, in bytes: what today's browsers send at most. */
export const DEFAULT_MAX_MESSAGE_SIZE_BYTES = 262_144;
/** The UDP payload that every path is taken to carry until more is learnt, in bytes (RFC 8831 5 with room for IPv6 and TURN). */
export const DEFAULT_MTU_BYTES = 1200;
/** What the peer may send ahead of what is read here, in bytes. */
export const DEFAULT_RECEIVE_WINDOW_BYTES: number = 5 * 1024 * 1024;
/** What a whole DTLS handshake may take, all attempts together, in milliseconds. */
export const DEFAULT_DTLS_TIMEOUT_MS = 30_000;
