import { DEFAULT_SCTP_PORT, type MediaSection, midOf } from '../../sdp/index.ts';
import { isAmong } from './candidates.ts';
import type { JsepConfig } from './config.ts';
import type { JsepEffect, TransportEffect } from './events.ts';
import { restarts } from './generations.ts';
import { heldBy } from './held.ts';
import { anyTransport, negotiatedOf, nextBranch, transportIn, usernameFragmentInForce } from './in-force.ts';
import { applyAnsweredTracks, applyOfferedMedia } from './remote-track.ts';
import { revertMedia } from './rollback.ts';
import { agreedInits, signalledInits } from './sctp-init.ts';
import { settleMedia } from './settle-media.ts';
import {
  arrive,
  type CreatedDescription,
  generationOf,
  type JsepState,
  type LocalBranch,
  type LocalDescription,
  type NegotiatedBranch,
  type NegotiatedData,
  type NegotiatedTransport,
  NO_BRANCHES,
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
  const replaced = state.pendingLocal && dropPending(state, state.pendingLocal, created, effects);
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
  const isLite = (remote.transport ?? remote.branches[0]?.transport)?.lite ?? false;
  const generations = begin(state, created, isLite, effects);
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
  const kept = state.pendingLocal ? dropPending(state, state.pendingLocal, undefined, effects) : state;
  const reverted = revertMedia(kept, () => false, effects);
  const next = withChange(reverted, { stable: undefined, pendingLocal: undefined, pendingRemote: undefined, lastOffer: undefined, lastAnswer: undefined, signaling: 'stable' });
  return { state: pruneGenerations(next), effects };
}

function localOf(created: CreatedDescription, type: LocalDescription['type']): LocalDescription {
  const { description, transport, branches, data, media, usernameFragment, dtlsRole } = created;
  return { type, description, transport, branches, data, media, usernameFragment, dtlsRole };
}

// The generations with that of a description that is set for the first time. Says what ICE must do.
function begin(state: JsepState, created: CreatedDescription, controlling: boolean, effects: JsepEffect[]): JsepState['generations'] {
  const { generation } = created;
  if (generation === undefined) return state.generations;
  const { credentials } = generation;
  const isNew = generationOf(state, credentials.usernameFragment) === undefined;
  const role = anyTransport(state)?.iceControlling ?? controlling;
  // What a pending offer has begun goes on, unless it ended with its generation.
  const pending = generationOf(state, state.pendingLocal?.usernameFragment) && state.pendingLocal;
  const beginOne = (isBegun: boolean): TransportEffect | undefined => {
    if (!isBegun) return { type: 'gather', credentials, controlling: role };
    return isNew ? { type: 'ice-restart', credentials } : undefined;
  };
  const first = created.transport && beginOne(state.negotiated !== undefined || pending?.transport !== undefined);
  if (first !== undefined) effects.push(first);
  for (const { id } of created.branches) {
    const effect = beginOne(negotiatedOf(state, id) !== undefined || pending?.branches.some((branch) => branch.id === id) === true);
    if (effect !== undefined) effects.push({ type: 'branch', id, effect });
  }
  return isNew ? state.generations.concat(generation) : state.generations;
}

