import { nodeRuntime } from './node/index.ts';
import type { Runtime } from './runtime.ts';

let runtime: Runtime | undefined;

/** The runtime of the platform that this program runs on. */
export function defaultRuntime(): Runtime {
  runtime ??= nodeRuntime();
  return runtime;
}
