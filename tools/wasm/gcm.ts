// GHASH and the rest of AES-GCM but AES (NIST SP 800-38D) as a module of WebAssembly with 128-bit vectors. The keystream comes
// from outside, where the platform has AES in hardware.
//
// GHASH is evaluated as what it is, the sum over all blocks X of X · H^k, instead of by Horner's rule, whose intermediate value is a
// secret. A block is 32 digits of four bits, so that sum is one of products digit · H^k · x^(4·place): there is a table of the 16
// multiples of each power, and one sum for each of the 32 places. The digits that choose from a table are ciphertext, header
// and lengths, which are on the wire; what depends on the key is only ever data. No branch, no address and no number of
// rounds depends on a secret.
import { assemble, block, call, type Code, FunctionBuilder, get, i32, i64, type Local, loopUntilNot, loopWhile, set, v128, when } from './assembler.ts';

/** Blocks of header, text and lengths at most, together. */
const MAX_BLOCKS = 96;
const MAX_PACKETS = 16;
const BLOCK = 16;
const PLACES = 32;
/** The multiples of one power. */
const TABLE_BYTES = 16 * BLOCK;

const SUMS = 0;
const NONCES = SUMS + PLACES * BLOCK;
/** Sixteen bytes of ones and as many of zeros. */
const MASKS = NONCES + MAX_PACKETS * BLOCK;
const POWERS = MASKS + 2 * BLOCK;
/** H · x^i for all i below 128. */
const SHIFTED = POWERS + MAX_BLOCKS * BLOCK;
const KEYSTREAM = SHIFTED + 128 * BLOCK;
/** The header ends where the text begins; behind it a tag, or lengths. */
const TEXT = KEYSTREAM + 2 * MAX_BLOCKS * BLOCK;
const COUNTERS = TEXT + (MAX_BLOCKS + 1) * BLOCK;
const COUNTER_BYTES = 16_384;

/** Where things are in the memory of the module, in bytes, and what fits. `src/crypto/wasm-gcm.ts` uses the same numbers. */
export const LAYOUT = {
  /** Nonces of packets, 12 bytes in 16. */
  nonces: NONCES,
  masks: MASKS,
  /** The powers of H from `maxBlocks` down to 1. */
  powers: POWERS,
  /** The block that masks the tag, then the keystream. */
  keystream: KEYSTREAM,
  text: TEXT,
  /** What `counters` writes. */
  counters: COUNTERS,
  counterBytes: COUNTER_BYTES,
  /** The end of `powers` and of what is made from them. */
  powersEnd: KEYSTREAM,
  /** Where tables of keys begin, those of one behind those of the other. */
  tables: COUNTERS + COUNTER_BYTES,
  tableBytes: MAX_BLOCKS * TABLE_BYTES,
  maxBlocks: MAX_BLOCKS,
  maxPackets: MAX_PACKETS,
  pages: 1,
} as const;

const [TIMES_X, HASH] = [0, 1];

const bytes = (value: (index: number) => number): Code => v128.bytes(...Array.from({ length: BLOCK }, (_, i) => value(i)));
const all = (value: number): Code => bytes(() => value);

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}

/** `from` and the following numbers; beyond 15 they name the second operand of a shuffle. */
const run = (from: number): number[] => Array.from({ length: BLOCK }, (_, i) => from + i);

/** The product with x: bits go right, since the first bit of the first byte is the coefficient of x⁰; x¹²⁸ is 1 + x + x² + x⁷. */
function timesX(): FunctionBuilder {
  const f = new FunctionBuilder('timesX', ['v128'], ['v128']);
  const value = f.parameter(0);
  const carry = f.local('v128');
  const right = v128.and(v128.shrU32(get(value), 1), all(0x7f));
  return f.body(
    // The last bit of each byte, as its first. That of the last byte has nowhere to go.
    set(carry, v128.and(v128.shl32(get(value), 7), all(0x80))),
    v128.xor(
      v128.xor(right, v128.shuffle(v128.zero, get(carry), run(15))),
      v128.and(v128.equal8(v128.shuffle(get(carry), v128.zero, [15, ...new Array<number>(15).fill(16)]), bytes((i) => (i === 0 ? 0x80 : 0xff))), bytes((i) => (i === 0 ? 0xe1 : 0))),
    ),
  );
}