// Ends what only the pending offer has: its generation and transports, unless its successor has them as well.
function dropPending(state: JsepState, pending: LocalDescription, successor: LocalDescription | undefined, effects: JsepEffect[]): JsepState {
  const { usernameFragment } = pending;
  const inForce = usernameFragmentInForce(state);
  const isOver = usernameFragment !== undefined && usernameFragment !== successor?.usernameFragment && usernameFragment !== inForce;
  const credentials = isOver ? generationOf(state, inForce)?.credentials : undefined;
  const isFirstPending = pending.transport !== undefined && state.negotiated === undefined;
  if (isFirstPending ? isOver || successor?.transport === undefined : isOver && state.negotiated !== undefined) {
    effects.push({ type: 'ice-rollback', credentials: isFirstPending ? undefined : credentials });
  }
  for (const { id } of pending.branches) {
    const isPending = negotiatedOf(state, id) === undefined;
    if (isPending && (isOver || successor?.branches.some((branch) => branch.id === id) !== true)) effects.push({ type: 'branch', id, effect: { type: 'transport-closed' } });
    else if (!isPending && isOver) effects.push({ type: 'branch', id, effect: { type: 'ice-rollback', credentials } });
  }
  return isOver ? withChange(state, { generations: state.generations.filter((generation) => generation.credentials.usernameFragment !== usernameFragment) }) : state;
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
  const negotiated = described.transport && remote.transport && negotiate(state, state.negotiated, described, described.dtlsRole, remote.transport);
  const met = meetBranches(state, described, remote);
  const branches = met.length === 0 ? NO_BRANCHES : met.map(({ local }) => local);
  // Our candidates belong to the tag that the answer leaves (RFC 9143 7.3.1): nobody looks for them in a rejected section.
  const isTagOther = negotiated !== undefined && negotiated.index !== described.transport?.index;
  const tagged = isTagOther ? { ...described, transport: { index: negotiated.index, mid: negotiated.mid } } : described;
  const local = branches.length === 0 && described.branches.length === 0 ? tagged : { ...tagged, branches };
  const data = negotiateData(state.data, local, remote);
  if (negotiated && remote.transport) pushTransportEffects(state.negotiated, negotiated, remote.transport, effects);
  if (negotiated && state.negotiated && negotiated.mid !== state.negotiated.mid) effects.push({ type: 'transport-moved' });
  const isFinal = type === 'answer';
  pushBranchEffects(state, described, met, isFinal, effects);
  if (data) pushDataEffects(config, state.data, data, effects);
  const isDataRejected = isFinal && data === undefined && (local.data ?? state.data) !== undefined;
  if (isDataRejected) effects.push({ type: 'sctp-rejected' });
  if (isFinal && negotiated === undefined && (local.transport ?? state.negotiated) !== undefined) effects.push({ type: 'transport-closed' });
  const settled = settleMedia(state, local, remote, type, effects);
  const next = isOfferer ? applyAnsweredTracks(config, settled, local, remote, effects) : settled;
  if (!isFinal) {
    // A provisional "no" is not final; a provisional "yes" is, as far as transports go.
    const kept = state.branches.filter(({ id }) => !branches.some((branch) => branch.id === id));
    const provisional = withChange(next, {
      negotiated: negotiated ?? state.negotiated,
      branches: [...kept, ...met.map(({ branch }) => branch)],
      nextBranch: nextBranch(state, branches),
      data: data ?? state.data,
      pendingLocal: { ...local, branches: [...described.branches.filter(({ id }) => !branches.some((branch) => branch.id === id)), ...branches] },
    });
    if (isOfferer) return arrive(before, withChange(provisional, { pendingRemote: remote, signaling: 'have-remote-pranswer' }), effects);
    return arrive(before, withChange(provisional, { signaling: 'have-local-pranswer' }), effects);
  }
  const used = negotiated ?? met[0]?.branch.transport;
  const isReplaced = used === undefined || !state.toReplace.has(used.localUsernameFragment);
  const final = withChange(next, {
    currentLocal: local,
    currentRemote: remote,
    pendingLocal: undefined,
    pendingRemote: undefined,
    lastOffer: undefined,
    lastAnswer: undefined,
    stable: undefined,
    negotiated,
    branches: met.length === 0 ? NO_BRANCHES : met.map(({ branch }) => branch),
    nextBranch: nextBranch(state, branches),
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

function negotiate(state: JsepState, before: NegotiatedTransport | undefined, local: LocalDescription, dtlsRole: LocalDescription['dtlsRole'], transport: RemoteTransport): NegotiatedTransport {
  const isOfferer = local.type === 'offer';
  const isSameGeneration = before !== undefined && !restarts(before.remoteCredentials, transport.credentials);
  return {
    index: transport.index,
    mid: transport.mid,
    localUsernameFragment: local.usernameFragment as string,
    remoteCredentials: transport.credentials,
    remoteFingerprints: transport.fingerprints,
    // Roles are decided once (RFC 8842 5.5, RFC 8445 6.1.1).
    dtlsRole: before?.dtlsRole ?? (isOfferer ? (transport.setup === 'passive' ? 'client' : 'server') : (dtlsRole ?? 'client')),
    iceControlling: (before ?? anyTransport(state))?.iceControlling ?? (isOfferer || transport.lite),
    delivered: isSameGeneration ? before.delivered.concat(transport.candidates.filter((candidate) => !isAmong(before.delivered, candidate))) : transport.candidates,
    deliveredEnd: transport.endOfCandidates || (isSameGeneration && before.deliveredEnd),
  };
}

/** A branch that both sides have. */
interface MetBranch {
  readonly branch: NegotiatedBranch;
  readonly local: LocalBranch;
  readonly remote: RemoteTransport;
}

const NONE_MET: readonly MetBranch[] = [];

// A peer that does not bundle makes branches by its answer, where our offer had none.
function meetBranches(state: JsepState, described: LocalDescription, { branches, description }: RemoteDescription): readonly MetBranch[] {
  if (branches.length === 0) return NONE_MET;
  let next = state.nextBranch;
  const isOfferer = described.type === 'offer';
  // Of a group of ours that the answer takes apart, the section with the tag has what was offered.
  const isTagKept = ({ index }: LocalBranch): boolean => branches.some(({ bundle }) => bundle.includes(index));
  const isSame = (ours: LocalBranch, { mid }: RemoteTransport): boolean => (isTagKept(ours) ? ours.mid === mid : ours.mids.includes(mid));
  return branches.flatMap(({ id: known, bundle, transport: remote }) => {
    const mids = bundle.map((index) => midOf(description.media[index] as MediaSection) as string);
    const ours = described.branches.find((branch) => (known === undefined ? isSame(branch, remote) : branch.id === known));
    if (ours === undefined && !isOfferer) return [];
    const id = ours?.id ?? known ?? next++;
    const transport = negotiate(state, negotiatedOf(state, id), described, ours?.dtlsRole, remote);
    const own = isOfferer ? mids : (ours as LocalBranch).mids;
    return { branch: { id, mids: own, transport }, local: { index: remote.index, mid: remote.mid, id, mids: own, dtlsRole: ours?.dtlsRole }, remote };
  });
}

function pushBranchEffects(state: JsepState, described: LocalDescription, met: readonly MetBranch[], isFinal: boolean, effects: JsepEffect[]): void {
  if (met.length === 0 && state.branches.length === 0 && described.branches.length === 0) return;
  for (const { branch, remote } of met) {
    const { id, transport } = branch;
    const before = negotiatedOf(state, id);
    const own: TransportEffect[] = [];
    const isGathering = before !== undefined || described.branches.some((ours) => ours.id === id);
    const credentials = generationOf(state, transport.localUsernameFragment)?.credentials;
    if (!isGathering && credentials) own.push({ type: 'gather', credentials, controlling: transport.iceControlling });
    pushTransportEffects(before, transport, remote, own);
    if (before !== undefined && before.mid !== transport.mid) own.push({ type: 'transport-moved' });
    for (const effect of own) effects.push({ type: 'branch', id, effect });
  }
  if (!isFinal) return;
  const ids = new Set([...state.branches, ...described.branches].map(({ id }) => id));
  for (const { branch } of met) ids.delete(branch.id);
  for (const id of ids) effects.push({ type: 'branch', id, effect: { type: 'transport-closed' } });
}

function negotiateData(before: NegotiatedData | undefined, local: LocalDescription, { data }: RemoteDescription): NegotiatedData | undefined {
  if (local.data === undefined || data === undefined) return undefined;
  const { sctpPort, maxMessageSizeBytes } = data.fields;
  const { localInit, remoteInit } = agreedInits(before, local, data);
  return { index: data.index, mid: data.mid, remoteSctpPort: sctpPort, remoteMaxMessageSizeBytes: maxMessageSizeBytes, transport: transportIn(local, data.mid), localInit, remoteInit };
}

function pushTransportEffects(before: NegotiatedTransport | undefined, now: NegotiatedTransport, remote: RemoteTransport, effects: { push(effect: TransportEffect): unknown }): void {
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
  const { mid, remoteSctpPort, remoteMaxMessageSizeBytes, transport } = data;
  // Another section is another association (RFC 8841 9).
  if (before && before.mid !== mid) effects.push({ type: 'sctp-rejected' });
  else if (before?.remoteMaxMessageSizeBytes === remoteMaxMessageSizeBytes) return;
  effects.push({ type: 'sctp', localPort: config.sctpPort ?? DEFAULT_SCTP_PORT, remotePort: remoteSctpPort, remoteMaxMessageSizeBytes, transport, inits: signalledInits(data) });
}
