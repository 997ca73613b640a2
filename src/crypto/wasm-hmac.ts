import type { HashName } from '../core/index.ts';
import { LAYOUT, SHA_MODULE } from './wasm-sha-module.ts';
import { oncePerThread, type WasmMemory } from './web-assembly.ts';

// Codes of short data by SHA-1 and SHA-256 in WebAssembly (RFC 2104). A handshake makes dozens, of a hundred bytes each: a native hash
// goes through ten functions of the platform that are too seldom called to be compiled, and leaves garbage.

const BLOCK_BYTES = 64;
/** 0x80 and the length in bits, which is written as 32 of its 64. */
const PADDING_BYTES = 9;
const STATE_WORD: number = LAYOUT.state / 4;
const WAITING_WORD: number = LAYOUT.waiting / 4;
const STATE_WORDS = 8;

interface Exports {
  readonly memory: WasmMemory;
  sha1(at: number, end: number): void;
  sha256(at: number, end: number): void;
  /** Writes the state as bytes. */
  digest(to: number): void;
  /** Turns a key into the block outside, and that one into the block inside. */
  outside(): void;
  inside(): void;
  setUp(): void;
}

/** The hashes that there are here. */
export type WasmHash = 'sha-1' | 'sha-256';

/** FIPS 180-4 5.3.1 and 5.3.3. */
const INITIAL: Readonly<Record<WasmHash, Int32Array>> = {
  'sha-1': Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0),
  'sha-256': Int32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19),
};
const DIGEST_BYTES: Readonly<Record<WasmHash, number>> = { 'sha-1': 20, 'sha-256': 32 };

/** The instance of this thread and views of its memory. */
class Engine {
  readonly #exports: Exports;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;

  constructor(exports: Exports) {
    this.#exports = exports;
    this.bytes = new Uint8Array(exports.memory.buffer);
    this.words = new Int32Array(exports.memory.buffer);
    exports.setUp();
  }

  /** The code of the pieces, joined (RFC 2104 2). */
  codeOf(hash: WasmHash, key: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array {
    const { bytes, words } = this;
    this.#takeKey(hash, key);
    let end: number = LAYOUT.input;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Uint8Array;
      bytes.set(piece, end);
      end += piece.length;
    }
    this.#finish(hash, end - LAYOUT.input);
    words.copyWithin(STATE_WORD, WAITING_WORD, WAITING_WORD + STATE_WORDS);
    const digestBytes = DIGEST_BYTES[hash];
    this.#finish(hash, digestBytes);
    const code = bytes.slice(LAYOUT.input, LAYOUT.input + digestBytes);
    bytes.fill(0, LAYOUT.state, end + 2 * BLOCK_BYTES);
    return code;
  }

  /** The state after the block that the key makes inside; that of the block outside waits. */
  #takeKey(hash: WasmHash, key: Uint8Array): void {
    const { bytes, words } = this;
    const end = LAYOUT.input + BLOCK_BYTES;
    bytes.set(key, LAYOUT.input);
    this.#exports.outside();
    words.set(INITIAL[hash], STATE_WORD);
    this.#compress(hash, end);
    words.copyWithin(WAITING_WORD, STATE_WORD, WAITING_WORD);
    this.#exports.inside();
    words.set(INITIAL[hash], STATE_WORD);
    this.#compress(hash, end);
    bytes.fill(0, LAYOUT.input, end);
  }

  /** Takes the blocks up to `end` into the state. */
  #compress(hash: WasmHash, end: number): void {
    if (hash === 'sha-1') this.#exports.sha1(LAYOUT.input, end);
    else this.#exports.sha256(LAYOUT.input, end);
  }

  /** Ends a message of which a block is in the state already and `length` bytes are in the input; its digest takes their place. */
  #finish(hash: WasmHash, length: number): void {
    const { bytes } = this;
    const end = LAYOUT.input + ((length + PADDING_BYTES + BLOCK_BYTES - 1) & -BLOCK_BYTES);
    bytes.fill(0, LAYOUT.input + length, end);
    bytes[LAYOUT.input + length] = 0x80;
    const bits = 8 * (BLOCK_BYTES + length);
    bytes[end - 3] = bits >>> 16;
    bytes[end - 2] = bits >>> 8;
    bytes[end - 1] = bits;
    this.#compress(hash, end);
    this.#exports.digest(LAYOUT.input);
  }
}

/** Data up to this length: more is done in less time by a native hash. */
export const SHORT_DATA_BYTES = 512;

const engine: () => Engine | undefined = oncePerThread<Exports, Engine>(SHA_MODULE, (exports) => new Engine(exports));

/**
 * The code of the pieces, joined. `undefined` where there is no WebAssembly with vectors, for other hashes, for keys that are longer than a
 * block and for more data than {@link SHORT_DATA_BYTES}. Nothing of the key is kept: a connection would hold it longer than it needs it.
 */
export function shortHmac(hash: HashName, key: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array | undefined {
  if ((hash !== 'sha-1' && hash !== 'sha-256') || key.length > BLOCK_BYTES) return undefined;
  let length = 0;
  for (let i = 0; i < pieces.length; i++) length += (pieces[i] as Uint8Array).length;
  return length > SHORT_DATA_BYTES ? undefined : engine()?.codeOf(hash, key, pieces);
}
