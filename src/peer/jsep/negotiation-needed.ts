import type { JsepState } from './state.ts';
import type { Transceiver } from './transceiver.ts';

/** Whether an offer is due (W3C 4.7.3). Meaningful in `stable`. */
export function negotiationNeeded(state: JsepState): boolean {
  if (state.toReplace.size > 0) return true;
  if (state.dataWanted && state.negotiated === undefined) return true;
  return state.transceivers.some((transceiver) => isDue(transceiver));
}

function isDue({ stopped, place }: Transceiver): boolean {
  return !stopped && place === undefined;
}
