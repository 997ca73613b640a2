import { RtcError } from '../../core/index.ts';
import type { MediaKind } from '../../rtp/index.ts';
import type { JsepConfig } from './config.ts';
import type { CodecCapability, TransceiverInit } from './media.ts';
import type { JsepState, Step } from './state.ts';
import { type ActiveDirection, checkMsid, type Transceiver, transceiverOf, withNewTransceiver, withTransceiver } from './transceiver.ts';

// What the application does with transceivers (W3C 5.1 to 5.4). Nothing of it goes on the wire before the next offer or answer.

/** W3C 5.1 `addTransceiver`. */
export function addTransceiver(config: JsepConfig, state: JsepState, kind: MediaKind, init: TransceiverInit): { state: JsepState; transceiver: Transceiver } {
  checkMedia(config);
  return withNewTransceiver(config, state, kind, init, { byAddTrack: false, createdByRemote: false });
}

/** W3C 5.1 `addTrack`. */
export function addTrack(config: JsepConfig, state: JsepState, kind: MediaKind, trackId: string, streamIds: readonly string[]): { state: JsepState; transceiver: Transceiver } {
  checkMedia(config);
  checkMsid(trackId);
  streamIds.forEach(checkMsid);
  const free = state.transceivers.find((transceiver) => isFree(transceiver, kind));
  if (free === undefined) return withNewTransceiver(config, state, kind, { trackId, streamIds }, { byAddTrack: true, createdByRemote: false });
  const direction = sending(free.direction);
  const next = withTransceiver(state, free.id, { trackId, msidTrack: trackId, streamIds: [...new Set(streamIds)], direction, byAddTrack: true });
  return { state: next, transceiver: transceiverOf(next, free.id) };
}

// A sender without a track that never sent may take this one.
function isFree({ kind, trackId, stopping, stopped, hasSent }: Transceiver, wanted: MediaKind): boolean {
  return kind === wanted && trackId === undefined && !stopping && !stopped && !hasSent;
}

/** W3C 5.1 `removeTrack`. */
export function removeTrack(state: JsepState, id: number): JsepState {
  const { trackId, direction, stopping } = transceiverOf(state, id);
  if (trackId === undefined) return state;
  return withTransceiver(state, id, { trackId: undefined, ...(!stopping && { direction: notSending(direction) }) });
}

/** W3C 5.2 `replaceTrack`. */
export function setTrack(state: JsepState, id: number, trackId: string | undefined): JsepState {
  if (trackId !== undefined) checkMsid(trackId);
  checkAlive(transceiverOf(state, id));
  return withTransceiver(state, id, { trackId });
}

/** W3C 5.2 `setStreams`. */
export function setStreams(state: JsepState, id: number, streamIds: readonly string[]): JsepState {
  streamIds.forEach(checkMsid);
  transceiverOf(state, id);
  return withTransceiver(state, id, { streamIds: [...new Set(streamIds)] });
}

/** W3C 5.4 `direction`. */
export function setDirection(state: JsepState, id: number, direction: ActiveDirection): JsepState {
  if (direction !== 'sendrecv' && direction !== 'sendonly' && direction !== 'recvonly' && direction !== 'inactive') {
    throw new RtcError('ERR_INVALID_ARGUMENT', 'a direction is sendrecv, sendonly, recvonly or inactive');
  }
  checkAlive(transceiverOf(state, id));
  return withTransceiver(state, id, { direction });
}

/** W3C 5.4 `stop`. The section goes with the next offer. */
export function stopTransceiver(state: JsepState, id: number): Step {
  const { stopping } = transceiverOf(state, id);
  if (stopping) return { state, effects: [] };
  return { state: withTransceiver(state, id, { stopping: true, direction: 'inactive' }), effects: [] };
}

/** W3C 5.4 `setCodecPreferences`. */
export function setCodecPreferences(config: JsepConfig, state: JsepState, id: number, codecs: readonly CodecCapability[]): JsepState {
  const { kind } = transceiverOf(state, id);
  const known = config.media?.codecs.filter((codec) => codec.kind === kind) ?? [];
  const wanted = codecs.map((codec) => known.find((capability) => isSame(capability, codec)));
  const preferences = wanted.filter((codec) => codec !== undefined);
  if (preferences.length !== wanted.length) throw new RtcError('ERR_INVALID_MODIFICATION', 'a codec is not one that there is');
  if (preferences.length > 0 && preferences.every(isAuxiliary)) throw new RtcError('ERR_INVALID_MODIFICATION', 'there is no codec for media among them');
  return withTransceiver(state, id, { preferences: [...new Set(preferences)] });
}

/** W3C 5.2 `setParameters`: an encoding starts or pauses. */
export function setEncodingActive(state: JsepState, id: number, index: number, active: boolean): JsepState {
  const { encodings } = transceiverOf(state, id);
  if (encodings[index] === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', `there is no encoding ${index}`);
  return withTransceiver(state, id, { encodings: encodings.map((encoding, i) => (i === index ? { ...encoding, active } : encoding)) });
}

/** W3C 4.4.3: the options of an offer from before transceivers. */
export function applyLegacyOptions(config: JsepConfig, state: JsepState, kind: MediaKind, receive: boolean | undefined): JsepState {
  if (receive === undefined) return state;
  const receiving = state.transceivers.filter((transceiver) => transceiver.kind === kind && !transceiver.stopping && !transceiver.stopped && receives(transceiver.direction));
  if (receive) return receiving.length > 0 ? state : addTransceiver(config, state, kind, { direction: 'recvonly' }).state;
  return receiving.reduce((next, { id, direction }) => withTransceiver(next, id, { direction: notReceiving(direction) }), state);
}

export function sends(direction: ActiveDirection | undefined): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function receives(direction: ActiveDirection | undefined): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

/** A direction of both halves. */
export function directionOfHalves(isSending: boolean, isReceiving: boolean): ActiveDirection {
  return isSending ? (isReceiving ? 'sendrecv' : 'sendonly') : isReceiving ? 'recvonly' : 'inactive';
}

/** The same as the other side sees it. */
export function reversed(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(receives(direction), sends(direction));
}

/** What both allow. */
export function intersected(a: ActiveDirection, b: ActiveDirection): ActiveDirection {
  return directionOfHalves(sends(a) && sends(b), receives(a) && receives(b));
}

function sending(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(true, receives(direction));
}

function notSending(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(false, receives(direction));
}

function notReceiving(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(sends(direction), false);
}

function checkMedia(config: JsepConfig): void {
  if (config.media === undefined) throw new RtcError('ERR_NOT_SUPPORTED', 'the connection was made without media');
}

function checkAlive({ stopping, stopped }: Transceiver): void {
  if (stopping || stopped) throw new RtcError('ERR_INVALID_STATE', 'the transceiver is stopped');
}

// Codecs are told apart by all that negotiation looks at; the payload type is only how one is offered.
function isSame(a: CodecCapability, b: CodecCapability): boolean {
  if (a.name.toLowerCase() !== b.name.toLowerCase() || a.clockRateHz !== b.clockRateHz || (a.channels ?? 1) !== (b.channels ?? 1)) return false;
  return a.parameters.size === b.parameters.size && [...a.parameters].every(([name, value]) => b.parameters.get(name) === value);
}

const AUXILIARY: ReadonlySet<string> = new Set(['rtx', 'red', 'ulpfec', 'flexfec', 'flexfec-03', 'cn', 'telephone-event']);

function isAuxiliary({ name }: CodecCapability): boolean {
  return AUXILIARY.has(name.toLowerCase());
}
