import ipaddr from 'ipaddr.js';
import { readU32 } from './bytes.ts';
import { DecodeError } from './errors.ts';

/**
 * One end of a path: an IP address in canonical text (IPv6 lower-case and compressed, as the operating system prints it,
 * perhaps with a `%zone`) and a port. The shape fits what datagram sockets deliver, so that no packet needs a conversion.
 */
export interface TransportAddress {
  readonly address: string;
  readonly port: number;
}

/** A datagram with the two ends it travels between, seen from here. */
export interface Datagram {
  readonly bytes: Uint8Array;
  /** The address that our socket is bound to (a wildcard when it is bound to one). */
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
}

/** The version of IP. */
export type AddressFamily = 4 | 6;

/** What an address is for, as far as connectivity cares. */
export type AddressScope = 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'broadcast' | 'unicast';

/** Whether both name the same address and port. */
export function sameAddress(a: TransportAddress, b: TransportAddress): boolean {
  return a === b || (a.port === b.port && a.address === b.address);
}

/** `192.0.2.1:3478` or `[2001:db8::1]:3478`. Not for the packet path. */
export function formatAddress({ address, port }: TransportAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The family of canonical text. */
export function familyOf(address: string): AddressFamily {
  return address.includes(':') ? 6 : 4;
}

/** The longest text of an IPv6 address (with its last four bytes in decimal) and of an interface's name as its zone. */
const MAX_TEXT_LENGTH = 64;

/** Characters of a part of a text that engines make a copy of. */
const LONGEST_COPY = 12;

/**
 * Canonical text of an IP address: IPv6 compressed (RFC 5952), an IPv4-mapped IPv6 address as IPv4, a zone kept.
 * `undefined` when the text is not an address (IPv4 in four decimal parts only: `127.1` and `0x7f000001` are refused).
 */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  if (!text.includes(':')) {
    const number = parseIPv4(text);
    // It has one form only. A long part of a text is made anew: engines keep the whole text for as long as such a part lives.
    return number === undefined ? undefined : text.length > LONGEST_COPY ? formatIPv4(number) : text;
  }
  const hexadecimal = withoutDecimalPart(text);
  if (hexadecimal === undefined || !ipaddr.IPv6.isValid(hexadecimal)) return undefined;
  return canonicalText(ipaddr.IPv6.parse(hexadecimal));
}

/** `::ffff:192.0.2.1` with its decimal part as two hexadecimal groups; other text as it is. */
function withoutDecimalPart(text: string): string | undefined {
  const percent = text.indexOf('%');
  const end = percent < 0 ? text.length : percent;
  const start = text.lastIndexOf(':', end) + 1;
  const decimal = text.slice(start, end);
  if (!decimal.includes('.')) return text;
  const number = parseIPv4(decimal);
  if (number === undefined) return undefined;
  return `${text.slice(0, start)}${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}${text.slice(end)}`;
}

/** The last text that was parsed: a connection asks for the scope, the family and the bytes of the same few addresses again and again. */
let lastText = '';
let lastNumber: number | undefined;

/** Four decimal parts without needless zeros as a 32-bit number; `undefined` for all else. */
function parseIPv4(text: string): number | undefined {
  if (text === lastText) return lastNumber;
  lastText = text;
  return (lastNumber = numberOf(text));
}

function numberOf(text: string): number | undefined {
  let number = 0;
  let part = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      if (part === 0) return undefined; // 010 is eight to some and ten to others
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return undefined;
    } else {
      if (digit !== DOT || part < 0 || ++dots > 3) return undefined;
      number = (number << 8) | part;
      part = -1;
    }
  }
  return dots === 3 && part >= 0 ? ((number << 8) | part) >>> 0 : undefined;
}

/** The code of a dot, as a digit. */
const DOT: number = 46 - 48;

function formatIPv4(number: number): string {
  return `${number >>> 24}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`;
}

function canonicalText(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address instanceof ipaddr.IPv4) return address.toString();
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/**
 * The scope of a canonical address. An IPv6 address that stands for an IPv4 address, and that a gateway would turn into it,
 * has the scope of that one: IPv4-mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056).
 */
export function scopeOf(address: string): AddressScope {
  const number = parseIPv4(address);
  return number === undefined ? scopeOfIPv6(address) : scopeOfIPv4(number);
}

/** RFC 6890 2.2.2, of which connectivity cares about these. */
function scopeOfIPv4(number: number): AddressScope {
  const first = number >>> 24;
  if (first === 0) return 'unspecified'; // 0.0.0.0/8 means "this network" (RFC 1122 3.2.1.3) and is no place to send to
  if (first === 127) return 'loopback';
  if (number >>> 16 === 0xa9fe) return 'link-local';
  if (first >>> 4 === 14) return 'multicast';
  return number === 0xffff_ffff ? 'broadcast' : 'unicast';
}

function scopeOfIPv6(address: string): AddressScope {
  const parsed = ipaddr.parse(address);
  const bytes = parsed.toByteArray();
  switch (parsed.range()) {
    case 'unspecified':
      return 'unspecified';
    case 'loopback':
      return 'loopback';
    case 'linkLocal':
      return 'link-local';
    case 'multicast':
      return 'multicast';
    case 'broadcast':
      return 'broadcast';
    case 'ipv4Mapped':
    case 'rfc6052':
      return scopeOf(bytes.slice(12).join('.'));
    case '6to4':
      return scopeOf(bytes.slice(2, 6).join('.'));
    default:
      // IPv4-compatible IPv6 (::/96) is deprecated (RFC 4291 2.5.5.1) and no place to send to.
      return bytes.slice(0, 12).every((byte) => byte === 0) ? 'unspecified' : 'unicast';
  }
}

/** The 4 or 16 bytes of a canonical address, its zone left out. */
export function addressToBytes(address: string): Uint8Array {
  const number = parseIPv4(address);
  if (number !== undefined) return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
}

/** Canonical text of 4 or 16 bytes. Throws {@link DecodeError} for any other number. */
export function addressFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== 4 && bytes.length !== 16) throw new DecodeError('address', `${bytes.length} bytes`);
  return bytes.length === 4 ? formatIPv4(readU32(bytes, 0)) : canonicalText(ipaddr.fromByteArray([...bytes]));
}