/** `powers(from, to)`: from H^from and H, the powers up to H^to, by one product of 128 masked sums each. */
function powers(): FunctionBuilder {
  const f = new FunctionBuilder('powers', ['i32', 'i32'], []);
  const [from, to] = [f.parameter(0), f.parameter(1)];
  const [place, address, digits] = f.locals('i32', 3) as [Local, Local, Local];
  const [shifted, sum, digit] = f.locals('v128', 3) as [Local, Local, Local];
  const bit = (i: number): Code => v128.and(v128.load(get(address), BLOCK * i), v128.equal8(v128.and(get(digit), all(0x80 >> i)), all(0x80 >> i)));
  return f.body(
    set(shifted, v128.load(i32.const(POWERS + (MAX_BLOCKS - 1) * BLOCK))),
    set(place, i32.const(SHIFTED)),
    loopUntilNot(block(
      v128.store(get(place), get(shifted)),
      set(shifted, call(TIMES_X, get(shifted))),
      set(place, i32.add(get(place), i32.const(BLOCK))),
    ), i32.ltU(get(place), i32.const(KEYSTREAM))),
    // Powers go down in memory, so that those of a text of any length stand side by side and end with H.
    set(digits, i32.sub(i32.const(POWERS + MAX_BLOCKS * BLOCK), i32.shl(get(from), 4))),
    loopWhile(i32.ltU(i32.sub(i32.const(POWERS + MAX_BLOCKS * BLOCK), i32.shl(get(to), 4)), get(digits)), block(
      set(sum, v128.zero),
      set(place, get(digits)),
      set(address, i32.const(SHIFTED)),
      loopUntilNot(block(
        set(digit, v128.loadSplat8(get(place))),
        ...Array.from({ length: 8 }, (_, i) => set(sum, v128.xor(get(sum), bit(i)))),
        set(place, i32.add(get(place), i32.const(1))),
        set(address, i32.add(get(address), i32.const(8 * BLOCK))),
      ), i32.ltU(get(address), i32.const(KEYSTREAM))),
      set(digits, i32.sub(get(digits), i32.const(BLOCK))),
      v128.store(get(digits), get(sum)),
    )),
  );
}

/** `tables(from, to, end)`: the multiples of the powers above H^from, up to H^to; those of H stand last, in front of `end`. */
function tables(): FunctionBuilder {
  const f = new FunctionBuilder('tables', ['i32', 'i32', 'i32'], []);
  const [from, to, end] = [f.parameter(0), f.parameter(1), f.parameter(2)];
  const [power, table] = f.locals('i32', 2) as [Local, Local];
  const multiples = f.locals('v128', BLOCK);
  const multiple = (digit: number): Local => at(multiples, digit);
  return f.body(
    set(power, i32.sub(i32.const(POWERS + MAX_BLOCKS * BLOCK), i32.shl(get(to), 4))),
    set(table, i32.sub(get(end), i32.shl(get(to), 8))),
    loopWhile(i32.ltU(get(power), i32.sub(i32.const(POWERS + MAX_BLOCKS * BLOCK), i32.shl(get(from), 4))), block(
      set(multiple(8), v128.load(get(power))),
      ...[4, 2, 1].map((digit) => set(multiple(digit), call(TIMES_X, get(multiple(2 * digit))))),
      ...[3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15].map((digit) => set(multiple(digit), v128.xor(get(multiple(digit & (digit - 1))), get(multiple(digit & -digit))))),
      v128.store(get(table), v128.zero),
      ...run(0).slice(1).map((digit) => v128.store(get(table), get(multiple(digit)), BLOCK * digit)),
      set(power, i32.add(get(power), i32.const(BLOCK))),
      set(table, i32.add(get(table), i32.const(TABLE_BYTES))),
    )),
  );
}

