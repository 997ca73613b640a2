import { RtcError } from '../../core/index.ts';
import { bundleGroupsOf, type MediaSection, midOf } from '../../sdp/index.ts';
import { answerMedia } from './answer-media.ts';
import { type AnsweredBranch, answeredBranches, branchGroups, compatBranches, dtlsRoleOf, freshBranch, hasRestarted, keptBranches, losesFirst, tagged } from './branches.ts';
import { assemble, dataSection, rejectedSection, transportLines } from './build.ts';
import type { JsepConfig } from './config.ts';
import { foldSections } from './fold.ts';
import { answerGeneration, offerGeneration } from './generations.ts';
import { withHeldTag } from './held.ts';
import { isOnBranch, nextBranch } from './in-force.ts';
import { mediaSection } from './media-section.ts';
import { offerMedia, placeSections } from './offer-media.ts';
import { answeredInit, localData, offeredInit } from './sctp-init.ts';
import { type CreatedDescription, type JsepState, type LocalBranch, type LocalMedia, NO_BRANCHES, type RemoteDescription, type SectionPlace, withChange } from './state.ts';

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
  const { media, data: place, nextMid } = placeSections(state, sections, state.pendingLocal?.data ?? state.data);
  const init = place && offeredInit(config, state, place.mid);
  const data = place && localData(place, init);
  const offered = withHeldTag(state, offerMedia(config, state, media), data);
  const places = data ? [...offered, data] : offered;
  const together = offeredBundle(state, places);
  const isApart = together.length > 0 && losesFirst(state, together);
  const bundle = isApart ? [] : together;
  const transport = bundle[0] && { index: bundle[0].index, mid: bundle[0].mid };
  const branches = offeredBranches(state, places, isApart ? [freshBranch(state, together)] : compatBranches(config, state, bundle));
  const generation = places.length > 0 ? offerGeneration(config, state, iceRestart) : undefined;
  const written: MediaSection[] = sections.map(rejectedSection);
  if (generation) {
    const isKnown = (mid: string): boolean => mid === state.data?.mid || state.currentLocal?.media.some((section) => section.mid === mid) === true;
    const isBundleOnly = ({ mid }: SectionPlace): boolean => config.bundlePolicy === 'max-bundle' && mid !== transport?.mid && !isKnown(mid);
    const frame = { protocol: 'UDP/TLS/RTP/SAVPF', muxOnly: true };
    for (const section of offered) written[section.index] = writtenMedia(config, state, section, { ...frame, transport: transportLines(config, section.mid, generation.credentials, 'actpass'), bundleOnly: isBundleOnly(section) });
    if (data) written[data.index] = dataSection(config, transportLines(config, data.mid, generation.credentials, 'actpass'), { bundleOnly: isBundleOnly(data), sctpInit: data.sctpInit });
  }
  const { description, origin } = assemble(state, written, foldSections(written, { transport, branches }, generation), [bundle.map(({ mid }) => mid), ...branchGroups(branches)]);
  const usernameFragment = generation?.credentials.usernameFragment;
  const created: CreatedDescription = { type: 'offer', description, transport, branches, data, media: offered, generation, usernameFragment, iceRestart, dtlsRole: undefined };
  return { created, state: withChange(state, { origin, nextMid, nextBranch: nextBranch(state, branches), lastOffer: created, ownInit: init ?? state.ownInit }) };
}

/** @throws RtcError `ERR_INVALID_STATE` */
export function checkOfferable({ signaling }: JsepState): void {
  if (signaling !== 'stable' && signaling !== 'have-local-offer') throw new RtcError('ERR_INVALID_STATE', `createOffer is not possible in ${signaling}`);
}

