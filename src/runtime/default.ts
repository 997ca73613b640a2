import { bunRuntime } from './bun/index.ts';
import { denoRuntime } from './deno/index.ts';
import { denoPlatform } from './deno/platform.ts';
import { nodeRuntime } from './node/index.ts';
import type { Runtime } from './runtime.ts';

let runtime: Runtime | undefined;

/** The runtime of the platform that this program runs on: told by what the platform has, with Node.js where it has nothing of its own. */
export function defaultRuntime(): Runtime {
  runtime ??= choose();
  return runtime;
}

function choose(): Runtime {
  if (denoPlatform() !== undefined) return denoRuntime();
  return 'Bun' in globalThis ? bunRuntime() : nodeRuntime();
}