/** The sums of eight places: those of the digits in one word of all blocks. */
function sumWord(word: number, first: Local, end: Local, sums: readonly Local[], { text, table, digits }: { readonly text: Local; readonly table: Local; readonly digits: Local }, firstTable: Local): Code {
  const chosen = (i: number): Code => {
    // Digit by digit: the upper half of a byte comes before the lower one. In place it is the offset in the table.
    const place = 8 * (i >> 1) + (i % 2 === 0 ? 4 : 0);
    const moved = place < 4 ? i32.shl(get(digits), 4 - place) : i32.shrU(get(digits), place - 4);
    return v128.load(i32.add(get(table), i32.and(place === 4 ? get(digits) : moved, i32.const(0xf0))));
  };
  return block(
    ...sums.map((sum) => set(sum, v128.zero)),
    set(text, get(first)),
    set(table, get(firstTable)),
    loopUntilNot(block(
      set(digits, i32.load(get(text), 4 * word)),
      ...sums.map((sum, i) => set(sum, v128.xor(get(sum), chosen(i)))),
      set(text, i32.add(get(text), i32.const(BLOCK))),
      set(table, i32.add(get(table), i32.const(TABLE_BYTES))),
    ), i32.ltU(get(text), get(end))),
    ...sums.map((sum, i) => v128.store(i32.const(SUMS), get(sum), BLOCK * (8 * word + i))),
  );
}

/** Both halves of the sum over sixteen places that are a byte apart, as 32 bytes, unreduced. */
function joinPlaces(first: 0 | 1, low: Local, high: Local): Code {
  const sum = (byte: number): Code => v128.load(i32.const(SUMS), BLOCK * (2 * byte + first));
  return block(
    set(low, sum(0)),
    set(high, v128.zero),
    ...run(0).slice(1).flatMap((byte) => [
      set(low, v128.xor(get(low), v128.shuffle(v128.zero, sum(byte), run(BLOCK - byte)))),
      set(high, v128.xor(get(high), v128.shuffle(sum(byte), v128.zero, run(BLOCK - byte)))),
    ]),
  );
}

/** `hash(first, end, tablesEnd)`: GHASH of these blocks. */
function hash(): FunctionBuilder {
  const f = new FunctionBuilder('hash', ['i32', 'i32', 'i32'], ['v128']);
  const [first, end, tablesEnd] = [f.parameter(0), f.parameter(1), f.parameter(2)];
  const [text, table, digits, firstTable] = f.locals('i32', 4) as [Local, Local, Local, Local];
  const sums = f.locals('v128', 8);
  const [low, high, lowOfOdd, highOfOdd] = f.locals('v128', 4) as [Local, Local, Local, Local];
  // 256 bits in four words, of which the first has the lowest powers, at its upper end.
  const words = f.locals('i64', 4);
  const odd = f.locals('i64', 4);
  const [w0, w1, w2, w3] = words as [Local, Local, Local, Local];
  const reversed = (value: Local): Code => v128.shuffle(get(value), v128.zero, run(0).reverse());
  const part = (into: readonly Local[], lower: Local, upper: Local): Code =>
    block(...[lower, lower, upper, upper].map((value, i) => set(at(into, i), v128.half64(reversed(value), i % 2 === 0 ? 1 : 0))));
  const shifted = (word: Local, before: Local | undefined, bits: number): Code => {
    const own = i64.shrU(get(word), i64.const(BigInt(bits)));
    return before === undefined ? own : i64.or(own, i64.shl(get(before), i64.const(BigInt(64 - bits))));
  };
  const times = (word: Local, before: Local | undefined): Code => [1, 2, 7].map((bits) => shifted(word, before, bits)).reduce((a, b) => i64.xor(a, b), get(word));
  const out = (word: Local, bits: number): Code => i64.shl(get(word), i64.const(BigInt(64 - bits)));
  return f.body(
    set(firstTable, i32.sub(get(tablesEnd), i32.shl(i32.sub(get(end), get(first)), 4))),
    ...[0, 1, 2, 3].map((word) => sumWord(word, first, end, sums, { text, table, digits }, firstTable)),
    joinPlaces(0, low, high),
    joinPlaces(1, lowOfOdd, highOfOdd),
    part(words, low, high),
    part(odd, lowOfOdd, highOfOdd),
    // The second digits of all bytes are four powers of x higher.
    ...words.map((word, i) => set(word, i64.xor(get(word), shifted(at(odd, i), odd[i - 1], 4)))),
    // x¹²⁸ = 1 + x + x² + x⁷: what that moves beyond x²⁵⁵ is brought down first.
    set(w2, i64.xor(get(w2), i64.xor(out(w3, 1), i64.xor(out(w3, 2), out(w3, 7))))),
    set(w0, i64.xor(get(w0), times(w2, undefined))),
    set(w1, i64.xor(get(w1), times(w3, w2))),
    i64.store(i32.const(SUMS), get(w1)),
    i64.store(i32.const(SUMS), get(w0), 8),
    set(low, v128.load(i32.const(SUMS))),
    reversed(low),
  );
}

