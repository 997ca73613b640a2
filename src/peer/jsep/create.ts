import { RtcError } from '../../core/index.ts';
import { bundleGroupsOf, type MediaSection, midOf, serializeSdp } from '../../sdp/index.ts';
import { assemble, dataSection, rejectedSection } from './build.ts';
import type { JsepConfig } from './config.ts';
import { foldLocal, foldSections } from './fold.ts';
import { type CreatedDescription, generationOf, type JsepState, type LocalGeneration, type RemoteData, type SectionPlace } from './state.ts';

/** A created description and the state that remembers it. */
export interface Creation {
  readonly created: CreatedDescription;
  readonly state: JsepState;
}

/** RFC 9429 5.2. */
export function createOffer(config: JsepConfig, state: JsepState, iceRestart: boolean): Creation {
  checkOfferable(state);
  // A pending offer has every section of the current description and perhaps more.
  const previous = state.pendingLocal ?? state.currentLocal;
  const sections = previous?.description.media ?? [];
  const active = state.pendingLocal?.data ?? state.negotiated;
  const wanted = active !== undefined || state.dataWanted;
  const [data, nextMid] = wanted ? place(state, sections, active) : [undefined, state.nextMid];
  const generation = data && offerGeneration(config, state, iceRestart);
  const media = sections.map(rejectedSection);
  if (data && generation) media[data.index] = dataSection(config, data.mid, generation.credentials, 'actpass');
  const { description, origin } = assemble(state, media, foldSections(media, data?.index, generation), data ? [data.mid] : []);
  const created = complete({ type: 'offer', description, data, generation, iceRestart, dtlsRole: undefined });
  return { created, state: { ...state, origin, nextMid, lastOffer: created } };
}

/** @throws RtcError `ERR_INVALID_STATE` */
export function checkOfferable({ signaling }: JsepState): void {
  if (signaling !== 'stable' && signaling !== 'have-local-offer') throw new RtcError('ERR_INVALID_STATE', `createOffer is not possible in ${signaling}`);
}

/** RFC 9429 5.3. */
export function createAnswer(config: JsepConfig, state: JsepState): Creation {
  if ((state.signaling !== 'have-remote-offer' && state.signaling !== 'have-local-pranswer') || state.pendingRemote === undefined) {
    throw new RtcError('ERR_INVALID_STATE', `createAnswer is not possible in ${state.signaling}`);
  }
  const { description: offer, data } = state.pendingRemote;
  const media = offer.media.map(rejectedSection);
  const generation = data && answerGeneration(config, state, data);
  const dtlsRole = data && (state.negotiated?.dtlsRole ?? (data.setup === 'active' ? 'server' : 'client'));
  let bundled: string[] = [];
  if (data && generation) {
    const protocol = data.fields.legacy ? (offer.media[data.index] as MediaSection).protocol : undefined;
    media[data.index] = dataSection(config, data.mid, generation.credentials, dtlsRole === 'server' ? 'passive' : 'active', protocol);
    // RFC 9143 7.3: a group in the answer is one of the offer without what is rejected.
    if (bundleGroupsOf(offer).some((group) => group.includes(data.mid))) bundled = [data.mid];
  }
  const { description, origin } = assemble(state, media, foldSections(media, data?.index, generation), bundled);
  const place = data && { index: data.index, mid: data.mid };
  const created = complete({ type: 'answer', description, data: place, generation, iceRestart: false, dtlsRole });
  return { created, state: { ...state, origin, lastAnswer: created } };
}

function complete(parts: Omit<CreatedDescription, 'text' | 'usernameFragment'>): CreatedDescription {
  const local = { ...parts, usernameFragment: parts.generation?.credentials.usernameFragment };
  return { ...local, text: serializeSdp(foldLocal(local, parts.generation)) };
}

// The section keeps its place and mid while it lives. A new one takes the place of a rejected one, with a mid of its own
// (RFC 9429 5.2.2), or comes last.
function place(state: JsepState, sections: readonly MediaSection[], active: SectionPlace | undefined): [SectionPlace, number] {
  if (active) return [{ index: active.index, mid: active.mid }, state.nextMid];
  const created = state.lastOffer?.data;
  const taken = new Set(sections.map(midOf));
  const index = sections.length === 0 ? 0 : recyclable(sections);
  if (created && created.index === index && !taken.has(created.mid)) return [created, state.nextMid];
  let next = state.nextMid;
  while (taken.has(String(next))) next++;
  return [{ index, mid: String(next) }, next + 1];
}

// Without an active data section every place is free: each section there is was rejected by one side.
function recyclable(sections: readonly MediaSection[]): number {
  const free = sections.findIndex((section) => section.kind === 'application');
  return free < 0 ? sections.length : free;
}

function offerGeneration(config: JsepConfig, state: JsepState, iceRestart: boolean): LocalGeneration {
  const used = generationOf(state, state.pendingLocal?.usernameFragment ?? state.negotiated?.localUsernameFragment);
  if (used && !iceRestart && !state.toReplace.has(used.credentials.usernameFragment)) return used;
  // Fresh credentials that no description used yet do for the next offer too.
  const unused = state.lastOffer?.generation;
  if (unused && generationOf(state, unused.credentials.usernameFragment) === undefined) return unused;
  return freshGeneration(config);
}

function answerGeneration(config: JsepConfig, state: JsepState, remote: RemoteData): LocalGeneration {
  const { negotiated } = state;
  const used = generationOf(state, negotiated?.localUsernameFragment);
  if (used && negotiated && !restarts(negotiated.remoteCredentials, remote.credentials)) return used;
  return state.lastAnswer?.generation ?? freshGeneration(config);
}

function freshGeneration(config: JsepConfig): LocalGeneration {
  return { credentials: config.credentials(), candidates: [], complete: false };
}

/** Whether credentials are those of another ICE generation (RFC 8839 4.4.1.1.1). */
export function restarts(before: { usernameFragment: string; password: string }, now: { usernameFragment: string; password: string }): boolean {
  return before.usernameFragment !== now.usernameFragment || before.password !== now.password;
}
