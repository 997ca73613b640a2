// SHA-1 and SHA-256 (FIPS 180-4) as a module of WebAssembly: their compression of blocks, and no more. The rounds are loops, since a
// module that is compiled for a few hundred blocks should be small.
//
// Nothing here depends on a secret but data: branches, addresses and the number of rounds follow from the number of blocks alone.
import { assemble, block, type Code, FunctionBuilder, get, i32, type Local, loopWhile, set, v128 } from './assembler.ts';

/** Where things are in the memory of the module, in bytes. `src/crypto/wasm-hmac.ts` uses the same numbers. */
export const LAYOUT = {
  /** The 64 round constants of SHA-256, which `setUp` writes. */
  constants: 0,
  /** The hash value in words of the platform: five for SHA-1, eight for SHA-256. */
  state: 256,
  /** Another hash value, of which the module knows nothing. */
  waiting: 288,
  /** The message schedule: 80 words for SHA-1, 64 for SHA-256. */
  schedule: 320,
  input: 640,
  pages: 1,
} as const;

const BLOCK_BYTES = 64;
const BIG_ENDIAN = v128.bytes(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);

/** FIPS 180-4 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS: readonly number[] = firstPrimes(64).map((prime) => Number(BigInt.asUintN(32, cubeRoot(BigInt(prime) << 96n))));

/** FIPS 180-4 4.2.1: of every 20 rounds. */
const SHA_1_CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6] as const;

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

/** The largest integer whose cube is not above `n`. */
function cubeRoot(n: bigint): bigint {
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** 3n <= n) low = middle;
    else high = middle;
  }
  return low;
}

function sum(first: Code, ...more: readonly Code[]): Code {
  return more.reduce((total, item) => i32.add(total, item), first);
}

function xor(first: Code, ...more: readonly Code[]): Code {
  return more.reduce((total, item) => i32.xor(total, item), first);
}

const rotateRight = (a: Code, bits: number): Code => i32.rotateLeft(a, 32 - bits);
const choose = (x: Code, y: Code, z: Code): Code => i32.xor(z, i32.and(x, i32.xor(y, z)));
const majority = (x: Code, y: Code, z: Code): Code => i32.or(i32.and(x, y), i32.and(z, i32.or(x, y)));
const parity = (x: Code, y: Code, z: Code): Code => xor(x, y, z);

/** For `step` = from, from + 4 … up to `to`. */
function eachWord(step: Local, to: number, body: Code): Code {
  return loopWhile(i32.ltU(get(step), i32.const(to)), block(body, set(step, i32.add(get(step), i32.const(4)))));
}

/** A function `name(at, end)` that takes the blocks from `at` to `end` into the state of so many words. */
function compression(name: string, words: number, rounds: (f: FunctionBuilder, state: readonly Local[], step: Local) => Code): FunctionBuilder {
  const f = new FunctionBuilder(name, ['i32', 'i32'], []);
  const [at, end] = [f.parameter(0), f.parameter(1)];
  const state = f.locals('i32', words);
  const step = f.local('i32');
  const zero = i32.const(0);
  return f.body(
    loopWhile(
      i32.ltU(get(at), get(end)),
      block(
        ...[0, 16, 32, 48].map((offset) => v128.store(zero, v128.swizzle(v128.load(get(at), offset), BIG_ENDIAN), LAYOUT.schedule + offset)),
        ...state.map((word, i) => set(word, i32.load(zero, LAYOUT.state + 4 * i))),
        rounds(f, state, step),
        ...state.map((word, i) => i32.store(zero, i32.add(get(word), i32.load(zero, LAYOUT.state + 4 * i)), LAYOUT.state + 4 * i)),
        set(at, i32.add(get(at), i32.const(BLOCK_BYTES))),
      ),
    ),
  );
}

