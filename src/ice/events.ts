import type { IceCandidate, LocalCandidate } from './candidate.ts';
import type { IcePair } from './pair.ts';

/** The state of the agent, named as in the W3C `RTCIceTransportState` (RFC 8445 6.1.3 has fewer). */
export type IceConnectionState = 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed';

/** Why an agent failed. */
export type IceFailure =
  /** No pair worked, and none can any more. */
  | 'no-pair'
  /** The peer stopped answering (RFC 7675). */
  | 'consent-expired'
  /** The socket of the selected pair is gone, and no other pair came up. */
  | 'socket-lost';

/** What an agent reports. */
export type IceEvent =
  | { readonly type: 'state'; readonly state: IceConnectionState; readonly reason?: IceFailure }
  /** Data goes over this pair from now on. Before nomination it is the first that worked. */
  | { readonly type: 'selected-pair'; readonly pair: IcePair }
  /** An address that no signalling told: ours as the peer sees it, or the peer's. */
  | { readonly type: 'peer-reflexive'; readonly side: 'local'; readonly candidate: LocalCandidate }
  | { readonly type: 'peer-reflexive'; readonly side: 'remote'; readonly candidate: IceCandidate }
  /** A role conflict changed our role (RFC 8445 7.3.1.1). */
  | { readonly type: 'role'; readonly controlling: boolean };
