import { DEFAULT_SCTP_PORT } from '../../sdp/index.ts';
import { isAmong } from './candidates.ts';
import type { JsepConfig } from './config.ts';
import type { JsepEffect } from './events.ts';
import { restarts } from './generations.ts';
import { heldBy } from './held.ts';
import { applyAnsweredTracks, applyOfferedMedia } from './remote-track.ts';
import { revertMedia } from './rollback.ts';
import { agreedInits, signalledInits } from './sctp-init.ts';
import { settleMedia } from './settle-media.ts';
import {
  arrive,
  type CreatedDescription,
  generationOf,
  type JsepState,
  type LocalDescription,
  type NegotiatedData,
  type NegotiatedTransport,
  NO_NAMES,
  pruneGenerations,
  type RemoteDescription,
  type RemoteTransport,
  type Step,
  withChange,
} from './state.ts';

/** An offer of ours is set: its generation begins to gather. */
export function applyLocalOffer(state: JsepState, created: CreatedDescription): Step {
  const effects: JsepEffect[] = [];
  const replaced = state.pendingLocal && dropPendingGeneration(state, created.usernameFragment, effects);
  const generations = begin(replaced ?? state, created, true, effects);
  const stable = state.stable ?? state.transceivers;
  const next = withChange(state, { generations, pendingLocal: localOf(created, 'offer'), signaling: 'have-local-offer', transceivers: placed(state, created), stable });
  return arrive(state, next, effects);
}

// The transceivers are associated with the sections that the offer made for them.
function placed({ transceivers }: JsepState, { media }: CreatedDescription): JsepState['transceivers'] {
  if (transceivers.length === 0) return transceivers;
  const places = new Map(media.map(({ transceiver, index, mid }) => [transceiver, { index, mid }]));
  return transceivers.map((transceiver) => ({ ...transceiver, place: places.get(transceiver.id) ?? transceiver.place }));
}

/** An answer of ours is set, provisional or not: both sides are known now. */
export function applyLocalAnswer(config: JsepConfig, state: JsepState, created: CreatedDescription, type: 'answer' | 'pranswer'): Step {
  const effects: JsepEffect[] = [];
  const local = localOf(created, type);
  const remote = state.pendingRemote as RemoteDescription;
  // The peer offered, so that it controls, unless it is a lite agent (RFC 8445 6.1.1).
  const generations = begin(state, created, remote.transport?.lite ?? false, effects);
  return settle(config, state, withChange(state, { generations }), local, remote, type, effects);
}

/** An offer of the peer is set. Nothing happens on the network until it is answered. */
export function applyRemoteOffer(config: JsepConfig, before: JsepState, state: JsepState, remote: RemoteDescription, effects: JsepEffect[]): Step {
  const offered = withChange(state, { stable: state.stable ?? state.transceivers, pendingRemote: remote, lastAnswer: undefined, signaling: 'have-remote-offer' });
  return arrive(before, applyOfferedMedia(config, offered, remote, effects), effects);
}

/** An answer of the peer is set. */
export function applyRemoteAnswer(config: JsepConfig, state: JsepState, remote: RemoteDescription, type: 'answer' | 'pranswer'): Step {
  return settle(config, state, state, state.pendingLocal as LocalDescription, remote, type, []);
}

/** Leaves the pending descriptions out (RFC 9429 4.1.10.2). */
export function rollback(state: JsepState): Step {
  const effects: JsepEffect[] = [];
  const kept = state.pendingLocal ? dropPendingGeneration(state, undefined, effects) : state;
  const reverted = revertMedia(kept, () => false, effects);
  const next = withChange(reverted, { stable: undefined, pendingLocal: undefined, pendingRemote: undefined, lastOffer: undefined, lastAnswer: undefined, signaling: 'stable' });
  return { state: pruneGenerations(next), effects };
}

function localOf(created: CreatedDescription, type: LocalDescription['type']): LocalDescription {
  const { description, transport, data, media, usernameFragment, dtlsRole } = created;
  return { type, description, transport, data, media, usernameFragment, dtlsRole };
}

// The generations with that of a description that is set for the first time. Says what ICE must do.
function begin(state: JsepState, created: CreatedDescription, controlling: boolean, effects: JsepEffect[]): JsepState['generations'] {
  const { generation } = created;
  if (generation === undefined || generationOf(state, generation.credentials.usernameFragment)) return state.generations;
  const { credentials } = generation;
  effects.push(state.negotiated ? { type: 'ice-restart', credentials } : { type: 'gather', credentials, controlling });
  return state.generations.concat(generation);
}

// Ends the generation that only the pending offer names, unless its successor names it as well.
function dropPendingGeneration(state: JsepState, successor: string | undefined, effects: JsepEffect[]): JsepState {
  const pending = state.pendingLocal?.usernameFragment;
  if (pending === undefined || pending === successor || pending === state.negotiated?.localUsernameFragment) return state;
  effects.push({ type: 'ice-rollback', credentials: generationOf(state, state.negotiated?.localUsernameFragment)?.credentials });
  return withChange(state, { generations: state.generations.filter(({ credentials }) => credentials.usernameFragment !== pending) });
}

