import { RtcError } from '../../core/index.ts';
import { type IceCandidate, type IceCredentials, parseCandidate } from '../../ice/index.ts';
import {
  bundleGroupsOf,
  candidateLinesOf,
  fingerprintsOf,
  hasEndOfCandidates,
  iceCredentialsOf,
  isIceLite,
  type MediaSection,
  midOf,
  type SdpFingerprint,
  type SessionDescription,
  type SetupRole,
  setupOf,
} from '../../sdp/index.ts';
import { MAX_REMOTE_CANDIDATES, STRONG_FINGERPRINTS } from './constants.ts';
import { restarts } from './generations.ts';
import { negotiatedOf } from './in-force.ts';
import { at, refuse } from './refusal.ts';
import type { JsepState, LocalGeneration, NegotiatedTransport, RemoteBranch, RemoteDescription, RemoteTransport } from './state.ts';

// What a description of the peer says of ICE and DTLS.

/**
 * The transport that stands in a section, or that this one has from its group.
 *
 * @param negotiated - what was agreed upon for it before
 */
export function readTransport(state: JsepState, negotiated: NegotiatedTransport | undefined, description: SessionDescription, index: number, defaultSetup: SetupRole): RemoteTransport {
  const section = description.media[index] as MediaSection;
  const own = iceCredentialsOf(description, section);
  // A bundled section may leave its transport to the tagged one of its group (RFC 9143 7.2, RFC 9429 5.2.1).
  const carrier = own === undefined ? carrierOf(description, section) : section;
  const credentials = own ?? iceCredentialsOf(description, carrier);
  if (credentials === undefined) refuse(`${at(section)} has no ICE credentials`);
  const isOurs = (generation: LocalGeneration): boolean => !restarts(generation.credentials, credentials);
  if (state.generations.some(isOurs) || (state.lastOffer?.generation && isOurs(state.lastOffer.generation))) refuse(`${at(section)} has our own ICE credentials`);
  if (setupOf(description, carrier) === 'holdconn') throw new RtcError('ERR_OPERATION', 'a=setup:holdconn is not supported');
  const fingerprints = fingerprintsOf(description, carrier).filter(({ algorithm }) => STRONG_FINGERPRINTS.has(algorithm)).slice();
  if (fingerprints.length === 0) refuse(`${at(section)} has no fingerprint of sha-256 or stronger`);
  const candidateSections = candidateSectionsOf(description, index, credentials);
  const transport: RemoteTransport = {
    index,
    mid: midOf(section) as string,
    credentials,
    lite: isIceLite(description),
    fingerprints,
    setup: setupOf(description, carrier) ?? defaultSetup,
    candidateSections,
    candidates: readCandidates(description, candidateSections),
    endOfCandidates: candidateSections.some((i) => hasEndOfCandidates(description, description.media[i] as MediaSection)),
  };
  if (negotiated !== undefined) checkContinuity(state, negotiated, transport, defaultSetup === 'actpass');
  return transport;
}

/**
 * The transport of an offer whose tagged section is another one after all, since the first is rejected (RFC 9143 7.3.1);
 * with the candidates that came for it in the meantime.
 */
export function retag(state: JsepState, negotiated: NegotiatedTransport | undefined, remote: RemoteDescription, index: number): RemoteTransport {
  const transport = readTransport(state, negotiated, remote.description, index, 'actpass');
  const candidates = [...transport.candidates];
  let { endOfCandidates } = transport;
  for (const line of remote.trickled) {
    if (!transport.candidateSections.includes(line.index)) continue;
    const candidate = line.text.startsWith('candidate:') ? readCandidate(line.text) : undefined;
    if (candidate && candidates.length < MAX_REMOTE_CANDIDATES) candidates.push(candidate);
    if (line.text === 'end-of-candidates') endOfCandidates = true;
  }
  return { ...transport, candidates, endOfCandidates };
}

/** The section of the same group that has a transport. */
function carrierOf(description: SessionDescription, section: MediaSection): MediaSection {
  const group = new Set(bundleGroupsOf(description).find((mids) => mids.includes(midOf(section) as string)));
  const carriers = description.media.filter((other) => group.has(midOf(other) as string) && iceCredentialsOf(description, other) !== undefined);
  return carriers[0] ?? section;
}

