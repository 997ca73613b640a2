import { RtcError } from '../../core/index.ts';
import { formatCandidate, type IceCandidate } from '../../ice/index.ts';
import { iceCredentialsOf, iceOptionsOf, type MediaSection, midOf } from '../../sdp/index.ts';
import { MAX_REMOTE_CANDIDATES, MAX_TRICKLED } from './constants.ts';
import type { CandidateInit, JsepEffect, SignalledCandidate, TransportEffect } from './events.ts';
import { FIRST_TRANSPORT } from './in-force.ts';
import { readCandidate } from './remote-transport.ts';
import { generationOf, type JsepState, type LocalGeneration, type NegotiatedTransport, type RemoteDescription, type RemoteTransport, type Step, withChange } from './state.ts';

/** Remembers a gathered candidate of a transport; without a username fragment it is of the newest generation. `undefined`: that generation is gone. */
export function addLocalCandidate(state: JsepState, candidate: IceCandidate, id: number): { state: JsepState; signalled: SignalledCandidate } | undefined {
  const generation = candidate.usernameFragment === undefined ? state.generations.at(-1) : generationOf(state, candidate.usernameFragment);
  if (generation === undefined) return undefined;
  const { candidates, complete } = gatheredOf(generation, id);
  if (complete) return undefined;
  const { usernameFragment } = generation.credentials;
  const { pendingLocal, currentLocal } = state;
  const local = pendingLocal?.usernameFragment === usernameFragment ? pendingLocal : currentLocal?.usernameFragment === usernameFragment ? currentLocal : undefined;
  const place = id === FIRST_TRANSPORT ? local?.transport : local?.branches.find((branch) => branch.id === id);
  if (place === undefined) return undefined;
  const text = formatCandidate(candidate, usernameFragment);
  const next = replaceGeneration(state, withGathered(generation, id, candidates.concat(text), false));
  return { state: next, signalled: { candidate: text, sdpMid: place.mid, sdpMLineIndex: place.index, usernameFragment } };
}

/** Gathering of a transport is done for the generation, or for the newest one. */
export function endOfLocalCandidates(state: JsepState, usernameFragment: string | undefined, id: number): JsepState {
  const generation = usernameFragment === undefined ? state.generations.at(-1) : generationOf(state, usernameFragment);
  if (generation === undefined) return state;
  return replaceGeneration(state, withGathered(generation, id, gatheredOf(generation, id).candidates, true));
}

const NOTHING = { candidates: [], complete: false } as const;

function gatheredOf(generation: LocalGeneration, id: number): Pick<LocalGeneration, 'candidates' | 'complete'> {
  return id === FIRST_TRANSPORT ? generation : (generation.branches.find((branch) => branch.id === id) ?? NOTHING);
}

function withGathered(generation: LocalGeneration, id: number, candidates: readonly string[], complete: boolean): LocalGeneration {
  const { credentials, branches } = generation;
  if (id === FIRST_TRANSPORT) return { credentials, candidates, complete, branches };
  return { ...generation, branches: branches.filter((branch) => branch.id !== id).concat({ id, candidates, complete }) };
}

function replaceGeneration(state: JsepState, generation: LocalGeneration): JsepState {
  const { usernameFragment } = generation.credentials;
  return withChange(state, { generations: state.generations.map((old) => (old.credentials.usernameFragment === usernameFragment ? generation : old)) });
}

