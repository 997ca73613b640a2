import { RtcError } from '../../core/index.ts';
import {
  bundleGroupsOf,
  dataSectionOf,
  isMediaSection,
  isRejected,
  type MediaSection,
  midOf,
  parseSdp,
  ridsOf,
  type SessionDescription,
  type SetupRole,
} from '../../sdp/index.ts';
import { isUseful, pairCodecs, wantedCodecs } from './codecs.ts';
import type { JsepConfig } from './config.ts';
import { negotiatedOf } from './in-force.ts';
import { type Part, type Parts, partsOf } from './parts.ts';
import { readMedia } from './remote-media.ts';
import { at, refuse } from './refusal.ts';
import { checkRestarts, readTransport } from './remote-transport.ts';
import { type JsepState, type LocalDescription, NO_BRANCHES, type RemoteBranch, type RemoteData, type RemoteDescription, type RemoteMedia } from './state.ts';

// Checks on what the peer wants (RFC 9429 5.6 to 5.8 and 5.10). Content that breaks a rule is ERR_INVALID_ACCESS, as the
// W3C algorithm has it; content that is right but cannot be done here is ERR_OPERATION.

const NO_SECTIONS: ReadonlySet<number> = new Set();
const NO_LINES: RemoteDescription['trickled'] = Object.freeze([]);

type BundleGroups = ReturnType<typeof bundleGroupsOf>;

/** A section that can be used. */
type Usable = RemoteMedia | RemoteData;

const isMedia = (section: Usable): section is RemoteMedia => 'codecs' in section;
const isData = (section: Usable): section is RemoteData => 'fields' in section;

const isGrouped = (groups: BundleGroups, mid: string | undefined): boolean => mid !== undefined && groups.some((group) => group.includes(mid));

/** Reads and checks an offer against the state it would be applied to. */
export function readOffer(config: JsepConfig, state: JsepState, text: string): RemoteDescription {
  const description = parseSdp(text, config.sdpLimits);
  const before = state.currentRemote?.description.media ?? [];
  if (description.media.length < before.length) refuse(`the offer has fewer sections than the ${before.length} of before`);
  for (const section of description.media) if (!isRejected(section) && midOf(section) === undefined) refuse(`${at(section)} has no a=mid`);
  checkKept(state, description);
  const groups = bundleGroupsOf(description);
  const muxed = config.media === undefined ? NO_SECTIONS : muxedSections(description, groups);
  const usable: Usable[] = [];
  description.media.forEach((section, i) => {
    // RFC 9143 6: bundle-only means something inside a group only.
    if (isRejected(section) || (section.port === 0 && !isGrouped(groups, midOf(section)))) return;
    const data = readData(section, i);
    if (data !== undefined) usable.push(data);
    const media = isMediaSection(section) && muxed.has(i) ? readMedia(description, i) : undefined;
    if (media !== undefined && hasCommonCodec(config, media)) usable.push(media);
  });
  return complete(state, 'offer', description, partsOf(config, state, description, usable, undefined));
}

/** Reads and checks an answer to the pending local offer. */
export function readAnswer(config: JsepConfig, state: JsepState, type: 'answer' | 'pranswer', text: string): RemoteDescription {
  const description = parseSdp(text, config.sdpLimits);
  const local = state.pendingLocal;
  if (local === undefined) throw new RtcError('ERR_INVALID_STATE', 'there is no offer to answer');
  const offer = local.description.media;
  if (description.media.length !== offer.length) refuse(`the answer has ${description.media.length} sections, the offer ${offer.length}`);
  description.media.forEach((section, i) => checkAnswered(offer[i] as MediaSection, section));
  const groups = bundleGroupsOf(description);
  checkAnsweredGroups(bundleGroupsOf(local.description), groups, description);
  const muxed = local.media.length === 0 ? NO_SECTIONS : muxedSections(description, groups);
  const usable: Usable[] = [];
  for (const { index, sendRids, codecs } of local.media) {
    const section = description.media[index] as MediaSection;
    if (section.port === 0) continue;
    if (!muxed.has(index)) refuse(`${at(section)} does not have a=rtcp-mux`);
    checkAnsweredRids(section, sendRids);
    const read = readMedia(description, index);
    if (isUseful(pairCodecs(codecs, read.codecs))) usable.push(read);
  }
  const section = local.data && description.media[local.data.index];
  const data = local.data && section && section.port !== 0 ? readData(section, local.data.index) : undefined;
  if (data !== undefined) usable.push(data);
  return complete(state, type, description, partsOf(config, state, description, usable, local.transport?.mid ?? ''));
}

function complete(state: JsepState, type: RemoteDescription['type'], description: SessionDescription, { first, branches: others }: Parts<Usable>): RemoteDescription {
  const chosen = others.length === 0 ? first.sections : first.sections.concat(others.flatMap(({ sections }) => sections));
  const data = chooseData(state, chosen);
  const bundle = bundleOf(first, data);
  const [tag] = bundle;
  const defaultSetup = type === 'offer' ? 'actpass' : 'active';
  const transport = tag === undefined ? undefined : readTransport(state, state.negotiated, description, tag, defaultSetup);
  const branches = others.length === 0 ? NO_BRANCHES : others.flatMap((part) => readBranch(state, description, part, data, defaultSetup));
  if (branches.length > 0) checkRestarts(state, transport, branches);
  if (type !== 'offer') [transport, ...branches.map((branch) => branch.transport)].forEach(checkAnsweredSetup);
  return {
    type,
    description,
    trickled: NO_LINES,
    bundle,
    transport,
    branches,
    data,
    media: chosen.filter(isMedia).sort((a, b) => a.index - b.index),
  };
}

