import { readU32 } from '../../core/bytes.ts';
import { randomBytes, RtcError } from '../../core/index.ts';
import type { IceCandidate } from '../../ice/index.ts';
import type { MediaKind } from '../../rtp/index.ts';
import { serializeSdp } from '../../sdp/index.ts';
import { applyLocalAnswer, applyLocalOffer, applyRemoteAnswer, applyRemoteOffer, rollback } from './apply.ts';
import { addIceCandidate, addLocalCandidate, canTrickle, endOfLocalCandidates } from './candidates.ts';
import type { JsepConfig } from './config.ts';
import { checkOfferable, createAnswer, createOffer } from './create.ts';
import type { ActiveDirection } from './direction.ts';
import type { CandidateInit, Description, DescriptionInit, DescriptionType, JsepChanges, OfferOptions, SignalingState, SignalledCandidate } from './events.ts';
import { createdText, foldLocal, remoteText } from './fold.ts';
import { FIRST_TRANSPORT } from './in-force.ts';
import type { CodecCapability, HeaderExtensionCapability, TransceiverInit, TransceiverView } from './media.ts';
import { negotiationNeeded } from './negotiation-needed.ts';
import { readAnswer, readOffer } from './read-remote.ts';
import { arrive, type CreatedDescription, generationOf, initialState, type JsepState, type LocalDescription, type RemoteDescription, type Step, withChange } from './state.ts';
import { randomToken, viewOf } from './transceiver.ts';
import {
  addTrack,
  addTransceiver,
  applyLegacyOptions,
  removeTrack,
  setCodecPreferences,
  setDirection,
  setEncodingActive,
  setHeaderExtensions,
  setStreams,
  setTrack,
  stopTransceiver,
} from './transceivers.ts';

/**
 * Offer and answer (RFC 9429, W3C WebRTC 4.4.1.5): synchronous, with no transport of its own. What a description or a
 * candidate means for the transports comes back as effects. A call that throws has changed nothing.
 *
 * @example
 * const offer = jsep.createOffer();
 * for (const effect of jsep.setLocalDescription(offer).effects) apply(effect);
 */
export class Jsep {
  readonly #config: JsepConfig;
  #state: JsepState;

  constructor(config: JsepConfig) {
    if (config.fingerprints.length === 0) throw new RtcError('ERR_INVALID_ARGUMENT', 'a fingerprint is needed');
    this.#state = initialState(sessionIdOf(randomBytes(config.random, 8)));
    this.#config = config.media !== undefined && config.cname === undefined ? { ...config, cname: randomToken(config) } : config;
  }

  get signalingState(): SignalingState {
    return this.#state.signaling;
  }

  get currentLocalDescription(): Description | null {
    return this.#local(this.#state.currentLocal);
  }

  get pendingLocalDescription(): Description | null {
    return this.#local(this.#state.pendingLocal);
  }

  /** The pending local description, or the current one; with the candidates gathered so far. */
  get localDescription(): Description | null {
    return this.pendingLocalDescription ?? this.currentLocalDescription;
  }