// Offer and answer have met: what they agree upon holds from here on.
function settle(
  config: JsepConfig,
  before: JsepState,
  state: JsepState,
  described: LocalDescription,
  remote: RemoteDescription,
  type: 'answer' | 'pranswer',
  effects: JsepEffect[],
): Step {
  const isOfferer = described.type === 'offer';
  const negotiated = negotiate(state.negotiated, described, remote);
  // Our candidates belong to the tag that the answer leaves (RFC 9143 7.3.1): nobody looks for them in a rejected section.
  const isTagOther = negotiated !== undefined && negotiated.index !== described.transport?.index;
  const local = isTagOther ? { ...described, transport: { index: negotiated.index, mid: negotiated.mid } } : described;
  const data = negotiateData(state.data, local, remote);
  if (negotiated && remote.transport) pushTransportEffects(state.negotiated, negotiated, remote.transport, effects);
  if (negotiated && state.negotiated && negotiated.mid !== state.negotiated.mid) effects.push({ type: 'transport-moved' });
  if (data) pushDataEffects(config, state.data, data, effects);
  const isFinal = type === 'answer';
  const isDataRejected = isFinal && data === undefined && (local.data ?? state.data) !== undefined;
  if (isDataRejected) effects.push({ type: 'sctp-rejected' });
  if (isFinal && negotiated === undefined && (local.transport ?? state.negotiated) !== undefined) effects.push({ type: 'transport-closed' });
  const settled = settleMedia(state, local, remote, type, effects);
  const next = isOfferer ? applyAnsweredTracks(config, settled, local, remote, effects) : settled;
  if (!isFinal) {
    // A provisional "no" is not final; a provisional "yes" is, as far as transports go.
    const provisional = withChange(next, { negotiated: negotiated ?? state.negotiated, data: data ?? state.data, pendingLocal: local });
    if (isOfferer) return arrive(before, withChange(provisional, { pendingRemote: remote, signaling: 'have-remote-pranswer' }), effects);
    return arrive(before, withChange(provisional, { signaling: 'have-local-pranswer' }), effects);
  }
  const isReplaced = negotiated === undefined || !state.toReplace.has(negotiated.localUsernameFragment);
  const final = withChange(next, {
    currentLocal: local,
    currentRemote: remote,
    pendingLocal: undefined,
    pendingRemote: undefined,
    lastOffer: undefined,
    lastAnswer: undefined,
    stable: undefined,
    negotiated,
    data,
    ownInit: data === undefined ? undefined : next.ownInit,
    held: heldBy(state, local, remote),
    // The channels go with their association, and the wish for a section with them.
    dataWanted: state.dataWanted && !isDataRejected,
    toReplace: isReplaced ? NO_NAMES : state.toReplace,
    signaling: 'stable',
  });
  return arrive(before, pruneGenerations(final), effects);
}

function negotiate(before: NegotiatedTransport | undefined, local: LocalDescription, remote: RemoteDescription): NegotiatedTransport | undefined {
  const { transport } = remote;
  if (transport === undefined || local.transport === undefined || local.usernameFragment === undefined) return undefined;
  const isOfferer = local.type === 'offer';
  const isSameGeneration = before !== undefined && !restarts(before.remoteCredentials, transport.credentials);
  return {
    index: transport.index,
    mid: transport.mid,
    localUsernameFragment: local.usernameFragment,
    remoteCredentials: transport.credentials,
    remoteFingerprints: transport.fingerprints,
    // Roles are decided once (RFC 8842 5.5, RFC 8445 6.1.1).
    dtlsRole: before?.dtlsRole ?? (isOfferer ? (transport.setup === 'passive' ? 'client' : 'server') : (local.dtlsRole ?? 'client')),
    iceControlling: before?.iceControlling ?? (isOfferer || transport.lite),
    delivered: isSameGeneration ? before.delivered.concat(transport.candidates.filter((candidate) => !isAmong(before.delivered, candidate))) : transport.candidates,
    deliveredEnd: transport.endOfCandidates || (isSameGeneration && before.deliveredEnd),
  };
}

function negotiateData(before: NegotiatedData | undefined, local: LocalDescription, { data }: RemoteDescription): NegotiatedData | undefined {
  if (local.data === undefined || data === undefined) return undefined;
  const { sctpPort, maxMessageSizeBytes } = data.fields;
  const { localInit, remoteInit } = agreedInits(before, local, data);
  return { index: data.index, mid: data.mid, remoteSctpPort: sctpPort, remoteMaxMessageSizeBytes: maxMessageSizeBytes, localInit, remoteInit };
}

function pushTransportEffects(before: NegotiatedTransport | undefined, now: NegotiatedTransport, remote: RemoteTransport, effects: JsepEffect[]): void {
  const { dtlsRole, remoteFingerprints, iceControlling } = now;
  if (before === undefined) effects.push({ type: 'transport', dtlsRole, remoteFingerprints, iceControlling });
  if (before === undefined || restarts(before.remoteCredentials, now.remoteCredentials)) {
    const { credentials, lite, candidates, endOfCandidates } = remote;
    effects.push({ type: 'remote-ice', credentials, lite, candidates, endOfCandidates, restarted: before !== undefined });
  } else {
    for (const candidate of remote.candidates) {
      if (!isAmong(before.delivered, candidate)) effects.push({ type: 'remote-candidate', candidate: { usernameFragment: now.remoteCredentials.usernameFragment, ...candidate } });
    }
    if (now.deliveredEnd && !before.deliveredEnd) effects.push({ type: 'remote-end-of-candidates' });
  }
}

function pushDataEffects(config: JsepConfig, before: NegotiatedData | undefined, data: NegotiatedData, effects: JsepEffect[]): void {
  const { mid, remoteSctpPort, remoteMaxMessageSizeBytes } = data;
  // Another section is another association (RFC 8841 9).
  if (before && before.mid !== mid) effects.push({ type: 'sctp-rejected' });
  else if (before?.remoteMaxMessageSizeBytes === remoteMaxMessageSizeBytes) return;
  effects.push({ type: 'sctp', localPort: config.sctpPort ?? DEFAULT_SCTP_PORT, remotePort: remoteSctpPort, remoteMaxMessageSizeBytes, inits: signalledInits(data) });
}
