import type { NetworkNode, Packet, VirtualNetwork } from './network.ts';

/**
 * A box that joins a network to an outer one and changes nothing on the way. The link between two routers is a
 * bottleneck that all hosts behind them share.
 */
export class VirtualRouter implements NetworkNode {
  readonly name: string;
  /** The network behind the router: give it to hosts. Its addresses are reached from the outer network as they are. */
  readonly inner: VirtualNetwork;
  readonly #outer: VirtualNetwork;

  constructor(name: string, inner: VirtualNetwork, outer: VirtualNetwork) {
    this.name = name;
    this.inner = inner;
    this.#outer = outer;
    inner.gateway = this;
    outer.addRouter(this);
  }

  receive(packet: Packet, network: VirtualNetwork): void {
    if (network === this.inner) this.#outer.forward(this, packet);
    else this.inner.forward(this, packet);
  }

  /** ICMP ends here. */
  receiveUnreachable(): void {}
}
