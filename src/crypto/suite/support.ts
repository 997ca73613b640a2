import { type CryptoProvider, type ErrorCode, type RandomSource, RtcError, toHex } from '../../core/index.ts';

/** One behaviour that a provider must show. */
export interface ConformanceCase {
  readonly name: string;
  /** Throws when the provider does not show it. A case about something that the provider does not list passes. */
  run(provider: CryptoProvider): void;
}

export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

export function same(actual: Uint8Array, expectedHex: string, what: string): void {
  if (toHex(actual) !== expectedHex) throw new Error(`${what}: ${toHex(actual)}, not ${expectedHex}`);
}

export function mustThrow(code: ErrorCode, what: string, call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (error instanceof RtcError && error.code === code) return;
    throw new Error(`${what}: threw ${String(error)}, not an RtcError with ${code}`, { cause: error });
  }
  throw new Error(`${what}: accepted`);
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

/** A source that yields these bytes first and then a sequence without meaning. */
export function sourceOf(first: Uint8Array, seed = 1): RandomSource {
  let at = 0;
  let state = seed;
  return (into) => {
    for (let i = 0; i < into.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      into[i] = at < first.length ? (first[at++] as number) : state >>> 24;
    }
  };
}
