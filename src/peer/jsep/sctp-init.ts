import { fromBase64, toBase64 } from '../../core/index.ts';
import { makeInit, readInit, type SignalledInits } from '../../sctp/index.ts';
import type { JsepConfig } from './config.ts';
import type { JsepState, LocalData, LocalDescription, NegotiatedData, RemoteData, SectionPlace } from './state.ts';

// `a=sctp-init` (draft-hancke-tsvwg-snap): what would be the first two steps of the association's handshake stands in offer and
// answer. What the descriptions that began an association said is said again by all later ones, so it is kept as it was said.

/** An INIT chunk of ours, and the section that it is for. */
export interface OwnInit {
  readonly mid: string;
  /** In base64. */
  readonly text: string;
}

/** Our INIT for a section: that of descriptions before, or a new one. */
function initFor({ sctpInit, random }: JsepConfig, { ownInit }: JsepState, mid: string): OwnInit | undefined {
  return ownInit?.mid === mid ? ownInit : sctpInit && { mid, text: toBase64(makeInit(sctpInit, random)) };
}

/** What an offer says, unless its association was begun without. */
export function offeredInit(config: JsepConfig, state: JsepState, mid: string): OwnInit | undefined {
  const begun = state.data?.mid === mid ? state.data : undefined;
  return begun !== undefined && begun.remoteInit === undefined ? undefined : initFor(config, state, mid);
}

/** What an answer says: something only when the offer does, and what that says can be an INIT. */
export function answeredInit(config: JsepConfig, state: JsepState, { mid, fields: { sctpInit } }: RemoteData): OwnInit | undefined {
  return isInit(sctpInit) ? offeredInit(config, state, mid) : undefined;
}

/** The section of ours with what it says, as descriptions keep it. */
export function localData({ index, mid }: SectionPlace, init: OwnInit | undefined): LocalData {
  return { index, mid, sctpInit: init?.text };
}

/**
 * What the association stands on. The peer's word counts when ours was there too, and when it is not ours: there are peers that
 * put unknown attributes of an offer into their answer.
 */
export function agreedInits(before: NegotiatedData | undefined, local: LocalDescription, { mid, fields: { sctpInit } }: RemoteData): Pick<NegotiatedData, 'localInit' | 'remoteInit'> {
  if (before?.mid === mid) return before;
  const localInit = local.data?.sctpInit;
  if (localInit === undefined) return { localInit, remoteInit: undefined };
  // That of an offer was looked at before it was answered.
  const isMeant = sctpInit !== undefined && unpadded(sctpInit) !== unpadded(localInit) && (local.type !== 'offer' || isInit(sctpInit));
  return { localInit, remoteInit: isMeant ? sctpInit : undefined };
}

/** The chunks themselves. */
export function signalledInits({ localInit, remoteInit }: NegotiatedData): SignalledInits | undefined {
  if (localInit === undefined) return undefined;
  return { local: fromBase64(localInit) as Uint8Array, remote: remoteInit === undefined ? undefined : fromBase64(remoteInit) };
}

function unpadded(text: string): string {
  return text.replaceAll('=', '');
}

function isInit(text: string | undefined): text is string {
  const chunk = text === undefined ? undefined : fromBase64(text);
  return chunk !== undefined && readInit(chunk) !== undefined;
}
