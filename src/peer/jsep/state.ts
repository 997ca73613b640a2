import type { IceCandidate, IceCredentials } from '../../ice/index.ts';
import type { MediaKind, RtpCodec } from '../../rtp/index.ts';
import type { DataSectionFields, SdpExtension, SdpFingerprint, SdpMsid, SdpRid, SdpSimulcast, SessionDescription, SetupRole } from '../../sdp/index.ts';
import type { PayloadTypes } from './codecs.ts';
import type { ActiveDirection } from './direction.ts';
import type { JsepEffect, SignalingState } from './events.ts';
import type { ExtensionIds, LocalExtension } from './extensions.ts';
import type { HeldSection } from './held.ts';
import type { DeclaredSource, MediaAgreement, ReceiveEncoding } from './media.ts';
import type { OwnInit } from './sctp-init.ts';
import type { Transceiver } from './transceiver.ts';

// The state is a value. Every operation makes the next one from it and the caller stores that at the very end, so that an
// operation that throws has changed nothing, and a rollback only has to leave the pending parts out.

/** Where a section stands. */
export interface SectionPlace {
  readonly index: number;
  readonly mid: string;
}

/** One set of local credentials with what was gathered for it. */
export interface LocalGeneration {
  readonly credentials: IceCredentials;
  /** As they stand in a description: `candidate:…`. */
  readonly candidates: readonly string[];
  /** Gathering is done. */
  readonly complete: boolean;
  /** The same of the branches. */
  readonly branches: readonly BranchCandidates[];
}

/** What was gathered for a branch. */
export interface BranchCandidates {
  readonly id: number;
  readonly candidates: readonly string[];
  readonly complete: boolean;
}

/** A transport of ours besides the first, with its tagged section (RFC 9143). */
export interface LocalBranch extends SectionPlace {
  /** Names it for as long as the connection lives; 0 is the first transport. */
  readonly id: number;
  readonly mids: readonly string[];
  /** Our DTLS role, in an answer. */
  readonly dtlsRole: 'client' | 'server' | undefined;
}

/** A section of media that we offer or accept, as it is written. */
export interface LocalMedia extends SectionPlace {
  /** `undefined`: it is held for the transport alone. */
  readonly transceiver: number | undefined;
  readonly kind: MediaKind;
  readonly direction: ActiveDirection;
  readonly codecs: readonly RtpCodec[];
  readonly extensions: readonly LocalExtension[];
  readonly extmapAllowMixed: boolean;
  readonly reducedSizeRtcp: boolean;
  readonly receiverRoundTrip: boolean;
  /** The values of `a=msid`; empty unless the direction sends. */
  readonly msids: readonly string[];
  /** What we send as a simulcast; empty when it is one encoding, or none. */
  readonly sendRids: readonly string[];
  /** What we receive as a simulcast. */
  readonly receiveRids: readonly ReceiveRid[];
}

/** An encoding of the peer's simulcast that we accept. */
export interface ReceiveRid extends ReceiveEncoding {
  /** What else `a=rid` says of it, as in `max-width=1280`, to be said again (RFC 8851 6.3). */
  readonly restrictions: ReadonlyMap<string, string>;
}

/** The data section as we offer or accept it. */
export interface LocalData extends SectionPlace {
  /** The INIT chunk in it, in base64. */
  readonly sctpInit: string | undefined;
}

/** A description of ours. The text of it has the candidates of its generation folded in. */
export interface LocalDescription {
  readonly type: 'offer' | 'pranswer' | 'answer';
  /** Without candidates. */
  readonly description: SessionDescription;
  /** The section that has the candidates: the tagged one of the group (RFC 9143 7.2). */
  readonly transport: SectionPlace | undefined;
  /** The other transports: of sections outside of the group. */
  readonly branches: readonly LocalBranch[];
  /** The data section, unless there is none or it is rejected. */
  readonly data: LocalData | undefined;
  /** Those that are offered or accepted. */
  readonly media: readonly LocalMedia[];
  /** Names the generation of its transport. */
  readonly usernameFragment: string | undefined;
  /** Our DTLS role, in an answer. */
  readonly dtlsRole: 'client' | 'server' | undefined;
}

/** What `createOffer` or `createAnswer` made, until it is set or stale. */
export interface CreatedDescription extends LocalDescription {
  /** The generation that it names; not yet among those of the state when it is a fresh one. */
  readonly generation: LocalGeneration | undefined;
  /** It was made with `iceRestart`. */
  readonly iceRestart: boolean;
}

