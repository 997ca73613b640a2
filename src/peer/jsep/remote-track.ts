import { isRejected, midOf } from '../../sdp/index.ts';
import { pairCodecs, wantedCodecs } from './codecs.ts';
import type { JsepConfig } from './config.ts';
import { type ActiveDirection, intersected, receives, reversed, sends } from './direction.ts';
import type { JsepEffect } from './events.ts';
import { staysHeld } from './held.ts';
import { revertMedia } from './rollback.ts';
import { stop, withAgreements } from './settle-media.ts';
import { answeredReceiveRids, proposedRids } from './simulcast.ts';
import type { JsepState, LocalDescription, RemoteDescription, RemoteMedia } from './state.ts';
import { isSameStreams, makeEncodings, randomToken, type Transceiver, transceiverOf, viewOf, withNewTransceiver, withTransceiver } from './transceiver.ts';

/** What an offer of the peer does to the transceivers before it is answered (RFC 9429 5.10, W3C 4.4.1.5). */
export function applyOfferedMedia(config: JsepConfig, state: JsepState, remote: RemoteDescription, effects: JsepEffect[]): JsepState {
  if (state.transceivers.length === 0 && remote.media.length === 0) return state;
  // An offer in the place of another one: what only that one had is gone with it.
  let next = revertMedia(state, (transceiver) => isStillThere(transceiver, remote), effects);
  next = stopRejected(next, remote, effects);
  // A section whose transceiver is stopped here is rejected by the answer (RFC 9429 5.3.1).
  const ended = new Set(next.transceivers.flatMap(({ stopped, place }) => (stopped && place ? place.mid : [])));
  for (const section of remote.media) {
    if (ended.has(section.mid)) continue;
    const found = associate(config, next, section);
    if (found === undefined) continue;
    const { state: associated, transceiver, isNew } = found;
    next = withTransceiver(associated, transceiver.id, { place: { index: section.index, mid: section.mid }, ...proposedEncodings(config, associated, transceiver, section) });
    if (isNew) effects.push({ type: 'transceiver-added', transceiver: viewOf(transceiverOf(next, transceiver.id)) });
    next = announce(config, next, transceiver.id, section, reversed(section.direction), offeredRids(config, transceiver, section), effects);
  }
  return next;
}

function isStillThere({ place, kind }: Transceiver, { description }: RemoteDescription): boolean {
  const section = place && description.media[place.index];
  if (section === undefined) return place === undefined;
  return midOf(section) === place?.mid ? section.kind === kind : isRejected(section);
}

/** What an answer of the peer says of its tracks. */
export function applyAnsweredTracks(config: JsepConfig, state: JsepState, local: LocalDescription, remote: RemoteDescription, effects: JsepEffect[]): JsepState {
  if (local.media.length === 0) return state;
  const sections = new Map(local.media.map((section) => [section.mid, section]));
  let next = state;
  for (const section of remote.media) {
    const ours = sections.get(section.mid);
    const transceiver = ours && next.transceivers.find(({ id, stopped }) => id === ours.transceiver && !stopped);
    if (ours === undefined || transceiver === undefined) continue;
    next = announce(config, next, transceiver.id, section, intersected(ours.direction, reversed(section.direction)), ours.receiveRids.map(({ rid }) => rid), effects);
  }
  return next;
}

// The peer has ended these; there is no way back, not even by a rollback (W3C 5.4).
function stopRejected(state: JsepState, { description }: RemoteDescription, effects: JsepEffect[]): JsepState {
  const rejected = state.transceivers.filter(({ stopped, place }) => {
    const section = place && description.media[place.index];
    return !stopped && section !== undefined && isRejected(section);
  });
  if (rejected.length === 0) return state;
  const ids = new Set(rejected.map(({ id }) => id));
  const next = withAgreements(state, state.agreements.filter(({ transceiver }) => !ids.has(transceiver)), effects);
  return rejected.reduce((stopping, { id }) => stop(stopping, id, effects), next);
}

// RFC 9429 5.10: the transceiver of the section, or one of addTrack that has no section and something to send, or a new one. A section
// that is held goes on without.
function associate(config: JsepConfig, state: JsepState, section: RemoteMedia): { state: JsepState; transceiver: Transceiver; isNew: boolean } | undefined {
  const { kind, mid, direction } = section;
  const isHeld = staysHeld(state, section);
  const known = state.transceivers.find(({ place, stopped }) => !stopped && place?.mid === mid);
  const mayTake = receives(direction) && !(isHeld && sends(direction));
  const suitable = known ?? (mayTake ? state.transceivers.find((transceiver) => isSuitable(transceiver, kind)) : undefined);
  if (suitable) return { state, transceiver: suitable, isNew: false };
  if (isHeld) return undefined;
  return { ...withNewTransceiver(config, state, kind, { direction: 'recvonly' }, { byAddTrack: false, createdByRemote: true }), isNew: true };
}

function isSuitable({ kind, place, byAddTrack, stopping, stopped }: Transceiver, wanted: RemoteMedia['kind']): boolean {
  return kind === wanted && place === undefined && byAddTrack && !stopping && !stopped;
}

// W3C 4.4.1.5: an offer to receive a simulcast gives a sender that has no encodings of its own those that are asked for.
function proposedEncodings(config: JsepConfig, state: JsepState, transceiver: Transceiver, section: RemoteMedia): Partial<Transceiver> {
  const rids = proposedRids(section);
  const [first] = transceiver.encodings;
  const isFresh = transceiver.currentDirection === undefined && transceiver.encodings.length === 1 && first !== undefined && first.rid === undefined;
  if (!isFresh || rids.length === 0 || transceiver.kind === 'audio') return {};
  const [rid, ...others] = rids;
  const encodings = [{ ...first, rid }, ...makeEncodings(config, state, others.map((other) => ({ rid: other })))];
  return { encodings, ridless: transceiver.encodings };
}

// The encodings that our answer would accept as things stand.
function offeredRids({ media }: JsepConfig, { kind, preferences }: Transceiver, section: RemoteMedia): readonly string[] {
  if (media === undefined || section.simulcast === undefined) return [];
  const common = pairCodecs(wantedCodecs(media, kind, preferences), section.codecs).map(({ theirs }) => theirs);
  return answeredReceiveRids(section, common, 'recvonly').map(({ rid }) => rid);
}

/** W3C 5.1, process remote tracks. */
function announce(config: JsepConfig, state: JsepState, id: number, section: RemoteMedia, direction: ActiveDirection, rids: readonly string[], effects: JsepEffect[]): JsepState {
  const { firedDirection, remoteTrack } = transceiverOf(state, id);
  const wasReceiving = receives(firedDirection);
  if (!receives(direction)) {
    if (wasReceiving) effects.push({ type: 'track-removed', transceiver: id });
    return withTransceiver(state, id, { firedDirection: direction });
  }
  const streamIds = [...new Set(section.msids.flatMap(({ streamId }) => streamId ?? []))];
  const named = section.msids.find(({ trackId }) => trackId !== undefined)?.trackId;
  const track = { trackId: remoteTrack?.trackId ?? named ?? randomToken(config), streamIds, rids };
  if (!wasReceiving) effects.push({ type: 'track', transceiver: id, ...track });
  else if (remoteTrack && !isSameStreams(remoteTrack.streamIds, streamIds)) effects.push({ type: 'track-streams', transceiver: id, streamIds });
  return withTransceiver(state, id, { firedDirection: direction, remoteTrack: track });
}