/** RFC 9429 5.3. */
export function createAnswer(config: JsepConfig, state: JsepState): Creation {
  const pending = state.pendingRemote;
  if ((state.signaling !== 'have-remote-offer' && state.signaling !== 'have-local-pranswer') || pending === undefined) {
    throw new RtcError('ERR_INVALID_STATE', `createAnswer is not possible in ${state.signaling}`);
  }
  const offer = pending.description;
  const accepted = answerMedia(config, state, pending);
  const isAccepted = (index: number): boolean => index === pending.data?.index || accepted.some((section) => section.index === index);
  const bundle = pending.bundle.filter(isAccepted);
  const transport = bundle[0] === undefined ? undefined : tagged(state, state.negotiated, pending, pending.transport, bundle[0]);
  const met = pending.branches.length === 0 ? NO_BRANCHES : answeredBranches(state, pending, isAccepted);
  const branches = met.length === 0 ? NO_BRANCHES : met.map(({ local }) => local);
  const remote = asTagged(pending, transport, met);
  const init = pending.data && answeredInit(config, state, pending.data);
  const data = pending.data && localData(pending.data, init);
  const written = new Array<MediaSection | undefined>(offer.media.length);
  const generation = transport || met.length > 0 ? answerGeneration(config, state, hasRestarted(state, transport, met)) : undefined;
  const dtlsRole = transport && dtlsRoleOf(state.negotiated, transport);
  if (generation) {
    const lines = (mid: string): string[] => transportLines(config, mid, generation.credentials, (branches.find(({ mids }) => mids.includes(mid)) ?? { dtlsRole }).dtlsRole === 'server' ? 'passive' : 'active');
    for (const section of accepted) {
      const { protocol } = offer.media[section.index] as MediaSection;
      written[section.index] = writtenMedia(config, state, section, { protocol, muxOnly: false, transport: lines(section.mid), bundleOnly: false });
    }
    const legacyProtocol = pending.data?.fields.legacy ? (offer.media[pending.data.index] as MediaSection).protocol : undefined;
    if (data) written[data.index] = dataSection(config, lines(data.mid), { legacyProtocol, sctpInit: data.sctpInit });
  }
  const media = offer.media.map((section, i) => written[i] ?? rejectedSection(section));
  const { description, origin } = assemble(state, media, foldSections(media, { transport, branches }, generation), answeredGroups(pending, met.length === 0 ? [bundle] : [bundle, ...met.map(({ sections }) => sections)]));
  const place = transport && { index: transport.index, mid: transport.mid };
  const usernameFragment = generation?.credentials.usernameFragment;
  const created: CreatedDescription = { type: 'answer', description, transport: place, branches, data, media: accepted, generation, usernameFragment, iceRestart: false, dtlsRole };
  return { created, state: withChange(state, { origin, nextBranch: nextBranch(state, branches), pendingRemote: remote, lastAnswer: created, ownInit: init ?? state.ownInit }) };
}

interface Frame {
  readonly protocol: string;
  readonly transport: readonly string[];
  readonly muxOnly: boolean;
  readonly bundleOnly: boolean;
}

function writtenMedia({ cname = '-' }: JsepConfig, state: JsepState, section: LocalMedia, { transport, ...frame }: Frame): MediaSection {
  const encodings = state.transceivers.find(({ id }) => id === section.transceiver)?.encodings ?? [];
  return mediaSection(section, { ...frame, transportLines: transport, cname, encodings });
}

// All that is offered is one group, but for what has a transport of its own; the tag stays as long as its section does (RFC 9143 7.4).
function offeredBundle(state: JsepState, places: readonly SectionPlace[]): readonly SectionPlace[] {
  const tag = (state.pendingLocal?.transport ?? state.negotiated)?.mid;
  const bundled = state.branches.length === 0 ? places : places.filter((place) => !isOnBranch(state, place)); // RFC 9429 5.2.2
  const rank = ({ index, mid }: SectionPlace): number => (mid === tag ? -1 : index);
  return bundled.slice().sort((a, b) => rank(a) - rank(b));
}

function asTagged(remote: RemoteDescription, transport: RemoteDescription['transport'], met: readonly AnsweredBranch[]): RemoteDescription {
  if (met.length === 0) return transport === undefined || transport === remote.transport ? remote : { ...remote, transport };
  const branches = remote.branches.map((branch) => met.find((one) => one.remote.bundle === branch.bundle)?.remote ?? branch);
  return { ...remote, transport: transport ?? remote.transport, branches };
}

function offeredBranches(state: JsepState, places: readonly SectionPlace[], fresh: readonly LocalBranch[]): readonly LocalBranch[] {
  const kept = keptBranches(state, places);
  return kept.length + fresh.length === 0 ? NO_BRANCHES : [...kept, ...fresh];
}

// RFC 9143 7.3: a group in the answer is one of the offer without what is rejected, or has left it.
function answeredGroups({ description }: RemoteDescription, bundles: readonly (readonly number[])[]): readonly (readonly string[])[] {
  const offered = new Set(bundleGroupsOf(description));
  return bundles.map((bundle) => {
    const mids = bundle.map((index) => midOf(description.media[index] as MediaSection) as string);
    const group = [...offered].find((one) => mids[0] !== undefined && one.includes(mids[0]));
    return group !== undefined && offered.delete(group) ? mids : [];
  });
}