/** The transport of the peer, checked. It stands in the tagged section of the group. */
export interface RemoteTransport extends SectionPlace {
  readonly credentials: IceCredentials;
  readonly lite: boolean;
  readonly fingerprints: readonly SdpFingerprint[];
  readonly setup: SetupRole;
  /** The sections whose candidates lead to this transport. */
  readonly candidateSections: readonly number[];
  readonly candidates: readonly IceCandidate[];
  readonly endOfCandidates: boolean;
}

/** The data section of the peer, acceptable and checked. */
export interface RemoteData extends SectionPlace {
  readonly fields: DataSectionFields;
}

/** A section of media of the peer that shares the transport. */
export interface RemoteMedia extends SectionPlace {
  readonly kind: MediaKind;
  /** The peer's. */
  readonly direction: ActiveDirection;
  readonly codecs: readonly RtpCodec[];
  readonly extensions: readonly SdpExtension[];
  readonly extmapAllowMixed: boolean;
  readonly reducedSizeRtcp: boolean;
  readonly receiverRoundTrip: boolean;
  readonly msids: readonly SdpMsid[];
  readonly sources: readonly DeclaredSource[];
  readonly rids: readonly SdpRid[];
  readonly simulcast: SdpSimulcast | undefined;
}

/** Sections of the peer that share another transport than the first. */
export interface RemoteBranch {
  /** That in force; `undefined` for a new one. */
  readonly id: number | undefined;
  readonly bundle: readonly number[];
  readonly transport: RemoteTransport;
}

/** A line that came by `addIceCandidate`. */
export interface TrickledLine {
  readonly index: number;
  readonly text: string;
}

export interface RemoteDescription {
  readonly type: 'offer' | 'pranswer' | 'answer';
  /** As it came. */
  readonly description: SessionDescription;
  readonly trickled: readonly TrickledLine[];
  /** The sections that can share the first transport, in the order of their group. */
  readonly bundle: readonly number[];
  /** `undefined` when no section can use it. */
  readonly transport: RemoteTransport | undefined;
  readonly branches: readonly RemoteBranch[];
  /** The data section, unless there is none that can be used. */
  readonly data: RemoteData | undefined;
  /** Of an offer those that could be accepted, of an answer those that are. */
  readonly media: readonly RemoteMedia[];
}

/** The association that offer and answer agreed upon. */
export interface NegotiatedData extends SectionPlace {
  readonly remoteSctpPort: number;
  readonly remoteMaxMessageSizeBytes: number;
  /** Of which transport its section is. */
  readonly transport: number;
  /** What the descriptions that began the association said of it, in base64; the peer's only when ours said something. */
  readonly localInit: string | undefined;
  readonly remoteInit: string | undefined;
}

/** The transport that offer and answer agreed upon, and its tagged section. */
export interface NegotiatedTransport extends SectionPlace {
  readonly localUsernameFragment: string;
  readonly remoteCredentials: IceCredentials;
  readonly remoteFingerprints: readonly SdpFingerprint[];
  readonly dtlsRole: 'client' | 'server';
  readonly iceControlling: boolean;
  /** Candidates that were handed over. */
  readonly delivered: readonly IceCandidate[];
  readonly deliveredEnd: boolean;
}

/** Another transport that offer and answer agreed upon. */
export interface NegotiatedBranch {
  readonly id: number;
  readonly mids: readonly string[];
  readonly transport: NegotiatedTransport;
}

/** The `o=` line, whose version rises with every change of the rest (RFC 9429 5.2.2). */
export interface Origin {
  readonly sessionId: string;
  readonly version: number;
  /** What was made last without the version: the group, and the text of each section. */
  readonly body: readonly string[];
}

