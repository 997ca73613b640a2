import { isRejected, type MediaSection, midOf } from '../../sdp/index.ts';
import { offeredCodecs, wantedCodecs } from './codecs.ts';
import type { JsepConfig } from './config.ts';
import { receives, sends } from './direction.ts';
import { offeredExtensions, wantedExtensions } from './extensions.ts';
import { vacantSection } from './held.ts';
import { offeredSendRids } from './simulcast.ts';
import type { JsepState, LocalDescription, LocalMedia, SectionPlace } from './state.ts';
import type { Transceiver } from './transceiver.ts';

/** Where everything of an offer goes. */
export interface Placement {
  /** By the id of the transceiver. */
  readonly media: ReadonlyMap<number, SectionPlace>;
  readonly data: SectionPlace | undefined;
  readonly nextMid: number;
}

/**
 * A section keeps its place and mid while it lives. A new one takes the place of a dead one of its kind, with a mid of its own
 * (RFC 9429 5.2.2), or the one that is held for nobody as it is, or comes last; data behind media.
 *
 * @param sections - of the last description of ours
 * @param activeData - the data section that lives
 */
export function placeSections(state: JsepState, sections: readonly MediaSection[], activeData: SectionPlace | undefined): Placement {
  const alive = state.transceivers.filter(({ stopping, stopped }) => !stopping && !stopped);
  const media = new Map<number, SectionPlace>();
  for (const { id, place } of alive) if (place) media.set(id, place);
  const used = new Set([...media.values(), ...(activeData ? [activeData] : [])].map(({ index }) => index));
  // A section that is stopped keeps its place until both sides have said so.
  sections.forEach((section, i) => void (!isDead(state, section, i) && used.add(i)));
  const taken = new Set(sections.map(midOf));
  // Before the tagged section none is used again: there are peers that take the first of those that live for the tag.
  const tag = state.negotiated?.index ?? -1;
  let length = sections.length;
  let nextMid = state.nextMid;
  const place = (kind: string, created: SectionPlace | undefined): SectionPlace => {
    const free = sections.findIndex((section, i) => section.kind === kind && i > tag && !used.has(i));
    const index = free < 0 ? length++ : free;
    used.add(index);
    // The same offer made twice is the same text.
    if (created?.index === index && !taken.has(created.mid)) {
      taken.add(created.mid);
      return created;
    }
    while (taken.has(String(nextMid))) nextMid++;
    const mid = String(nextMid++);
    taken.add(mid);
    return { index, mid };
  };
  let vacant = vacantSection(state);
  for (const { id, kind } of alive) {
    if (media.has(id)) continue;
    if (vacant?.kind === kind) {
      media.set(id, { index: vacant.index, mid: vacant.mid });
      vacant = undefined;
    } else media.set(id, place(kind, createdPlace(state.lastOffer, id)));
  }
  const data = activeData ?? (state.dataWanted ? place('application', state.lastOffer?.data) : undefined);
  return { media, data, nextMid };
}

function createdPlace(created: LocalDescription | undefined, id: number): SectionPlace | undefined {
  const found = created?.media.find(({ transceiver }) => transceiver === id);
  return found && { index: found.index, mid: found.mid };
}

// Rejected by either side in what holds now.
function isDead({ currentLocal, currentRemote, pendingLocal }: JsepState, section: MediaSection, index: number): boolean {
  const current = [currentLocal, currentRemote].map((description) => description?.description.media[index]);
  if (current.some((other) => other !== undefined && isRejected(other))) return true;
  return pendingLocal !== undefined && isRejected(section) && current.every((other) => other === undefined);
}

/** The sections of media of an offer, one for each transceiver that has a place. */
export function offerMedia(config: JsepConfig, state: JsepState, places: ReadonlyMap<number, SectionPlace>): readonly LocalMedia[] {
  const capabilities = config.media;
  if (capabilities === undefined || places.size === 0) return [];
  const payloadTypes = new Map(state.payloadTypes);
  const extensionIds = new Map(state.extensionIds);
  const remember = ({ codecs, extensions }: Pick<LocalMedia, 'codecs' | 'extensions'>): void => {
    for (const codec of codecs) payloadTypes.set(codec.payloadType, codec);
    for (const { id, uri } of extensions) extensionIds.set(id, uri);
  };
  const before = new Map([...(state.currentLocal?.media ?? []), ...(state.pendingLocal?.media ?? [])].map((section) => [section.transceiver, section]));
  for (const section of before.values()) remember(section);
  const offered: LocalMedia[] = [];
  for (const transceiver of state.transceivers) {
    const place = places.get(transceiver.id);
    if (place === undefined) continue;
    const { id, kind, direction, preferences, receiveRids } = transceiver;
    const last = before.get(id);
    const section: LocalMedia = {
      ...place,
      transceiver: id,
      kind,
      direction,
      codecs: offeredCodecs(wantedCodecs(capabilities, kind, preferences), last?.codecs ?? [], payloadTypes, preferences.length === 0),
      extensions: offeredExtensions(wantedExtensions(capabilities, kind, transceiver.headerExtensions), last?.extensions ?? [], extensionIds),
      extmapAllowMixed: true,
      reducedSizeRtcp: true,
      receiverRoundTrip: true,
      msids: msidsOf(transceiver, direction),
      sendRids: offeredSendRids(transceiver),
      receiveRids: receives(direction) ? receiveRids : [],
    };
    remember(section);
    offered.push(section);
  }
  return offered.sort((a, b) => a.index - b.index);
}

/** The values of `a=msid`: every stream with the track; `-` stands for no stream (RFC 8830 2). */
export function msidsOf({ streamIds, msidTrack }: Transceiver, direction: LocalMedia['direction']): readonly string[] {
  if (!sends(direction)) return [];
  return (streamIds.length > 0 ? streamIds : ['-']).map((streamId) => `${streamId} ${msidTrack}`);
}
