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

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    exports.setUp();
  }

  /** The code of the pieces, joined, of `length` bytes together. */
  codeOf(hash: WasmHash, key: Uint8Array, pieces: readonly Uint8Array[], length: number): Uint8Array {
    const bytes = this.#bytes;
    bytes.set(key, LAYOUT.key);
    for (let i = 0, at: number = LAYOUT.input; i < pieces.length; i++) {
      const piece = pieces[i] as Uint8Array;
      bytes.set(piece, at);
      at += piece.length;
    }
    if (hash === 'sha-1') this.#exports.hmac1(length);
    else this.#exports.hmac256(length);
    const code = bytes.slice(LAYOUT.input, LAYOUT.input + (hash === 'sha-1' ? 20 : 32));
    bytes.fill(0, LAYOUT.state, LAYOUT.input + length + 2 * BLOCK_BYTES);
    return code;
  }
}

const engine: () => Engine | undefined = oncePerThread<Exports, Engine>(SHA_MODULE, (exports) => new Engine(exports));

/**
 * The code of the pieces, joined. `undefined` where there is no WebAssembly with vectors, for other hashes, for keys that are longer than a
 * block and for more data than {@link SHORT_DATA_BYTES}. Nothing of the key is kept: a connection would hold it longer than it needs it.
 */
export function shortHmac(hash: HashName, key: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array | undefined {
  if ((hash !== 'sha-1' && hash !== 'sha-256') || key.length > BLOCK_BYTES) return undefined;
  let length = 0;
  for (let i = 0; i < pieces.length; i++) length += (pieces[i] as Uint8Array).length;
  return length > SHORT_DATA_BYTES ? undefined : engine()?.codeOf(hash, key, pieces, length);
}
