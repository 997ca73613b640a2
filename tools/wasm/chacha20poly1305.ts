// ChaCha20-Poly1305 (RFC 8439) as a module of WebAssembly with 128-bit vectors. One pass over the data: while the vector unit
// makes the next four blocks of keystream, the integer unit authenticates what is ciphertext already.
//
// Nothing here depends on a secret but data: branches, addresses and the number of rounds follow from lengths alone.
import { assemble, block, type Code, FunctionBuilder, get, i32, i64, type Local, loopUntilNot, loopWhile, set, v128, when, wordShuffle } from './assembler.ts';

/** Where things are in the memory of the module, in bytes. `src/crypto/wasm-chacha.ts` uses the same numbers. */
export const LAYOUT = {
  /** The initial state of RFC 8439 2.3: constants, key, counter, nonce. */
  state: 0,
  counter: 48,
  /** The text, behind 64 zeros that become the one-time key when they are encrypted. */
  input: 512,
  pages: 1,
} as const;

const BLOCK_BYTES = 64;
/** Four blocks at a time, one in each lane. */
const STRIP_BYTES = 4 * BLOCK_BYTES;
const LOW_32 = i64.const(0xffff_ffffn);

const ROTATE_16 = [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13];
const ROTATE_8 = [3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14];

/** A swizzle with a constant is one instruction, whose operand stays in a register; a shuffle of bytes makes it each time. */
function rotate(value: Local, bits: number): Code {
  const v = get(value);
  if (bits === 16) return set(value, v128.swizzle(v, v128.bytes(...ROTATE_16)));
  if (bits === 8) return set(value, v128.swizzle(v, v128.bytes(...ROTATE_8)));
  return set(value, v128.or(v128.shl32(v, bits), v128.shrU32(v, 32 - bits)));
}

/** RFC 8439 2.1, on all quarters of a round at once: step by step over the four, so that their latencies overlap. */
function quarterRounds(x: readonly Local[], quarters: readonly (readonly [a: number, b: number, c: number, d: number])[]): Code {
  const step = (to: 0 | 2, from: 1 | 3, changed: 3 | 1, bits: number): Code =>
    block(
      ...quarters.map((q) => set(at(x, q[to]), v128.add32(get(at(x, q[to])), get(at(x, q[from]))))),
      ...quarters.map((q) => set(at(x, q[changed]), v128.xor(get(at(x, q[changed])), get(at(x, q[to]))))),
      ...quarters.map((q) => rotate(at(x, q[changed]), bits)),
    );
  return block(step(0, 1, 3, 16), step(2, 3, 1, 12), step(0, 1, 3, 8), step(2, 3, 1, 7));
}

function doubleRound(x: readonly Local[]): Code {
  return block(
    quarterRounds(x, [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]]),
    quarterRounds(x, [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]]),
  );
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}

/** The word of the initial state, in all lanes; the counters of the four blocks follow each other. */
function initialWord(word: number): Code {
  const same = v128.loadSplat32(i32.const(LAYOUT.state), 4 * word);
  return word === 12 ? v128.add32(same, v128.words(0, 1, 2, 3)) : same;
}

/** Four vectors of a word of each block become four vectors of the words of a block. */
function transpose(v: readonly Local[], t: readonly Local[]): Code {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => get(at(v, i))) as [Code, Code, Code, Code];
  const [e, f, g, h] = [0, 1, 2, 3].map((i) => get(at(t, i))) as [Code, Code, Code, Code];
  const lowWords = wordShuffle(0, 4, 1, 5);
  const highWords = wordShuffle(2, 6, 3, 7);
  const lowHalves = wordShuffle(0, 1, 4, 5);
  const highHalves = wordShuffle(2, 3, 6, 7);
  return block(
    set(at(t, 0), v128.shuffle(a, b, lowWords)),
    set(at(t, 1), v128.shuffle(c, d, lowWords)),
    set(at(t, 2), v128.shuffle(a, b, highWords)),
    set(at(t, 3), v128.shuffle(c, d, highWords)),
    set(at(v, 0), v128.shuffle(e, f, lowHalves)),
    set(at(v, 1), v128.shuffle(e, f, highHalves)),
    set(at(v, 2), v128.shuffle(g, h, lowHalves)),
    set(at(v, 3), v128.shuffle(g, h, highHalves)),
  );
}

