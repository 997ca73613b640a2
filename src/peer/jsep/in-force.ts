import type { JsepState, LocalBranch, LocalDescription, NegotiatedTransport, SectionPlace } from './state.ts';

// Which transports there are, and which of them a section has. Most connections have the first alone: sections outside of its BUNDLE
// group have transports of their own (RFC 9143 7), the branches. A section stays on its transport for as long as it lives.

/** The transport of whatever is not on a branch. */
export const FIRST_TRANSPORT = 0;

/** The transport that a section in force has; `undefined` for one that is not. */
export function transportOf(state: JsepState, mid: string | undefined): number | undefined {
  if (mid === undefined) return undefined;
  const branch = state.branches.find(({ mids }) => mids.includes(mid));
  if (branch !== undefined) return branch.id;
  const isInForce = state.negotiated?.mid === mid || state.data?.mid === mid || state.held?.mid === mid || state.agreements.some((agreement) => agreement.mid === mid);
  return isInForce ? FIRST_TRANSPORT : undefined;
}

/** Whether a section has a transport of its own. */
export function isOnBranch({ branches }: Pick<JsepState, 'branches'>, { mid }: SectionPlace): boolean {
  return branches.some(({ mids }) => mids.includes(mid));
}

/** The transport that a section of a description of ours has. */
export function transportIn({ branches }: LocalDescription, mid: string): number {
  return branches.find(({ mids }) => mids.includes(mid))?.id ?? FIRST_TRANSPORT;
}

/** The credentials in force: all transports have the same, since their sockets tell them apart (RFC 8839 5.4). */
export function usernameFragmentInForce({ negotiated, branches }: JsepState): string | undefined {
  return (negotiated ?? branches[0]?.transport)?.localUsernameFragment;
}

/** Any transport in force: roles of ICE are those of the whole connection (RFC 8445 6.1.1). */
export function anyTransport({ negotiated, branches }: JsepState): NegotiatedTransport | undefined {
  return negotiated ?? branches[0]?.transport;
}

/** What was negotiated for a transport. */
export function negotiatedOf(state: JsepState, id: number | undefined): NegotiatedTransport | undefined {
  return id === FIRST_TRANSPORT ? state.negotiated : state.branches.find((branch) => branch.id === id)?.transport;
}

/** The name of the next branch, when these have theirs. */
export function nextBranch({ nextBranch: next }: JsepState, branches: readonly LocalBranch[]): number {
  return branches.reduce((least, { id }) => Math.max(least, id + 1), next);
}
