import { RtcError } from '../../core/index.ts';
import {
  bundleGroupsOf,
  dataSectionOf,
  iceOptionsOf,
  isMediaSection,
  isRejected,
  type MediaSection,
  midOf,
  parseSdp,
  ridsOf,
  type SessionDescription,
} from '../../sdp/index.ts';
import { isUseful, pairCodecs, wantedCodecs } from './codecs.ts';
import type { JsepConfig } from './config.ts';
import { readMedia } from './remote-media.ts';
import { at, refuse } from './refusal.ts';
import { readTransport } from './remote-transport.ts';
import type { JsepState, LocalDescription, RemoteData, RemoteDescription, RemoteMedia } from './state.ts';

// Checks on what the peer wants (RFC 9429 5.6 to 5.8 and 5.10). Content that breaks a rule is ERR_INVALID_ACCESS, as the
// W3C algorithm has it; content that is right but cannot be done here is ERR_OPERATION.

const NO_SECTIONS: ReadonlySet<number> = new Set();

type BundleGroups = ReturnType<typeof bundleGroupsOf>;

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
  const media = new Map<number, RemoteMedia>();
  const usable = new Set<number>();
  description.media.forEach((section, i) => {
    // RFC 9143 6: bundle-only means something inside a group only.
    if (isRejected(section) || (section.port === 0 && !isGrouped(groups, midOf(section)))) return;
    if (isUsableData(section)) usable.add(i);
    const read = isMediaSection(section) && muxed.has(i) ? readMedia(description, i) : undefined;
    if (read === undefined || !hasCommonCodec(config, read)) return;
    media.set(i, read);
    usable.add(i);
  });
  return complete(state, 'offer', description, chooseBundle(state, description, groups, usable), media);
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
  const media = new Map<number, RemoteMedia>();
  const usable = new Set<number>();
  for (const { index, sendRids, codecs } of local.media) {
    const section = description.media[index] as MediaSection;
    if (section.port === 0) continue;
    if (!muxed.has(index)) refuse(`${at(section)} does not have a=rtcp-mux`);
    checkAnsweredRids(section, sendRids);
    const read = readMedia(description, index);
    if (!isUseful(pairCodecs(codecs, read.codecs))) continue;
    media.set(index, read);
    usable.add(index);
  }
  const data = local.data && (description.media[local.data.index] as MediaSection);
  if (local.data && data && data.port !== 0 && isUsableData(data)) usable.add(local.data.index);
  return complete(state, type, description, chooseBundle(state, description, groups, usable), media);
}

function complete(state: JsepState, type: RemoteDescription['type'], description: SessionDescription, chosen: readonly number[], media: ReadonlyMap<number, RemoteMedia>): RemoteDescription {
  const data = readData(state, description, chosen);
  const bundle = chosen.filter((index) => media.has(index) || index === data?.index).slice(); // of the right size, unlike an array that grew
  const [tag] = bundle;
  const transport = tag === undefined ? undefined : readTransport(state, description, tag, type === 'offer' ? 'actpass' : 'active');
  if (type !== 'offer' && (transport?.setup === 'actpass' || transport?.setup === 'holdconn')) refuse(`a=setup:${transport.setup} is no answer`);
  return {
    type,
    description,
    trickled: [],
    bundle,
    transport,
    data,
    media: bundle.flatMap((index) => media.get(index) ?? []).sort((a, b) => a.index - b.index),
    canTrickle: canTrickle(description, tag ?? -1),
  };
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

function isUsableData(section: MediaSection): boolean {
  const data = dataSectionOf(section);
  return data !== undefined && data.sctpPort !== 0;
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

/**
 * The usable sections that share one transport, in the order of their group: that of a section in use, or the first one.
 * There is one transport, so that without a group it is one section.
 */
function chooseBundle(state: JsepState, description: SessionDescription, bundles: BundleGroups, usable: ReadonlySet<number>): readonly number[] {
  const byMid = new Map([...usable].map((index) => [midOf(description.media[index] as MediaSection), index]));
  const groups = bundles.map((group) => group.flatMap((mid) => byMid.get(mid) ?? []));
  const inUse = [state.negotiated, state.data, ...state.agreements].flatMap((section) => byMid.get(section?.mid) ?? [])[0];
  if (inUse !== undefined) return groups.find((group) => group.includes(inUse)) ?? [inUse];
  return groups.find((group) => group.length > 0) ?? [...usable].slice(0, 1);
}

// There is one association, so that a second data section is rejected.
function readData({ data: negotiated }: JsepState, description: SessionDescription, chosen: readonly number[]): RemoteData | undefined {
  const sections = chosen.filter((index) => description.media[index]?.kind === 'application');
  const index = sections.find((place) => place === negotiated?.index) ?? sections[0];
  const section = index === undefined ? undefined : description.media[index];
  const fields = section && dataSectionOf(section);
  if (index === undefined || section === undefined || fields === undefined) return undefined;
  if (negotiated?.mid === midOf(section) && negotiated?.remoteSctpPort !== fields.sctpPort) throw new RtcError('ERR_OPERATION', 'another SCTP port is not supported');
  return { index, mid: midOf(section) as string, fields };
}

function checkAnswered(offered: MediaSection, answered: MediaSection): void {
  const mid = midOf(answered);
  const isAccepted = answered.port !== 0;
  if (mid !== undefined ? mid !== midOf(offered) : isAccepted) refuse(`${at(answered)} has another a=mid than the offer`);
  if (answered.kind !== offered.kind) refuse(`${at(answered)} is of another kind than the offer's`);
  if (!isAccepted) return;
  if (isRejected(offered)) refuse(`${at(answered)} accepts what was not offered`);
  const data = dataSectionOf(answered);
  const fits = offered.kind === 'application' ? data !== undefined && data.legacy === dataSectionOf(offered)?.legacy : isMediaSection(answered);
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

function canTrickle(description: SessionDescription, index: number): boolean {
  const section = description.media[index] ?? description.media[0];
  return section !== undefined && iceOptionsOf(description, section).has('trickle');
}
