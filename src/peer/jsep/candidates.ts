import { RtcError } from '../../core/index.ts';
import { formatCandidate, type IceCandidate } from '../../ice/index.ts';
import { iceCredentialsOf, type MediaSection, midOf } from '../../sdp/index.ts';
import { MAX_REMOTE_CANDIDATES, MAX_TRICKLED } from './constants.ts';
import type { CandidateInit, JsepEffect, SignalledCandidate } from './events.ts';
import { readCandidate } from './remote-transport.ts';
import { generationOf, type JsepState, type LocalGeneration, type RemoteDescription, type Step, withChange } from './state.ts';

/** Remembers a gathered candidate; without a username fragment it is of the newest generation. `undefined`: that generation is gone. */
export function addLocalCandidate(state: JsepState, candidate: IceCandidate): { state: JsepState; signalled: SignalledCandidate } | undefined {
  const generation = candidate.usernameFragment === undefined ? state.generations.at(-1) : generationOf(state, candidate.usernameFragment);
  if (generation === undefined || generation.complete) return undefined;
  const { credentials } = generation;
  const { usernameFragment } = credentials;
  const local = [state.pendingLocal, state.currentLocal].find((description) => description?.usernameFragment === usernameFragment);
  if (local?.transport === undefined) return undefined;
  const text = formatCandidate(candidate, usernameFragment);
  const next = replaceGeneration(state, { credentials, candidates: generation.candidates.concat(text), complete: false });
  return { state: next, signalled: { candidate: text, sdpMid: local.transport.mid, sdpMLineIndex: local.transport.index, usernameFragment } };
}

/** Gathering is done for the generation, or for the newest one. */
export function endOfLocalCandidates(state: JsepState, usernameFragment: string | undefined): JsepState {
  const generation = usernameFragment === undefined ? state.generations.at(-1) : generationOf(state, usernameFragment);
  if (generation === undefined) return state;
  const { credentials, candidates } = generation;
  return replaceGeneration(state, { credentials, candidates, complete: true });
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
  const applied = [state.pendingRemote, state.currentRemote].filter((description) => description !== undefined);
  if (applied.length === 0) throw new RtcError('ERR_INVALID_STATE', 'there is no remote description yet');
  const usernameFragment = init?.usernameFragment ?? undefined;
  const placed = applied.map((description) => ({ description, indexes: sectionsOf(description, sdpMid, sdpMLineIndex) }));
  if (placed.every(({ indexes }) => indexes === undefined)) throw new RtcError('ERR_OPERATION', 'the remote description has no such section');
  const parsed = text === '' ? undefined : readCandidate(text);
  if (text !== '' && parsed === undefined) return { state, effects: [] };
  const wanted = usernameFragment ?? parsed?.usernameFragment;
  const matching = placed.filter(({ description, indexes }) => indexes?.some((index) => isOfGeneration(description, index, wanted)));
  if (matching.length === 0) throw new RtcError('ERR_OPERATION', 'the username fragment is that of no remote description');
  // Without a username fragment the candidate belongs to the newest description.
  const targets = wanted === undefined ? matching.slice(0, 1) : matching;
  const line = parsed === undefined ? 'end-of-candidates' : candidateLine(text);
  const effects: JsepEffect[] = [];
  let next = state;
  for (const { description, indexes } of targets) {
    const own = (indexes as number[]).filter((index) => isOfGeneration(description, index, wanted));
    const added = addToDescription(description, own, line, parsed);
    next = withChange(next, next.pendingRemote === description ? { pendingRemote: added } : { currentRemote: added });
    if (added !== description && description.transport && own.some((index) => description.transport?.candidateSections.includes(index))) {
      next = deliver(next, description.transport.credentials.usernameFragment, parsed, line, effects);
    }
  }
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

function isOfGeneration({ description, transport }: RemoteDescription, index: number, usernameFragment: string | undefined): boolean {
  if (usernameFragment === undefined) return true;
  // A bundled section without credentials of its own has those of its transport.
  const credentials = iceCredentialsOf(description, description.media[index] as MediaSection) ?? (transport?.candidateSections.includes(index) ? transport.credentials : undefined);
  return credentials?.usernameFragment === usernameFragment;
}

function candidateLine(text: string): string {
  const line = text.startsWith('a=') ? text.slice(2) : text;
  return line.startsWith('candidate:') ? line : `candidate:${line}`;
}

function addToDescription(remote: RemoteDescription, indexes: readonly number[], line: string, candidate: IceCandidate | undefined): RemoteDescription {
  const fresh = indexes.filter((index) => !remote.trickled.some((known) => known.index === index && known.text === line));
  const trickled = remote.trickled.concat(fresh.map((index) => ({ index, text: line })));
  if (fresh.length === 0 || trickled.length > MAX_TRICKLED) return remote;
  const { transport } = remote;
  if (transport === undefined || !fresh.some((index) => transport.candidateSections.includes(index))) return { ...remote, trickled };
  if (candidate === undefined) return { ...remote, trickled, transport: { ...transport, endOfCandidates: true } };
  if (transport.candidates.length >= MAX_REMOTE_CANDIDATES) return remote;
  return { ...remote, trickled, transport: { ...transport, candidates: transport.candidates.concat(candidate) } };
}

// The candidate goes to the agent now when its generation is in use, and with the answer otherwise.
function deliver(state: JsepState, usernameFragment: string, candidate: IceCandidate | undefined, line: string, effects: JsepEffect[]): JsepState {
  const { negotiated } = state;
  if (negotiated === undefined || negotiated.remoteCredentials.usernameFragment !== usernameFragment) return state;
  if (candidate === undefined) {
    if (!negotiated.deliveredEnd) effects.push({ type: 'remote-end-of-candidates' });
    return withChange(state, { negotiated: { ...negotiated, deliveredEnd: true } });
  }
  const formatted = formatCandidate(candidate);
  const key = formatted === line ? line : formatted; // one string then serves both lists
  if (negotiated.delivered.includes(key)) return state;
  effects.push({ type: 'remote-candidate', candidate: candidate.usernameFragment === usernameFragment ? candidate : { ...candidate, usernameFragment } });
  return withChange(state, { negotiated: { ...negotiated, delivered: negotiated.delivered.concat(key) } });
}