/** `counters(packets, blocks)`: the counter blocks from 1 to `blocks` of each nonce (SP 800-38D 7.1). A counter never leaves its last byte. */
function counters(): FunctionBuilder {
  const f = new FunctionBuilder('counters', ['i32', 'i32'], []);
  const [packets, blocks] = [f.parameter(0), f.parameter(1)];
  const [nonce, to, end] = f.locals('i32', 3) as [Local, Local, Local];
  const counter = f.local('v128');
  return f.body(
    set(nonce, i32.const(NONCES)),
    set(to, i32.const(COUNTERS)),
    loopUntilNot(block(
      set(counter, v128.and(v128.load(get(nonce)), v128.words(-1, -1, -1, 0))),
      set(end, i32.add(get(to), i32.shl(get(blocks), 4))),
      loopUntilNot(block(
        set(counter, v128.add32(get(counter), v128.words(0, 0, 0, 0x0100_0000))),
        v128.store(get(to), get(counter)),
        set(to, i32.add(get(to), i32.const(BLOCK))),
      ), i32.ltU(get(to), get(end))),
      set(nonce, i32.add(get(nonce), i32.const(BLOCK))),
    ), i32.ltU(get(nonce), i32.add(i32.const(NONCES), i32.shl(get(packets), 4)))),
  );
}

/** Repeats the body for all blocks of the padded text. */
function forBlocks(place: Local, padded: Local, body: Code): Code {
  return block(
    set(place, i32.const(0)),
    loopWhile(i32.ltU(get(place), get(padded)), block(body, set(place, i32.add(get(place), i32.const(BLOCK))))),
  );
}

const forgetKeystream = (place: Local): Code => v128.store(get(place), v128.zero, KEYSTREAM + BLOCK);

/** Text and keystream, exclusive-ored; the keystream is gone then. */
function applyKeystream(place: Local, padded: Local): Code {
  const result = v128.xor(v128.load(get(place), TEXT), v128.load(get(place), KEYSTREAM + BLOCK));
  return forBlocks(place, padded, block(v128.store(get(place), result, TEXT), forgetKeystream(place)));
}

/** Zeros behind the text, up to the end of its last block; `rest` is how many bytes that block has. */
function pad(place: Local, length: Local, rest: Local): Code {
  const mask = v128.load(i32.sub(i32.const(MASKS + BLOCK), get(rest)));
  return block(
    set(rest, i32.and(get(length), i32.const(BLOCK - 1))),
    set(place, i32.sub(get(length), get(rest))),
    when(get(rest), v128.store(get(place), v128.and(v128.load(get(place), TEXT), mask), TEXT)),
  );
}

const paddedLength = (length: Local): Code => i32.and(i32.add(get(length), i32.const(BLOCK - 1)), i32.const(-BLOCK));

