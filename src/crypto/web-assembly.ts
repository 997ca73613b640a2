// What the platform has of WebAssembly. Its types are not the browser's, so these are the parts that are needed.

/** The memory of an instance. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface WebAssemblyGlobal {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
}

const webAssembly = (globalThis as { WebAssembly?: WebAssemblyGlobal }).WebAssembly;

/** A module with one function that returns a vector of zeros. */
const SIMD_PROBE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

/** Whether this runtime has WebAssembly with vectors. */
export const hasWasmSimd: boolean = webAssembly?.validate(SIMD_PROBE) === true;

/**
 * A function that gives the one instance of a module (in base64) that this thread has, as `wrap` presents it, or `undefined` where there is no
 * WebAssembly with vectors or none may be compiled. It is made at the first call.
 */
export function oncePerThread<Exports, Engine>(module: string, wrap: (exports: Exports) => Engine): () => Engine | undefined {
  let engine: Engine | undefined;
  let refused = webAssembly === undefined || !hasWasmSimd;
  return () => {
    if (engine === undefined && !refused) {
      try {
        engine = wrap(instantiate(webAssembly as WebAssemblyGlobal, module) as Exports);
      } catch {
        refused = true; // a policy may forbid to compile
      }
    }
    return engine;
  };
}

function instantiate(platform: WebAssemblyGlobal, module: string): unknown {
  const text = atob(module);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // with a callback it takes longer than to compile
  // As properties of an object like others: what an instance exports is looked up by name at each call.
  return { ...(new platform.Instance(new platform.Module(bytes)).exports as object) };
}
