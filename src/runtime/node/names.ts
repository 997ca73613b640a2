import { lookup } from 'node:dns/promises';
import { canonicalAddress, Queue } from '../../core/index.ts';

/** Every lookup holds one of the four threads that the whole process shares with its file system, so no more than this at once. */
export const MAX_CONCURRENT_LOOKUPS = 4;
/** Names that wait for a turn; more are answered with no address. */
export const MAX_WAITING_LOOKUPS = 256;
/** The longest name of the DNS in text (RFC 1035 2.3.4, without the root's dot), with room for a trailing dot. */
const MAX_NAME_LENGTH = 254;

/** Asks the system for the addresses of a name; may reject. */
export type LookupFunction = (hostname: string) => Promise<readonly string[]>;

/** Resolves names, a few at a time. */
export class Names {
  readonly #lookup: LookupFunction;
  readonly #waiting: Queue<() => void> = new Queue();
  #running = 0;

  constructor(lookupFunction: LookupFunction = systemLookup) {
    this.#lookup = lookupFunction;
  }

  /** See `Runtime.resolve`. */
  async resolve(hostname: string): Promise<readonly string[]> {
    const literal = canonicalAddress(hostname);
    if (literal !== undefined) return [literal];
    if (hostname.length === 0 || hostname.length > MAX_NAME_LENGTH || this.#waiting.length >= MAX_WAITING_LOOKUPS) return [];
    if (this.#running >= MAX_CONCURRENT_LOOKUPS) await new Promise<void>((turn) => this.#waiting.push(turn));
    else this.#running++;
    try {
      return unique(await this.#lookup(hostname));
    } catch {
      return [];
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next(); // it takes over our place, so the count stays
    }
  }
}

async function systemLookup(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

function unique(addresses: readonly string[]): readonly string[] {
  const canonical = new Set<string>();
  for (const text of addresses) {
    const address = canonicalAddress(text);
    if (address !== undefined) canonical.add(address);
  }
  return [...canonical];
}