// The sections that are used, in the order of their group.
function bundleOf({ sections }: Part<Usable>, data: RemoteData | undefined): readonly number[] {
  return sections.filter((section) => section === data || isMedia(section)).map(({ index }) => index);
}

function readBranch(state: JsepState, description: SessionDescription, part: Part<Usable>, data: RemoteData | undefined, defaultSetup: SetupRole): readonly RemoteBranch[] {
  const bundle = bundleOf(part, data);
  const [tag] = bundle;
  return tag === undefined ? [] : [{ id: part.id, bundle, transport: readTransport(state, negotiatedOf(state, part.id), description, tag, defaultSetup) }];
}

function checkAnsweredSetup(transport: RemoteDescription['transport']): void {
  if (transport?.setup === 'actpass' || transport?.setup === 'holdconn') refuse(`a=setup:${transport.setup} is no answer`);
}

// A section that is in use keeps its place, its mid and its kind (RFC 3264 8, RFC 9429 5.2.2).
function checkKept(state: JsepState, offer: SessionDescription): void {
  const inUse = new Set(state.agreements.map(({ transceiver }) => transceiver));
  for (const { id, kind, place } of state.stable ?? state.transceivers) {
    const section = place && inUse.has(id) ? (offer.media[place.index] as MediaSection) : undefined;
    if (section === undefined || isRejected(section)) continue;
    if (midOf(section) !== place?.mid) refuse(`${at(section)} has another a=mid than before`);
    if (section.kind !== kind || !isMediaSection(section)) refuse(`${at(section)} was one of ${kind}`);
  }
  const held = state.held && (offer.media[state.held.index] as MediaSection);
  if (held && !isRejected(held) && (midOf(held) !== state.held?.mid || held.kind !== state.held?.kind || !isMediaSection(held))) refuse(`${at(held)} is in use`);
  const data = state.data && (offer.media[state.data.index] as MediaSection);
  if (data === undefined || isRejected(data)) return;
  if (midOf(data) !== state.data?.mid) refuse(`${at(data)} has another a=mid than before`);
  if (dataSectionOf(data) === undefined) refuse(`${at(data)} was one of data channels`);
}

function readData(section: MediaSection, index: number): RemoteData | undefined {
  const fields = dataSectionOf(section);
  return fields === undefined || fields.sctpPort === 0 ? undefined : { index, mid: midOf(section) as string, fields };
}

function hasCommonCodec({ media }: JsepConfig, { kind, codecs }: RemoteMedia): boolean {
  return media !== undefined && isUseful(pairCodecs(wantedCodecs(media, kind, []), codecs));
}

/** The sections whose RTCP shares the port: what one of a group says holds for all of it (RFC 9143 9.3, RFC 8859 5). */
function muxedSections(description: SessionDescription, groups: BundleGroups): ReadonlySet<number> {
  if (!description.media.some(isMediaSection)) return NO_SECTIONS;
  const muxed = new Set<number>();
  const mids = new Set(description.media.filter((section) => section.has('rtcp-mux')).map(midOf));
  const bundled = new Set(groups.filter((group) => group.some((mid) => mids.has(mid))).flat());
  description.media.forEach((section, i) => void ((section.has('rtcp-mux') || bundled.has(midOf(section) as string)) && muxed.add(i)));
  return muxed;
}

// There is one association, so that a second data section is rejected.
function chooseData({ data: negotiated }: JsepState, chosen: readonly Usable[]): RemoteData | undefined {
  const sections = chosen.filter(isData);
  const data = sections.find(({ index }) => index === negotiated?.index) ?? sections[0];
  if (negotiated !== undefined && data?.mid === negotiated.mid && data.fields.sctpPort !== negotiated.remoteSctpPort) throw new RtcError('ERR_OPERATION', 'another SCTP port is not supported');
  return data;
}

function checkAnswered(offered: MediaSection, answered: MediaSection): void {
  const mid = midOf(answered);
  const isAccepted = answered.port !== 0;
  if (mid !== undefined ? mid !== midOf(offered) : isAccepted) refuse(`${at(answered)} has another a=mid than the offer`);
  if (answered.kind !== offered.kind) refuse(`${at(answered)} is of another kind than the offer's`);
  if (!isAccepted) return;
  if (isRejected(offered)) refuse(`${at(answered)} accepts what was not offered`);
  // What is older than RFC 8841 is never offered.
  const fits = offered.kind === 'application' ? dataSectionOf(answered)?.legacy === false : isMediaSection(answered);
  if (!fits) refuse(`${at(answered)} has another protocol than the offer's`);
}

// RFC 9143 7.3: an answer bundles only what was bundled in the offer, and nothing that it rejects.
function checkAnsweredGroups(offered: BundleGroups, answered: BundleGroups, answer: SessionDescription): void {
  const rejected = new Set(answer.media.filter((section) => section.port === 0).map(midOf));
  for (const mid of answered.flat()) {
    if (!isGrouped(offered, mid)) refuse(`the section ${mid} was not offered in a BUNDLE group`);
    if (rejected.has(mid)) refuse(`the BUNDLE group has the rejected section ${mid}`);
  }
}

// RFC 8851 6.3: an answer names no encoding that was not offered.
function checkAnsweredRids(section: MediaSection, sendRids: LocalDescription['media'][number]['sendRids']): void {
  for (const { id, direction } of ridsOf(section)) {
    if (direction === 'recv' && !sendRids.includes(id)) refuse(`${at(section)} has a rid that was not offered`);
  }
}
