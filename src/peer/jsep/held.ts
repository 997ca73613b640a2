import type { MediaKind } from '../../rtp/index.ts';
import { receives, sends } from './direction.ts';
import { isOnBranch } from './in-force.ts';
import type { JsepState, LocalDescription, LocalMedia, RemoteDescription, RemoteMedia, SectionPlace } from './state.ts';

// The tagged section of a BUNDLE group stands for its transport. Peers give up their path with it, whatever else lives in the group
// (RFC 9143 7.4 lets the tag move; the transport behind it is their own affair). So ours stays when its transceiver has ended:
// inactive, alive and nobody's, until nothing else is left in the group.

/** A section that stays for the sake of the transport. */
export interface HeldSection extends SectionPlace {
  readonly kind: MediaKind;
  /** The peer was sending when the transceiver ended. What it goes on offering to send there is what was ended, and is not taken up. */
  readonly isSilenced: boolean;
}

/** What is offered, together with the tagged section in force when no transceiver has it any more. */
export function withHeldTag(state: JsepState, offered: readonly LocalMedia[], data: SectionPlace | undefined): readonly LocalMedia[] {
  const isAlone = (data === undefined || isOnBranch(state, data)) && offered.every((section) => isOnBranch(state, section));
  if (isAlone) return offered;
  const tag = state.currentLocal?.media.find(({ mid }) => mid === state.negotiated?.mid);
  if (tag === undefined || offered.some(({ mid }) => mid === tag.mid)) return offered;
  const held: LocalMedia = { ...tag, transceiver: undefined, direction: 'inactive', msids: [], sendRids: [], receiveRids: [] };
  return [...offered, held].sort((a, b) => a.index - b.index);
}

/** The held section, when a new transceiver of ours may have it: it belongs to nobody, and nothing that was ended would come back with it. */
export function vacantSection({ held, transceivers }: JsepState): HeldSection | undefined {
  return held === undefined || held.isSilenced || transceivers.some(({ place }) => place?.mid === held.mid) ? undefined : held;
}

/** Whether a section of an offer is one that we hold, and has nothing new to send. */
export function staysHeld({ held }: JsepState, { mid, direction }: RemoteMedia): boolean {
  return held?.mid === mid && (held.isSilenced || !sends(direction));
}

/** The section that is held once offer and answer have met. */
export function heldBy(state: JsepState, local: LocalDescription, remote: RemoteDescription): HeldSection | undefined {
  const section = local.media.find(({ transceiver }) => transceiver === undefined);
  const theirs = remote.media.find(({ mid }) => mid === section?.mid);
  if (section === undefined || theirs === undefined) return undefined;
  const { index, mid, kind } = section;
  const owner = state.transceivers.find(({ place }) => place?.mid === mid);
  const wasSilenced = state.held?.mid === mid ? state.held.isSilenced : receives(owner?.firedDirection);
  // An answer to us cannot say what the peer would send; an offer does.
  return { index, mid, kind, isSilenced: local.type === 'offer' ? wasSilenced : sends(theirs.direction) };
}
