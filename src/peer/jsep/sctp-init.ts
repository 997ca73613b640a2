import { equalBytes } from '../../core/index.ts';
import { readInit, type SignalledInits } from '../../sctp/index.ts';
import type { JsepConfig } from './config.ts';
import type { JsepState, LocalData, NegotiatedData, RemoteData, SectionPlace } from './state.ts';

// `a=sctp-init` (draft-hancke-tsvwg-snap): what would be the first two steps of the association's handshake stands in offer and
// answer. What the descriptions that began an association said is said again by all later ones.

/** An INIT chunk of ours, and the section that it is for. */
export interface OwnInit {
  readonly mid: string;
  readonly chunk: Uint8Array;
}

/** Our INIT for a section: that of descriptions before, or a new one. */
function initFor({ sctpInit }: JsepConfig, { ownInit }: JsepState, mid: string): OwnInit | undefined {
  return ownInit?.mid === mid ? ownInit : sctpInit && { mid, chunk: sctpInit() };
}

/** What an offer says, unless its association was begun without. */
export function offeredInit(config: JsepConfig, state: JsepState, mid: string): OwnInit | undefined {
  const begun = state.data?.mid === mid ? state.data : undefined;
  return begun !== undefined && begun.inits?.remote === undefined ? undefined : initFor(config, state, mid);
}

/** What an answer says: something only when the offer does, and what that says can be an INIT. */
export function answeredInit(config: JsepConfig, state: JsepState, { mid, fields: { sctpInit } }: RemoteData): OwnInit | undefined {
  if (sctpInit === undefined || readInit(sctpInit) === undefined) return undefined;
  return offeredInit(config, state, mid);
}

/** The section of ours with what it says, as descriptions keep it. */
export function localData({ index, mid }: SectionPlace, init: OwnInit | undefined): LocalData {
  return { index, mid, sctpInit: init?.chunk };
}

/**
 * What the association stands on. The peer's word counts when ours was there too, and when it is not ours: there are peers that
 * put unknown attributes of an offer into their answer.
 */
export function agreedInits(before: NegotiatedData | undefined, local: LocalData, { mid, fields: { sctpInit } }: RemoteData): SignalledInits | undefined {
  if (before?.mid === mid) return before.inits;
  if (local.sctpInit === undefined) return undefined;
  const isMeant = sctpInit !== undefined && readInit(sctpInit) !== undefined && !equalBytes(sctpInit, local.sctpInit);
  return { local: local.sctpInit, remote: isMeant ? sctpInit : undefined };
}
