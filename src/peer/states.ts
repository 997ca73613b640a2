import type { DtlsState } from '../dtls/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import type { SignalingState as JsepSignalingState } from './jsep/index.ts';

/** W3C `RTCSignalingState`. */
export type SignalingState = JsepSignalingState | 'closed';

/** W3C `RTCPeerConnectionState`. */
export type ConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** W3C `RTCIceGatheringState`. */
export type IceGatheringState = 'new' | 'gathering' | 'complete';

/** The state of the connection from the states of its ICE and DTLS transports (W3C WebRTC 4.4.3). */
export function connectionStateOf(ice: IceConnectionState, dtls: DtlsState): ConnectionState {
  if (ice === 'failed' || dtls === 'failed') return 'failed';
  if (ice === 'disconnected') return 'disconnected';
  const isIceIdle = ice === 'new' || ice === 'closed';
  if (isIceIdle && (dtls === 'new' || dtls === 'closed')) return 'new';
  const isIceUp = ice === 'connected' || ice === 'completed' || ice === 'closed';
  return isIceUp && (dtls === 'connected' || dtls === 'closed') ? 'connected' : 'connecting';
}
