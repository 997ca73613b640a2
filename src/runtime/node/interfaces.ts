import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { canonicalAddress } from '../../core/index.ts';
import type { InterfaceAddress } from '../runtime.ts';

/** How long a list is good for, in milliseconds: connections that are opened together share one, and a new address is soon seen. */
const LIST_LIFE_MS = 500;
let known: { readonly list: readonly InterfaceAddress[]; readonly readAt: number } | undefined;

/** See `Runtime.interfaces`. */
export function interfaces(): readonly InterfaceAddress[] {
  const now = performance.now();
  if (known === undefined || now - known.readAt >= LIST_LIFE_MS) known = { list: Object.freeze(readInterfaces()), readAt: now };
  return known.list;
}

function readInterfaces(): InterfaceAddress[] {
  const list: InterfaceAddress[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const mtuBytes = mtuOf(name);
    for (const entry of addresses ?? []) {
      const family = entry.family === 'IPv6' ? 6 : 4;
      // A link-local address means nothing without the interface, and the system wants it in the text.
      const zoned = family === 6 && entry.scopeid ? `${entry.address}%${name}` : entry.address;
      const address = canonicalAddress(zoned);
      if (address === undefined) continue;
      const prefixLength = Number(entry.cidr?.split('/')[1] ?? (family === 6 ? 64 : 32));
      list.push({ name, address, family, prefixLength, isLoopback: entry.internal, ...(mtuBytes === undefined ? undefined : { mtuBytes }) });
    }
  }
  return list;
}

/** MTUs hardly ever change, and a process may open many connections at once. */
const MTU_LIFE_MS = 5000;
const mtus: Map<string, { readonly mtuBytes: number | undefined; readonly readAt: number }> = new Map();

function mtuOf(name: string): number | undefined {
  if (process.platform !== 'linux' || name.includes('/')) return undefined;
  const before = mtus.get(name);
  const now = performance.now();
  if (before !== undefined && now - before.readAt < MTU_LIFE_MS) return before.mtuBytes;
  const mtuBytes = readMtu(name);
  mtus.set(name, { mtuBytes, readAt: now });
  return mtuBytes;
}

/**
 * Linux tells the MTU in two files; elsewhere, or where reading is not permitted, it stays unknown. Under `/sys` stand the
 * devices of the network namespace that mounted it, under `/proc` those of our own, but only where IPv6 is on: the smaller counts.
 */
function readMtu(name: string): number | undefined {
  const mtuBytes = Math.min(readNumber(`/sys/class/net/${name}/mtu`), readNumber(`/proc/sys/net/ipv6/conf/${name}/mtu`));
  return mtuBytes === Infinity ? undefined : mtuBytes;
}

function readNumber(path: string): number {
  try {
    const value = Number(readFileSync(path, 'latin1'));
    return value > 0 ? value : Infinity;
  } catch {
    return Infinity;
  }
}
