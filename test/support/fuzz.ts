import { DecodeError } from '../../src/core/index.ts';

/** A small seeded generator (mulberry32), so that every failure can be repeated from its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A `RandomSource` of a seed, for reproducible machines. */
export function seededRandom(seed: number): (into: Uint8Array) => void {
  const next = seeded(seed);
  return (into) => {
    for (let i = 0; i < into.length; i++) into[i] = Math.floor(next() * 256);
  };
}

/** Every proper prefix of a packet, each in a buffer of its own. */
export function* prefixes(packet: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < packet.length; length++) yield packet.slice(0, length);
}

/** Every packet that differs in one bit. */
export function* bitFlips(packet: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < packet.length * 8; bit++) {
    const flipped = packet.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    yield flipped;
  }
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xfe, 0xff] as const;

/** `count` mutations of the packets: bytes changed, runs removed, doubled or filled, ends cut, two packets spliced. Each is a buffer of its own. */
export function* mutations(packets: readonly Uint8Array[], count: number, seed: number): Generator<Uint8Array> {
  const next = seeded(seed);
  const below = (n: number): number => Math.floor(next() * n);
  // A round adds at most a run of 8 bytes or what another packet has.
  const work = new Uint8Array(5 * (Math.max(...packets.map(({ length }) => length)) + 9));
  for (let i = 0; i < count; i++) {
    const packet = packets[below(packets.length)] as Uint8Array;
    work.set(packet);
    let length = packet.length;
    for (let rounds = 1 + below(4); rounds > 0; rounds--) {
      const at = below(length + 1);
      const run = Math.min(below(9), length - at);
      switch (below(6)) {
        case 0:
        case 1:
          work[at] = next() < 0.5 ? below(256) : (INTERESTING[below(INTERESTING.length)] as number);
          length = Math.max(length, at + 1);
          break;
        case 2:
          work.copyWithin(at, at + run, length);
          length -= run;
          break;
        case 3:
          work.copyWithin(at + run, at, length);
          length += run;
          break;
        case 4:
          length = at;
          break;
        default: {
          const other = packets[below(packets.length)] as Uint8Array;
          const from = below(other.length + 1);
          work.set(from === 0 ? other : other.subarray(from), at);
          length = at + other.length - from;
        }
      }
    }
    yield work.slice(0, length);
  }
}

/** Without the traces of errors, which cost more than what is tested. */
export function withoutStacks<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Runs a decoder and lets only {@link DecodeError} pass; anything else is thrown with the input that caused it. */
export function survives(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): 'decoded' | 'refused' {
  try {
    decode(bytes);
    return 'decoded';
  } catch (error) {
    if (error instanceof DecodeError) return 'refused';
    throw new Error(`threw ${String(error)} for ${Buffer.from(bytes).toString('hex')}`, { cause: error });
  }
}

/** All three treatments for a decoder and recorded packets; returns how many inputs it saw. */
export function fuzzDecoder(decode: (bytes: Uint8Array) => unknown, packets: readonly Uint8Array[], count: number, seed: number): number {
  let seen = 0;
  const feed = (inputs: Iterable<Uint8Array>): void => {
    for (const input of inputs) {
      survives(decode, input);
      seen++;
    }
  };
  withoutStacks(() => {
    for (const packet of packets) {
      feed(prefixes(packet));
      feed(bitFlips(packet));
    }
    feed(mutations(packets, count, seed));
  });
  return seen;
}