// What was negotiated binds what follows: the DTLS session goes on, and only an offer restarts ICE.
function checkContinuity({ pendingLocal }: JsepState, negotiated: NegotiatedTransport, transport: RemoteTransport, isOffer: boolean): void {
  const unsupported = (reason: string): never => {
    throw new RtcError('ERR_OPERATION', `${reason}: a new DTLS session in place of the old one is not supported`);
  };
  if (!sameFingerprints(negotiated.remoteFingerprints, transport.fingerprints)) unsupported('other fingerprints');
  const theirs = negotiated.dtlsRole === 'client' ? 'passive' : 'active';
  // After a rollback browsers answer with `active` whatever they were, and go on with the session that they have; the fingerprints are
  // the same, so it is still the peer's. Only an offer may ask for another session (RFC 8842 5.5).
  if (isOffer && transport.setup !== theirs && transport.setup !== 'actpass') unsupported('another DTLS role');
  if (isOffer) return;
  const weRestarted = pendingLocal?.usernameFragment !== negotiated.localUsernameFragment;
  if (weRestarted !== restarts(negotiated.remoteCredentials, transport.credentials)) {
    refuse(weRestarted ? 'the offer restarts ICE and the answer has the old credentials' : 'an answer cannot restart ICE');
  }
}

/** Our credentials are those of all transports, so that ICE starts anew on all of them or on none. */
export function checkRestarts(state: JsepState, first: RemoteTransport | undefined, branches: readonly RemoteBranch[]): void {
  const restarted = new Set<boolean>();
  if (first !== undefined && state.negotiated !== undefined) restarted.add(restarts(state.negotiated.remoteCredentials, first.credentials));
  for (const { id, transport } of branches) {
    const negotiated = negotiatedOf(state, id);
    if (negotiated !== undefined) restarted.add(restarts(negotiated.remoteCredentials, transport.credentials));
  }
  if (restarted.size > 1) throw new RtcError('ERR_OPERATION', 'ICE starts anew on all transports or on none');
}

function sameFingerprints(a: readonly SdpFingerprint[], b: readonly SdpFingerprint[]): boolean {
  const set = new Set(a.map(({ algorithm, value }) => `${algorithm} ${value}`));
  const other = new Set(b.map(({ algorithm, value }) => `${algorithm} ${value}`));
  return set.size === other.size && [...set].every((fingerprint) => other.has(fingerprint));
}

// In a bundle the addresses of the transport may all stand in another section (RFC 9143 7.2): where this one has none, those
// of the sections of its group with the same credentials count.
function candidateSectionsOf(description: SessionDescription, index: number, credentials: IceCredentials): readonly number[] {
  const sections = [index];
  const section = description.media[index] as MediaSection;
  if (description.media.length === 1 || candidateLinesOf(section).length > 0) return sections;
  const group = new Set(bundleGroupsOf(description).find((mids) => mids.includes(midOf(section) as string)));
  description.media.forEach((other, i) => {
    const mid = midOf(other);
    const theirs = iceCredentialsOf(description, other);
    if (i !== index && mid !== undefined && group.has(mid) && theirs && !restarts(theirs, credentials)) sections.push(i);
  });
  return sections;
}

function readCandidates(description: SessionDescription, sections: readonly number[]): readonly IceCandidate[] {
  const candidates: IceCandidate[] = [];
  for (const index of sections) {
    for (const { value, line } of candidateLinesOf(description.media[index] as MediaSection)) {
      const candidate = readCandidate(value, line);
      if (candidate && candidates.length < MAX_REMOTE_CANDIDATES) candidates.push(candidate);
    }
  }
  return candidates.slice(); // of the right size, unlike an array that grew
}

/** `undefined` for a transport that is not known (RFC 8839 5.1: such a candidate is ignored). */
export function readCandidate(text: string, line?: number): IceCandidate | undefined {
  const transport = text.split(' ', 3)[2]?.toLowerCase();
  if (transport !== undefined && transport !== '' && transport !== 'udp' && transport !== 'tcp') return undefined;
  try {
    return parseCandidate(text);
  } catch (error) {
    if (line === undefined || !(error instanceof RtcError)) throw error;
    throw new RtcError('ERR_SDP_SYNTAX', `line ${line}: ${error.message}`, { line, cause: error });
  }
}
