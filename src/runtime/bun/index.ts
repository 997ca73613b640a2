import { nodeRuntime, type NodeRuntimeOptions } from '../node/index.ts';
import type { Runtime } from '../runtime.ts';

/** What can be chosen about {@link bunRuntime}: the same as for Node.js. */
export type BunRuntimeOptions = NodeRuntimeOptions;

/**
 * The runtime of Bun, which has the modules of Node.js; see the README for what differs below them.
 *
 * @example
 * const runtime = bunRuntime();
 * const socket = await runtime.bindUdp({ local: { address: '127.0.0.1', port: 0 }, handler });
 */
export function bunRuntime(options: BunRuntimeOptions = {}): Runtime {
  return Object.freeze({ ...nodeRuntime(options), name: 'bun' });
}
