import { familyOf, scopeOf } from '../core/index.ts';
import { DtlsMachine } from '../dtls/index.ts';
import type { IcePair } from '../ice/index.ts';
import type { SctpPath } from '../sctp/index.ts';
import type { GathererInterface } from './gatherer/index.ts';

/** Headers in front of a UDP payload, in bytes (RFC 791, RFC 8200, RFC 768). */
const IPV4_UDP_BYTES: number = 20 + 8;
const IPV6_UDP_BYTES: number = 40 + 8;
/** What DTLS adds to an SCTP packet, in bytes. */
export const DTLS_OVERHEAD_BYTES: number = DtlsMachine.HEADROOM + DtlsMachine.TAILROOM;
/** A TURN Send indication around a datagram to an IPv6 peer, padding included, in bytes (RFC 8656 11); channel data needs less. */
const RELAY_OVERHEAD_BYTES: number = 20 + 24 + 4 + 3;
/** The largest plaintext of a DTLS record, in bytes (RFC 6347 4.1.1). */
const MAX_RECORD_BYTES = 16_384;
/** What interfaces carry whose system does not say, in bytes. */
const DEFAULT_MTU_BYTES = 1500;
const DEFAULT_LOOPBACK_MTU_BYTES = 16_384;

/**
 * What is known of a path before any packet went over it. A datagram that is larger than the local interface's MTU would
 * leave in IP fragments, and their arrival would say nothing of the path: so the interface sets the upper bound.
 */
export function pathOf(pair: IcePair, interfaces: readonly GathererInterface[], maxDatagramBytes: number = Infinity): SctpPath {
  const remote = pair.remoteAddress.address;
  // What goes to an address of this host never reaches the interface that bears it.
  const isLoopback = scopeOf(remote) === 'loopback' || interfaces.some((one) => one.address === remote);
  const headers = familyOf(remote) === 6 ? IPV6_UDP_BYTES : IPV4_UDP_BYTES;
  const relay = pair.local.type === 'relay' ? RELAY_OVERHEAD_BYTES : 0;
  const overheadBytes = headers + relay + DTLS_OVERHEAD_BYTES;
  const wholeBytes = (isLoopback ? loopbackMtu(interfaces) : interfaceMtu(pair, interfaces)) - overheadBytes;
  return {
    maxMtuBytes: Math.min(wholeBytes, MAX_RECORD_BYTES, maxDatagramBytes - relay - DTLS_OVERHEAD_BYTES),
    overheadBytes,
    wholeBytes,
    isLoopback,
  };
}

function loopbackMtu(interfaces: readonly GathererInterface[]): number {
  return interfaces.find((one) => one.isLoopback)?.mtuBytes ?? DEFAULT_LOOPBACK_MTU_BYTES;
}

/** The MTU of the interface that bears the socket's address; behind a wildcard, that of the candidate or of any interface. */
function interfaceMtu({ base, local }: IcePair, interfaces: readonly GathererInterface[]): number {
  for (const address of [base.address, local.address, local.relatedAddress]) {
    const found = interfaces.find((one) => one.address === address);
    if (found !== undefined) return found.mtuBytes ?? DEFAULT_MTU_BYTES;
  }
  let least = Infinity;
  for (const one of interfaces) if (!one.isLoopback) least = Math.min(least, one.mtuBytes ?? DEFAULT_MTU_BYTES);
  return least === Infinity ? DEFAULT_MTU_BYTES : least;
}
