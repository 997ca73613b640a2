import type { DtlsState } from '../dtls/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import type { SignalingState as JsepSignalingState } from './jsep/index.ts';

/** W3C `RTCSignalingState`. */
export type SignalingState = JsepSignalingState | 'closed';

/** W3C `RTCPeerConnectionState`. */
export type ConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** W3C `RTCIceGatheringState`. */
export type IceGatheringState = 'new' | 'gathering' | 'complete';

/** The state of ICE over several transports (W3C WebRTC 4.3.4). */
export function jointIceState(states: readonly IceConnectionState[]): IceConnectionState {
  const isAll = (...of: readonly IceConnectionState[]): boolean => states.every((state) => of.includes(state));
  if (states.includes('failed')) return 'failed';
  if (states.includes('disconnected')) return 'disconnected';
  if (isAll('new', 'closed')) return 'new';
  if (isAll('completed', 'closed')) return 'completed';
  return isAll('connected', 'completed', 'closed') ? 'connected' : 'checking';
}

/** What several associations of DTLS are together, as far as the state of the connection depends on it (W3C WebRTC 4.3.3). */
export function jointDtlsState(states: readonly DtlsState[]): DtlsState {
  if (states.includes('failed')) return 'failed';
  if (states.every((state) => state === 'new' || state === 'closed')) return 'new';
  return states.every((state) => state === 'connected' || state === 'closed') ? 'connected' : 'connecting';
}

/** W3C WebRTC 4.3.2. */
export function jointGatheringState(states: readonly IceGatheringState[]): IceGatheringState {
  if (states.includes('gathering')) return 'gathering';
  return states.length > 0 && states.every((state) => state === 'complete') ? 'complete' : 'new';
}

/** The state of the connection from the states of its ICE and DTLS transports (W3C WebRTC 4.4.3). */
export function connectionStateOf(ice: IceConnectionState, dtls: DtlsState): ConnectionState {
  if (ice === 'failed' || dtls === 'failed') return 'failed';
  if (ice === 'disconnected') return 'disconnected';
  const isIceIdle = ice === 'new' || ice === 'closed';
  if (isIceIdle && (dtls === 'new' || dtls === 'closed')) return 'new';
  const isIceUp = ice === 'connected' || ice === 'completed' || ice === 'closed';
  return isIceUp && (dtls === 'connected' || dtls === 'closed') ? 'connected' : 'connecting';
}
