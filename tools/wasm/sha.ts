// HMAC (RFC 2104) with SHA-1 and SHA-256 (FIPS 180-4) as a module of WebAssembly. The rounds are loops, since a module that is compiled for
// a few hundred blocks should be small.
//
// Nothing here depends on a secret but data: branches, addresses and the number of rounds follow from lengths alone.
import { assemble, block, call, type Code, FunctionBuilder, get, i32, type Local, loopWhile, set, v128 } from './assembler.ts';

/** Where things are in the memory of the module, in bytes. `src/crypto/wasm-hmac.ts` uses the same numbers. */
export const LAYOUT = {
  /** The 64 round constants of SHA-256, which `setUp` writes. */
  constants: 0,
  /** The hash value in words of the platform: five for SHA-1, eight for SHA-256. */
  state: 256,
  /** The hash value after the block that the key makes outside. */
  outside: 288,
  /** The message schedule: 80 words for SHA-1, 64 for SHA-256. */
  schedule: 320,
  /** The key, and zeros up to the end of a block. */
  key: 640,
  /** The data, and zeros behind it; then the code. */
  input: 704,
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

/** The state as bytes in the order of the digest, at the input; the rest of the block is zeros. */
const digest: Code = block(
  ...[0, 16].map((offset) => v128.store(i32.const(LAYOUT.input), v128.swizzle(v128.load(i32.const(0), LAYOUT.state + offset), BIG_ENDIAN), offset)),
  ...[32, 48].map((offset) => v128.store(i32.const(LAYOUT.input), v128.zero, offset)),
);

/** Ends a message that a block goes before (FIPS 180-4 5.1.1): the one bit, and the number of bits in the last word. What lies between is zeros. */
function endMessage(length: Code, end: Code): Code {
  const bits = i32.shl(i32.add(length, i32.const(BLOCK_BYTES)), 3);
  const swapped = i32.or(i32.or(i32.shl(bits, 24), i32.shl(i32.and(bits, i32.const(0xff00)), 8)), i32.and(i32.shrU(bits, 8), i32.const(0xff00)));
  return block(i32.store(i32.add(i32.const(LAYOUT.input), length), i32.const(0x80)), i32.store(end, swapped));
}

/** Exclusive-ors a byte into the block of the key. */
function mask(byte: number): Code {
  const bytes = v128.bytes(...new Array<number>(16).fill(byte));
  return block(...[0, 16, 32, 48].map((offset) => v128.store(i32.const(LAYOUT.key), v128.xor(v128.load(i32.const(LAYOUT.key), offset), bytes), offset)));
}

function copyState(from: number, to: number): Code {
  return block(...[0, 16].map((offset) => v128.store(i32.const(0), v128.load(i32.const(0), from + offset), to + offset)));
}

/** A function `name(length)` that makes the code of so many bytes at the input, under the key. */
function hmac(name: string, compress: number, digestBytes: number, initial: readonly number[]): FunctionBuilder {
  const f = new FunctionBuilder(name, ['i32'], []);
  const [length, end] = [f.parameter(0), f.local('i32')];
  const start = block(...[0, 4].map((i) => v128.store(i32.const(0), v128.words(...initial.slice(i, i + 4)), LAYOUT.state + 4 * i)));
  const takeKey = block(start, call(compress, i32.const(LAYOUT.key), i32.const(LAYOUT.key + BLOCK_BYTES)));
  const input = i32.const(LAYOUT.input);
  return f.body(
    mask(0x5c),
    takeKey,
    copyState(LAYOUT.state, LAYOUT.outside),
    mask(0x5c ^ 0x36),
    takeKey,
    set(end, i32.add(input, i32.and(i32.add(get(length), i32.const(8 + BLOCK_BYTES)), i32.const(-BLOCK_BYTES)))),
    endMessage(get(length), i32.sub(get(end), i32.const(4))),
    call(compress, input, get(end)),
    digest,
    copyState(LAYOUT.outside, LAYOUT.state),
    endMessage(i32.const(digestBytes), i32.const(LAYOUT.input + BLOCK_BYTES - 4)),
    call(compress, input, i32.const(LAYOUT.input + BLOCK_BYTES)),
    digest,
  );
}

/** FIPS 180-4 5.3.1, and zeros in place of the words that SHA-1 does not have. */
const SHA_1_INITIAL: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0, 0, 0, 0];
/** FIPS 180-4 5.3.3: the fractional parts of the square roots of the first eight primes. */
const SHA_256_INITIAL: readonly number[] = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

function setUp(): FunctionBuilder {
  const fours = ROUND_CONSTANTS.flatMap((_, i) => (i % 4 === 0 ? [i] : []));
  return new FunctionBuilder('setUp', [], []).body(
    ...fours.map((i) => v128.store(i32.const(0), v128.words(...ROUND_CONSTANTS.slice(i, i + 4)), LAYOUT.constants + 4 * i)),
  );
}

export function shaModule(): Uint8Array<ArrayBuffer> {
  return assemble([sha1(), sha256(), hmac('hmac1', 0, 20, SHA_1_INITIAL), hmac('hmac256', 1, 32, SHA_256_INITIAL), setUp()], LAYOUT.pages);
}