/** The accumulator and key of Poly1305 in words of 32 bits: h has 130 bits and a little, r is clamped (RFC 8439 2.5). */
interface Poly {
  readonly h: readonly Local[];
  readonly r: readonly Local[];
  /** r₁ to r₃ times 5/4, which is whole because r is clamped: what wraps around 2¹³⁰ is 5 times as much. */
  readonly s: readonly Local[];
  readonly pad: readonly Local[];
  readonly d: readonly Local[];
}

function polyOf(f: FunctionBuilder): Poly {
  return { h: f.locals('i64', 5), r: f.locals('i64', 4), s: f.locals('i64', 4), pad: f.locals('i64', 4), d: f.locals('i64', 4) };
}

function sum(first: Code, ...more: readonly Code[]): Code {
  return more.reduce((total, item) => i64.add(total, item), first);
}

/** h = (h + block + 2¹²⁸) · r. Every product is below 2⁶¹ and every sum of four and a carry below 2⁶⁴. */
function absorb({ h, r, s, d }: Poly, words: readonly Code[]): Code {
  const H = h.map(get);
  const mul = (i: number, factor: Local): Code => i64.mul(at(H, i), get(factor));
  const R = (i: number): Local => at(r, i);
  const S = (i: number): Local => at(s, i);
  const D = (i: number): Code => get(at(d, i));
  const high = (value: Code): Code => i64.shrU(value, i64.const(32n));
  return block(
    ...words.map((word, i) => set(at(h, i), i64.add(at(H, i), word))),
    set(at(h, 4), i64.add(at(H, 4), i64.const(1n))),
    set(at(d, 0), sum(mul(0, R(0)), mul(1, S(3)), mul(2, S(2)), mul(3, S(1)))),
    set(at(d, 1), sum(mul(0, R(1)), mul(1, R(0)), mul(2, S(3)), mul(3, S(2)), mul(4, S(1)))),
    set(at(d, 2), sum(mul(0, R(2)), mul(1, R(1)), mul(2, R(0)), mul(3, S(3)), mul(4, S(2)))),
    set(at(d, 3), sum(mul(0, R(3)), mul(1, R(2)), mul(2, R(1)), mul(3, R(0)), mul(4, S(3)))),
    set(at(h, 4), mul(4, R(0))),
    set(at(d, 1), i64.add(D(1), high(D(0)))),
    set(at(d, 2), i64.add(D(2), high(D(1)))),
    set(at(d, 3), i64.add(D(3), high(D(2)))),
    set(at(h, 4), i64.add(at(H, 4), high(D(3)))),
    ...[1, 2, 3].map((i) => set(at(h, i), i64.and(D(i), LOW_32))),
    set(at(h, 0), i64.add(i64.and(D(0), LOW_32), timesFive(i64.shrU(at(H, 4), i64.const(2n))))),
    set(at(h, 4), i64.and(at(H, 4), i64.const(3n))),
  );
}

function timesFive(value: Code): Code {
  return i64.mul(value, i64.const(5n));
}

function absorbAt(poly: Poly, pointer: Local): Code {
  return block(
    absorb(poly, [0, 4, 8, 12].map((offset) => i64.load32(get(pointer), offset))),
    set(pointer, i32.add(get(pointer), i32.const(16))),
  );
}

/** Takes r and s from the first 32 bytes of keystream, which are at `pointer`, and clears h (RFC 8439 2.6). */
function takeKey({ h, r, s, pad }: Poly, pointer: Code): Code {
  return block(
    ...h.map((local) => set(local, i64.const(0n))),
    ...r.map((local, i) => set(local, i64.and(i64.load32(pointer, 4 * i), i64.const(i === 0 ? 0x0fff_ffffn : 0x0fff_fffcn)))),
    ...[1, 2, 3].map((i) => set(at(s, i), i64.add(get(at(r, i)), i64.shrU(get(at(r, i)), i64.const(2n))))),
    ...pad.map((local, i) => set(local, i64.load32(pointer, 16 + 4 * i))),
  );
}

