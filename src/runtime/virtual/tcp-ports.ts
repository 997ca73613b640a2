import { canonicalAddress, decodeUtf8Lenient, encodeUtf8, familyOf, formatAddress, RtcError, scopeOf, type TransportAddress } from '../../core/index.ts';
import {
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_MAX_CONNECTIONS,
  type TcpConnectOptions,
  type TcpListener,
  type TcpListenOptions,
  type TcpSocket,
} from '../tcp.ts';
import { PHASE_ARRIVAL, type VirtualClock } from './clock.ts';
import { decodeSegment, encodeSegment, SEGMENT } from './segment.ts';
import { VirtualTcpSocket } from './tcp.ts';

/** What TCP needs of the host. */
export interface TcpHost {
  readonly clock: VirtualClock;
  /** The address and MTU that segments for an address leave from; a `local` that is given must be the host's. */
  route(remote: string, local: string | undefined): { readonly address: string; readonly mtuBytes?: number } | undefined;
  owns(address: string): boolean;
  transmit(segment: Uint8Array, source: TransportAddress, destination: TransportAddress): void;
  /** The code of a fault that a test wants, for the next bind. */
  takeFault(): string | undefined;
}

const FIRST_EPHEMERAL_PORT = 32_768;
const PORTS = 49_152;
const DEFAULT_MTU_BYTES = 1500;

interface Listening {
  readonly local: TransportAddress;
  readonly options: TcpListenOptions;
  open: number;
}

/** TCP on a virtual host: who listens, who is connected, and which ports speak TLS. */
export class TcpPorts {
  readonly #host: TcpHost;
  readonly #listeners: Map<number, Listening> = new Map();
  readonly #connections: Map<string, VirtualTcpSocket> = new Map();
  /** Ports that speak TLS, with the names that their certificates are good for. */
  readonly #tlsNames: Map<number, readonly string[]> = new Map();
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(host: TcpHost) {
    this.#host = host;
  }

