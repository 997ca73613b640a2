import { type Aead, RtcError } from '../core/index.ts';
import { BLOCK_BYTES, checkRange, TAG_BYTES } from './arguments.ts';
import { CHACHA20_POLY1305_MODULE, LAYOUT } from './wasm-chacha-module.ts';
import { oncePerThread, type WasmMemory } from './web-assembly.ts';

// ChaCha20-Poly1305 (RFC 8439) as WebAssembly with 128-bit vectors. A record is copied into the memory of the one instance that
// this thread has, sealed or opened there, and copied back. All of it is synchronous, so one instance serves every key.

/** Up to this many bytes WebAssembly takes less time than a native call (bench/micro/crypto.ts). */
export const SHORT_RECORD_BYTES = 7168;
const KEY_BYTES = 32;
const KEY_AT = 16;
const COUNTER_WORD = 12;
const NONCE_AT = 4 * COUNTER_WORD + 4;
const AAD_AT = 64;
/** Associated data up to this length has a place of its own; longer data stands behind the output. */
const SHORT_AAD_BYTES = 256;
/** The text grows by the tag and by the rest of the last four blocks; in front of the output are the zeros of its first block. */
const MARGIN_BYTES = 512;
const PAGE_BYTES = 65_536;

interface Exports {
  readonly memory: WasmMemory;
  run(length: number, aadAt: number, aadLength: number, output: number): number;
  wipe(output: number, length: number): void;
}

/** The instance of this thread and views of its memory. */
class Engine {
  readonly #exports: Exports;
  bytes: Uint8Array;
  words: Int32Array;
  /** The longest text that fits, and where it is decrypted to. */
  textBytes: number = 0;
  output: number = 0;
  /** The last view of a result: records that follow each other are often of one length. */
  #view: Uint8Array = new Uint8Array(0);
  #viewAt: number = 0;

  constructor(exports: Exports) {
    this.#exports = exports;
    this.bytes = new Uint8Array(this.#exports.memory.buffer);
    this.words = new Int32Array(this.#exports.memory.buffer);
    this.#layOut();
  }

  #layOut(): void {
    const half = (this.bytes.length - LAYOUT.input) >>> 1;
    this.textBytes = (half & -16) - MARGIN_BYTES;
    this.output = LAYOUT.input + this.textBytes + MARGIN_BYTES;
  }

  /** Makes room for a text and associated data, which may stand behind the output. */
  reserve(textBytes: number, aadBytes: number): void {
    const wanted = textBytes + aadBytes;
    if (wanted <= this.textBytes) return;
    const size = LAYOUT.input + 2 * (wanted + MARGIN_BYTES + 16);
    this.#exports.memory.grow(Math.ceil((size - this.bytes.length) / PAGE_BYTES));
    this.bytes = new Uint8Array(this.#exports.memory.buffer);
    this.words = new Int32Array(this.#exports.memory.buffer);
    this.#view = new Uint8Array(0);
    this.#layOut();
  }

  run(length: number, aadAt: number, aadLength: number, output: number): boolean {
    return this.#exports.run(length, aadAt, aadLength, output) !== 0;
  }

  wipe(length: number): void {
    this.#exports.wipe(this.output, length);
  }

  /** A view of a result, valid until the next call. */
  view(at: number, length: number): Uint8Array {
    if (this.#view.length !== length || this.#viewAt !== at) {
      this.#view = this.bytes.subarray(at, at + length);
      this.#viewAt = at;
    }
    return this.#view;
  }
}

const engine: () => Engine | undefined = oncePerThread<Exports, Engine>(CHACHA20_POLY1305_MODULE, (exports) => new Engine(exports));

class WasmChaCha20Poly1305 implements Aead {
  readonly #engine: Engine;
  readonly #key: Uint8Array;
  readonly #makeLong: ((key: Uint8Array) => Aead) | undefined;
  /** Made for the first long record, which most connections never see. */
  #long: Aead | undefined;

  constructor(engine: Engine, key: Uint8Array, makeLong: ((key: Uint8Array) => Aead) | undefined) {
    if (key.length !== KEY_BYTES) throw new RtcError('ERR_INVALID_ARGUMENT', `the key has ${key.length} bytes, not ${KEY_BYTES}`);
    this.#engine = engine;
    this.#key = key.slice();
    this.#makeLong = makeLong;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > SHORT_RECORD_BYTES && this.#makeLong !== undefined) return (this.#long ??= this.#makeLong(this.#key)).seal(nonce, aad, buffer, start, end);
    checkRange(nonce, buffer, start, end, end + TAG_BYTES);
    const engine = this.#engine;
    const aadAt = this.#prepare(nonce, aad, length);
    engine.bytes.set(buffer.subarray(start, end), LAYOUT.input);
    engine.run(length, aadAt, aad.length, LAYOUT.input);
    buffer.set(engine.view(LAYOUT.input, length + TAG_BYTES), start);
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    if (end - start > SHORT_RECORD_BYTES && this.#makeLong !== undefined) return (this.#long ??= this.#makeLong(this.#key)).open(nonce, aad, buffer, start, end);
    checkRange(nonce, buffer, start, end, end);
    const length = end - start - TAG_BYTES;
    if (length < 0) return false;
    const engine = this.#engine;
    const aadAt = this.#prepare(nonce, aad, length);
    engine.bytes.set(buffer.subarray(start, end), LAYOUT.input);
    if (!engine.run(length, aadAt, aad.length, engine.output)) return false;
    buffer.set(engine.view(engine.output, length), start);
    engine.wipe(length);
    return true;
  }

  destroy(): void {
    this.#key.fill(0);
    this.#long?.destroy?.();
  }

  /** Puts key, nonce and associated data where the module wants them. */
  #prepare(nonce: Uint8Array, aad: Uint8Array, textBytes: number): number {
    const engine = this.#engine;
    engine.reserve(textBytes, aad.length > SHORT_AAD_BYTES ? aad.length + BLOCK_BYTES : 0); // it is read in whole blocks
    const { bytes, words } = engine;
    bytes.set(this.#key, KEY_AT);
    words[COUNTER_WORD] = 0;
    bytes.set(nonce, NONCE_AT);
    const aadAt = aad.length > SHORT_AAD_BYTES ? engine.output + textBytes + MARGIN_BYTES : AAD_AT;
    bytes.set(aad, aadAt);
    return aadAt;
  }
}

/**
 * ChaCha20-Poly1305 in WebAssembly, or `undefined` where there is no WebAssembly with vectors or none may be compiled. Throws
 * `ERR_INVALID_ARGUMENT` for a key that has not 32 bytes. The module is compiled when the first one is made. Records of more than
 * {@link SHORT_RECORD_BYTES} are left to what `makeLong` makes: both make the same bytes, and the length of a record is no secret.
 */
export function createWasmChaCha20Poly1305(key: Uint8Array, makeLong?: (key: Uint8Array) => Aead): Aead | undefined {
  const there = engine();
  return there && new WasmChaCha20Poly1305(there, key, makeLong);
}
