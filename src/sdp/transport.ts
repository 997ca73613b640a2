import { RtcError } from '../core/index.ts';
import type { MediaSection, SdpAttribute, SessionDescription } from './description.ts';
import { cut, fields } from './syntax.ts';

// What a section says about its ICE and DTLS transport. Attributes that may stand on either level are looked up in the
// section first and in the session then (RFC 8839 5.4, RFC 8122 5, RFC 4145 4).

/** `a=setup` (RFC 4145 4, RFC 8842 5). */
export type SetupRole = 'active' | 'passive' | 'actpass' | 'holdconn';

/** `a=fingerprint` (RFC 8122 5). */
export interface SdpFingerprint {
  /** Lower case, as in `sha-256`. */
  readonly algorithm: string;
  /** Upper-case hexadecimal with colons. */
  readonly value: string;
}

/** ICE credentials of a section (RFC 8839 5.4); `undefined` unless both are there, on one level. */
export function iceCredentialsOf(description: SessionDescription, section: MediaSection): { usernameFragment: string; password: string } | undefined {
  let usernameFragment = section.attribute('ice-ufrag');
  let password = section.attribute('ice-pwd');
  if (usernameFragment === undefined && password === undefined) {
    usernameFragment = description.session.attribute('ice-ufrag');
    password = description.session.attribute('ice-pwd');
  }
  return usernameFragment !== undefined && password !== undefined ? { usernameFragment, password } : undefined;
}

/** The words of `a=ice-options` of both levels (RFC 8839 5.6). Commas part them as well as spaces. */
export function iceOptionsOf(description: SessionDescription, section: MediaSection): ReadonlySet<string> {
  const lines = section.attributes('ice-options').concat(description.session.attributes('ice-options'));
  return new Set(lines.flatMap(({ value }) => value.split(/[ ,]/)).filter((word) => word !== ''));
}

/** Whether the peer has a lite agent (RFC 8839 5.3). */
export function isIceLite(description: SessionDescription): boolean {
  return description.session.has('ice-lite');
}

/** The raw `candidate:…` lines of a section. They are parsed where ICE is. */
export function candidateLinesOf(section: MediaSection): readonly SdpAttribute[] {
  return section.attributes('candidate');
}

/** Whether no more candidates follow (RFC 8840 4.2). */
export function hasEndOfCandidates(description: SessionDescription, section: MediaSection): boolean {
  return section.has('end-of-candidates') || description.session.has('end-of-candidates');
}

/** The fingerprints of the peer's certificates: those of the section, or those of the session where it has none. */
export function fingerprintsOf(description: SessionDescription, section: MediaSection): readonly SdpFingerprint[] {
  const own = section.attributes('fingerprint');
  const lines = own.length > 0 ? own : description.session.attributes('fingerprint');
  return lines.map(({ value }) => {
    const [algorithm, digest] = cut(value, ' ');
    return { algorithm: algorithm.toLowerCase(), value: (digest as string).toUpperCase() };
  });
}

/** The DTLS role of a section; `undefined` when nothing is said. */
export function setupOf(description: SessionDescription, section: MediaSection): SetupRole | undefined {
  return (section.attribute('setup') ?? description.session.attribute('setup')) as SetupRole | undefined;
}

/** The parts of the `o=` line (RFC 8866 5.2). */
export interface SdpOrigin {
  readonly username: string;
  /** Up to 20 decimal digits, more than a double holds. */
  readonly sessionId: string;
  readonly sessionVersion: string;
}

/** The parts of the `o=` line. */
export function originOf(description: SessionDescription): SdpOrigin {
  const [username, sessionId, sessionVersion] = fields(description.session.line('o') ?? '');
  if (username === undefined || sessionId === undefined || sessionVersion === undefined) throw new RtcError('ERR_SDP_SYNTAX', 'the o= line is missing');
  return { username, sessionId, sessionVersion };
}
