import ipaddr from 'ipaddr.js';

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

/**
 * Canonical text of an IP address: IPv6 compressed (RFC 5952), an IPv4-mapped IPv6 address as IPv4, a zone kept.
 * `undefined` when the text is not an address (IPv4 in four decimal parts only: `127.1` and `0x7f000001` are refused).
 */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > 64) return undefined;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString();
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** The scope of a canonical address. */
export function scopeOf(address: string): AddressScope {
  const parsed = ipaddr.parse(address);
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
    default:
      // 0.0.0.0/8 means "this network" (RFC 1122 3.2.1.3) and is no place to send to either.
      return parsed.kind() === 'ipv4' && parsed.toByteArray()[0] === 0 ? 'unspecified' : 'unicast';
  }
}

/** The 4 or 16 bytes of a canonical address, its zone left out. */
export function addressToBytes(address: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
}

/** Canonical text of 4 or 16 bytes. */
export function addressFromBytes(bytes: Uint8Array): string {
  const address = ipaddr.fromByteArray([...bytes]);
  if (address.kind() === 'ipv4') return address.toString();
  const v6 = address as ipaddr.IPv6;
  return v6.isIPv4MappedAddress() ? v6.toIPv4Address().toString() : v6.toRFC5952String();
}
