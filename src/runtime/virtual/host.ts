import { familyOf, RtcError, scopeOf, type TransportAddress } from '../../core/index.ts';
import type { InterfaceAddress, UdpBindOptions } from '../runtime.ts';
import { loopbackInterfaces, makeInterface, type VirtualAddressOptions, type VirtualInterface } from './interfaces.ts';
import { MAX_DATAGRAM_BYTES } from './link.ts';
import { type NetworkNode, type Packet, VirtualNetwork } from './network.ts';
import type { Chances } from './seed.ts';
import { TcpPorts } from './tcp-ports.ts';
import { VirtualUdpSocket } from './udp.ts';
import type { VirtualWorld } from './world.ts';

/** What a host looks like. */
export interface VirtualHostOptions {
  readonly addresses: readonly (string | VirtualAddressOptions)[];
  /** Whether it tells senders of ports that nobody listens on. Default true; a firewall would keep silent. */
  readonly icmp?: boolean;
}

const FIRST_EPHEMERAL_PORT = 49_152;
const PORTS = 65_536;

/** A host of a virtual world: addresses, sockets, and the faults that a test wants it to have. */
export class VirtualHost implements NetworkNode {
  readonly name: string;
  readonly world: VirtualWorld;
  /** The host's own randomness, as its runtime hands it out. */
  readonly chances: Chances;
  /** Its TCP connections and listeners. */
  readonly tcp: TcpPorts;
  #interfaces: VirtualInterface[];
  #interfaceCount = 0;
  readonly #ports: Map<number, VirtualUdpSocket[]> = new Map();
  #nextPort = FIRST_EPHEMERAL_PORT;
  readonly #icmp: boolean;
  readonly #sendFaults: { code: string; left: number }[] = [];
  readonly #bindFaults: { code: string; left: number }[] = [];

