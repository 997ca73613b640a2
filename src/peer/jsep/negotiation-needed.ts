import { intersected, reversed, sends } from './direction.ts';
import { msidsOf } from './offer-media.ts';
import type { JsepState } from './state.ts';
import type { Transceiver } from './transceiver.ts';

/** Whether an offer is due (W3C 4.7.3). Meaningful in `stable`. */
export function negotiationNeeded(state: JsepState): boolean {
  if (state.toReplace.size > 0) return true;
  if (state.dataWanted && state.data === undefined) return true;
  if (isDataOutside(state)) return true;
  return state.transceivers.some((transceiver) => isDue(state, transceiver));
}

// The peer accepted data, but not on the transport that there is: it has to hear that nothing comes of it.
function isDataOutside({ currentLocal, currentRemote, data }: JsepState): boolean {
  const offered = data === undefined && currentLocal?.type === 'offer' ? currentLocal.data : undefined;
  return offered !== undefined && currentRemote?.description.media[offered.index]?.port !== 0;
}

function isDue(state: JsepState, transceiver: Transceiver): boolean {
  const { id, place, stopping, direction } = transceiver;
  // One that stops before it was ever offered has nothing to say; a stopped one that is still there has to.
  if (stopping) return place !== undefined;
  if (place === undefined) return true;
  const local = state.currentLocal?.media.find((section) => section.transceiver === id);
  const remote = state.currentRemote?.media.find(({ mid }) => mid === place.mid);
  if (local === undefined || remote === undefined) return true;
  if (sends(direction) && !sameTexts(msidsOf(transceiver, direction), local.msids)) {
    // An answer that may not send has no streams to name, whatever we wish.
    if (state.currentLocal?.type === 'offer' || sends(intersected(direction, reversed(remote.direction)))) return true;
  }
  if (state.currentLocal?.type === 'offer') return local.direction !== direction && reversed(remote.direction) !== direction;
  return local.direction !== intersected(direction, reversed(remote.direction));
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text) => b.includes(text));
}
