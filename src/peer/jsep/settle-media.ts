import { agree, sameAgreements } from './agreement.ts';
import { MAX_EXTENSION_ID } from './constants.ts';
import { receives, sends } from './direction.ts';
import type { JsepEffect } from './events.ts';
import { transportIn } from './in-force.ts';
import type { MediaAgreement } from './media.ts';
import { type JsepState, type LocalDescription, type RemoteDescription, withChange } from './state.ts';
import { type Transceiver, withTransceiver } from './transceiver.ts';

/**
 * Offer and answer have met: what they say of media holds from here on (W3C 4.4.1.5, RFC 9429 5.11). A provisional "no" is
 * not final, so that only an answer stops what it rejects.
 */
export function settleMedia(state: JsepState, local: LocalDescription, remote: RemoteDescription, type: 'answer' | 'pranswer', effects: JsepEffect[]): JsepState {
  // Connections of data alone are many, and have nothing of this.
  if (state.transceivers.length === 0 && local.media.length === 0) return state;
  const isOfferer = local.type === 'offer';
  const sections = new Map(remote.media.map((section) => [section.mid, section]));
  const agreed = new Map<number, MediaAgreement>(type === 'pranswer' ? state.agreements.map((agreement) => [agreement.transceiver, agreement]) : []);
  let next = remembered(state, local, remote);
  const settled = new Set<number>();
  for (const section of local.media) {
    const transceiver = next.transceivers.find(({ id }) => id === section.transceiver);
    const their = sections.get(section.mid);
    const met = transceiver && !transceiver.stopped && their ? agree(transceiver, section, their, transportIn(local, section.mid), isOfferer) : undefined;
    if (transceiver === undefined || met === undefined) continue;
    const { agreement, sender } = met;
    const { direction } = agreement;
    settled.add(transceiver.id);
    if (!transceiver.stopping) agreed.set(transceiver.id, agreement);
    next = withTransceiver(next, transceiver.id, {
      currentDirection: direction,
      hasSent: transceiver.hasSent || sends(direction),
      // What a provisional answer of the peer takes away, the final one may still want.
      ...((type === 'answer' || !isOfferer) && sender),
      receiveRids: section.receiveRids,
      ...(type === 'answer' && { ridless: undefined }),
    });
  }
  const stopped = type === 'answer' ? next.transceivers.filter((transceiver) => isEnded(transceiver, settled)) : [];
  next = withAgreements(next, inOrder([...agreed.values()], local), effects);
  for (const { id } of stopped) next = stop(next, id, effects);
  if (!isOfferer) next = followReceiving(next, settled, effects);
  return type === 'answer' ? removeStopped(next, local, isOfferer ? remote : local) : next;
}

// Rejected by one side, or never on its way to the other.
function isEnded({ id, place, stopped, stopping }: Transceiver, settled: ReadonlySet<number>): boolean {
  return !stopped && (place === undefined ? stopping : !settled.has(id));
}

/** Puts another list in force, where it says something else. */
export function withAgreements(state: JsepState, agreements: readonly MediaAgreement[], effects: JsepEffect[]): JsepState {
  if (sameAgreements(state.agreements, agreements)) return state;
  effects.push({ type: 'media', agreements });
  return withChange(state, { agreements });
}

/** The end of a transceiver (W3C 5.4, stop the RTCRtpTransceiver). */
export function stop(state: JsepState, id: number, effects: JsepEffect[]): JsepState {
  effects.push({ type: 'transceiver-stopped', transceiver: id });
  return withTransceiver(state, id, { stopping: true, stopped: true, direction: 'inactive', currentDirection: 'inactive', firedDirection: 'inactive' });
}

// W3C 4.4.1.5, for an answer of ours: a track that was announced with the offer and is not received after all is muted. One that only a
// provisional answer did not receive is announced again.
function followReceiving(state: JsepState, settled: ReadonlySet<number>, effects: JsepEffect[]): JsepState {
  let next = state;
  for (const { id, currentDirection, firedDirection, remoteTrack } of state.transceivers) {
    if (!settled.has(id)) continue;
    if (receives(firedDirection) && !receives(currentDirection)) effects.push({ type: 'track-removed', transceiver: id });
    if (!receives(firedDirection) && receives(currentDirection) && remoteTrack) effects.push({ type: 'track', transceiver: id, ...remoteTrack });
    next = withTransceiver(next, id, { firedDirection: currentDirection });
  }
  return next;
}

// A stopped one leaves once the descriptions agree that its section is dead, or nobody's; else the next offer has to say it.
function removeStopped(state: JsepState, local: LocalDescription, answer: LocalDescription | RemoteDescription): JsepState {
  const held = local.media.find(({ transceiver }) => transceiver === undefined);
  const isGone = ({ stopped, place }: Transceiver): boolean => {
    if (!stopped || place === undefined) return stopped;
    const section = answer.description.media[place.index];
    return section?.port === 0 || section?.attribute('mid') !== place.mid || held?.mid === place.mid;
  };
  return withChange(state, { transceivers: state.transceivers.filter((transceiver) => !isGone(transceiver)) });
}

function inOrder(agreements: readonly MediaAgreement[], { media }: LocalDescription): readonly MediaAgreement[] {
  const index = new Map(media.map((section) => [section.transceiver, section.index]));
  const placeOf = ({ transceiver }: MediaAgreement): number => index.get(transceiver) ?? media.length;
  return [...agreements].sort((a, b) => placeOf(a) - placeOf(b));
}

// What a payload type or an id meant once, it means for as long as the connection lives. What we call it counts first: a peer
// may answer with other payload types than ours (RFC 3264 6.1).
function remembered(state: JsepState, local: LocalDescription, remote: RemoteDescription): JsepState {
  const payloadTypes = new Map(state.payloadTypes);
  const extensionIds = new Map(state.extensionIds);
  for (const { codecs, extensions } of local.media) {
    for (const codec of codecs) payloadTypes.set(codec.payloadType, codec);
    for (const { id, uri } of extensions) extensionIds.set(id, uri);
  }
  for (const { codecs, extensions } of remote.media) {
    for (const codec of codecs) if (!payloadTypes.has(codec.payloadType)) payloadTypes.set(codec.payloadType, codec);
    for (const { id, uri } of extensions) if (id <= MAX_EXTENSION_ID && !extensionIds.has(id)) extensionIds.set(id, uri);
  }
  return withChange(state, { payloadTypes, extensionIds });
}
