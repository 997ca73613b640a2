import type { IceCredentials } from '../../ice/index.ts';
import {
  DEFAULT_SCTP_PORT,
  makeMediaSection,
  makeSessionSection,
  type MediaSection,
  midOf,
  type SdpSection,
  type SessionDescription,
  type SetupRole,
} from '../../sdp/index.ts';
import type { JsepConfig } from './config.ts';
import { DEFAULT_RECEIVE_MESSAGE_SIZE_BYTES, PLACEHOLDER_PORT } from './constants.ts';
import type { JsepState, Origin } from './state.ts';

// The sections of our own descriptions (RFC 9429 5.2 and 5.3). Candidates are folded in later.

const NO_ADDRESS = 'c=IN IP4 0.0.0.0';

/** What every section says of its identity and its transport. */
export function transportLines(config: JsepConfig, mid: string, credentials: IceCredentials, setup: SetupRole): string[] {
  const fingerprints = config.fingerprints.map(({ algorithm, value }) => `a=fingerprint:${algorithm} ${value}`);
  return [`a=mid:${mid}`, `a=ice-ufrag:${credentials.usernameFragment}`, `a=ice-pwd:${credentials.password}`].concat(fingerprints, `a=setup:${setup}`);
}

interface DataSectionOptions {
  readonly bundleOnly?: boolean;
  readonly legacyProtocol?: string | undefined;
  /** Our INIT chunk in base64. */
  readonly sctpInit: string | undefined;
}

/** A data section that is offered or accepted. */
export function dataSection(config: JsepConfig, transport: readonly string[], { bundleOnly = false, legacyProtocol, sctpInit }: DataSectionOptions): MediaSection {
  const sctpPort = config.sctpPort ?? DEFAULT_SCTP_PORT;
  const lines = [NO_ADDRESS].concat(transport);
  if (bundleOnly) lines.push('a=bundle-only');
  // A peer from before RFC 8841 is answered in its own words.
  lines.push(legacyProtocol === undefined ? `a=sctp-port:${sctpPort}` : `a=sctpmap:${sctpPort} webrtc-datachannel 65535`);
  lines.push(`a=max-message-size:${config.maxMessageSizeBytes ?? DEFAULT_RECEIVE_MESSAGE_SIZE_BYTES}`);
  if (sctpInit !== undefined && legacyProtocol === undefined) lines.push(`a=sctp-init:${sctpInit}`);
  const formats = [legacyProtocol === undefined ? 'webrtc-datachannel' : String(sctpPort)];
  return makeMediaSection({ kind: 'application', port: bundleOnly ? 0 : PLACEHOLDER_PORT, protocol: legacyProtocol ?? 'UDP/DTLS/SCTP', formats }, lines);
}

/** A section in the place of one that is rejected or stopped: the same media with port 0 (RFC 3264 6, 8.2). */
export function rejectedSection(section: MediaSection): MediaSection {
  const lines = [NO_ADDRESS];
  const mid = midOf(section);
  if (mid !== undefined) lines.push(`a=mid:${mid}`);
  if (section.kind !== 'application') lines.push('a=inactive');
  return makeMediaSection({ kind: section.kind, port: 0, protocol: section.protocol, formats: section.formats }, lines);
}

/**
 * Puts the session level on top. Its version rises when anything else differs from what was made before, candidates
 * among it.
 *
 * @param media - without candidates
 * @param folded - with them
 */
export function assemble(
  state: JsepState,
  media: readonly MediaSection[],
  folded: readonly MediaSection[],
  groups: readonly (readonly string[])[],
): { description: SessionDescription; origin: Origin } {
  const body = [groups.map((mids) => mids.join(' ')).join()].concat(folded.map(({ text }) => text)); // of the right size, unlike one that is spread
  const { sessionId, version, body: before } = state.origin;
  const isSame = body.length === before.length && body.every((text, i) => text === before[i]);
  const origin = isSame ? state.origin : { sessionId, version: version + 1, body };
  return { description: { session: sessionSection(origin, groups), media: media.slice() }, origin };
}

function sessionSection(origin: Origin, groups: readonly (readonly string[])[]): SdpSection {
  const lines = groups.flatMap((mids) => (mids.length === 0 ? [] : `a=group:BUNDLE ${mids.join(' ')}`));
  return makeSessionSection(['v=0', `o=- ${origin.sessionId} ${origin.version} IN IP4 127.0.0.1`, 's=-', 't=0 0'].concat(lines, 'a=ice-options:trickle ice2'));
}
