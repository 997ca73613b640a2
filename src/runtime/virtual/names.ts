import { canonicalAddress } from '../../core/index.ts';
import type { VirtualWorld } from './world.ts';

/** How long a lookup takes, in milliseconds of the world. */
const LOOKUP_MS = 1;

/** See `Runtime.resolve`. Knows what the world's `names` hold; without an entry there is no address. */
export async function resolve(world: VirtualWorld, hostname: string): Promise<readonly string[]> {
  const literal = canonicalAddress(hostname);
  if (literal !== undefined) return [literal];
  await new Promise<void>((done) => world.clock.at(world.clock.now + LOOKUP_MS, done));
  const addresses = world.names.get(hostname.toLowerCase().replace(/\.$/, '')) ?? [];
  return addresses.flatMap((text) => canonicalAddress(text) ?? []);
}
