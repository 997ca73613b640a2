import { canonicalAddress, RtcError, type TransportAddress } from '../core/index.ts';
import { MAX_CANDIDATE_LINE } from './constants.ts';

/** How a candidate was come by (RFC 8445 5.1.1). */
export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';

/** A candidate as signalling carries it (RFC 8839 5.1). */
export interface IceCandidate {
  /** Candidates with the same foundation share their fate (RFC 8445 5.1.1.3). */
  readonly foundation: string;
  readonly component: 1 | 2;
  readonly protocol: 'udp' | 'tcp';
  /** Unsigned 32 bits. */
  readonly priority: number;
  /** A canonical IP address, or a host name that cannot be used as it is (`….local`). */
  readonly address: string;
  readonly port: number;
  readonly type: CandidateType;
  readonly relatedAddress?: string;
  readonly relatedPort?: number;
  readonly tcpType?: 'active' | 'passive' | 'so';
  readonly usernameFragment?: string;
  /** What else the line held, in order. */
  readonly extensions?: readonly (readonly [string, string])[];
}

/** A candidate of ours. */
export interface LocalCandidate extends IceCandidate {
  /** What the socket is bound to; perhaps a wildcard. */
  readonly base: TransportAddress;
  /** The server that the candidate came from. */
  readonly url?: string;
}

/**
 * Parses a candidate, with or without `a=` and `candidate:` before it. Throws `RtcError` `ERR_SDP_SYNTAX`.
 * IPv4-mapped IPv6 addresses come out as IPv4.
 */
export function parseCandidate(line: string): IceCandidate {
  if (line.length > MAX_CANDIDATE_LINE) throw syntax('too long');
  let text = line.trim();
  if (text.startsWith('a=')) text = text.slice(2);
  if (text.startsWith('candidate:')) text = text.slice(10);
  if (NOT_PRINTABLE.test(text)) throw syntax('control characters');
  const parts = text.split(' ');
  const words = parts.includes('') ? parts.filter((part) => part !== '') : parts;
  if (words.length < 8) throw syntax('too few fields');
  const related: { relatedAddress?: string; relatedPort?: number } = {};
  let at = 8;
  if (words[at] === 'raddr') {
    related.relatedAddress = parseHost(words[at + 1] ?? '');
    at += 2;
  }
  if (words[at] === 'rport') {
    related.relatedPort = parseNumber(words[at + 1] ?? '', 0xffff, 'rport');
    at += 2;
  }
  if (words[6] !== 'typ') throw syntax('no typ');
  return {
    foundation: parseFoundation(words[0] as string),
    component: parseComponent(words[1] as string),
    protocol: parseTransport(words[2] as string),
    priority: parseNumber(words[3] as string, 0xffffffff, 'priority'),
    address: parseHost(words[4] as string),
    port: parseNumber(words[5] as string, 0xffff, 'port'),
    type: parseType(words[7] as string),
    ...related,
    ...parseExtensions(words, at),
  };
}

/** The candidate as the value of an `a=` line: `candidate:…`. */
export function formatCandidate(c: IceCandidate, usernameFragment: string | undefined = c.usernameFragment): string {
  const parts = [`candidate:${c.foundation}`, c.component, c.protocol, c.priority, withoutZone(c.address), c.port, 'typ', c.type];
  if (c.relatedAddress !== undefined) parts.push('raddr', withoutZone(c.relatedAddress));
  if (c.relatedPort !== undefined) parts.push('rport', c.relatedPort);
  if (c.tcpType !== undefined) parts.push('tcptype', c.tcpType);
  for (const [name, value] of c.extensions ?? []) parts.push(name, value);
  if (usernameFragment !== undefined) parts.push('ufrag', usernameFragment);
  return parts.join(' ');
}

/** A zone means something on this host only. */
function withoutZone(address: string): string {
  const at = address.indexOf('%');
  return at < 0 ? address : address.slice(0, at);
}

function syntax(what: string): RtcError {
  return new RtcError('ERR_SDP_SYNTAX', `candidate: ${what}`);
}

function parseNumber(text: string, max: number, what: string): number {
  if (text.length < 1 || text.length > 10) throw syntax(`${what} is not a number`);
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) throw syntax(`${what} is not a number`);
    value = value * 10 + digit;
  }
  if (value > max) throw syntax(`${what} is too large`);
  return value;
}

/** Whether all characters are letters, digits or one of `more`. */
function onlyOf(text: string, more: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const letter = c | 32;
    if (!((c >= 48 && c <= 57) || (letter >= 97 && letter <= 122) || more.includes(text[i] as string))) return false;
  }
  return true;
}

/** Whether text consists of ice-char only (RFC 8839 5.1), within bounds of length. */
export function isIceText(text: string, min: number, max: number): boolean {
  return text.length >= min && text.length <= max && onlyOf(text, '+/');
}

/** Line ends and other control characters: what is parsed may be written into a description again. */
const NOT_PRINTABLE = /[\p{Cc}\u2028\u2029]/u;

function parseFoundation(text: string): string {
  // Some senders write characters that the grammar does not have; they do no harm.
  if (text.length < 1 || text.length > 64 || !onlyOf(text, '+/-_=.:')) throw syntax('bad foundation');
  return text;
}

function parseComponent(text: string): 1 | 2 {
  const component = parseNumber(text, 256, 'component');
  if (component !== 1 && component !== 2) throw syntax('component is neither 1 nor 2');
  return component;
}

function parseTransport(text: string): 'udp' | 'tcp' {
  const lower = text.toLowerCase();
  if (lower !== 'udp' && lower !== 'tcp') throw syntax('unknown transport');
  return lower;
}

function parseType(text: string): CandidateType {
  switch (text) {
    case 'host':
    case 'srflx':
    case 'prflx':
    case 'relay':
      return text;
    default:
      throw syntax('unknown type');
  }
}

function parseHost(text: string): string {
  const address = canonicalAddress(text);
  if (address !== undefined) return address;
  // A name must have a letter: what looks like a number is an address in a form that is refused.
  if (text.length < 1 || text.length > 253 || !onlyOf(text, '.-') || !hasLetter(text)) throw syntax('bad address');
  return text.toLowerCase();
}

function hasLetter(text: string): boolean {
  if (/^0x/i.test(text)) return false;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) | 32) >= 97 && (text.charCodeAt(i) | 32) <= 122) return true;
  return false;
}

interface Extensions {
  tcpType?: 'active' | 'passive' | 'so';
  usernameFragment?: string;
  extensions?: (readonly [string, string])[];
}

function parseExtensions(words: readonly string[], start: number): Extensions {
  const out: Extensions = {};
  for (let at = start; at < words.length; at += 2) {
    const name = words[at] as string;
    const value = words[at + 1];
    if (value === undefined) throw syntax('extension without a value');
    if (name === 'tcptype') {
      if (value !== 'active' && value !== 'passive' && value !== 'so') throw syntax('unknown tcptype');
      out.tcpType = value;
    } else if (name === 'ufrag') {
      out.usernameFragment = value;
    } else {
      (out.extensions ??= []).push([name, value]);
    }
  }
  return out;
}
