import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { canonicalAddress } from '../../core/index.ts';
import type { InterfaceAddress } from '../runtime.ts';

/** See `Runtime.interfaces`. */
export function interfaces(): readonly InterfaceAddress[] {
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

/** Linux tells the MTU in a file; elsewhere, or where reading is not permitted, it stays unknown. */
function mtuOf(name: string): number | undefined {
  if (process.platform !== 'linux' || name.includes('/')) return undefined;
  try {
    const mtuBytes = Number(readFileSync(`/sys/class/net/${name}/mtu`, 'latin1'));
    return mtuBytes > 0 ? mtuBytes : undefined;
  } catch {
    return undefined;
  }
}
