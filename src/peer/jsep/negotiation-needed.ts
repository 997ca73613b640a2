import { intersected, reversed, sends } from './direction.ts';
import { msidsOf } from './offer-media.ts';
import type { JsepState, LocalMedia, RemoteMedia } from './state.ts';
import type { Transceiver } from './transceiver.ts';

/** Whether an offer is due (W3C 4.7.3). Meaningful in `stable`. */
export function negotiationNeeded(state: JsepState): boolean {
  if (state.toReplace.size > 0) return true;
  if (state.dataWanted && state.data === undefined) return true;
  if (isDataOutside(state)) return true;
  if (state.transceivers.length === 0) return false;
  const ours = new Map(state.currentLocal?.media.map((section) => [section.transceiver, section]));
  const theirs = new Map(state.currentRemote?.media.map((section) => [section.mid, section]));
  const isOfferer = state.currentLocal?.type === 'offer';
  return state.transceivers.some((transceiver) => isDue(transceiver, ours.get(transceiver.id), theirs.get(transceiver.place?.mid ?? ''), isOfferer));
}

// The peer accepted data, but not on the transport that there is: it has to hear that nothing comes of it.
function isDataOutside({ currentLocal, currentRemote, data }: JsepState): boolean {
  const offered = data === undefined && currentLocal?.type === 'offer' ? currentLocal.data : undefined;
  return offered !== undefined && currentRemote?.description.media[offered.index]?.port !== 0;
}

function isDue(transceiver: Transceiver, local: LocalMedia | undefined, remote: RemoteMedia | undefined, isOfferer: boolean): boolean {
  const { place, stopping, direction } = transceiver;
  // One that stops before it was ever offered has nothing to say; a stopped one that is still there has to.
  if (stopping) return place !== undefined;
  if (place === undefined || local === undefined || remote === undefined) return true;
  const theirs = reversed(remote.direction);
  // An answer that may not send has no streams to name, whatever we wish.
  const names = isOfferer ? sends(direction) : sends(intersected(direction, theirs));
  if (names && !sameTexts(msidsOf(transceiver, direction), local.msids)) return true;
  if (isOfferer) return local.direction !== direction && theirs !== direction;
  return local.direction !== intersected(direction, theirs);
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text) => b.includes(text));
}
