import { readU16, readU32 } from '../core/bytes.ts';
import { addressFromBytes, addressToBytes, familyOf, scopeOf } from '../core/index.ts';
import type { IceCandidate, LocalCandidate } from './candidate.ts';

/** Why a remote candidate is not used; names of drop counters. */
export type RefusalReason = 'name' | 'transport' | 'component' | 'port' | 'scope';

/**
 * Whether a remote candidate may ever be sent to: candidates come from the peer, who must not make us knock on doors
 * of its choice. What depends on our own addresses is decided by {@link mayPair}.
 *
 * @param address - the candidate's, in canonical text; `undefined` where it is none
 */
export function refusal(candidate: IceCandidate, address: string | undefined, lowPorts: readonly number[]): RefusalReason | undefined {
  if (candidate.protocol !== 'udp') return 'transport';
  if (candidate.component !== 1) return 'component';
  if (address === undefined) return 'name';
  if (candidate.port === 0 || (candidate.port < 1024 && !lowPorts.includes(candidate.port))) return 'port';
  const inner = embeddedIpv4(address);
  if (inner !== undefined && scopeOf(inner) !== 'unicast') return 'scope';
  switch (scopeOf(address)) {
    case 'unspecified':
    case 'multicast':
    case 'broadcast':
      return 'scope';
    default:
      return undefined;
  }
}

/** The IPv4 address that a translator or tunnel would take out of an IPv6 one: NAT64 (RFC 6052), 6to4 (RFC 3056), ::/96 (RFC 4291). */
function embeddedIpv4(address: string): string | undefined {
  if (familyOf(address) === 4) return undefined;
  const bytes = addressToBytes(address);
  const isZero = (from: number, to: number): boolean => bytes.subarray(from, to).every((byte) => byte === 0);
  if (readU16(bytes, 0) === 0x2002) return addressFromBytes(bytes.subarray(2, 6));
  const nat64 = readU32(bytes, 0) === 0x0064ff9b && isZero(4, 12);
  const compatible = isZero(0, 12) && !isZero(12, 15);
  return nat64 || compatible ? addressFromBytes(bytes.subarray(12, 16)) : undefined;
}

/** Whether an address can be reached only from one like it on this host. */
export function isHostBound(address: string): boolean {
  const scope = scopeOf(address);
  return scope === 'loopback' || scope === 'link-local';
}

/**
 * Whether two candidates make a pair (RFC 8445 6.1.2.2): of one family; and loopback and link-local addresses are
 * reached only from an address of ours of that kind.
 */
export function mayPair(local: LocalCandidate, remote: IceCandidate): boolean {
  if (familyOf(local.address) !== familyOf(remote.address)) return false;
  const scope = scopeOf(remote.address);
  return (scope !== 'loopback' && scope !== 'link-local') || (local.type === 'host' && scopeOf(local.address) === scope);
}

/** Where to send for a remote candidate: a link-local address needs the zone of our own (RFC 4007 11). */
export function reachableAddress(local: LocalCandidate, remote: IceCandidate): string {
  if (remote.address.includes('%') || !remote.address.includes(':')) return remote.address;
  const zone = local.address.indexOf('%');
  return zone < 0 || scopeOf(remote.address) !== 'link-local' ? remote.address : remote.address + local.address.slice(zone);
}