  constructor(world: VirtualWorld, name: string, options: VirtualHostOptions) {
    this.world = world;
    this.name = name;
    this.chances = world.chances(`host ${name}`);
    this.#icmp = options.icmp ?? true;
    const own = new VirtualNetwork(world, `lo of ${name}`);
    this.#interfaces = [...loopbackInterfaces(own)];
    for (const address of options.addresses) this.addAddress(address);
    this.tcp = new TcpPorts({
      clock: world.clock,
      route: (remote, local) => this.#interfaceFor(remote, local),
      owns: (address) => this.#owns(address),
      transmit: (segment, source, destination) => this.#transmitTcp(segment, source, destination),
      takeFault: () => takeFault(this.#bindFaults),
    });
  }

  /** The addresses of its interfaces. */
  get interfaces(): readonly InterfaceAddress[] {
    return this.#interfaces.map(({ network: _network, ...shown }) => shown);
  }

  /** The sockets that are open now. */
  get sockets(): readonly VirtualUdpSocket[] {
    return [...this.#ports.values()].flat();
  }

  /** Gives the host another address. */
  addAddress(options: string | VirtualAddressOptions): void {
    const wanted = typeof options === 'string' ? { address: options } : options;
    const added = makeInterface(wanted, wanted.network ?? this.world.internet, this.#interfaceCount++);
    added.network.join(added.address, this);
    this.#interfaces.push(added);
  }

  /** Takes an address away; sockets bound to it stay open and reach nobody, as on a real host. */
  removeAddress(address: string): void {
    for (const gone of this.#interfaces.filter((one) => one.address === address)) gone.network.leave(address);
    this.#interfaces = this.#interfaces.filter((one) => one.address !== address);
  }

  /** The next `count` sends of any socket fail with a system's code, as in `ENOBUFS`. */
  failSends(code: string, count = 1): void {
    this.#sendFaults.push({ code, left: count });
  }

  /** The next `count` binds fail, as with `EMFILE`. */
  failBinds(code: string, count = 1): void {
    this.#bindFaults.push({ code, left: count });
  }

  /** Opens a socket; see `Runtime.bindUdp`. */
  bind({ local, handler }: UdpBindOptions, address: string): VirtualUdpSocket {
    const fault = takeFault(this.#bindFaults);
    if (fault !== undefined) throw bindError(fault);
    const isWildcard = scopeOf(address) === 'unspecified';
    if (!isWildcard && !this.#interfaces.some((one) => one.address === address)) throw bindError('EADDRNOTAVAIL');
    const port = local.port === 0 ? this.#freePort(address) : local.port;
    if (this.#isTaken(address, port)) throw bindError('EADDRINUSE');
    const socket = new VirtualUdpSocket(this, { address, port }, isWildcard, handler);
    const sockets = this.#ports.get(port);
    if (sockets === undefined) this.#ports.set(port, [socket]);
    else sockets.push(socket);
    return socket;
  }

  /** Forgets a socket. */
  unbind(socket: VirtualUdpSocket): void {
    const { port } = socket.localAddress;
    const left = (this.#ports.get(port) ?? []).filter((one) => one !== socket);
    if (left.length === 0) this.#ports.delete(port);
    else this.#ports.set(port, left);
  }

  /** Sends a datagram of a socket. Returns the code of what went wrong, if anything did that the host knows of. */
  send(socket: VirtualUdpSocket, bytes: Uint8Array, remote: TransportAddress): string | undefined {
    const fault = takeFault(this.#sendFaults);
    if (fault !== undefined) return fault;
    if (bytes.length > MAX_DATAGRAM_BYTES) return 'EMSGSIZE';
    if (remote.port < 1 || remote.port >= PORTS || familyOf(remote.address) !== familyOf(socket.localAddress.address)) return 'EINVAL';
    const from = this.#sourceFor(socket, remote.address);
    if (from === undefined) return 'ENETUNREACH';
    const source = from.address === socket.localAddress.address ? socket.localAddress : { address: from.address, port: socket.localAddress.port };
    // The receiver may write into what it gets, and the sender's buffer may be part of a larger one.
    const packet: Packet = { bytes: new Uint8Array(bytes), source, destination: remote, pieceBytes: from.mtuBytes };
    this.world.trace.add(this.world.clock.now, source, remote, packet.bytes);
    if (this.#owns(remote.address)) {
      this.world.deliverLocally(() => this.receive(packet, from.network));
      return undefined;
    }
    switch (from.network.forward(this, packet)) {
      case 'too-large':
        return 'EMSGSIZE';
      case 'no-route':
        return 'EHOSTUNREACH';
      default:
        return undefined;
    }
  }

  receive(packet: Packet, network: VirtualNetwork): void {
    const { address, port } = packet.destination;
    if (!this.#owns(address)) return; // it was taken away while the datagram was coming
    if (packet.isTcp === true) return this.tcp.receive(packet.bytes, packet.source, packet.destination);
    const socket = this.#socketAt(address, port);
    if (socket !== undefined) socket.deliver(packet);
    else if (!this.#icmp) return;
    else if (this.#owns(packet.source.address)) this.receiveUnreachable(packet);
    else network.reportUnreachable(this, packet);
  }

  receiveUnreachable({ source, destination }: Packet): void {
    this.#socketAt(source.address, source.port)?.fail('ECONNREFUSED', destination);
  }

  #transmitTcp(bytes: Uint8Array, source: TransportAddress, destination: TransportAddress): void {
    const packet: Packet = { bytes, source, destination, isTcp: true };
    this.world.trace.add(this.world.clock.now, source, destination, bytes);
    const from = this.#interfaceFor(destination.address, source.address);
    if (from === undefined) return;
    if (this.#owns(destination.address)) this.world.deliverLocally(() => this.receive(packet, from.network));
    else from.network.forward(this, packet);
  }

  /** The interface from which a way leads to an address: the one with the address `local`, or the first. */
  #interfaceFor(remote: string, local: string | undefined): VirtualInterface | undefined {
    const isLocal = this.#owns(remote);
    for (const one of this.#interfaces) {
      if (one.family !== familyOf(remote) || (local !== undefined && one.address !== local)) continue;
      if (isLocal ? local !== undefined || one.address === remote : !one.isLoopback && one.network.route(remote) !== undefined) return one;
    }
    return undefined;
  }

  #socketAt(address: string, port: number): VirtualUdpSocket | undefined {
    const sockets = this.#ports.get(port);
    if (sockets === undefined) return undefined;
    for (const socket of sockets) if (socket.localAddress.address === address) return socket;
    for (const socket of sockets) if (socket.isWildcard && familyOf(address) === familyOf(socket.localAddress.address)) return socket;
    return undefined;
  }

  #owns(address: string): boolean {
    for (const one of this.#interfaces) if (one.address === address) return true;
    return false;
  }

  /** The interface whose address the datagram bears: the socket's, or for a wildcard the first one from which a way leads there. */
  #sourceFor(socket: VirtualUdpSocket, remote: string): VirtualInterface | undefined {
    const { address } = socket.localAddress;
    const isLocal = this.#owns(remote);
    let fallback: VirtualInterface | undefined;
    for (const one of this.#interfaces) {
      if (socket.isWildcard ? one.family !== familyOf(address) : one.address !== address) continue;
      if (isLocal) {
        if (!socket.isWildcard || one.address === remote) return one;
      } else if (!one.isLoopback) {
        if (one.network.route(remote) !== undefined) return one;
        fallback ??= one;
      }
    }
    return fallback;
  }

  #freePort(address: string): number {
    for (let tries = FIRST_EPHEMERAL_PORT; tries < PORTS; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port + 1 < PORTS ? port + 1 : FIRST_EPHEMERAL_PORT;
      if (!this.#isTaken(address, port)) return port;
    }
    throw bindError('EADDRINUSE');
  }

  #isTaken(address: string, port: number): boolean {
    const isWildcard = scopeOf(address) === 'unspecified';
    return (this.#ports.get(port) ?? []).some(
      (one) => one.localAddress.address === address || ((isWildcard || one.isWildcard) && familyOf(one.localAddress.address) === familyOf(address)),
    );
  }
}

function bindError(code: string): RtcError {
  return new RtcError('ERR_NETWORK', `cannot bind a UDP socket: ${code}`);
}

function takeFault(faults: { code: string; left: number }[]): string | undefined {
  const fault = faults[0];
  if (fault === undefined) return undefined;
  if (--fault.left <= 0) faults.shift();
  return fault.code;
}
