// A small assembler for WebAssembly: functions over integers and 128-bit vectors in one module with one memory.
// An expression is the bytes that leave its value on the stack, a statement is bytes that leave nothing.

export type Code = readonly number[];
export type ValueType = 'i32' | 'i64' | 'v128';

const TYPE_CODE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

/** A local variable or parameter of a function. */
export interface Local {
  readonly type: ValueType;
  readonly index: number;
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    out.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return out;
}

/** Signed LEB128. */
function signed(value: bigint): number[] {
  const out: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) return [...out, low];
    out.push(low | 0x80);
  }
}

/** Statements one after the other. */
export function block(...statements: readonly Code[]): Code {
  return statements.flat();
}

export function get(local: Local): Code {
  return [0x20, ...unsigned(local.index)];
}

export function set(local: Local, value: Code): Code {
  return [...value, 0x21, ...unsigned(local.index)];
}

export function when(condition: Code, then: Code, otherwise?: Code): Code {
  return [...condition, 0x04, 0x40, ...then, ...(otherwise === undefined ? [] : [0x05, ...otherwise]), 0x0b];
}

/** Repeats the body as long as the condition, evaluated in front of it, holds. */
export function loopWhile(condition: Code, body: Code): Code {
  return [0x02, 0x40, 0x03, 0x40, ...condition, 0x45, 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];
}

/** Repeats the body, once at least, as long as the condition after it holds. */
export function loopUntilNot(body: Code, condition: Code): Code {
  return [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];
}

type Binary = (a: Code, b: Code) => Code;

function binary(...opcode: readonly number[]): Binary {
  return (a, b) => [...a, ...b, ...opcode];
}

/** Memory accesses with an offset, and with no promise of alignment. */
function load(...opcode: readonly number[]): (address: Code, offset?: number) => Code {
  return (address, offset = 0) => [...address, ...opcode, 0, ...unsigned(offset)];
}

function store(...opcode: readonly number[]): (address: Code, value: Code, offset?: number) => Code {
  return (address, value, offset = 0) => [...address, ...value, ...opcode, 0, ...unsigned(offset)];
}

function simd(opcode: number): number[] {
  return [0xfd, ...unsigned(opcode)];
}

/** Calls the function with this place in the module. What it gives back, if anything, is left on the stack. */
export function call(place: number, ...values: readonly Code[]): Code {
  return [...values.flat(), 0x10, ...unsigned(place)];
}

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value | 0))],
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shl: (a: Code, bits: number): Code => [...a, ...i32.const(bits), 0x74],
  shrU: (a: Code, bits: number): Code => [...a, ...i32.const(bits), 0x76],
  rotateLeft: (a: Code, bits: number): Code => [...a, ...i32.const(bits), 0x77],
  ltU: binary(0x49),
  equal: binary(0x46),
  isZero: (a: Code): Code => [...a, 0x45],
  load: load(0x28),
  store: store(0x36),
} as const;

export const i64 = {
  const: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: binary(0x86),
  shrU: binary(0x88),
  extend: (a: Code): Code => [...a, 0xad],
  isZero: (a: Code): Code => [...a, 0x50],
  load: load(0x29),
  load32: load(0x35),
  store: store(0x37),
} as const;

export const v128 = {
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)] as Code,
  words: (...words: readonly number[]): Code => [...simd(0x0c), ...words.flatMap((word) => [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24])],
  bytes: (...bytes: readonly number[]): Code => [...simd(0x0c), ...bytes],
  load: load(...simd(0x00)),
  /** One 32-bit word of the memory in all four lanes. */
  loadSplat32: load(...simd(0x09)),
  /** One byte of the memory in all sixteen lanes. */
  loadSplat8: load(...simd(0x07)),
  store: store(...simd(0x0b)),
  and: binary(...simd(0x4e)),
  xor: binary(...simd(0x51)),
  or: binary(...simd(0x50)),
  /** All ones in each byte where the operands agree, else zeros. */
  equal8: binary(...simd(0x23)),
  /** The lower (0) or upper (1) half as an integer. */
  half64: (a: Code, lane: 0 | 1): Code => [...a, ...simd(0x1d), lane],
  /** Whether any bit is set, as an integer. */
  anyTrue: (a: Code): Code => [...a, ...simd(0x53)],
  add32: binary(...simd(0xae)),
  shl32: (a: Code, bits: number): Code => [...a, ...i32.const(bits), ...simd(0xab)],
  shrU32: (a: Code, bits: number): Code => [...a, ...i32.const(bits), ...simd(0xad)],
  swizzle: binary(...simd(0x0e)),
  /** Bytes of the two operands (0 to 15 and 16 to 31) by number. */
  shuffle: (a: Code, b: Code, bytes: readonly number[]): Code => [...a, ...b, ...simd(0x0d), ...bytes],
} as const;

/** Bytes of 32-bit words of two operands (0 to 3 and 4 to 7), for `v128.shuffle`. */
export function wordShuffle(...words: readonly number[]): number[] {
  return words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));
}

/** A function under construction: its parameters and results, and the locals that are asked for as it is written. */
export class FunctionBuilder {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  #body: Code = [];

  constructor(name: string, parameters: readonly ValueType[], results: readonly ValueType[]) {
    this.name = name;
    this.parameters = parameters;
    this.results = results;
  }

  parameter(index: number): Local {
    const type = this.parameters[index];
    if (type === undefined) throw new RangeError(`${this.name} has no parameter ${index}`);
    return { type, index };
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return { type, index: this.parameters.length + this.#locals.length - 1 };
  }

  locals(type: ValueType, count: number): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  body(...statements: readonly Code[]): this {
    this.#body = block(...statements);
    return this;
  }

  encode(): number[] {
    const locals = this.#locals.flatMap((type) => [1, TYPE_CODE[type]]);
    return sized([...unsigned(this.#locals.length), ...locals, ...this.#body, 0x0b]);
  }

  signature(): number[] {
    const types = (list: readonly ValueType[]): number[] => [...unsigned(list.length), ...list.map((type) => TYPE_CODE[type])];
    return [0x60, ...types(this.parameters), ...types(this.results)];
  }
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized([...unsigned(items.length), ...items.flat()])];
}

function text(name: string): number[] {
  return sized([...name].map((letter) => letter.charCodeAt(0)));
}

/** The binary of a module that exports these functions and its memory, which has so many pages of 64 KiB at first. */
export function assemble(functions: readonly FunctionBuilder[], pages: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, functions.map((f) => f.signature())),
    ...section(3, functions.map((_, i) => unsigned(i))),
    ...section(5, [[0, ...unsigned(pages)]]),
    ...section(7, [[...text('memory'), 2, 0], ...functions.map((f, i) => [...text(f.name), 0, ...unsigned(i)])]),
    ...section(10, functions.map((f) => f.encode())),
  ]);
}