export interface JsepState {
  readonly signaling: SignalingState;
  readonly currentLocal: LocalDescription | undefined;
  readonly pendingLocal: LocalDescription | undefined;
  readonly currentRemote: RemoteDescription | undefined;
  readonly pendingRemote: RemoteDescription | undefined;
  readonly lastOffer: CreatedDescription | undefined;
  readonly lastAnswer: CreatedDescription | undefined;
  readonly negotiated: NegotiatedTransport | undefined;
  readonly branches: readonly NegotiatedBranch[];
  /** Names the next branch. */
  readonly nextBranch: number;
  readonly data: NegotiatedData | undefined;
  /** Those that a description names: one, or two while a restart is pending. */
  readonly generations: readonly LocalGeneration[];
  /** Our INIT chunk, from the first description that has it to the end of its association. */
  readonly ownInit: OwnInit | undefined;
  /** A channel was created and wants a section. */
  readonly dataWanted: boolean;
  /** Usernames of the generations that `restartIce` wants replaced (W3C [[LocalIceCredentialsToReplace]]). */
  readonly toReplace: ReadonlySet<string>;
  readonly origin: Origin;
  /** The number to try next for a mid of ours. */
  readonly nextMid: number;
  /** In the order they were made. */
  readonly transceivers: readonly Transceiver[];
  readonly nextTransceiver: number;
  /** The transceivers as they were when the state was `stable` last; `undefined` while it is. */
  readonly stable: readonly Transceiver[] | undefined;
  /** What holds of media. */
  readonly agreements: readonly MediaAgreement[];
  readonly held: HeldSection | undefined;
  readonly payloadTypes: PayloadTypes;
  readonly extensionIds: ExtensionIds;
}

/** The outcome of an operation. */
export interface Step {
  readonly state: JsepState;
  readonly effects: JsepEffect[];
}

// Every connection begins with them, and most keep them.
export const NO_NAMES: ReadonlySet<string> = new Set();
export const NO_BRANCHES: readonly never[] = Object.freeze([]);
const NO_PAYLOAD_TYPES: PayloadTypes = new Map();
const NO_EXTENSION_IDS: ExtensionIds = new Map();

export function initialState(sessionId: string): JsepState {
  return {
    signaling: 'stable',
    currentLocal: undefined,
    pendingLocal: undefined,
    currentRemote: undefined,
    pendingRemote: undefined,
    lastOffer: undefined,
    lastAnswer: undefined,
    negotiated: undefined,
    branches: NO_BRANCHES,
    nextBranch: 1,
    data: undefined,
    generations: [],
    ownInit: undefined,
    dataWanted: false,
    toReplace: NO_NAMES,
    origin: { sessionId, version: 0, body: [] },
    nextMid: 0,
    transceivers: [],
    nextTransceiver: 0,
    stable: undefined,
    agreements: [],
    held: undefined,
    payloadTypes: NO_PAYLOAD_TYPES,
    extensionIds: NO_EXTENSION_IDS,
  };
}

/**
 * The next state. Every one is made here, field by field, so that all have one shape in the engine: a copy that is made by spreading another
 * copy would have one of its own, which whatever reads it would have to learn.
 */
export function withChange(state: JsepState, change: Partial<JsepState>): JsepState {
  const next: JsepState = {
    signaling: state.signaling,
    currentLocal: state.currentLocal,
    pendingLocal: state.pendingLocal,
    currentRemote: state.currentRemote,
    pendingRemote: state.pendingRemote,
    lastOffer: state.lastOffer,
    lastAnswer: state.lastAnswer,
    negotiated: state.negotiated,
    branches: state.branches,
    nextBranch: state.nextBranch,
    data: state.data,
    generations: state.generations,
    ownInit: state.ownInit,
    dataWanted: state.dataWanted,
    toReplace: state.toReplace,
    origin: state.origin,
    nextMid: state.nextMid,
    transceivers: state.transceivers,
    nextTransceiver: state.nextTransceiver,
    stable: state.stable,
    agreements: state.agreements,
    held: state.held,
    payloadTypes: state.payloadTypes,
    extensionIds: state.extensionIds,
  };
  return Object.assign(next, change);
}

/** The generation of a username; `undefined` when no description that is set names it. */
export function generationOf(state: JsepState, usernameFragment: string | undefined): LocalGeneration | undefined {
  return state.generations.find((generation) => generation.credentials.usernameFragment === usernameFragment);
}

/** Leaves out the generations that no description that is set names any more. */
export function pruneGenerations(state: JsepState): JsepState {
  const current = state.currentLocal?.usernameFragment;
  const pending = state.pendingLocal?.usernameFragment;
  const isNamed = ({ credentials: { usernameFragment } }: LocalGeneration): boolean => usernameFragment === current || usernameFragment === pending;
  return state.generations.every(isNamed) ? state : withChange(state, { generations: state.generations.filter(isNamed) });
}

/** A new state and, where its signaling state changed since `before`, the effect that tells of it. */
export function arrive(before: JsepState, state: JsepState, effects: JsepEffect[]): Step {
  if (before.signaling !== state.signaling) effects.push({ type: 'signaling-state', state: state.signaling });
  return { state, effects };
}
