import { RtcError } from '../../core/index.ts';
import { type IceCandidate, type IceCredentials, parseCandidate } from '../../ice/index.ts';
import {
  bundleGroupsOf,
  candidateLinesOf,
  type DataSectionFields,
  dataSectionOf,
  fingerprintsOf,
  hasEndOfCandidates,
  iceCredentialsOf,
  iceOptionsOf,
  isIceLite,
  isRejected,
  type MediaSection,
  midOf,
  parseSdp,
  type SdpFingerprint,
  type SdpLimits,
  type SessionDescription,
  type SetupRole,
  setupOf,
} from '../../sdp/index.ts';
import { MAX_REMOTE_CANDIDATES, STRONG_FINGERPRINTS } from './constants.ts';
import { restarts } from './create.ts';
import type { JsepState, NegotiatedTransport, RemoteData, RemoteDescription } from './state.ts';

// Checks on what the peer wants (RFC 9429 5.6 to 5.8 and 5.10). Content that breaks a rule is ERR_INVALID_ACCESS, as the
// W3C algorithm has it; content that is right but cannot be done here is ERR_OPERATION.

/** Reads and checks an offer against the state it would be applied to. */
export function readOffer(state: JsepState, text: string, limits: Partial<SdpLimits>): RemoteDescription {
  const description = parseSdp(text, limits);
  const before = state.currentRemote?.description.media ?? [];
  if (description.media.length < before.length) refuse(`the offer has fewer sections than the ${before.length} of before`);
  for (const section of description.media) if (!isRejected(section) && midOf(section) === undefined) refuse(`${at(section)} has no a=mid`);
  checkKept(state.negotiated, description);
  const index = findData(state.negotiated, description);
  const data = index < 0 ? undefined : readData(state, description, index, 'actpass');
  return { type: 'offer', description, trickled: [], data, canTrickle: canTrickle(description, index) };
}

/** Reads and checks an answer to the pending local offer. */
export function readAnswer(state: JsepState, type: 'answer' | 'pranswer', text: string, limits: Partial<SdpLimits>): RemoteDescription {
  const description = parseSdp(text, limits);
  const local = state.pendingLocal;
  if (local === undefined) throw new RtcError('ERR_INVALID_STATE', 'there is no offer to answer');
  const offer = local.description.media;
  if (description.media.length !== offer.length) refuse(`the answer has ${description.media.length} sections, the offer ${offer.length}`);
  description.media.forEach((section, i) => checkAnswered(offer[i] as MediaSection, section));
  checkAnsweredGroups(local.description, description);
  const section = local.data && (description.media[local.data.index] as MediaSection);
  const accepted = section !== undefined && section.port !== 0 && dataSectionOf(section)?.sctpPort !== 0;
  const data = local.data && accepted ? readData(state, description, local.data.index, 'active') : undefined;
  if (data?.setup === 'actpass' || data?.setup === 'holdconn') refuse(`a=setup:${data.setup} is no answer`);
  return { type, description, trickled: [], data, canTrickle: canTrickle(description, local.data?.index ?? -1) };
}

function refuse(reason: string): never {
  throw new RtcError('ERR_INVALID_ACCESS', reason);
}

function at(section: MediaSection): string {
  return `the section in line ${section.number}`;
}

// A section that is in use keeps its place, its mid and its kind (RFC 3264 8, RFC 9429 5.2.2).
function checkKept(negotiated: NegotiatedTransport | undefined, offer: SessionDescription): void {
  if (negotiated === undefined) return;
  const section = offer.media[negotiated.index] as MediaSection;
  if (isRejected(section)) return;
  if (midOf(section) !== negotiated.mid) refuse(`${at(section)} has another a=mid than before`);
  if (dataSectionOf(section) === undefined) refuse(`${at(section)} was one of data channels`);
}

/** The section to accept; -1 when there is none. There is one association, so a second data section is rejected. */
function findData(negotiated: NegotiatedTransport | undefined, offer: SessionDescription): number {
  const bundled = new Set(bundleGroupsOf(offer).flat());
  if (negotiated && isUsable(offer.media[negotiated.index], bundled)) return negotiated.index;
  return offer.media.findIndex((section) => isUsable(section, bundled));
}

function isUsable(section: MediaSection | undefined, bundled: ReadonlySet<string>): boolean {
  if (section === undefined || isRejected(section)) return false;
  const data = dataSectionOf(section);
  if (data === undefined || data.sctpPort === 0) return false;
  // RFC 9143 6: bundle-only means something inside a group only.
  return section.port !== 0 || bundled.has(midOf(section) as string);
}

function checkAnswered(offered: MediaSection, answered: MediaSection): void {
  const mid = midOf(answered);
  const isAccepted = answered.port !== 0;
  if (mid !== undefined ? mid !== midOf(offered) : isAccepted) refuse(`${at(answered)} has another a=mid than the offer`);
  if (answered.kind !== offered.kind) refuse(`${at(answered)} is of another kind than the offer's`);
  if (!isAccepted) return;
  if (isRejected(offered)) refuse(`${at(answered)} accepts what was not offered`);
  const data = dataSectionOf(answered);
  if (data === undefined || data.legacy !== dataSectionOf(offered)?.legacy) refuse(`${at(answered)} has another protocol than the offer's`);
}

