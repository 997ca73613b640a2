import type { TransportAddress } from '../../core/index.ts';
import { familyOf } from '../../core/index.ts';
import type { LinkFate, LinkOptions } from './link.ts';
import { Link } from './link.ts';
import type { VirtualRouter } from './router.ts';
import type { VirtualWorld } from './world.ts';
import { PHASE_ARRIVAL } from './clock.ts';

/** A datagram on its way. Its bytes belong to whoever has it. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly source: TransportAddress;
  readonly destination: TransportAddress;
  /**
   * The MTU of the interface that it left its host by. What is larger left in IP fragments that routers may cut further;
   * what is not may not be cut, as on systems that look for the path's MTU (RFC 1191). Default: it is never cut.
   */
  readonly pieceBytes?: number | undefined;
  /** Whether it is a segment of TCP; it is a datagram of UDP otherwise. */
  readonly isTcp?: boolean;
}

/** Whatever has an address: a host, or a box between two networks. */
export interface NetworkNode {
  readonly name: string;
  /** A datagram arrived. */
  receive(packet: Packet, network: VirtualNetwork): void;
  /** ICMP says that a datagram from here did not reach a port (RFC 792, RFC 4443). */
  receiveUnreachable(lost: Packet, network: VirtualNetwork): void;
}

/** IP and UDP headers, in bytes. */
export function headerBytes(destination: TransportAddress): number {
  return familyOf(destination.address) === 6 ? 48 : 28;
}

/** Nodes that reach each other by address; perhaps with a box that leads to another network. */
export class VirtualNetwork {
  readonly name: string;
  readonly #world: VirtualWorld;
  readonly #nodes: Map<string, NetworkNode> = new Map();
  readonly #routers: VirtualRouter[] = [];
  /** Takes what is for no address of this network. */
  gateway: NetworkNode | undefined;

  constructor(world: VirtualWorld, name: string) {
    this.#world = world;
    this.name = name;
  }

  join(address: string, node: NetworkNode): void {
    this.#nodes.set(address, node);
  }

  leave(address: string): void {
    this.#nodes.delete(address);
  }

  /** Adds a router: what has an address behind it gets its datagrams through it. */
  addRouter(router: VirtualRouter): void {
    this.#routers.push(router);
  }

  /** Who gets datagrams for an address; `undefined` when there is no route. */
  route(address: string): NetworkNode | undefined {
    return this.#inwards(address) ?? this.gateway;
  }

  #inwards(address: string): NetworkNode | undefined {
    const node = this.#nodes.get(address);
    if (node !== undefined) return node;
    for (const router of this.#routers) if (router.inner.#inwards(address) !== undefined) return router;
    return undefined;
  }

  /** Puts a datagram on the link to the next node. */
  forward(from: NetworkNode, packet: Packet): LinkFate | 'no-route' {
    const to = this.route(packet.destination.address);
    if (to === undefined || to === from) return 'no-route';
    const { clock } = this.#world;
    const { destination, pieceBytes } = packet;
    return this.#world.links.between(from, to).transmit(packet.bytes, headerBytes(destination), clock.now, (bytes, at) => {
      clock.at(at, () => to.receive(bytes === packet.bytes ? packet : { ...packet, bytes }, this), PHASE_ARRIVAL);
    }, pieceBytes);
  }

  /** Takes the news of a lost datagram back to its sender, on the same kind of link as everything else. */
  reportUnreachable(from: NetworkNode, lost: Packet): void {
    const to = this.#nodes.get(lost.source.address);
    if (to === undefined) return;
    const { clock } = this.#world;
    this.#world.links.between(from, to).transmit(ICMP, headerBytes(lost.source), clock.now, (_bytes, at) => {
      clock.at(at, () => to.receiveUnreachable(lost, this), PHASE_ARRIVAL);
    });
  }
}

const ICMP: Uint8Array = new Uint8Array(8);

/** The links between nodes, one for each direction, made when they are first used. */
export class Links {
  readonly #world: VirtualWorld;
  readonly #from: Map<NetworkNode, Map<NetworkNode, Link>> = new Map();
  #defaults: LinkOptions;

  constructor(world: VirtualWorld, defaults: LinkOptions) {
    this.#world = world;
    this.#defaults = defaults;
  }

  /** The link that leads from one node to another. */
  between(from: NetworkNode, to: NetworkNode): Link {
    let links = this.#from.get(from);
    if (links === undefined) this.#from.set(from, (links = new Map()));
    let link = links.get(to);
    if (link === undefined) links.set(to, (link = new Link(this.#defaults, this.#world.chances(`link ${from.name} ${to.name}`))));
    return link;
  }

  /** Changes all links, those that are to come too. */
  changeAll(options: LinkOptions): void {
    this.#defaults = { ...this.#defaults, ...options };
    for (const links of this.#from.values()) for (const link of links.values()) link.change(options);
  }
}