/** Leaves the two halves of the tag in `low` and `high`: h mod 2¹³⁰ − 5, plus s, mod 2¹²⁸. */
function finish({ h, pad, d }: Poly, low: Local, high: Local): Code {
  const H = h.map(get);
  const D = d.map(get);
  const upper = (value: Code): Code => i64.shrU(value, i64.const(32n));
  const carry = block(
    ...[0, 1, 2, 3].flatMap((i) => [
      set(at(h, i + 1), i64.add(at(H, i + 1), upper(at(H, i)))),
      set(at(h, i), i64.and(at(H, i), LOW_32)),
    ]),
    set(at(h, 0), i64.add(at(H, 0), timesFive(i64.shrU(at(H, 4), i64.const(2n))))),
    set(at(h, 4), i64.and(at(H, 4), i64.const(3n))),
  );
  // h + 5 reaches 2¹³⁰ exactly when h ≥ 2¹³⁰ − 5, and its lower 128 bits are the residue then.
  const plusFive = block(
    set(at(d, 0), i64.add(at(H, 0), i64.const(5n))),
    ...[1, 2, 3].map((i) => set(at(d, i), i64.add(at(H, i), upper(at(D, i - 1))))),
    set(at(h, 4), i64.sub(i64.const(0n), i64.shrU(i64.add(at(H, 4), upper(at(D, 3))), i64.const(2n)))), // all ones or none
  );
  const choose = (i: number): Code => i64.xor(at(H, i), i64.and(i64.xor(at(H, i), i64.and(at(D, i), LOW_32)), at(H, 4)));
  return block(
    carry,
    carry,
    plusFive,
    ...[0, 1, 2, 3].map((i) => set(at(h, i), i64.add(choose(i), get(at(pad, i))))),
    ...[1, 2, 3].map((i) => set(at(h, i), i64.add(at(H, i), upper(at(H, i - 1))))),
    set(low, i64.or(i64.and(at(H, 0), LOW_32), i64.shl(at(H, 1), i64.const(32n)))),
    set(high, i64.or(i64.and(at(H, 2), LOW_32), i64.shl(at(H, 3), i64.const(32n)))),
  );
}

/** Zeros from `from`, in steps of 16 bytes, until `to` is reached. */
function clear(from: Local, to: Code): Code {
  return loopWhile(i32.ltU(get(from), to), block(v128.store(get(from), v128.zero), set(from, i32.add(get(from), i32.const(16)))));
}

function roundUp16(value: Code): Code {
  return i32.and(i32.add(value, i32.const(15)), i32.const(-16));
}

/** The block counter moves on by four. */
function countOn(): Code {
  const counter = i32.const(LAYOUT.counter);
  return i32.store(counter, i32.add(i32.load(counter), i32.const(4)));
}

interface Stream {
  readonly x: readonly Local[];
  readonly t: readonly Local[];
  readonly poly: Poly;
  /** Bytes of text that the next strip begins after, if the block of the one-time key is counted too. */
  readonly done: Local;
  /** Where the result of the strip goes, likewise. */
  readonly to: Local;
  /** The next block of ciphertext to be authenticated, and the end of those that are known. */
  readonly mac: Local;
  readonly limit: Local;
  readonly rounds: Local;
}

/** 256 bytes of keystream, put to `done`, with up to 20 blocks of Poly1305 between the rounds. */
function strip({ x, t, poly, done, to, mac, limit, rounds }: Stream): Code {
  const absorbIfReady = when(i32.ltU(get(mac), get(limit)), absorbAt(poly, mac));
  return block(
    ...x.map((local, word) => set(local, initialWord(word))),
    set(rounds, i32.const(10)),
    loopUntilNot(
      block(doubleRound(x), absorbIfReady, absorbIfReady, set(rounds, i32.sub(get(rounds), i32.const(1)))),
      get(rounds),
    ),
    ...x.map((local, word) => set(local, v128.add32(get(local), initialWord(word)))),
    ...[0, 4, 8, 12].flatMap((row) => {
      const quarter = x.slice(row, row + 4);
      return [
        transpose(quarter, t),
        ...quarter.map((local, b) => {
          const offset = BLOCK_BYTES * b + 4 * row;
          return v128.store(get(to), v128.xor(v128.load(get(done), LAYOUT.input - BLOCK_BYTES + offset), get(local)), offset);
        }),
      ];
    }),
  );
}

/**
 * `run(length, aadAt, aadLength, output)`. When `output` is `LAYOUT.input`: encrypts the text in place, puts the tag behind it
 * and returns 1. Else: decrypts to `output`, and returns 1, or 0 with zeros at `output` when the tag behind the text does not hold.
 * It wants zeros in front of `input` and `output`, and behind the associated data up to the next multiple of 16, where it
 * leaves zeros, as it does where the key was and behind the tag.
 */
