import { type MediaSection, midOf } from '../../sdp/index.ts';
import type { JsepConfig } from './config.ts';
import { MAX_BRANCHES } from './constants.ts';
import { restarts } from './generations.ts';
import { FIRST_TRANSPORT, negotiatedOf, transportOf } from './in-force.ts';
import { retag } from './remote-transport.ts';
import { type JsepState, type LocalBranch, type NegotiatedTransport, NO_BRANCHES, type RemoteBranch, type RemoteDescription, type RemoteTransport, type SectionPlace } from './state.ts';

// The branches of our own descriptions: transports of sections outside of the group of the first one.

/** The branches in force that an offer goes on with. */
export function keptBranches({ branches }: JsepState, places: readonly SectionPlace[]): readonly LocalBranch[] {
  if (branches.length === 0) return NO_BRANCHES;
  return branches.flatMap(({ id, mids, transport }) => {
    const alive = places.filter(({ mid }) => mids.includes(mid));
    const tag = alive.find(({ mid }) => mid === transport.mid) ?? alive[0];
    return tag === undefined ? [] : { index: tag.index, mid: tag.mid, id, mids: alive.map(({ mid }) => mid), dtlsRole: undefined };
  });
}

/** The groups of an offer besides the first: of branches that are groups. The tag of each comes first (RFC 9143 7.2). */
export function branchGroups(branches: readonly LocalBranch[]): readonly (readonly string[])[] {
  return branches.filter(({ mids }) => mids.length > 1).map(({ mid, mids }) => [mid, ...mids.filter((other) => other !== mid)]);
}

/** A branch of an offer that our answer accepts. */
export interface AnsweredBranch {
  readonly local: LocalBranch;
  readonly remote: RemoteBranch;
  /** Those that are accepted, by index. */
  readonly sections: readonly number[];
}

export function answeredBranches(state: JsepState, remote: RemoteDescription, isAccepted: (index: number) => boolean): readonly AnsweredBranch[] {
  let next = state.nextBranch;
  return remote.branches.flatMap((branch) => {
    const sections = branch.bundle.filter(isAccepted);
    const [tag] = sections;
    if (tag === undefined) return [];
    const negotiated = negotiatedOf(state, branch.id);
    const transport = tagged(state, negotiated, remote, branch.transport, tag);
    const id = branch.id ?? state.lastAnswer?.branches.find(({ index }) => index === tag)?.id ?? next++;
    const mids = sections.map((index) => midOf(remote.description.media[index] as MediaSection) as string);
    return { local: { index: tag, mid: transport.mid, id, mids, dtlsRole: dtlsRoleOf(negotiated, transport) }, remote: { ...branch, transport }, sections };
  });
}

/** The transport of an offer, read anew where its tagged section is another one after all. */
export function tagged(state: JsepState, negotiated: NegotiatedTransport | undefined, remote: RemoteDescription, transport: RemoteTransport | undefined, index: number): RemoteTransport {
  return transport?.index === index ? transport : retag(state, negotiated, remote, index);
}

/** Our role in an answer. */
export function dtlsRoleOf(negotiated: NegotiatedTransport | undefined, { setup }: RemoteTransport): 'client' | 'server' {
  return negotiated?.dtlsRole ?? (setup === 'active' ? 'server' : 'client');
}

/** Whether an offer starts ICE anew on the transports in force. */
export function hasRestarted(state: JsepState, transport: RemoteTransport | undefined, met: readonly AnsweredBranch[]): boolean {
  const isNew = (negotiated: NegotiatedTransport | undefined, { credentials }: RemoteTransport): boolean => negotiated !== undefined && restarts(negotiated.remoteCredentials, credentials);
  return (transport !== undefined && isNew(state.negotiated, transport)) || met.some(({ remote }) => isNew(negotiatedOf(state, remote.id), remote.transport));
}

/**
 * Whether the first transport ends with the sections that it has, since all of them are new that could follow. A peer that does not bundle
 * makes a transport for what is new.
 */
export function losesFirst(state: JsepState, sections: readonly SectionPlace[]): boolean {
  return state.branches.length > 0 && state.negotiated !== undefined && !sections.some(({ mid }) => transportOf(state, mid) === FIRST_TRANSPORT);
}

/** A new branch for new sections of an offer, the first of them its tag. */
export function freshBranch(state: JsepState, sections: readonly SectionPlace[]): LocalBranch {
  const [{ index, mid }] = sections as readonly [SectionPlace];
  return { index, mid, id: idOf(state, mid) ?? state.nextBranch, mids: sections.map((section) => section.mid), dtlsRole: undefined };
}

// The same offer made twice has the same branches.
function idOf({ pendingLocal, lastOffer }: JsepState, tag: string): number | undefined {
  return [...(pendingLocal?.branches ?? []), ...(lastOffer?.branches ?? [])].find(({ mid }) => mid === tag)?.id;
}

/** The branches that an offer begins, so that a peer that does not bundle finds candidates everywhere (`max-compat`, RFC 9429 4.1.1). */
export function compatBranches({ bundlePolicy }: JsepConfig, state: JsepState, bundle: readonly SectionPlace[]): readonly LocalBranch[] {
  if (bundlePolicy !== 'max-compat') return [];
  let { nextBranch } = state;
  return bundle.slice(1, 1 + MAX_BRANCHES).flatMap(({ index, mid }) => {
    if (transportOf(state, mid) !== undefined) return [];
    const id = idOf(state, mid) ?? nextBranch++;
    return { index, mid, id, mids: [mid], dtlsRole: undefined };
  });
}