  get currentRemoteDescription(): Description | null {
    return remoteOf(this.#state.currentRemote);
  }

  get pendingRemoteDescription(): Description | null {
    return remoteOf(this.#state.pendingRemote);
  }

  get remoteDescription(): Description | null {
    return this.pendingRemoteDescription ?? this.currentRemoteDescription;
  }

  /** Whether the peer knows trickle ICE; `null` before there is a remote description. */
  get canTrickleIceCandidates(): boolean | null {
    const remote = this.#state.pendingRemote ?? this.#state.currentRemote;
    return remote === undefined ? null : canTrickle(remote);
  }

  /** Whether an offer is due (W3C 4.7.3): there are channels without a section, or ICE is to restart. Meaningful in `stable`. */
  get negotiationNeeded(): boolean {
    return negotiationNeeded(this.#state);
  }

  /** A channel was created: it wants a data section. */
  addDataChannel(): void {
    if (!this.#state.dataWanted) this.#state = withChange(this.#state, { dataWanted: true });
  }

  /** Asks for fresh ICE credentials in the next offer (W3C 4.4.2). Nothing to do before the first description. */
  restartIce(): void {
    const names = this.#state.generations.map(({ credentials }) => credentials.usernameFragment);
    this.#state = withChange(this.#state, { toReplace: new Set(names) });
  }

  // Transceivers (W3C 5.1 to 5.4). What is wished for here goes to the peer with the next offer or answer.

  /** In the order they were made; stopped ones leave with the agreement that ends them. */
  get transceivers(): readonly TransceiverView[] {
    return this.#state.transceivers.map(viewOf);
  }

  /**
   * Adds a transceiver and returns its id.
   *
   * @throws RtcError `ERR_INVALID_ARGUMENT` for rids that are malformed, missing or the same, for more than 8 encodings and for
   * ids that do not fit into a description, `ERR_NOT_SUPPORTED` without media
   */
  addTransceiver(kind: MediaKind, init: TransceiverInit = {}): number {
    return this.#withTransceiver(addTransceiver(this.#config, this.#state, kind, init));
  }

  /** Gives a track to a transceiver of its kind whose sender has none and never sent, or to a new one; returns its id. */
  addTrack(kind: MediaKind, trackId: string, streamIds: readonly string[]): number {
    return this.#withTransceiver(addTrack(this.#config, this.#state, kind, trackId, streamIds));
  }

  /** The sender has no track any more and wishes to send no more. */
  removeTrack(id: number): void {
    this.#state = removeTrack(this.#state, id);
  }

  /**
   * Puts another track into a sender, or none; needs no negotiation.
   *
   * @throws RtcError `ERR_INVALID_STATE` when the transceiver is stopped
   */
  setTrack(id: number, trackId: string | undefined): void {
    this.#state = setTrack(this.#state, id, trackId);
  }

  setStreams(id: number, streamIds: readonly string[]): void {
    this.#state = setStreams(this.#state, id, streamIds);
  }

  /** @throws RtcError `ERR_INVALID_STATE` when the transceiver is stopped */
  setDirection(id: number, direction: ActiveDirection): void {
    this.#state = setDirection(this.#state, id, direction);
  }

  /** Ends a transceiver: sending and receiving now, and with the next offer its section, unless that has the transport of others. */
  stopTransceiver(id: number): JsepChanges {
    return this.#take(stopTransceiver(this.#state, id));
  }

  /**
   * The codecs to negotiate and their order; an empty list is the default again.
   *
   * @throws RtcError `ERR_INVALID_MODIFICATION` for a codec that is not among the capabilities, or for none that carries media
   */
  setCodecPreferences(id: number, codecs: readonly CodecCapability[]): void {
    this.#state = setCodecPreferences(this.#config, this.#state, id, codecs);
  }

  /**
   * The header extensions to negotiate and their order; `undefined` is the default again.
   *
   * @throws RtcError `ERR_INVALID_MODIFICATION` for one that is not among the capabilities, or when the one of the MID is left out
   */
  setOfferedHeaderExtensions(id: number, extensions: readonly HeaderExtensionCapability[] | undefined): void {
    this.#state = setHeaderExtensions(this.#config, this.#state, id, extensions);
  }

  /** Starts or pauses an encoding of a sender. */
  setEncodingActive(id: number, index: number, active: boolean): void {
    this.#state = setEncodingActive(this.#state, id, index, active);
  }

  /** @throws RtcError `ERR_INVALID_STATE` while an offer of the peer is open, or an answer provisional */
  createOffer(options: OfferOptions = {}): Description {
    checkOfferable(this.#state);
    const audio = applyLegacyOptions(this.#config, this.#state, 'audio', options.offerToReceiveAudio);
    const state = applyLegacyOptions(this.#config, audio, 'video', options.offerToReceiveVideo);
    return this.#created(createOffer(this.#config, state, options.iceRestart ?? false));
  }

  /** @throws RtcError `ERR_INVALID_STATE` without an open offer of the peer */
  createAnswer(): Description {
    return this.#created(createAnswer(this.#config, this.#state));
  }

  /**
   * Sets what `createOffer` or `createAnswer` made last; without an argument it makes what the state asks for.
   *
   * @throws RtcError `ERR_INVALID_STATE` when the type does not fit the state, `ERR_INVALID_MODIFICATION` when the text is
   * not the one that was created, `ERR_INVALID_ARGUMENT`
   */
  setLocalDescription(init: DescriptionInit = {}): JsepChanges {
    const type = init.type === undefined ? this.#impliedType() : checkedType(init.type);
    checkText(init.sdp);
    if (type === 'rollback') return this.#take(this.#rollback());
    this.#checkState(type, 'local');
    if (type === 'offer') {
      const { created, state } = this.#madeBefore(init.sdp, this.#state.lastOffer) ?? createOffer(this.#config, this.#state, this.#state.lastOffer?.iceRestart ?? false);
      return this.#take(applyLocalOffer(state, created));
    }
    const { created, state } = this.#madeBefore(init.sdp, this.#state.lastAnswer) ?? createAnswer(this.#config, this.#state);
    return this.#take(applyLocalAnswer(this.#config, state, created, type));
  }

  /**
   * Applies a description of the peer. An offer that meets an open offer of ours rolls that back first.
   *
   * @throws RtcError `ERR_SDP_SYNTAX` with the line, `ERR_INVALID_STATE`, `ERR_INVALID_ACCESS` when the content breaks a
   * rule of offer/answer, `ERR_OPERATION` when it cannot be done here, `ERR_INVALID_ARGUMENT`
   */
  setRemoteDescription(init: DescriptionInit): JsepChanges {
    const type = checkedType(init?.type);
    checkText(init.sdp);
    if (type === 'rollback') return this.#take(this.#rollback());
    this.#checkState(type, 'remote');
    const before = this.#state;
    if (type !== 'offer') return this.#take(applyRemoteAnswer(this.#config, before, readAnswer(this.#config, before, type, init.sdp ?? ''), type));
    const { state, effects } = before.signaling === 'have-local-offer' ? rollback(before) : { state: before, effects: [] };
    return this.#take(applyRemoteOffer(this.#config, before, state, readOffer(this.#config, state, init.sdp ?? ''), effects));
  }

  /**
   * Adds a candidate of the peer; `null` or an empty one says that no more follow.
   *
   * @throws RtcError `ERR_INVALID_STATE` without a remote description, `ERR_OPERATION` for a section or username fragment
   * that it does not have, `ERR_SDP_SYNTAX`, `ERR_INVALID_ARGUMENT`
   */
  addIceCandidate(init: CandidateInit | null): JsepChanges {
    return this.#take(addIceCandidate(this.#state, init));
  }

  /**
   * Adds a gathered candidate to the local description of its generation (the newest one when it has no username fragment)
   * and returns how to signal it; `undefined` when that generation is gone or complete.
   */
  addLocalCandidate(candidate: IceCandidate, transport: number = FIRST_TRANSPORT): SignalledCandidate | undefined {
    const added = addLocalCandidate(this.#state, candidate, transport);
    if (added) this.#state = added.state;
    return added?.signalled;
  }

  /** Gathering is done for the generation with this username fragment, or for the newest one. */
  endOfLocalCandidates(usernameFragment?: string, transport: number = FIRST_TRANSPORT): void {
    this.#state = endOfLocalCandidates(this.#state, usernameFragment, transport);
  }

  /** The transport is up and descriptions are seldom looked at from here on: they keep little more than their text. */
  settle(): void {
    fold(this.#state.currentLocal);
    fold(this.#state.currentRemote);
  }

  #take({ state, effects }: Step): JsepChanges {
    this.#state = state;
    return { effects };
  }

  #withTransceiver({ state, transceiver }: { state: JsepState; transceiver: { readonly id: number } }): number {
    this.#state = state;
    return transceiver.id;
  }

  #created({ created, state }: { created: CreatedDescription; state: JsepState }): Description {
    this.#state = state;
    return { type: created.type, sdp: createdText(created) };
  }

  #local(local: LocalDescription | undefined): Description | null {
    if (local === undefined) return null;
    return { type: local.type, sdp: serializeSdp(foldLocal(local, generationOf(this.#state, local.usernameFragment))) };
  }

  #impliedType(): DescriptionType {
    const { signaling } = this.#state;
    return signaling === 'have-remote-offer' || signaling === 'have-local-pranswer' ? 'answer' : 'offer';
  }

  #madeBefore(sdp: string | undefined, made: CreatedDescription | undefined): { created: CreatedDescription; state: JsepState } | undefined {
    if (sdp === undefined || sdp === '') return undefined;
    if (made === undefined || createdText(made) !== sdp) throw new RtcError('ERR_INVALID_MODIFICATION', 'the description is not the one that was created last');
    return { created: made, state: this.#state };
  }

  #rollback(): Step {
    if (this.#state.signaling !== 'have-local-offer' && this.#state.signaling !== 'have-remote-offer') {
      throw new RtcError('ERR_INVALID_STATE', `there is nothing to roll back in ${this.#state.signaling}`);
    }
    const { state, effects } = rollback(this.#state);
    return arrive(this.#state, state, effects);
  }

  #checkState(type: 'offer' | 'answer' | 'pranswer', side: 'local' | 'remote'): void {
    if (ALLOWED[side][type === 'offer' ? 'offer' : 'answer'].includes(this.#state.signaling)) return;
    throw new RtcError('ERR_INVALID_STATE', `a ${side} ${type} is not possible in ${this.#state.signaling}`);
  }
}

// W3C WebRTC 4.3.1: from which states a description of a kind may be set. An offer of the peer in `have-local-offer`
// rolls ours back.
const ALLOWED: Readonly<Record<'local' | 'remote', Readonly<Record<'offer' | 'answer', readonly SignalingState[]>>>> = Object.freeze({
  local: { offer: ['stable', 'have-local-offer'], answer: ['have-remote-offer', 'have-local-pranswer'] },
  remote: { offer: ['stable', 'have-remote-offer', 'have-local-offer'], answer: ['have-local-offer', 'have-remote-pranswer'] },
});

function remoteOf(remote: RemoteDescription | undefined): Description | null {
  return remote === undefined ? null : { type: remote.type, sdp: remoteText(remote) };
}

function checkedType(type: unknown): DescriptionType {
  if (type === 'offer' || type === 'answer' || type === 'pranswer' || type === 'rollback') return type;
  throw new RtcError('ERR_INVALID_ARGUMENT', 'the type of a description is offer, answer, pranswer or rollback');
}

function checkText(sdp: unknown): void {
  if (sdp !== undefined && typeof sdp !== 'string') throw new RtcError('ERR_INVALID_ARGUMENT', 'the sdp of a description is a string');
}

// RFC 9429 5.2.1: a 64-bit number with its highest bit zero.
function sessionIdOf(bytes: Uint8Array): string {
  return String(BigInt.asUintN(63, (BigInt(readU32(bytes, 0)) << 32n) | BigInt(readU32(bytes, 4))));
}

function fold(set: LocalDescription | RemoteDescription | undefined): void {
  set?.description.session.fold();
  set?.description.media.forEach((section) => section.fold());
}
