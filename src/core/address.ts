import ipaddr from 'ipaddr.js';
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

export type AddressFamily = 4 | 6;

/** What an address is for, as far as connectivity cares. */
export type AddressScope = 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'broadcast' | 'unicast';

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

/**
 * Canonical text of an IP address: IPv6 compressed (RFC 5952), an IPv4-mapped IPv6 address as IPv4, a zone kept.
 * `undefined` when the text is not an address (IPv4 in four decimal parts only: `127.1` and `0x7f000001` are refused).
 */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  if (!text.includes(':')) return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text).toString() : undefined;
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
  if (!ipaddr.IPv4.isValidFourPartDecimal(decimal)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(decimal).toByteArray();
  return `${text.slice(0, start)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}${text.slice(end)}`;
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
      // 0.0.0.0/8 means "this network" (RFC 1122 3.2.1.3), and IPv4-compatible IPv6 (::/96) is deprecated (RFC 4291
      // 2.5.5.1): neither is a place to send to.
      return bytes.slice(0, parsed.kind() === 'ipv4' ? 1 : 12).every((byte) => byte === 0) ? 'unspecified' : 'unicast';
  }
}

/** The 4 or 16 bytes of a canonical address, its zone left out. */
export function addressToBytes(address: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
}

/** Canonical text of 4 or 16 bytes. Throws {@link DecodeError} for any other number. */
export function addressFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== 4 && bytes.length !== 16) throw new DecodeError('address', `${bytes.length} bytes`);
  return canonicalText(ipaddr.fromByteArray([...bytes]));
}
