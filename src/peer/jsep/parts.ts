import { RtcError } from '../../core/index.ts';
import { bundleGroupsOf, fingerprintsOf, iceCredentialsOf, type MediaSection, type SessionDescription } from '../../sdp/index.ts';
import type { JsepConfig } from './config.ts';
import { MAX_BRANCHES } from './constants.ts';
import { FIRST_TRANSPORT, negotiatedOf, transportOf } from './in-force.ts';
import { type JsepState, NO_BRANCHES, type SectionPlace } from './state.ts';

/** Sections of a description of the peer that share a transport, in the order of their group. */
export interface Part<Section extends SectionPlace> {
  /** The transport that they have; `undefined`: they are new. */
  readonly id: number | undefined;
  readonly sections: readonly Section[];
}

export interface Parts<Section extends SectionPlace> {
  /** What the first transport has; without sections where nothing can use it. */
  readonly first: Part<Section>;
  readonly branches: readonly Part<Section>[];
}

/**
 * Parts a description of the peer: the first transport, and branches. A group of an offer that has sections of several transports is
 * not joined: each stays where it is, which an answer may say (RFC 9143 7.3.2).
 *
 * @param usable - sections that can be accepted
 * @param tag - of an answer: the section of ours that the first transport was offered in
 * @throws RtcError `ERR_OPERATION` when a section would have to change its transport
 */
export function partsOf<Section extends SectionPlace>(config: JsepConfig, state: JsepState, description: SessionDescription, usable: readonly Section[], tag: string | undefined): Parts<Section> {
  const groups = groupsOf(description, usable);
  const isPlain = groups.length <= 1 && state.branches.length === 0; // the usual case
  if (isPlain || config.bundlePolicy === 'max-bundle') return { first: { id: FIRST_TRANSPORT, sections: onlyGroup(state, groups) }, branches: NO_BRANCHES };
  const all = groups.flatMap((sections) => split(state, description, sections, tag === undefined));
  const parts = all.filter((part) => part.id === undefined || part === heirOf(state, all, part.id));
  const first = firstOf(state, parts, description, tag) ?? { id: FIRST_TRANSPORT, sections: [] };
  const others = parts.filter((part) => part !== first && (part.id !== undefined || tag !== undefined || part.sections.some(({ index }) => hasTransport(description, index))));
  const [inForce, fresh] = [others.filter(({ id }) => id !== undefined), others.filter(({ id }) => id === undefined)];
  return { first, branches: inForce.concat(fresh).slice(0, MAX_BRANCHES) };
}

// Sections that leave their group are not used: a section that was bundled has no other transport.
function heirOf<Section extends SectionPlace>(state: JsepState, parts: readonly Part<Section>[], id: number): Part<Section> | undefined {
  const own = parts.filter((part) => part.id === id);
  const has = (mid: string | undefined) => ({ sections }: Part<Section>): boolean => sections.some((section) => section.mid === mid);
  return own.find(has(negotiatedOf(state, id)?.mid)) ?? own.find(has(state.data?.mid)) ?? own[0];
}

/** Groups of usable sections, in their order; a section outside of them is one of its own. */
function groupsOf<Section extends SectionPlace>(description: SessionDescription, usable: readonly Section[]): readonly (readonly Section[])[] {
  if (usable.length < 2) return usable.length === 0 ? [] : [usable];
  const byMid = new Map(usable.map((section) => [section.mid, section]));
  const groups = bundleGroupsOf(description).map((group) => group.flatMap((mid) => byMid.get(mid) ?? []));
  const lone = usable.filter((section) => !groups.some((group) => group.includes(section)));
  return groups.concat(lone.map((section) => [section])).filter(({ length }) => length > 0);
}

// With one transport it is that of a section in use, or the first one.
function onlyGroup<Section extends SectionPlace>(state: JsepState, groups: readonly (readonly Section[])[]): readonly Section[] {
  if (groups.length < 2) return groups[0] ?? [];
  const mids = [state.negotiated, state.data, ...state.agreements].map((section) => section?.mid);
  const inUse = mids.find((mid) => groups.some((group) => group.some((section) => section.mid === mid)));
  return groups.find((group) => group.some(({ mid }) => mid === inUse)) ?? groups[0] ?? [];
}

// That in force, or that of our offer, or a group rather than a lone section.
function firstOf<Section extends SectionPlace>(state: JsepState, parts: readonly Part<Section>[], description: SessionDescription, tag: string | undefined): Part<Section> | undefined {
  const fresh = state.branches.length > 0 && state.negotiated !== undefined ? [] : parts.filter(({ id }) => id === undefined); // see losesFirst
  const grouped = bundleGroupsOf(description).flat();
  return (
    parts.find(({ id }) => id === FIRST_TRANSPORT) ??
    fresh.find(({ sections }) => sections.some(({ mid }) => mid === tag)) ??
    fresh.find(({ sections }) => sections.some(({ mid }) => grouped.includes(mid))) ??
    fresh[0]
  );
}

function split<Section extends SectionPlace>(state: JsepState, description: SessionDescription, sections: readonly Section[], isOffer: boolean): readonly Part<Section>[] {
  const inForce = new Set(sections.flatMap(({ mid }) => transportOf(state, mid) ?? []));
  const home = inForce.has(FIRST_TRANSPORT) ? FIRST_TRANSPORT : [...inForce][0];
  const of = (id: number | undefined): readonly Section[] => sections.filter(({ mid }) => (transportOf(state, mid) ?? home) === id);
  if (inForce.size <= 1) return [{ id: home, sections }];
  const outside = [...inForce].filter((id) => id !== home).map((id) => ({ id, sections: of(id) }));
  const canStay = outside.every((part) => part.sections.every(({ index }) => (description.media[index] as MediaSection).port !== 0 && hasTransport(description, index)));
  if (!isOffer || !canStay) throw new RtcError('ERR_OPERATION', 'a section that has a transport of its own cannot join a BUNDLE group');
  return [{ id: home, sections: of(home) }, ...outside];
}

// What cannot be secured or reached by itself is no branch.
function hasTransport(description: SessionDescription, index: number): boolean {
  const section = description.media[index] as MediaSection;
  return iceCredentialsOf(description, section) !== undefined && fingerprintsOf(description, section).length > 0;
}
