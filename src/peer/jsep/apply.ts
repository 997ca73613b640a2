import { formatCandidate } from '../../ice/index.ts';
import { DEFAULT_SCTP_PORT } from '../../sdp/index.ts';
import type { JsepConfig } from './config.ts';
import { restarts } from './create.ts';
import type { JsepEffect } from './events.ts';
import {
  arrive,
  type CreatedDescription,
  generationOf,
  type JsepState,
  type LocalDescription,
  type NegotiatedTransport,
  pruneGenerations,
  type RemoteData,
  type RemoteDescription,
  type Step,
} from './state.ts';

/** An offer of ours is set: its generation begins to gather. */
export function applyLocalOffer(state: JsepState, created: CreatedDescription): Step {
  const effects: JsepEffect[] = [];
  const replaced = state.pendingLocal && dropPendingGeneration(state, created.usernameFragment, effects);
  const next = begin({ ...(replaced ?? state), pendingLocal: localOf(created, 'offer'), signaling: 'have-local-offer' }, created, true, effects);
  return arrive(state, next, effects);
}

/** An answer of ours is set, provisional or not: both sides are known now. */
export function applyLocalAnswer(config: JsepConfig, state: JsepState, created: CreatedDescription, type: 'answer' | 'pranswer'): Step {
  const effects: JsepEffect[] = [];
  const local = localOf(created, type);
  const remote = state.pendingRemote as RemoteDescription;
  // The peer offered, so that it controls, unless it is a lite agent (RFC 8445 6.1.1).
  const begun = begin(state, created, remote.data?.lite ?? false, effects);
  return settle(config, state, begun, local, remote, type, effects);
}

/** An offer of the peer is set. Nothing happens on the network until it is answered. */
export function applyRemoteOffer(before: JsepState, state: JsepState, remote: RemoteDescription, effects: readonly JsepEffect[]): Step {
  return arrive(before, { ...state, pendingRemote: remote, lastAnswer: undefined, signaling: 'have-remote-offer' }, effects);
}

/** An answer of the peer is set. */
export function applyRemoteAnswer(config: JsepConfig, state: JsepState, remote: RemoteDescription, type: 'answer' | 'pranswer'): Step {
  return settle(config, state, state, state.pendingLocal as LocalDescription, remote, type, []);
}

/** Leaves the pending descriptions out (RFC 9429 4.1.10.2). */
export function rollback(state: JsepState): Step {
  const effects: JsepEffect[] = [];
  const kept = state.pendingLocal ? dropPendingGeneration(state, undefined, effects) : state;
  const next: JsepState = { ...kept, pendingLocal: undefined, pendingRemote: undefined, lastOffer: undefined, lastAnswer: undefined, signaling: 'stable' };
  return { state: pruneGenerations(next), effects };
}

function localOf(created: CreatedDescription, type: LocalDescription['type']): LocalDescription {
  const { description, data, usernameFragment, dtlsRole } = created;
  return { type, description, data, usernameFragment, dtlsRole };
}

// Adds the generation of a description that is set for the first time, and says what ICE must do.
function begin(state: JsepState, created: CreatedDescription, controlling: boolean, effects: JsepEffect[]): JsepState {
  const { generation } = created;
  if (generation === undefined || generationOf(state, generation.credentials.usernameFragment)) return state;
  const { credentials } = generation;
  effects.push(state.negotiated ? { type: 'ice-restart', credentials } : { type: 'gather', credentials, controlling });
  return { ...state, generations: [...state.generations, generation] };
}

// Ends the generation that only the pending offer names, unless its successor names it as well.
function dropPendingGeneration(state: JsepState, successor: string | undefined, effects: JsepEffect[]): JsepState {
  const pending = state.pendingLocal?.usernameFragment;
  if (pending === undefined || pending === successor || pending === state.negotiated?.localUsernameFragment) return state;
  effects.push({ type: 'ice-rollback', credentials: generationOf(state, state.negotiated?.localUsernameFragment)?.credentials });
  return { ...state, generations: state.generations.filter(({ credentials }) => credentials.usernameFragment !== pending) };
}

