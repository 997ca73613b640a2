import { canonicalAddress, familyOf, RtcError, scopeOf, type TransportAddress } from '../core/index.ts';
import type { InterfaceAddress, Runtime, SocketError, UdpHandler, UdpSocket } from '../runtime/runtime.ts';

/** What the sockets of a connection tell their driver. */
export interface SocketsHandler {
  onDatagram(bytes: Uint8Array, local: TransportAddress, remote: TransportAddress): void;
  onError(error: SocketError, local: TransportAddress): void;
  onClose(local: TransportAddress): void;
}

/** The UDP sockets of one connection, by the address that they are bound to. */
export class Sockets {
  #sockets: readonly UdpSocket[] = [];
  readonly #runtime: Runtime;
  readonly #handler: SocketsHandler;
  /** Those of transports besides the first: most connections have none. */
  #more: Map<number, Set<UdpSocket>> | undefined;
  #closed = false;

  constructor(runtime: Runtime, handler: SocketsHandler) {
    this.#runtime = runtime;
    this.#handler = handler;
  }

  /** The bound addresses. */
  get locals(): readonly TransportAddress[] {
    return this.#sockets.map((socket) => socket.localAddress);
  }

  /** Whether what all of them were given may be overwritten while {@link Sockets.queuedBytes} is 0. */
  get sendAtOnce(): boolean {
    return this.#sockets.every(({ sendsAtOnce }) => sendsAtOnce === true);
  }

  /** How many bytes wait in the runtime to be sent. */
  get queuedBytes(): number {
    let bytes = 0;
    for (let i = 0; i < this.#sockets.length; i++) bytes += (this.#sockets[i] as UdpSocket).queuedBytes;
    return bytes;
  }

  /** Binds the addresses that the user named. Rejects with `ERR_NETWORK` when one cannot be bound. */
  async bindNamed(udpAddrs: readonly string[]): Promise<void> {
    try {
      for (let i = 0; i < udpAddrs.length; i++) await this.#bind(parseUdpAddress(udpAddrs[i] as string));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Binds one socket per usable interface address. An address that cannot be bound is left out: the others still carry
   * a connection, and without any the connection fails in its own time.
   */
  async bindInterfaces(): Promise<void> {
    await Promise.allSettled(usableInterfaces(this.#runtime.interfaces()).map(({ address }) => this.#bind({ address, port: 0 })));
  }

  /**
   * Binds sockets for another transport: at the named addresses, or one for each usable interface address, with ports of the system's
   * choice. Resolves to the addresses that could be bound.
   */
  async bindMore(transport: number, udpAddrs: readonly string[] | undefined): Promise<readonly TransportAddress[]> {
    const named = udpAddrs?.map((text) => parseUdpAddress(text)) ?? usableInterfaces(this.#runtime.interfaces());
    const sockets = new Set<UdpSocket>();
    (this.#more ??= new Map()).set(transport, sockets);
    const bound = await Promise.allSettled([...new Set(named.map(({ address }) => address))].map((address) => this.#bind({ address, port: 0 })));
    for (const result of bound) if (result.status === 'fulfilled') sockets.add(result.value);
    if (this.#more.get(transport) !== sockets) this.#release(sockets); // it has ended meanwhile
    return [...sockets].map((socket) => socket.localAddress);
  }

  /** Closes the sockets that were bound for another transport. */
  closeMore(transport: number): void {
    const sockets = this.#more?.get(transport);
    this.#more?.delete(transport);
    if (sockets !== undefined) this.#release(sockets);
  }

  #release(sockets: ReadonlySet<UdpSocket>): void {
    this.#sockets = this.#sockets.filter((socket) => !sockets.has(socket));
    for (const socket of sockets) void socket.close();
  }

  /** Hands a datagram to the socket that it leaves from. False when that socket is gone. */
  send(bytes: Uint8Array, local: TransportAddress, remote: TransportAddress): boolean {
    for (let i = 0; i < this.#sockets.length; i++) {
      const socket = this.#sockets[i] as UdpSocket;
      const bound = socket.localAddress;
      if (bound === local || (bound.port === local.port && bound.address === local.address)) {
        socket.send(bytes, remote);
        return true;
      }
    }
    return false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const sockets = this.#sockets;
    this.#sockets = [];
    // Most connections have one.
    await (sockets.length === 1 ? (sockets[0] as UdpSocket).close() : Promise.all(sockets.map((socket) => socket.close())));
  }

  async #bind(local: TransportAddress): Promise<UdpSocket> {
    const incoming = new Incoming(this, this.#handler, local);
    const socket = await this.#runtime.bindUdp({ local, handler: incoming });
    incoming.local = socket.localAddress;
    if (this.#closed) await socket.close();
    else this.#sockets = this.#sockets.concat(socket); // of the right size, unlike an array that grows or is spread
    return socket;
  }

  /** A socket closed by itself. */
  forget(local: TransportAddress): void {
    this.#sockets = this.#sockets.filter((socket) => socket.localAddress !== local);
  }
}

/** Says of what one socket reports which socket it is. */
class Incoming implements UdpHandler {
  readonly #sockets: Sockets;
  readonly #handler: SocketsHandler;
  local: TransportAddress;

  constructor(sockets: Sockets, handler: SocketsHandler, local: TransportAddress) {
    this.#sockets = sockets;
    this.#handler = handler;
    this.local = local;
  }

  onDatagram(bytes: Uint8Array, remote: TransportAddress): void {
    this.#handler.onDatagram(bytes, this.local, remote);
  }

  onError(error: SocketError): void {
    this.#handler.onError(error, this.local);
  }

  onClose(): void {
    this.#sockets.forget(this.local);
    this.#handler.onClose(this.local);
  }
}

/**
 * The interface addresses worth a candidate: unicast ones. Link-local addresses serve only where there is nothing else of
 * the kind, and loopback only on a machine that has no other address at all.
 */
export function usableInterfaces(all: readonly InterfaceAddress[]): readonly InterfaceAddress[] {
  const unicast = all.filter(({ address, isLoopback }) => !isLoopback && scopeOf(address) === 'unicast');
  if (unicast.length > 0) return unicast;
  const linkLocal = all.filter(({ address, isLoopback }) => !isLoopback && scopeOf(address) === 'link-local');
  return linkLocal.length > 0 ? linkLocal : all.filter(({ isLoopback }) => isLoopback);
}

/** `192.0.2.1:0`, `[::]:5000` or `0.0.0.0:5000`. Throws `ERR_INVALID_ARGUMENT`. */
export function parseUdpAddress(text: string): TransportAddress {
  const colon = text.lastIndexOf(':');
  const host = colon < 0 ? '' : text.slice(0, colon);
  const isBracketed = host.startsWith('[') && host.endsWith(']');
  const address = canonicalAddress(isBracketed ? host.slice(1, -1) : host);
  const digits = text.slice(colon + 1);
  const port = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (address === undefined || isBracketed !== (familyOf(address) === 6) || !(port <= 65535)) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `udpAddrs: "${text.slice(0, 80)}" is not an address with a port, such as "0.0.0.0:0" or "[::]:5000"`);
  }
  return { address, port };
}
