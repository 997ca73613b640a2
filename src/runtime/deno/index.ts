import { type CryptoProvider, EMPTY, type TransportAddress } from '../../core/index.ts';
import { nodeCrypto } from '../../crypto/node.ts';
import { monotonicNow, unixNow } from '../node/clock.ts';
import { interfaces } from '../node/interfaces.ts';
import { type LookupFunction, Names } from '../node/names.ts';
import { random } from '../node/random.ts';
import { connectTcp, listenTcp } from '../node/tcp.ts';
import { afterReads as afterReadsOfNode, setTimer } from '../node/timers.ts';
import { bindUdp as bindUdpOfNode } from '../node/udp.ts';
import type { Runtime, SocketError, UdpBindOptions, UdpHandler, UdpSocket } from '../runtime.ts';
import { AfterReads } from './after-reads.ts';
import { denoPlatform } from './platform.ts';
import { bindUdp, LOOPBACKS } from './udp.ts';

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
      listenDatagram === undefined ? bindFallback(bind) : bindUdp(listenDatagram, bind),
    connectTcp,
    listenTcp,
    resolve: (hostname: string): Promise<readonly string[]> => names.resolve(hostname),
    interfaces,
  });
}

/** A socket of Deno's `node:dgram`, primed as those in `udp.ts` are, for the same reason. */
async function bindFallback(bind: UdpBindOptions): Promise<UdpSocket> {
  const gate = new FallbackHandler(bind.handler);
  const socket = await bindUdpOfNode({ ...bind, handler: gate });
  const { address, port } = socket.localAddress;
  gate.ownPort = port;
  socket.send(EMPTY, { address: LOOPBACKS[address] ?? address, port });
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  return socket;
}

class FallbackHandler implements UdpHandler {
  readonly #handler: UdpHandler;
  /** Where the empty datagram of {@link bindFallback} comes from, until it came. */
  ownPort = 0;

  constructor(handler: UdpHandler) {
    this.#handler = handler;
  }

  onDatagram(bytes: Uint8Array, remote: TransportAddress): void {
    if (bytes.length === 0 && remote.port === this.ownPort) this.ownPort = 0;
    // The next datagram overwrites the buffer.
    else this.#handler.onDatagram(bytes.slice(), remote);
  }

  onError(error: SocketError): void {
    this.#handler.onError(error);
  }

  onClose(): void {
    this.#handler.onClose();
  }
}