/** W3C `addIceCandidate`. `null` and an empty candidate say that no more follow. */
export function addIceCandidate(state: JsepState, init: CandidateInit | null): Step {
  const text = init?.candidate ?? '';
  if (typeof text !== 'string') throw new RtcError('ERR_INVALID_ARGUMENT', 'the candidate is not a string');
  const sdpMid = init?.sdpMid ?? undefined;
  const sdpMLineIndex = init?.sdpMLineIndex ?? undefined;
  if (text !== '' && sdpMid === undefined && sdpMLineIndex === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', 'a candidate needs sdpMid or sdpMLineIndex');
  const { pendingRemote, currentRemote } = state;
  if (pendingRemote === undefined && currentRemote === undefined) throw new RtcError('ERR_INVALID_STATE', 'there is no remote description yet');
  const pending = pendingRemote && sectionsOf(pendingRemote, sdpMid, sdpMLineIndex);
  const current = currentRemote && sectionsOf(currentRemote, sdpMid, sdpMLineIndex);
  if (pending === undefined && current === undefined) throw new RtcError('ERR_OPERATION', 'the remote description has no such section');
  const candidate = text === '' ? undefined : readCandidate(text);
  if (text !== '' && candidate === undefined) return { state, effects: [] };
  const usernameFragment = init?.usernameFragment ?? candidate?.usernameFragment;
  const inPending = ofGeneration(pendingRemote, pending, usernameFragment);
  const inCurrent = ofGeneration(currentRemote, current, usernameFragment);
  if (inPending.length === 0 && inCurrent.length === 0) throw new RtcError('ERR_OPERATION', 'the username fragment is that of no remote description');
  const line = candidate === undefined ? 'end-of-candidates' : candidateLine(text);
  const effects: JsepEffect[] = [];
  let next = state;
  if (pendingRemote && inPending.length > 0) next = add(next, pendingRemote, inPending, line, candidate, effects);
  // Without a username fragment the candidate belongs to the newest description.
  const isForBoth = usernameFragment !== undefined || inPending.length === 0;
  if (currentRemote && inCurrent.length > 0 && isForBoth) next = add(next, currentRemote, inCurrent, line, candidate, effects);
  return { state: next, effects };
}

/** The sections meant; `undefined` when there is none of that name or number. */
function sectionsOf({ description }: RemoteDescription, mid: string | undefined, index: number | undefined): number[] | undefined {
  const { media } = description;
  if (mid !== undefined) {
    const found = media.findIndex((section) => midOf(section) === mid);
    return found < 0 ? undefined : [found];
  }
  if (index !== undefined) return media[index] === undefined ? undefined : [index];
  return media.map((_, i) => i);
}

const NOWHERE: readonly number[] = Object.freeze([]);

function ofGeneration(remote: RemoteDescription | undefined, indexes: readonly number[] | undefined, usernameFragment: string | undefined): readonly number[] {
  if (remote === undefined || indexes === undefined) return NOWHERE;
  if (usernameFragment === undefined) return indexes;
  return indexes.filter((index) => usernameFragmentOf(remote, index) === usernameFragment);
}

// A bundled section without credentials of its own has those of its transport.
function usernameFragmentOf(remote: RemoteDescription, index: number): string | undefined {
  const { description, transport } = remote;
  if (transport?.index === index) return transport.credentials.usernameFragment;
  const credentials = iceCredentialsOf(description, description.media[index] as MediaSection) ?? transportsOf(remote).find(({ candidateSections }) => candidateSections.includes(index))?.credentials;
  return credentials?.usernameFragment;
}

function candidateLine(text: string): string {
  const line = text.startsWith('a=') ? text.slice(2) : text;
  return line.startsWith('candidate:') ? line : `candidate:${line}`;
}

function transportsOf({ transport, branches }: RemoteDescription): readonly RemoteTransport[] {
  const others = branches.map((branch) => branch.transport);
  return transport === undefined ? others : [transport, ...others];
}

function add(state: JsepState, remote: RemoteDescription, indexes: readonly number[], line: string, candidate: IceCandidate | undefined, effects: JsepEffect[]): JsepState {
  const added = addToDescription(remote, indexes, line, candidate);
  if (added === remote) return state;
  const { transport } = remote;
  const isDue = transport !== undefined && isFor(transport, indexes);
  const negotiated = isDue ? deliver(state.negotiated, transport.credentials.usernameFragment, candidate, effects) : state.negotiated;
  const branches = state.branches.length === 0 ? state.branches : deliverToBranches(state, remote, indexes, candidate, effects);
  return withChange(state, remote === state.pendingRemote ? { pendingRemote: added, negotiated, branches } : { currentRemote: added, negotiated, branches });
}

const isFor = ({ candidateSections }: RemoteTransport, indexes: readonly number[]): boolean => indexes.some((index) => candidateSections.includes(index));

function deliverToBranches({ branches }: JsepState, remote: RemoteDescription, indexes: readonly number[], candidate: IceCandidate | undefined, effects: JsepEffect[]): JsepState['branches'] {
  return branches.map((branch) => {
    const theirs = remote.branches.find(({ transport }) => branch.mids.includes(transport.mid) && isFor(transport, indexes));
    if (theirs === undefined) return branch;
    const own = { push: (effect: TransportEffect) => effects.push({ type: 'branch', id: branch.id, effect }) };
    return { ...branch, transport: deliver(branch.transport, theirs.transport.credentials.usernameFragment, candidate, own) };
  });
}

function addToDescription(remote: RemoteDescription, indexes: readonly number[], line: string, candidate: IceCandidate | undefined): RemoteDescription {
  const fresh = indexes.filter((index) => !remote.trickled.some((known) => known.index === index && known.text === line));
  if (fresh.length === 0 || remote.trickled.length + fresh.length > MAX_TRICKLED) return remote;
  const trickled = remote.trickled.concat(fresh.map((index) => ({ index, text: line })));
  const { transport, branches } = remote;
  const concerned = transportsOf(remote).filter((one) => isFor(one, fresh));
  if (concerned.length === 0) return { ...remote, trickled };
  if (candidate !== undefined && concerned.some(({ candidates }) => candidates.length >= MAX_REMOTE_CANDIDATES)) return remote;
  const grown = (one: RemoteTransport): RemoteTransport => (concerned.includes(one) ? withCandidate(one, candidate) : one);
  return { ...remote, trickled, transport: transport && grown(transport), branches: branches.length === 0 ? branches : branches.map((branch) => ({ ...branch, transport: grown(branch.transport) })) };
}

function withCandidate(transport: RemoteTransport, candidate: IceCandidate | undefined): RemoteTransport {
  return candidate === undefined ? { ...transport, endOfCandidates: true } : { ...transport, candidates: transport.candidates.concat(candidate) };
}

// The candidate goes to the agent now when its generation is in use, and with the answer otherwise.
function deliver<Negotiated extends NegotiatedTransport | undefined>(negotiated: Negotiated, usernameFragment: string, candidate: IceCandidate | undefined, effects: { push(effect: TransportEffect): unknown }): Negotiated {
  if (negotiated === undefined || negotiated.remoteCredentials.usernameFragment !== usernameFragment) return negotiated;
  if (candidate === undefined) {
    if (!negotiated.deliveredEnd) effects.push({ type: 'remote-end-of-candidates' });
    return { ...negotiated, deliveredEnd: true };
  }
  if (isAmong(negotiated.delivered, candidate)) return negotiated;
  effects.push({ type: 'remote-candidate', candidate: candidate.usernameFragment === usernameFragment ? candidate : { ...candidate, usernameFragment } });
  return { ...negotiated, delivered: negotiated.delivered.concat(candidate) };
}

/** Whether one of the candidates says the same. */
export function isAmong(candidates: readonly IceCandidate[], candidate: IceCandidate): boolean {
  return candidates.some((other) => other.port === candidate.port && other.address === candidate.address && formatCandidate(other) === formatCandidate(candidate));
}

/** Whether the peer knows trickle ICE (RFC 8840 4.1.3): what the section of its transport says, or else its first one. */
export function canTrickle({ description, bundle, branches }: RemoteDescription): boolean {
  const section = description.media[bundle[0] ?? branches[0]?.bundle[0] ?? 0];
  return section !== undefined && iceOptionsOf(description, section).has('trickle');
}
