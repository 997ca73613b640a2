import { randomBytes, randomU32, RtcError } from '../../core/index.ts';
import type { MediaKind } from '../../rtp/index.ts';
import type { JsepConfig } from './config.ts';
import { MAX_ENCODINGS, MAX_MSID_LENGTH, MAX_RID_LENGTH } from './constants.ts';
import type { ActiveDirection } from './direction.ts';
import type { CodecCapability, EncodingInit, HeaderExtensionCapability, SendEncoding, TransceiverInit, TransceiverView } from './media.ts';
import { type JsepState, type ReceiveRid, type SectionPlace, withChange } from './state.ts';

/** What the state holds of a transceiver (W3C 5.4, RFC 9429 4.2). Like the state, it never changes: the next one replaces it. */
export interface Transceiver {
  readonly id: number;
  readonly kind: MediaKind;
  /** The section that it is associated with. */
  readonly place: SectionPlace | undefined;
  /** What is wished for. */
  readonly direction: ActiveDirection;
  /** What was agreed upon. */
  readonly currentDirection: ActiveDirection | undefined;
  /** For which the remote track was announced last (W3C [[FiredDirection]]). */
  readonly firedDirection: ActiveDirection | undefined;
  readonly stopping: boolean;
  readonly stopped: boolean;
  readonly encodings: readonly SendEncoding[];
  /** The one encoding that there was before an offer of the peer asked for several; `undefined` once that is settled. */
  readonly ridless: readonly SendEncoding[] | undefined;
  /** Encodings that the peer paused (RFC 8853 5.2, `~`). */
  readonly pausedRids: readonly string[];
  /** The encodings of the peer's simulcast that were agreed upon; a later offer of ours names them again. */
  readonly receiveRids: readonly ReceiveRid[];
  /** The remote track as it was announced last. */
  readonly remoteTrack: RemoteTrack | undefined;
  readonly streamIds: readonly string[];
  /** The track that is attached to the sender. */
  readonly trackId: string | undefined;
  /** What `a=msid` calls the track: chosen once, whatever tracks follow (RFC 9429 5.2.1). */
  readonly msidTrack: string;
  /** The sender was agreed to send at some time. */
  readonly hasSent: boolean;
  /** `addTrack` made or used it, so that an offer of the peer may be associated with it, and a rollback keeps it. */
  readonly byAddTrack: boolean;
  readonly createdByRemote: boolean;
  /** In order; empty for all that there are. */
  readonly preferences: readonly CodecCapability[];
  /** `undefined` for all that there are. */
  readonly headerExtensions: readonly HeaderExtensionCapability[] | undefined;
}

/** What the peer calls what it sends. */
export interface RemoteTrack {
  /** Of the first announcement: a receiver has one track for as long as it lives. */
  readonly trackId: string;
  readonly streamIds: readonly string[];
  /** Of its simulcast, if it is one. */
  readonly rids: readonly string[];
}

/** What makes a transceiver, besides its kind. */
export interface TransceiverOrigin {
  readonly byAddTrack: boolean;
  readonly createdByRemote: boolean;
}

/** Adds a transceiver that is associated with nothing yet. */
export function withNewTransceiver(config: JsepConfig, state: JsepState, kind: MediaKind, init: TransceiverInit, origin: TransceiverOrigin): { state: JsepState; transceiver: Transceiver } {
  const { direction = 'sendrecv', streamIds = [], trackId } = init;
  streamIds.forEach(checkMsid);
  if (trackId !== undefined) checkMsid(trackId);
  const transceiver: Transceiver = {
    id: state.nextTransceiver,
    kind,
    place: undefined,
    direction,
    currentDirection: undefined,
    firedDirection: undefined,
    stopping: false,
    stopped: false,
    encodings: makeEncodings(config, state, encodingsOf(kind, init.encodings ?? [])),
    ridless: undefined,
    pausedRids: [],
    receiveRids: [],
    remoteTrack: undefined,
    streamIds: [...new Set(streamIds)],
    trackId,
    msidTrack: trackId ?? randomToken(config),
    hasSent: false,
    ...origin,
    preferences: [],
    headerExtensions: undefined,
  };
  return { state: withChange(state, { nextTransceiver: state.nextTransceiver + 1, transceivers: [...state.transceivers, transceiver] }), transceiver };
}

