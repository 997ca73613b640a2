import { HASH_BYTES } from '../core/crypto.ts';
import type { HashName } from '../core/index.ts';
import { LAYOUT, SHA_MODULE } from './wasm-sha-module.ts';
import { oncePerThread, type WasmMemory } from './web-assembly.ts';

// Codes of short data by SHA-1 and SHA-256 in WebAssembly (RFC 2104). A handshake makes dozens, of a hundred bytes each: a native hash
// goes through ten functions of the platform that are too seldom called to be compiled, and leaves garbage.

const BLOCK_BYTES = 64;
/** Data up to this length: more is done in less time by a native hash. */
export const SHORT_DATA_BYTES = 512;

/** The hashes that there are here. */
export type WasmHash = 'sha-1' | 'sha-256';

interface Exports {
  readonly memory: WasmMemory;
  hmac1(length: number): void;
  hmac256(length: number): void;
  setUp(): void;
}

/** The instance of this thread and a view of its memory, where zeros are behind the module's constants between two codes. */
class Engine {
  readonly #exports: Exports;
  readonly #bytes: Uint8Array;
  /** The last view of a code: most are of one length. */
  #code: Uint8Array;

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#code = this.#bytes.subarray(LAYOUT.input, LAYOUT.input);
    exports.setUp();
  }

  /** Fills `mac` with the beginning of the code of `data`. */
  sign(mac: Uint8Array, hash: WasmHash, key: Uint8Array, data: Uint8Array): void {
    const bytes = this.#bytes;
    bytes.set(key, LAYOUT.key);
    bytes.set(data, LAYOUT.input);
    if (hash === 'sha-1') this.#exports.hmac1(data.length);
    else this.#exports.hmac256(data.length);
    if (this.#code.length !== mac.length) this.#code = bytes.subarray(LAYOUT.input, LAYOUT.input + mac.length);
    mac.set(this.#code);
    bytes.fill(0, LAYOUT.state, LAYOUT.input + data.length + 2 * BLOCK_BYTES);
  }
}

const engine: () => Engine | undefined = oncePerThread<Exports, Engine>(SHA_MODULE, (exports) => new Engine(exports));

/**
 * Fills `mac` with the first bytes of the code of `buffer[start, end)`, of which it may be a part. False, and nothing done, where there is no
 * WebAssembly with vectors, for other hashes, for keys that are longer than a block, for more data than {@link SHORT_DATA_BYTES} and more
 * bytes than a code has. Nothing of the key is kept: a connection would hold it longer than it needs it.
 */
export function shortHmac(mac: Uint8Array, hash: HashName, key: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
  if ((hash !== 'sha-1' && hash !== 'sha-256') || key.length > BLOCK_BYTES || end - start > SHORT_DATA_BYTES || mac.length > HASH_BYTES[hash]) return false;
  const there = engine();
  if (there === undefined) return false;
  there.sign(mac, hash, key, start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end));
  return true;
}
