import { addressToBytes, familyOf, scopeOf, type TransportAddress } from '../../core/index.ts';
import type { GathererInterface } from './config.ts';

/** Whether a socket is bound to every address of its family. */
export function isWildcard(address: string): boolean {
  return scopeOf(address) === 'unspecified';
}

/**
 * The addresses at which a socket can be reached. A wildcard stands for one per interface of its family: no loopback
 * (RFC 8445 5.1.1.1) and no link-local IPv6 (RFC 8421 4) unless there is nothing else.
 */
export function hostAddresses(local: TransportAddress, interfaces: readonly GathererInterface[], includeLoopback: boolean): readonly string[] {
  if (!isWildcard(local.address)) return [local.address];
  const family = familyOf(local.address);
  const all = [...new Set(interfaces.filter((i) => i.family === family).map((i) => i.address))];
  const of = (wanted: string): string[] => all.filter((address) => scopeOf(address) === wanted);
  const unicast = of('unicast');
  const loopback = of('loopback');
  const linkLocal = of('link-local');
  const best = unicast.length > 0 ? unicast : linkLocal.length > 0 ? linkLocal : loopback;
  return includeLoopback && best !== loopback ? [...best, ...loopback] : best;
}

/**
 * Where an address of this host stands among all of them, 0 first: families take turns, IPv6 before IPv4 (RFC 8421 4),
 * global addresses before private ones of the same kind, loopback and link-local last.
 */
export function addressRanks(interfaces: readonly GathererInterface[], bound: readonly string[]): ReadonlyMap<string, number> {
  const isShared = Object.isFrozen(interfaces) && bound.every((address) => isWildcard(address) || interfaces.some((i) => i.address === address));
  if (!isShared) return rank(interfaces, bound);
  let ranks = SHARED_RANKS.get(interfaces);
  if (ranks === undefined) SHARED_RANKS.set(interfaces, (ranks = rank(interfaces, [])));
  return ranks;
}

/** A runtime may give one list to many connections. */
const SHARED_RANKS: WeakMap<readonly GathererInterface[], ReadonlyMap<string, number>> = new WeakMap();

function rank(interfaces: readonly GathererInterface[], bound: readonly string[]): ReadonlyMap<string, number> {
  const addresses = [...new Set([...interfaces.map((i) => i.address), ...bound])].filter((address) => !isWildcard(address));
  const classes: string[][] = [[], [], []];
  for (const address of addresses) (classes[classOf(address)] as string[]).push(address);
  const ranks = new Map<string, number>();
  for (const members of classes) {
    const v6 = members.filter((address) => familyOf(address) === 6);
    const v4 = members.filter((address) => familyOf(address) === 4);
    for (let i = 0; i < Math.max(v6.length, v4.length); i++) {
      for (const address of [v6[i], v4[i]]) if (address !== undefined) ranks.set(address, ranks.size);
    }
  }
  return ranks;
}

function classOf(address: string): 0 | 1 | 2 {
  if (scopeOf(address) !== 'unicast') return 2;
  // Unique local IPv6 (RFC 4193) reaches less far than global IPv6; with IPv4 private addresses are the rule.
  return familyOf(address) === 6 && ((addressToBytes(address)[0] as number) & 0xfe) === 0xfc ? 1 : 0;
}

/** The local preference of a rank; sockets on one address differ by their number (RFC 8445 5.1.2.1: no two alike). */
export function localPreference(rank: number, socketIndex: number): number {
  return 65_535 - Math.min(rank, 254) * 256 - Math.min(socketIndex, 255);
}

/** Whether a name means this host, whatever a resolver would say (RFC 6761 6.3). */
export function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}
