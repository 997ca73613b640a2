import type { TransportAddress } from '../../core/index.ts';
import type { LocalCandidate } from '../../ice/index.ts';
import type { GathererInterface } from './config.ts';

export type GathererInput =
  /** A socket was bound; `interfaces` are all addresses of this host. */
  | { readonly type: 'socket'; readonly local: TransportAddress; readonly interfaces: readonly GathererInterface[] }
  /** No more sockets will be bound. */
  | { readonly type: 'sockets-done' }
  /** A name was looked up; no address means failure. */
  | { readonly type: 'resolved'; readonly hostname: string; readonly addresses: readonly string[] }
  | { readonly type: 'socket-closed'; readonly local: TransportAddress };

export type GathererEvent =
  | { readonly type: 'candidate'; readonly candidate: LocalCandidate }
  | CandidateErrorEvent
  /** Asks for a `resolved` input. */
  | { readonly type: 'resolve'; readonly hostname: string }
  /** Everything that was asked for came or timed out. */
  | { readonly type: 'complete' };

/** A server did not help (W3C webrtc-pc 4.8.3). */
export interface CandidateErrorEvent {
  readonly type: 'candidate-error';
  readonly url: string;
  /** The server's STUN code, or 701 when it could not be reached or did not answer. */
  readonly errorCode: number;
  readonly errorText: string;
  /** The local address that was used; null when it did not come to that. */
  readonly address: string | null;
  readonly port: number | null;
}