// Offer and answer have met: what they agree upon holds from here on.
function settle(
  config: JsepConfig,
  before: JsepState,
  state: JsepState,
  local: LocalDescription,
  remote: RemoteDescription,
  type: 'answer' | 'pranswer',
  effects: JsepEffect[],
): Step {
  const isOfferer = local.type === 'offer';
  const agreed = negotiate(state.negotiated, local, remote);
  if (agreed && remote.data) pushTransportEffects(config, state.negotiated, agreed, remote.data, effects);
  if (type === 'pranswer') {
    // A provisional "no" is not final; a provisional "yes" is, as far as transports go.
    const negotiated = agreed ?? state.negotiated;
    if (isOfferer) return arrive(before, { ...state, pendingRemote: remote, negotiated, signaling: 'have-remote-pranswer' }, effects);
    return arrive(before, { ...state, pendingLocal: local, negotiated, signaling: 'have-local-pranswer' }, effects);
  }
  const isRejected = agreed === undefined && (isOfferer ? local.data !== undefined : state.negotiated !== undefined);
  if (isRejected) effects.push({ type: 'sctp-rejected' }, { type: 'transport-closed' });
  const isReplaced = agreed === undefined || !state.toReplace.has(agreed.localUsernameFragment);
  const next: JsepState = {
    ...state,
    currentLocal: local,
    currentRemote: remote,
    pendingLocal: undefined,
    pendingRemote: undefined,
    lastOffer: undefined,
    lastAnswer: undefined,
    negotiated: agreed,
    // The channels go with their association, and the wish for a section with them.
    dataWanted: state.dataWanted && !isRejected,
    toReplace: isReplaced ? new Set() : state.toReplace,
    signaling: 'stable',
  };
  return arrive(before, pruneGenerations(next), effects);
}

function negotiate(before: NegotiatedTransport | undefined, local: LocalDescription, remote: RemoteDescription): NegotiatedTransport | undefined {
  const { data } = remote;
  if (data === undefined || local.data === undefined || local.usernameFragment === undefined) return undefined;
  const isOfferer = local.type === 'offer';
  const isSameGeneration = before !== undefined && !restarts(before.remoteCredentials, data.credentials);
  return {
    index: data.index,
    mid: local.data.mid,
    localUsernameFragment: local.usernameFragment,
    remoteCredentials: data.credentials,
    remoteFingerprints: data.fingerprints,
    remoteSctpPort: data.fields.sctpPort,
    remoteMaxMessageSizeBytes: data.fields.maxMessageSizeBytes,
    // Roles are decided once (RFC 8842 5.5, RFC 8445 6.1.1).
    dtlsRole: before?.dtlsRole ?? (isOfferer ? (data.setup === 'passive' ? 'client' : 'server') : (local.dtlsRole ?? 'client')),
    iceControlling: before?.iceControlling ?? (isOfferer || data.lite),
    delivered: new Set([...(isSameGeneration ? before.delivered : []), ...data.candidates.map(formatCandidate)]),
    deliveredEnd: data.endOfCandidates || (isSameGeneration && before.deliveredEnd),
  };
}

function pushTransportEffects(config: JsepConfig, before: NegotiatedTransport | undefined, now: NegotiatedTransport, remote: RemoteData, effects: JsepEffect[]): void {
  const { dtlsRole, remoteFingerprints, iceControlling, remoteMaxMessageSizeBytes } = now;
  if (before === undefined) effects.push({ type: 'transport', dtlsRole, remoteFingerprints, iceControlling });
  if (before === undefined || restarts(before.remoteCredentials, now.remoteCredentials)) {
    const { credentials, lite, candidates, endOfCandidates } = remote;
    effects.push({ type: 'remote-ice', credentials, lite, candidates, endOfCandidates, restarted: before !== undefined });
  } else {
    for (const candidate of remote.candidates) {
      if (!before.delivered.has(formatCandidate(candidate))) effects.push({ type: 'remote-candidate', candidate: { usernameFragment: now.remoteCredentials.usernameFragment, ...candidate } });
    }
    if (now.deliveredEnd && !before.deliveredEnd) effects.push({ type: 'remote-end-of-candidates' });
  }
  if (before?.remoteMaxMessageSizeBytes !== remoteMaxMessageSizeBytes) {
    effects.push({ type: 'sctp', localPort: config.sctpPort ?? DEFAULT_SCTP_PORT, remotePort: now.remoteSctpPort, remoteMaxMessageSizeBytes });
  }
}
