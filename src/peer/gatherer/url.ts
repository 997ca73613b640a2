import { canonicalAddress, RtcError } from '../../core/index.ts';
import type { StunServer } from './config.ts';
import { DEFAULT_STUN_PORT, MAX_URL_LENGTH } from './constants.ts';

/**
 * Parses the URL of a STUN server (RFC 7064): `stun:host`, `stun:host:port`, IPv6 addresses in brackets. Without a port
 * it is 3478.
 *
 * Throws `RtcError` `ERR_INVALID_ARGUMENT` for what is no such URL, and `ERR_NOT_SUPPORTED` for `stuns:`, `turn:` and
 * `turns:` ones that are well formed (RFC 7065).
 *
 * @example
 * parseIceServerUrl('stun:stun.example.org'); // { url, hostname: 'stun.example.org', port: 3478 }
 */
export function parseIceServerUrl(url: string): StunServer {
  if (url.length > MAX_URL_LENGTH) throw bad(url, 'too long');
  const colon = url.indexOf(':');
  const scheme = url.slice(0, Math.max(colon, 0)).toLowerCase();
  if (scheme !== 'stun' && scheme !== 'stuns' && scheme !== 'turn' && scheme !== 'turns') throw bad(url, 'unknown scheme');
  const isTurn = scheme.startsWith('turn');
  let rest = url.slice(colon + 1);
  const question = rest.indexOf('?');
  if (question >= 0) {
    const query = rest.slice(question + 1);
    if (!isTurn || (query !== 'transport=udp' && query !== 'transport=tcp')) throw bad(url, 'unknown query');
    rest = rest.slice(0, question);
  }
  const { hostname, port } = splitHost(url, rest);
  if (scheme !== 'stun') throw new RtcError('ERR_NOT_SUPPORTED', `servers of the scheme ${scheme}: are not supported`);
  return { url, hostname, port };
}

function splitHost(url: string, text: string): { hostname: string; port: number } {
  let hostname: string;
  let portText: string | undefined;
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    const address = end < 0 ? undefined : canonicalAddress(text.slice(1, end));
    if (address === undefined || !text.slice(1, end).includes(':')) throw bad(url, 'bad IPv6 address');
    const after = text.slice(end + 1);
    if (after !== '' && !after.startsWith(':')) throw bad(url, 'bad port');
    hostname = address;
    portText = after === '' ? undefined : after.slice(1);
  } else {
    const colon = text.indexOf(':');
    hostname = (colon < 0 ? text : text.slice(0, colon)).toLowerCase();
    portText = colon < 0 ? undefined : text.slice(colon + 1);
    if (!isHostname(hostname)) throw bad(url, 'bad host');
  }
  return { hostname, port: portText === undefined ? DEFAULT_STUN_PORT : parsePort(url, portText) };
}

function isHostname(text: string): boolean {
  if (text.length < 1 || text.length > 253) return false;
  let letters = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const digit = c >= 48 && c <= 57;
    const letter = (c >= 97 && c <= 122) || c > 127;
    if (!digit && !letter && c !== 45 && c !== 46 && c !== 95) return false;
    letters ||= letter;
  }
  // What has digits and dots only must be an address in its usual form.
  return letters || canonicalAddress(text) !== undefined;
}

function parsePort(url: string, text: string): number {
  let port = 0;
  if (text.length < 1 || text.length > 5) throw bad(url, 'bad port');
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) throw bad(url, 'bad port');
    port = port * 10 + digit;
  }
  if (port < 1 || port > 65_535) throw bad(url, 'bad port');
  return port;
}

function bad(url: string, what: string): RtcError {
  return new RtcError('ERR_INVALID_ARGUMENT', `ICE server URL ${JSON.stringify(url.slice(0, 80))}: ${what}`);
}