function run(): FunctionBuilder {
  const f = new FunctionBuilder('run', ['i32', 'i32', 'i32', 'i32'], ['i32']);
  const [length, aadAt, aadLength, output] = [f.parameter(0), f.parameter(1), f.parameter(2), f.parameter(3)];
  const poly = polyOf(f);
  const [done, to, mac, limit, rounds, scratch] = f.locals('i32', 6) as [Local, Local, Local, Local, Local, Local];
  const [low, high, wantedLow, wantedHigh] = f.locals('i64', 4) as [Local, Local, Local, Local];
  const stream: Stream = { x: f.locals('v128', 16), t: f.locals('v128', 4), poly, done, to, mac, limit, rounds };
  const sealing = i32.equal(get(output), i32.const(LAYOUT.input));
  const tail = i32.add(i32.const(LAYOUT.input), get(length));
  const end = i32.add(i32.const(LAYOUT.input), roundUp16(get(length)));

  // The first block of the stream is the one-time key, and not for the text.
  const first = block(
    takeKey(poly, get(to)),
    ...[0, 16, 32, 48].map((offset) => v128.store(get(to), v128.zero, offset)),
    set(mac, get(aadAt)),
    set(scratch, i32.add(get(aadAt), get(aadLength))),
    loopWhile(i32.ltU(get(mac), get(scratch)), block(absorbAt(poly, mac), v128.store(i32.sub(get(mac), i32.const(16)), v128.zero))),
    set(mac, i32.const(LAYOUT.input)),
    set(limit, end),
  );
  const wholeStream = loopUntilNot(
    block(
      strip(stream),
      countOn(),
      when(i32.isZero(get(done)), first),
      set(done, i32.add(get(done), i32.const(STRIP_BYTES))),
      set(to, i32.add(get(to), i32.const(STRIP_BYTES))),
      // What is authenticated is the ciphertext: all of it at once when it came in, what has been made so far when it goes out.
      when(sealing, set(limit, get(to))),
    ),
    i32.ltU(i32.sub(get(done), i32.const(BLOCK_BYTES)), get(length)),
  );
  const different = i64.or(i64.xor(get(low), get(wantedLow)), i64.xor(get(high), get(wantedHigh)));
  return f.body(
    v128.store(i32.const(LAYOUT.state), v128.words(0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574)),
    set(to, i32.sub(get(output), i32.const(BLOCK_BYTES))),
    set(wantedLow, i64.load(tail)),
    set(wantedHigh, i64.load(tail, 8)),
    when(sealing, [], v128.store(tail, v128.zero)),
    wholeStream,
    v128.store(tail, v128.zero), // padding of the last block, where the tag goes
    loopWhile(i32.ltU(get(mac), end), absorbAt(poly, mac)),
    absorb(poly, [i64.extend(get(aadLength)), i64.const(0n), i64.extend(get(length)), i64.const(0n)]),
    finish(poly, low, high),
    ...[0, 16, 32, 48].map((offset) => v128.store(i32.const(LAYOUT.state), v128.zero, offset)),
    when(sealing, block(
      set(wantedLow, get(low)),
      set(wantedHigh, get(high)),
      i64.store(tail, get(low)),
      i64.store(tail, get(high), 8),
      set(scratch, i32.add(tail, i32.const(16))), // keystream that no text met
      clear(scratch, get(to)),
    )),
    // One branch on all 128 bits: whether a packet is authentic is no secret.
    when(i64.isZero(different), [], block(set(scratch, get(output)), clear(scratch, get(to)))),
    i64.isZero(different),
  );
}

/** `wipe(output, length)`: zeros where `run` left its text. */
function wipe(): FunctionBuilder {
  const f = new FunctionBuilder('wipe', ['i32', 'i32'], []);
  const scratch = f.local('i32');
  const strips = i32.and(i32.add(get(f.parameter(1)), i32.const(STRIP_BYTES - 1 + BLOCK_BYTES)), i32.const(-STRIP_BYTES));
  return f.body(set(scratch, get(f.parameter(0))), clear(scratch, i32.add(get(f.parameter(0)), strips)));
}

export function chacha20Poly1305Module(): Uint8Array<ArrayBuffer> {
  return assemble([run(), wipe()], LAYOUT.pages);
}
