import { receives } from './direction.ts';
import type { JsepEffect } from './events.ts';
import { type JsepState, withChange } from './state.ts';
import { isSameStreams, type Transceiver } from './transceiver.ts';

/**
 * Takes back what pending descriptions did to the transceivers (W3C 4.4.1.5, RFC 9429 4.1.10.2): they go back to the sections
 * they had in the last stable state, and those that only a remote offer made go. What the application asked for stays.
 *
 * @param isKept - transceivers that stay as they are
 */
export function revertMedia(state: JsepState, isKept: (transceiver: Transceiver) => boolean, effects: JsepEffect[]): JsepState {
  if (state.stable === undefined) return state;
  const before = new Map(state.stable.map((transceiver) => [transceiver.id, transceiver]));
  const transceivers = state.transceivers.flatMap((transceiver) => {
    if (isKept(transceiver)) return transceiver;
    const was = before.get(transceiver.id);
    if (was === undefined && transceiver.createdByRemote && !transceiver.byAddTrack) {
      if (!transceiver.stopped) effects.push({ type: 'transceiver-stopped', transceiver: transceiver.id });
      return [];
    }
    return reverted(transceiver, was, effects);
  });
  return withChange(state, { transceivers });
}

function reverted(transceiver: Transceiver, was: Transceiver | undefined, effects: JsepEffect[]): Transceiver {
  const { id, stopped, ridless, encodings, firedDirection, remoteTrack } = transceiver;
  const place = was?.place;
  if (stopped) return { ...transceiver, place };
  const [isReceiving, wasReceiving] = [receives(firedDirection), receives(was?.firedDirection)];
  if (isReceiving && !wasReceiving) effects.push({ type: 'track-removed', transceiver: id });
  const earlier = was?.remoteTrack ?? remoteTrack;
  if (!isReceiving && wasReceiving && earlier) effects.push({ type: 'track', transceiver: id, ...earlier });
  if (isReceiving && wasReceiving && earlier && remoteTrack && !isSameStreams(earlier.streamIds, remoteTrack.streamIds)) {
    effects.push({ type: 'track-streams', transceiver: id, streamIds: earlier.streamIds });
  }
  return { ...transceiver, place, remoteTrack: earlier, firedDirection: was?.firedDirection, encodings: ridless ?? encodings, ridless: undefined };
}