/** Moves the header down so that it fills whole blocks with the zeros behind it. */
function alignHeader(from: Local, to: Local, header: Local, rest: Local): Code {
  const mask = v128.load(i32.sub(i32.const(MASKS + BLOCK), get(rest)));
  return block(
    set(rest, i32.and(get(header), i32.const(BLOCK - 1))),
    when(get(rest), block(
      set(from, i32.sub(i32.const(TEXT), get(header))),
      set(to, i32.sub(i32.const(TEXT), paddedLength(header))),
      loopWhile(i32.ltU(get(to), i32.const(TEXT - BLOCK)), block(
        v128.store(get(to), v128.load(get(from))),
        set(from, i32.add(get(from), i32.const(BLOCK))),
        set(to, i32.add(get(to), i32.const(BLOCK))),
      )),
      v128.store(get(to), v128.and(v128.load(get(from)), mask)),
    )),
  );
}

/** The block of both lengths, in bits, behind the padded text. They are below 2^16, and in network order. */
function putLengths(length: Local, header: Local, padded: Local): Code {
  const bits = (count: Local): Code => i32.or(i32.shl(i32.shrU(get(count), 5), 16), i32.shl(get(count), 27));
  return block(
    v128.store(get(padded), v128.zero, TEXT),
    i32.store(get(padded), bits(header), TEXT + 4),
    i32.store(get(padded), bits(length), TEXT + 12),
  );
}

const tagOf = (header: Local, padded: Local, tablesEnd: Local): Code =>
  v128.xor(v128.load(i32.const(KEYSTREAM)), call(HASH, i32.sub(i32.const(TEXT), paddedLength(header)), i32.add(i32.const(TEXT + BLOCK), get(padded)), get(tablesEnd)));

/** `seal(length, header, tablesEnd)`, with the bytes of text and header: ciphertext takes the text's place, and the tag stands behind it. */
function seal(): FunctionBuilder {
  const f = new FunctionBuilder('seal', ['i32', 'i32', 'i32'], []);
  const [length, header, tablesEnd] = [f.parameter(0), f.parameter(1), f.parameter(2)];
  const [place, padded, rest, to] = f.locals('i32', 4) as [Local, Local, Local, Local];
  return f.body(
    set(padded, paddedLength(length)),
    alignHeader(place, to, header, rest),
    applyKeystream(place, padded),
    pad(place, length, rest),
    putLengths(length, header, padded),
    v128.store(get(length), tagOf(header, padded, tablesEnd), TEXT),
    v128.store(i32.const(KEYSTREAM), v128.zero),
  );
}

/** `open(length, header, tablesEnd)`: whether the tag behind the text holds; only then the text is decrypted. */
function open(): FunctionBuilder {
  const f = new FunctionBuilder('open', ['i32', 'i32', 'i32'], ['i32']);
  const [length, header, tablesEnd] = [f.parameter(0), f.parameter(1), f.parameter(2)];
  const [place, padded, rest, to, differs] = f.locals('i32', 5) as [Local, Local, Local, Local, Local];
  const tag = f.local('v128');
  return f.body(
    set(padded, paddedLength(length)),
    // Zeros and lengths take its place.
    set(tag, v128.load(get(length), TEXT)),
    alignHeader(place, to, header, rest),
    pad(place, length, rest),
    putLengths(length, header, padded),
    set(differs, v128.anyTrue(v128.xor(tagOf(header, padded, tablesEnd), get(tag)))),
    v128.store(i32.const(KEYSTREAM), v128.zero),
    // One branch on all 128 bits: whether a packet is authentic is no secret.
    when(get(differs), forBlocks(place, padded, forgetKeystream(place)), applyKeystream(place, padded)),
    i32.isZero(get(differs)),
  );
}

/** `wipe(from, to)`: zeros, by whole blocks. */
function wipe(): FunctionBuilder {
  const f = new FunctionBuilder('wipe', ['i32', 'i32'], []);
  const [from, to] = [f.parameter(0), f.parameter(1)];
  return f.body(
    loopWhile(i32.ltU(get(from), get(to)), block(v128.store(get(from), v128.zero), set(from, i32.add(get(from), i32.const(BLOCK))))),
  );
}

/** The module's binary. */
export function gcmModule(): Uint8Array<ArrayBuffer> {
  return assemble([timesX(), hash(), powers(), tables(), counters(), seal(), open(), wipe()], LAYOUT.pages);
}
