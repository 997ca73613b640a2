import type { CryptoProvider } from '../../core/index.ts';
import { nodeCrypto } from '../../crypto/node.ts';
import { monotonicNow, unixNow } from '../node/clock.ts';
import { interfaces } from '../node/interfaces.ts';
import { type LookupFunction, Names } from '../node/names.ts';
import { random } from '../node/random.ts';
import { afterReads as afterReadsOfNode, setTimer } from '../node/timers.ts';
import { bindUdp as bindUdpOfNode } from '../node/udp.ts';
import type { Runtime, UdpBindOptions, UdpHandler, UdpSocket } from '../runtime.ts';
import { AfterReads } from './after-reads.ts';
import { denoPlatform } from './platform.ts';
import { bindUdp } from './udp.ts';

/** What can be chosen about {@link denoRuntime}. */
export interface DenoRuntimeOptions {
  /** Default: `node:crypto`. */
  readonly crypto?: CryptoProvider;
  /** Asks for the addresses of a name. Default: the system's resolver. */
  readonly lookup?: LookupFunction;
}

let warned = false;
/** One for the process: what it looks at are the sockets of all. */
let shared: AfterReads | undefined;

/**
 * The runtime of Deno. It wants `--unstable-net`, for `Deno.listenDatagram`; without that it warns once, and goes through
 * `node:dgram`, which loses datagrams under load. Permissions: `--allow-net`, `--allow-sys=networkInterfaces`, and
 * `--allow-read=/sys/class/net` to know the interfaces' MTU.
 *
 * @example
 * const runtime = denoRuntime();
 * const socket = await runtime.bindUdp({ local: { address: '127.0.0.1', port: 0 }, handler });
 */
export function denoRuntime(options: DenoRuntimeOptions = {}): Runtime {
  const names = new Names(options.lookup);
  const listenDatagram = denoPlatform()?.listenDatagram;
  if (listenDatagram === undefined && !warned) {
    warned = true;
    process.emitWarning('sansrtc: Deno was started without --unstable-net, so UDP goes through node:dgram, which loses datagrams under load.');
  }
  return Object.freeze({
    name: 'deno',
    now: monotonicNow,
    unixNow,
    random,
    crypto: options.crypto ?? nodeCrypto,
    setTimer,
    afterReads(callback: () => void): void {
      if (listenDatagram === undefined) afterReadsOfNode(callback);
      else (shared ??= new AfterReads(listenDatagram)).add(callback);
    },
    bindUdp: (bind: UdpBindOptions): Promise<UdpSocket> =>
      listenDatagram === undefined ? bindUdpOfNode({ ...bind, handler: copying(bind.handler) }) : bindUdp(listenDatagram, bind),
    resolve: (hostname: string): Promise<readonly string[]> => names.resolve(hostname),
    interfaces,
  });
}

/** Deno's `node:dgram` delivers views of one buffer, which the next datagram overwrites. */
function copying(handler: UdpHandler): UdpHandler {
  return {
    onDatagram: (bytes, remote) => handler.onDatagram(bytes.slice(), remote),
    onError: (error) => handler.onError(error),
    onClose: () => handler.onClose(),
  };
}
