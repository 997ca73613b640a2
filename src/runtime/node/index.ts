import type { CryptoProvider } from '../../core/index.ts';
import { nodeCrypto } from '../../crypto/node.ts';
import type { Runtime, UdpBindOptions, UdpSocket } from '../runtime.ts';
import { monotonicNow, unixNow } from './clock.ts';
import { interfaces } from './interfaces.ts';
import { type LookupFunction, Names } from './names.ts';
import { random } from './random.ts';
import { connectTcp, listenTcp } from './tcp.ts';
import { afterReads, setTimer } from './timers.ts';
import { bindUdp } from './udp.ts';

export type { LookupFunction } from './names.ts';

/** What can be chosen about {@link nodeRuntime}. */
export interface NodeRuntimeOptions {
  /** Default: `node:crypto`. */
  readonly crypto?: CryptoProvider;
  /** Asks for the addresses of a name. Default: the system's resolver. */
  readonly lookup?: LookupFunction;
  /** What to ask for as the receive buffer of sockets that name no size, in bytes. Default 1 MiB; the system may give less. */
  readonly receiveBufferBytes?: number;
  /** The same for the send buffer. Default: the system's. */
  readonly sendBufferBytes?: number;
}

/**
 * The runtime of Node.js.
 *
 * @example
 * const runtime = nodeRuntime();
 * const socket = await runtime.bindUdp({ local: { address: '127.0.0.1', port: 0 }, handler });
 */
export function nodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const names = new Names(options.lookup);
  const { receiveBufferBytes, sendBufferBytes } = options;
  const sizes = {
    ...(receiveBufferBytes === undefined ? undefined : { receiveBufferBytes }),
    ...(sendBufferBytes === undefined ? undefined : { sendBufferBytes }),
  };
  const hasSizes = receiveBufferBytes !== undefined || sendBufferBytes !== undefined;
  return Object.freeze({
    name: 'node',
    now: monotonicNow,
    unixNow,
    random,
    crypto: options.crypto ?? nodeCrypto,
    setTimer,
    afterReads,
    bindUdp: hasSizes ? (bind: UdpBindOptions): Promise<UdpSocket> => bindUdp({ ...sizes, ...bind }) : bindUdp,
    connectTcp,
    listenTcp,
    resolve: (hostname: string): Promise<readonly string[]> => names.resolve(hostname),
    interfaces,
  });
}