/** The transceiver with some of it changed, in its place. */
export function withTransceiver(state: JsepState, id: number, change: Partial<Transceiver>): JsepState {
  return withChange(state, { transceivers: state.transceivers.map((transceiver) => (transceiver.id === id ? { ...transceiver, ...change } : transceiver)) });
}

/** @throws RtcError `ERR_INVALID_ACCESS` */
export function transceiverOf(state: JsepState, id: number): Transceiver {
  const found = state.transceivers.find((transceiver) => transceiver.id === id);
  if (found === undefined) throw new RtcError('ERR_INVALID_ACCESS', `there is no transceiver ${id}`);
  return found;
}

export function viewOf(transceiver: Transceiver): TransceiverView {
  const { id, kind, place, direction, currentDirection, stopping, stopped, encodings, streamIds, createdByRemote, byAddTrack } = transceiver;
  return {
    id,
    kind,
    mid: place?.mid ?? null,
    direction: stopping ? 'stopped' : direction,
    currentDirection: stopped ? 'stopped' : (currentDirection ?? null),
    stopping,
    encodings,
    streamIds,
    createdByRemote: createdByRemote && !byAddTrack,
  };
}

/** Encodings with SSRCs of their own. */
export function makeEncodings(config: JsepConfig, state: JsepState, inits: readonly EncodingInit[]): readonly SendEncoding[] {
  const taken = new Set([0]);
  const isTaken = (ssrc: number): boolean => taken.has(ssrc) || state.transceivers.some(({ encodings }) => encodings.some((known) => known.ssrc === ssrc || known.rtxSsrc === ssrc || known.fecSsrc === ssrc));
  const fresh = (): number => {
    let ssrc = 0;
    while (isTaken(ssrc)) ssrc = (config.ssrc?.() ?? randomU32(config.random)) >>> 0;
    taken.add(ssrc);
    return ssrc;
  };
  return inits.map(({ rid, active = true }) => ({ rid, active, ssrc: fresh(), rtxSsrc: fresh(), fecSsrc: fresh() }));
}

// W3C 5.1, addTransceiver: names are told apart, and a lone encoding has none.
function encodingsOf(kind: MediaKind, inits: readonly EncodingInit[]): readonly EncodingInit[] {
  const rids = inits.map(({ rid }) => rid);
  const named = rids.filter((rid) => rid !== undefined);
  for (const rid of named) if (!isRid(rid)) throw new RtcError('ERR_INVALID_ARGUMENT', 'a rid is one to 255 letters, digits, - and _');
  if (new Set(named).size !== named.length) throw new RtcError('ERR_INVALID_ARGUMENT', 'two encodings have the same rid');
  if (named.length !== rids.length && inits.length > 1) throw new RtcError('ERR_INVALID_ARGUMENT', 'with several encodings each needs a rid');
  if (inits.length > MAX_ENCODINGS) throw new RtcError('ERR_INVALID_ARGUMENT', `more than ${MAX_ENCODINGS} encodings`);
  const [first] = inits;
  if (first === undefined) return [{}];
  // Sound has one encoding; those behind the first are trimmed, as from a sender that has no room for them.
  return inits.length === 1 || kind === 'audio' ? [{ active: first.active ?? true }] : inits;
}

/** RFC 8851 10 and RFC 8852 3.3: letters, digits, `-` and `_`. */
export function isRid(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_RID_LENGTH && /^[-_0-9A-Za-z]+$/.test(text);
}

/** RFC 8830 2: visible characters only, since the text goes into a line of a description. */
export function checkMsid(text: unknown): asserts text is string {
  if (typeof text !== 'string' || text.length > MAX_MSID_LENGTH || !/^[\x21-\x7e]+$/.test(text)) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `the id of a stream or track is 1 to ${MAX_MSID_LENGTH} visible characters of ASCII`);
  }
}

/** A random name, in hexadecimal. */
export function randomToken(config: JsepConfig): string {
  return [...randomBytes(config.random, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether two lists name the same streams, in the same order. */
export function isSameStreams(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((streamId, i) => streamId === b[i]);
}
