import { formatAddress, type Instant, type TransportAddress } from '../../core/index.ts';
import type { NetworkNode, Packet, VirtualNetwork } from './network.ts';
import type { VirtualWorld } from './world.ts';

/** What a mapping or a filter looks at besides the inner end (RFC 4787 4.1 and 5). */
export type NatDependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** How a box translates. The default is the common one at home: one mapping for all, and only who was called may answer. */
export interface NatOptions {
  /** When an inner end gets another outer port. Default `endpoint-independent`; the last kind is called symmetric. */
  readonly mapping?: NatDependence;
  /** Who may send to an outer port. Default `address-and-port-dependent`. */
  readonly filtering?: NatDependence;
  /** How long a mapping lives after the last datagram from inside. Default 120,000 (RFC 4787 REQ-5). */
  readonly lifetimeMs?: number;
  /** Whether inner hosts reach each other by outer addresses (RFC 4787 6). Default true. */
  readonly hairpin?: boolean;
}

/** Kinds of boxes by the names that people give them. */
export const NAT: {
  readonly fullCone: NatOptions;
  readonly restricted: NatOptions;
  readonly portRestricted: NatOptions;
  readonly symmetric: NatOptions;
} = Object.freeze({
  fullCone: { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  restricted: { mapping: 'endpoint-independent', filtering: 'address-dependent' },
  portRestricted: { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
  symmetric: { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' },
});

interface Mapping {
  readonly key: string;
  readonly inner: TransportAddress;
  readonly outer: TransportAddress;
  readonly called: Set<string>;
  readonly isTcp: boolean;
  usedAt: Instant;
}

const FIRST_PORT = 20_000;
const LAST_PORT = 60_000;

/** A box that hides an inner network behind one address of an outer one (RFC 4787). */
export class VirtualNat implements NetworkNode {
  readonly name: string;
  /** The network behind the box: give it to hosts. */
  readonly inner: VirtualNetwork;
  readonly outerAddress: string;
  readonly #world: VirtualWorld;
  readonly #outer: VirtualNetwork;
  #options: Required<NatOptions>;
  readonly #byKey: Map<string, Mapping> = new Map();
  readonly #byPort: Map<number, Mapping> = new Map();
  #nextPort = FIRST_PORT;

  constructor(world: VirtualWorld, name: string, inner: VirtualNetwork, outer: VirtualNetwork, outerAddress: string, options: NatOptions) {
    this.#world = world;
    this.name = name;
    this.inner = inner;
    this.outerAddress = outerAddress;
    this.#outer = outer;
    const { mapping = 'endpoint-independent', filtering = 'address-and-port-dependent', lifetimeMs = 120_000, hairpin = true } = options;
    this.#options = { mapping, filtering, lifetimeMs, hairpin };
    inner.gateway = this;
    outer.join(outerAddress, this);
  }

  /** Changes how it translates; mappings stay. */
  change(options: NatOptions): void {
    this.#options = { ...this.#options, ...options };
  }

  /** Forgets all mappings, as a box that was switched off and on. */
  reboot(): void {
    this.#byKey.clear();
    this.#byPort.clear();
  }

  receive(packet: Packet, network: VirtualNetwork): void {
    if (network === this.inner) this.#outwards(packet);
    else this.#inwards(packet);
  }

  /** ICMP ends here: what came back would name an end that the inner host does not know. */
  receiveUnreachable(): void {}

  #outwards(packet: Packet): void {
    const { source, destination } = packet;
    const mapping = this.#map(source, destination, packet.isTcp === true);
    mapping.usedAt = this.#world.clock.now;
    mapping.called.add(this.#keyOf(destination, this.#options.filtering));
    const translated = { ...packet, source: mapping.outer };
    if (destination.address !== this.outerAddress) this.#outer.forward(this, translated);
    else if (this.#options.hairpin) this.#inwards(translated);
  }

  #inwards(packet: Packet): void {
    const { source, destination } = packet;
    const mapping = this.#byPort.get(destination.port);
    if (mapping === undefined || mapping.isTcp !== (packet.isTcp === true) || this.#isExpired(mapping)) return;
    if (!mapping.called.has(this.#keyOf(source, this.#options.filtering))) return;
    this.inner.forward(this, { ...packet, destination: mapping.inner });
  }

  #map(inner: TransportAddress, destination: TransportAddress, isTcp: boolean): Mapping {
    const key = `${isTcp ? 'tcp ' : ''}${formatAddress(inner)} ${this.#keyOf(destination, this.#options.mapping)}`;
    const known = this.#byKey.get(key);
    if (known !== undefined && !this.#isExpired(known)) return known;
    if (known !== undefined) this.#byPort.delete(known.outer.port);
    const outer = { address: this.outerAddress, port: this.#freePort() };
    const mapping = { key, inner, outer, called: new Set<string>(), isTcp, usedAt: this.#world.clock.now };
    this.#byKey.set(key, mapping);
    this.#byPort.set(outer.port, mapping);
    return mapping;
  }

  #freePort(): number {
    for (let tries = FIRST_PORT; tries < LAST_PORT; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port + 1 < LAST_PORT ? port + 1 : FIRST_PORT;
      const holder = this.#byPort.get(port);
      if (holder === undefined) return port;
      if (this.#isExpired(holder)) {
        this.#byKey.delete(holder.key);
        return port;
      }
    }
    throw new RangeError(`${this.name} has no free port left`);
  }

  #isExpired(mapping: Mapping): boolean {
    return this.#world.clock.now - mapping.usedAt > this.#options.lifetimeMs;
  }

  #keyOf(end: TransportAddress, dependence: NatDependence): string {
    switch (dependence) {
      case 'endpoint-independent':
        return '';
      case 'address-dependent':
        return end.address;
      case 'address-and-port-dependent':
        return formatAddress(end);
      default:
        return dependence satisfies never;
    }
  }
}