  /** The connections that are open now, or being opened. */
  get sockets(): readonly VirtualTcpSocket[] {
    return [...this.#connections.values()];
  }

  /** Makes a port speak TLS with a certificate for these names, which everybody trusts. */
  serveTls(port: number, names: readonly string[]): void {
    this.#tlsNames.set(port, names);
  }

  async listen(options: TcpListenOptions): Promise<TcpListener> {
    const address = literal(options.local);
    const fault = this.#host.takeFault() ?? (scopeOf(address) !== 'unspecified' && !this.#host.owns(address) ? 'EADDRNOTAVAIL' : undefined);
    const port = options.local.port === 0 ? this.#freePort() : options.local.port;
    const code = fault ?? (this.#listeners.has(port) ? 'EADDRINUSE' : undefined);
    if (code !== undefined) throw new RtcError('ERR_NETWORK', `cannot listen for TCP connections: ${code}`);
    const localAddress = Object.freeze({ address, port });
    const listening: Listening = { local: localAddress, options, open: 0 };
    this.#listeners.set(port, listening);
    return {
      localAddress,
      close: async () => {
        if (this.#listeners.get(port) === listening) this.#listeners.delete(port);
      },
    };
  }

  async connect({ remote, local, tls, handler, timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS }: TcpConnectOptions): Promise<TcpSocket> {
    const [destination, wanted] = [literal(remote), local && literal(local)];
    const fault = this.#host.takeFault();
    const from = this.#host.route(destination, wanted !== undefined && scopeOf(wanted) !== 'unspecified' ? wanted : undefined);
    if (fault !== undefined || from === undefined || !(remote.port > 0 && remote.port < 65_536)) throw new RtcError('ERR_NETWORK', `no TCP connection: ${fault ?? (from ? 'EINVAL' : 'ENETUNREACH')}`);
    const source = { address: from.address, port: local?.port || this.#freePort() };
    const socket = this.#add(source, { address: destination, port: remote.port }, from.mtuBytes ?? DEFAULT_MTU_BYTES);
    const { clock } = this.#host;
    return new Promise((resolve, reject) => {
      const late = clock.at(clock.now + timeoutMs, () => {
        reject(new RtcError('ERR_TIMEOUT', `no TCP connection within ${timeoutMs} ms`));
        socket.abort();
      });
      socket.connect(handler, encodeUtf8(tls === undefined ? '' : tls.serverName), (error) => {
        late.cancel();
        if (error) reject(error);
        else resolve(socket);
      });
    });
  }

  /** A segment arrived. */
  receive(bytes: Uint8Array, source: TransportAddress, destination: TransportAddress): void {
    const segment = decodeSegment(bytes);
    if (segment === undefined) return;
    const known = this.#connections.get(keyOf(destination, source));
    if (known !== undefined) {
      // A server that is not who it should be is found out while TLS comes up.
      if (segment.kind === SEGMENT.SYN_ACK && segment.data.length > 0) return known.refuse(decodeUtf8Lenient(segment.data));
      return known.receive(segment);
    }
    if (segment.kind === SEGMENT.RESET) return;
    if (segment.kind === SEGMENT.SYN) return this.#accept(decodeUtf8Lenient(segment.data), source, destination);
    this.#host.transmit(encodeSegment(SEGMENT.RESET, segment.acknowledged, segment.sequence), destination, source);
  }

  #accept(serverName: string, source: TransportAddress, destination: TransportAddress): void {
    const listening = this.#listeners.get(destination.port);
    const reset = (): void => this.#host.transmit(encodeSegment(SEGMENT.RESET, 0, 1), destination, source);
    if (listening === undefined || !answersFor(listening.local.address, destination.address)) return reset();
    const names = this.#tlsNames.get(destination.port);
    if ((names === undefined) !== (serverName === '')) return reset(); // one speaks TLS and the other one does not
    if (names !== undefined && !names.includes(serverName)) {
      return this.#host.transmit(encodeSegment(SEGMENT.SYN_ACK, 0, 1, encodeUtf8(`the certificate is for ${names.join(', ')}`)), destination, source);
    }
    const { options } = listening;
    const from = this.#host.route(source.address, destination.address);
    if (from === undefined || listening.open >= (options.maxConnections ?? DEFAULT_MAX_CONNECTIONS)) return reset();
    listening.open++;
    const socket = this.#add(destination, source, from.mtuBytes ?? DEFAULT_MTU_BYTES, () => listening.open--);
    const handler = options.onConnection(socket);
    if (handler === undefined) socket.abort();
    else socket.accept(handler);
  }

  #add(local: TransportAddress, remote: TransportAddress, mtuBytes: number, onGone?: () => void): VirtualTcpSocket {
    const key = keyOf(local, remote);
    const { clock } = this.#host;
    const socket = new VirtualTcpSocket(local, remote, {
      clock,
      mtuBytes,
      transmit: (segment) => this.#host.transmit(segment, local, remote),
      gone: () => {
        this.#connections.delete(key);
        if (onGone) clock.at(clock.now, onGone, PHASE_ARRIVAL);
      },
    });
    this.#connections.set(key, socket);
    return socket;
  }

  #freePort(): number {
    const used = new Set([...this.#listeners.keys(), ...[...this.#connections.values()].map(({ localAddress }) => localAddress.port)]);
    for (let tries = FIRST_EPHEMERAL_PORT; tries < PORTS; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port + 1 < PORTS ? port + 1 : FIRST_EPHEMERAL_PORT;
      if (!used.has(port)) return port;
    }
    throw new RtcError('ERR_NETWORK', 'no TCP port is free: EADDRINUSE');
  }
}

function keyOf(local: TransportAddress, remote: TransportAddress): string {
  return `${formatAddress(local)} ${formatAddress(remote)}`;
}

function answersFor(bound: string, address: string): boolean {
  return bound === address || (scopeOf(bound) === 'unspecified' && familyOf(bound) === familyOf(address));
}

function literal({ address: text }: TransportAddress): string {
  const address = canonicalAddress(text);
  if (address === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', 'an end of a TCP connection is an IP address, not a name');
  return address;
}
