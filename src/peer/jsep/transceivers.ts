import { RtcError } from '../../core/index.ts';
import { codecRole, ExtensionUri, type MediaKind } from '../../rtp/index.ts';
import { carriesMedia } from './codec-match.ts';
import type { JsepConfig } from './config.ts';
import { type ActiveDirection, directionOfHalves, receives, sends } from './direction.ts';
import type { JsepEffect } from './events.ts';
import type { CodecCapability, HeaderExtensionCapability, TransceiverInit } from './media.ts';
import { withAgreements } from './settle-media.ts';
import type { JsepState, Step } from './state.ts';
import { checkMsid, type Transceiver, transceiverOf, withNewTransceiver, withTransceiver } from './transceiver.ts';

// What the application does with transceivers (W3C 5.1 to 5.4). Nothing of it goes on the wire before the next offer or answer.

/** W3C 5.1 `addTransceiver`. */
export function addTransceiver(config: JsepConfig, state: JsepState, kind: MediaKind, init: TransceiverInit): { state: JsepState; transceiver: Transceiver } {
  checkMedia(config, kind);
  if (init.direction !== undefined) checkDirection(init.direction);
  return withNewTransceiver(config, state, kind, init, { byAddTrack: false, createdByRemote: false });
}

/** W3C 5.1 `addTrack`. */
export function addTrack(config: JsepConfig, state: JsepState, kind: MediaKind, trackId: string, streamIds: readonly string[]): { state: JsepState; transceiver: Transceiver } {
  checkMedia(config, kind);
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
  checkDirection(direction);
  checkAlive(transceiverOf(state, id));
  return withTransceiver(state, id, { direction });
}

/** W3C 5.4 `stop`. The section goes with the next offer. */
export function stopTransceiver(state: JsepState, id: number): Step {
  const effects: JsepEffect[] = [];
  if (transceiverOf(state, id).stopping) return { state, effects };
  const next = withTransceiver(state, id, { stopping: true, direction: 'inactive' });
  return { state: withAgreements(next, state.agreements.filter(({ transceiver }) => transceiver !== id), effects), effects };
}

/** W3C 5.4 `setCodecPreferences`. */
export function setCodecPreferences(config: JsepConfig, state: JsepState, id: number, codecs: readonly CodecCapability[]): JsepState {
  const { kind } = transceiverOf(state, id);
  const known = config.media?.codecs.filter((codec) => codec.kind === kind) ?? [];
  const wanted = codecs.map((codec) => known.filter((capability) => isSame(capability, codec)));
  const preferences = wanted.flat();
  if (wanted.some((found) => found.length === 0)) throw new RtcError('ERR_INVALID_MODIFICATION', 'a codec is not one that there is');
  if (preferences.length > 0 && !preferences.some(carriesMedia)) throw new RtcError('ERR_INVALID_MODIFICATION', 'there is no codec for media among them');
  return withTransceiver(state, id, { preferences: [...new Set(preferences)] });
}

/** WebRTC extensions, `setHeaderExtensionsToNegotiate`: `undefined` for all again. Without the MID a bundle cannot be told apart. */
export function setHeaderExtensions(config: JsepConfig, state: JsepState, id: number, extensions: readonly HeaderExtensionCapability[] | undefined): JsepState {
  const { kind } = transceiverOf(state, id);
  const known = config.media?.headerExtensions.filter((extension) => extension.kind === kind) ?? [];
  const wanted = extensions?.filter((extension) => extension.direction !== 'inactive');
  for (const { uri } of wanted ?? []) if (!known.some((extension) => extension.uri === uri)) throw new RtcError('ERR_INVALID_MODIFICATION', 'a header extension is not one that there is');
  const isNeeded = ({ uri }: HeaderExtensionCapability): boolean => uri === ExtensionUri.mid;
  if (wanted && known.some(isNeeded) && !wanted.some(isNeeded)) throw new RtcError('ERR_INVALID_MODIFICATION', 'the header extension of the MID cannot be left out');
  return withTransceiver(state, id, { headerExtensions: wanted?.map((extension) => ({ ...extension, kind })) });
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

function sending(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(true, receives(direction));
}

function notSending(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(false, receives(direction));
}

function notReceiving(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(sends(direction), false);
}

function checkMedia({ media }: JsepConfig, kind: MediaKind): void {
  if (kind !== 'audio' && kind !== 'video') throw new RtcError('ERR_INVALID_ARGUMENT', 'media are audio or video');
  if (media?.codecs.some((codec) => codec.kind === kind && carriesMedia(codec)) !== true) throw new RtcError('ERR_NOT_SUPPORTED', `there is no codec for ${kind}`);
}

function checkDirection(direction: unknown): void {
  if (direction === 'sendrecv' || direction === 'sendonly' || direction === 'recvonly' || direction === 'inactive') return;
  throw new RtcError('ERR_INVALID_ARGUMENT', 'a direction is sendrecv, sendonly, recvonly or inactive');
}

function checkAlive({ stopping, stopped }: Transceiver): void {
  if (stopping || stopped) throw new RtcError('ERR_INVALID_STATE', 'the transceiver is stopped');
}

// Codecs are told apart by all that negotiation looks at; the payload type is only how one is offered.
function isSame(a: CodecCapability, b: CodecCapability): boolean {
  if (a.name.toLowerCase() !== b.name.toLowerCase() || a.clockRateHz !== b.clockRateHz || (a.channels ?? 1) !== (b.channels ?? 1)) return false;
  // What refers to other codecs may be named alone, as in a W3C capability `video/rtx`: it stands for all of its kind.
  if (b.parameters.size === 0 && codecRole(b) !== 'media') return true;
  return a.parameters.size === b.parameters.size && [...a.parameters].every(([name, value]) => b.parameters.get(name) === value);
}