// RFC 9143 7.3: an answer bundles only what was bundled in the offer, and nothing that it rejects.
function checkAnsweredGroups(offer: SessionDescription, answer: SessionDescription): void {
  const offered = new Set(bundleGroupsOf(offer).flat());
  const rejected = new Set(answer.media.filter((section) => section.port === 0).map(midOf));
  for (const mid of bundleGroupsOf(answer).flat()) {
    if (!offered.has(mid)) refuse(`the section ${mid} was not offered in a BUNDLE group`);
    if (rejected.has(mid)) refuse(`the BUNDLE group has the rejected section ${mid}`);
  }
}

function readData(state: JsepState, description: SessionDescription, index: number, defaultSetup: SetupRole): RemoteData {
  const section = description.media[index] as MediaSection;
  const carrier = carrierOf(description, section);
  const credentials = iceCredentialsOf(description, carrier);
  if (credentials === undefined) refuse(`${at(section)} has no ICE credentials`);
  const ours = [...state.generations, ...[state.lastOffer?.generation ?? []].flat()];
  if (ours.some((generation) => generation.credentials.usernameFragment === credentials.usernameFragment && generation.credentials.password === credentials.password)) {
    refuse(`${at(section)} has our own ICE credentials`);
  }
  const fingerprints = fingerprintsOf(description, carrier).filter(({ algorithm }) => STRONG_FINGERPRINTS.has(algorithm));
  if (fingerprints.length === 0) refuse(`${at(section)} has no fingerprint of sha-256 or stronger`);
  const candidateSections = candidateSectionsOf(description, index, credentials);
  const data: RemoteData = {
    index,
    mid: midOf(section) as string,
    fields: dataSectionOf(section) as DataSectionFields,
    credentials,
    lite: isIceLite(description),
    fingerprints,
    setup: setupOf(description, carrier) ?? defaultSetup,
    candidateSections,
    candidates: readCandidates(description, candidateSections),
    endOfCandidates: [...candidateSections].some((i) => hasEndOfCandidates(description, description.media[i] as MediaSection)),
  };
  checkContinuity(state, data, defaultSetup === 'actpass');
  return data;
}

// A bundled section may leave its transport to the tagged one of its group (RFC 9143 7.2, RFC 9429 5.2.1).
function carrierOf(description: SessionDescription, section: MediaSection): MediaSection {
  if (iceCredentialsOf(description, section) !== undefined) return section;
  const group = new Set(bundleGroupsOf(description).find((mids) => mids.includes(midOf(section) as string)));
  const carriers = description.media.filter((other) => group.has(midOf(other) as string) && iceCredentialsOf(description, other) !== undefined);
  return carriers[0] ?? section;
}

// What was negotiated binds what follows: the DTLS session goes on, and only an offer restarts ICE.
function checkContinuity(state: JsepState, data: RemoteData, isOffer: boolean): void {
  if (data.setup === 'holdconn') throw new RtcError('ERR_OPERATION', 'a=setup:holdconn is not supported');
  const { negotiated, pendingLocal } = state;
  if (negotiated === undefined) return;
  const unsupported = (reason: string): never => {
    throw new RtcError('ERR_OPERATION', `${reason}: a new DTLS session in place of the old one is not supported`);
  };
  if (!sameFingerprints(negotiated.remoteFingerprints, data.fingerprints)) unsupported('other fingerprints');
  const theirs = negotiated.dtlsRole === 'client' ? 'passive' : 'active';
  if (data.setup !== theirs && data.setup !== 'actpass') unsupported('another DTLS role');
  if (negotiated.remoteSctpPort !== data.fields.sctpPort) throw new RtcError('ERR_OPERATION', 'another SCTP port is not supported');
  if (isOffer) return;
  const weRestarted = pendingLocal?.usernameFragment !== negotiated.localUsernameFragment;
  if (weRestarted !== restarts(negotiated.remoteCredentials, data.credentials)) {
    refuse(weRestarted ? 'the offer restarts ICE and the answer has the old credentials' : 'an answer cannot restart ICE');
  }
}

function sameFingerprints(a: readonly SdpFingerprint[], b: readonly SdpFingerprint[]): boolean {
  const set = new Set(a.map(({ algorithm, value }) => `${algorithm} ${value}`));
  const other = new Set(b.map(({ algorithm, value }) => `${algorithm} ${value}`));
  return set.size === other.size && [...set].every((fingerprint) => other.has(fingerprint));
}

// In a bundle the addresses of the transport may all stand in another section (RFC 9143 7.2): where this one has none, those
// of the sections of its group with the same credentials count.
function candidateSectionsOf(description: SessionDescription, index: number, credentials: IceCredentials): ReadonlySet<number> {
  const sections = new Set([index]);
  const section = description.media[index] as MediaSection;
  if (candidateLinesOf(section).length > 0) return sections;
  const group = new Set(bundleGroupsOf(description).find((mids) => mids.includes(midOf(section) as string)));
  description.media.forEach((other, i) => {
    const mid = midOf(other);
    const theirs = iceCredentialsOf(description, other);
    if (mid !== undefined && group.has(mid) && theirs && !restarts(theirs, credentials)) sections.add(i);
  });
  return sections;
}

function readCandidates(description: SessionDescription, sections: ReadonlySet<number>): readonly IceCandidate[] {
  const candidates: IceCandidate[] = [];
  for (const index of sections) {
    for (const { value, line } of candidateLinesOf(description.media[index] as MediaSection)) {
      const candidate = readCandidate(value, line);
      if (candidate && candidates.length < MAX_REMOTE_CANDIDATES) candidates.push(candidate);
    }
  }
  return candidates;
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

function canTrickle(description: SessionDescription, index: number): boolean {
  const section = description.media[index] ?? description.media[0];
  return section !== undefined && iceOptionsOf(description, section).has('trickle');
}