/** FIPS 180-4 6.2.2. */
function sha256(): FunctionBuilder {
  return compression('sha256', 8, (f, state, step) => {
    const [a, b, c, d, e, g, h, k] = state as readonly [Local, Local, Local, Local, Local, Local, Local, Local];
    const t = f.local('i32');
    const word = (back: number): Code => i32.load(get(step), LAYOUT.schedule + 4 * (16 - back));
    const small0 = xor(rotateRight(word(15), 7), rotateRight(word(15), 18), i32.shrU(word(15), 3));
    const small1 = xor(rotateRight(word(2), 17), rotateRight(word(2), 19), i32.shrU(word(2), 10));
    const big0 = xor(rotateRight(get(a), 2), rotateRight(get(a), 13), rotateRight(get(a), 22));
    const big1 = xor(rotateRight(get(e), 6), rotateRight(get(e), 11), rotateRight(get(e), 25));
    return block(
      set(step, i32.const(0)),
      eachWord(step, 4 * 48, i32.store(get(step), sum(word(16), small0, word(7), small1), LAYOUT.schedule + 64)),
      set(step, i32.const(0)),
      eachWord(step, 4 * 64, block(
        set(t, sum(get(k), big1, choose(get(e), get(g), get(h)), i32.load(get(step), LAYOUT.constants), i32.load(get(step), LAYOUT.schedule))),
        set(k, get(h)),
        set(h, get(g)),
        set(g, get(e)),
        set(e, i32.add(get(d), get(t))),
        set(t, sum(get(t), big0, majority(get(a), get(b), get(c)))),
        set(d, get(c)),
        set(c, get(b)),
        set(b, get(a)),
        set(a, get(t)),
      )),
    );
  });
}

/** FIPS 180-4 6.1.2. */
function sha1(): FunctionBuilder {
  return compression('sha1', 5, (f, state, step) => {
    const [a, b, c, d, e] = state as readonly [Local, Local, Local, Local, Local];
    const t = f.local('i32');
    const word = (back: number): Code => i32.load(get(step), LAYOUT.schedule + 4 * (16 - back));
    return block(
      set(step, i32.const(0)),
      eachWord(step, 4 * 64, i32.store(get(step), i32.rotateLeft(xor(word(3), word(8), word(14), word(16)), 1), LAYOUT.schedule + 64)),
      set(step, i32.const(0)),
      ...[choose, parity, majority, parity].map((mix, i) =>
        eachWord(step, 80 * (i + 1), block(
          set(t, sum(i32.rotateLeft(get(a), 5), mix(get(b), get(c), get(d)), get(e), i32.const(SHA_1_CONSTANTS[i] as number), i32.load(get(step), LAYOUT.schedule))),
          set(e, get(d)),
          set(d, get(c)),
          set(c, i32.rotateLeft(get(b), 30)),
          set(b, get(a)),
          set(a, get(t)),
        )),
      ),
    );
  });
}

/** `digest(to)`: writes the state, as bytes in the order of the digest. */
function digest(): FunctionBuilder {
  const f = new FunctionBuilder('digest', ['i32'], []);
  const words = (offset: number): Code => v128.swizzle(v128.load(i32.const(0), LAYOUT.state + offset), BIG_ENDIAN);
  return f.body(...[0, 16].map((offset) => v128.store(get(f.parameter(0)), words(offset), offset)));
}

/** Turns the key at the input into the block that goes before the text, inside or outside, or one of them into the other (RFC 2104 2). */
function pad(name: string, byte: number): FunctionBuilder {
  const mask = v128.bytes(...new Array<number>(16).fill(byte));
  const input = i32.const(LAYOUT.input);
  return new FunctionBuilder(name, [], []).body(...[0, 16, 32, 48].map((offset) => v128.store(input, v128.xor(v128.load(input, offset), mask), offset)));
}

function setUp(): FunctionBuilder {
  const fours = ROUND_CONSTANTS.flatMap((_, i) => (i % 4 === 0 ? [i] : []));
  return new FunctionBuilder('setUp', [], []).body(
    ...fours.map((i) => v128.store(i32.const(0), v128.words(...ROUND_CONSTANTS.slice(i, i + 4)), LAYOUT.constants + 4 * i)),
  );
}

export function shaModule(): Uint8Array<ArrayBuffer> {
  return assemble([sha1(), sha256(), digest(), pad('outside', 0x5c), pad('inside', 0x5c ^ 0x36), setUp()], LAYOUT.pages);
}
