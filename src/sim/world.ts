import type { CryptoProvider, Instant } from '../core/index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import {
  createVirtualWorld,
  type LinkOptions,
  type LinkStats,
  type NatOptions,
  type Trace,
  type Until,
  type VirtualAddressOptions,
  type VirtualHost,
  type VirtualNat,
  type VirtualRouter,
  type VirtualWorld,
  virtualRuntime,
} from '../runtime/virtual/index.ts';

/** What a story begins with. */
export interface WorldOptions {
  /** Decides every chance. Default 1. */
  readonly seed?: number;
  /** What links are like until {@link World.link} says otherwise. Default: 10 ms each way, nothing lost. */
  readonly link?: LinkOptions;
  /** Default `node:crypto`; give the pure provider where traces must be equal from run to run. */
  readonly crypto?: CryptoProvider;
  /** The wall clock at the beginning, in milliseconds since the Unix epoch. */
  readonly unixStartMs?: number;
}

/** What a host is like. */
export interface HostOptions {
  /** Default: one IPv4 address of its own, from 198.51.100.0/24 on the internet and behind routers, from 10.0.0.0/24 behind a box. */
  readonly addresses?: readonly (string | VirtualAddressOptions)[];
  /** The box or router that the host is behind. Default: none. */
  readonly behind?: Nat | Router;
  /** Whether it tells senders of ports that nobody listens on. Default true. */
  readonly icmp?: boolean;
}

/** A host of a story. Give its `runtime` to a connection. */
export interface Host {
  readonly name: string;
  readonly runtime: Runtime;
  /** Addresses, sockets and faults. */
  readonly machine: VirtualHost;
}

/** A box that translates addresses. */
export interface Nat {
  readonly name: string;
  readonly machine: VirtualNat;
}

/** A box that only forwards; hosts behind it keep their addresses. The link between two of them is shared by all hosts behind them. */
export interface Router {
  readonly name: string;
  readonly machine: VirtualRouter;
}

const DEFAULT_LINK: LinkOptions = Object.freeze({ delayMs: 10 });
const LAST_OF_SUBNET = 254;

/**
 * A story about hosts and what happens between them, in virtual time.
 *
 * @example
 * const world = createWorld({ seed: 42 });
 * const [a, b] = [world.host('a'), world.host('b')];
 * world.link(a, b, { delayMs: 50, jitterMs: 20, loss: 0.1 });
 * world.outage(a, b, { fromMs: 5000, forMs: 3000 });
 * const pc = await world.until(createPeerConnection({ runtime: a.runtime }));
 * await world.run(60_000);
 * console.log(world.trace.hash());
 */
export class World {
  /** What the story is built on. */
  readonly virtual: VirtualWorld;
  readonly #hosts: Map<string, Host> = new Map();
  #outside = 0;
  readonly #inside: Map<Nat, number> = new Map();
  readonly #routers: Set<Nat | Router> = new Set();

  constructor(options: WorldOptions = {}) {
    this.virtual = createVirtualWorld({ ...options, link: { ...DEFAULT_LINK, ...options.link } });
  }

  /** The time, in milliseconds from the beginning. */
  get now(): Instant {
    return this.virtual.now;
  }

  /** All datagrams that were sent, as a hash. */
  get trace(): Trace {
    return this.virtual.trace;
  }

  /** The hosts, by name. */
  get hosts(): ReadonlyMap<string, Host> {
    return this.#hosts;
  }

  /** Adds a host. Its name decides its chances, so every name is used once. */
  host(name: string, options: HostOptions = {}): Host {
    if (this.#hosts.has(name)) throw new RangeError(`there is a host ${name} already`);
    const { behind, icmp = true } = options;
    const addresses = (options.addresses ?? [this.#freshAddress(behind)]).map((one) => {
      const wanted = typeof one === 'string' ? { address: one } : one;
      return behind === undefined ? wanted : { network: behind.machine.inner, ...wanted };
    });
    const machine = this.virtual.host(name, { addresses, icmp });
    const host = Object.freeze({ name, machine, runtime: virtualRuntime(machine) });
    this.#hosts.set(name, host);
    return host;
  }

  /** Adds a box; hosts get behind it with `host(name, { behind })`, and boxes too. */
  nat(name: string, outerAddress: string, options: NatOptions & { readonly behind?: Nat } = {}): Nat {
    const { behind, ...kind } = options;
    const outer = behind === undefined ? undefined : { outer: behind.machine.inner };
    return Object.freeze({ name, machine: this.virtual.nat(name, outerAddress, { ...kind, ...outer }) });
  }

  /** Adds a router; hosts get behind it with `host(name, { behind })`. */
  router(name: string): Router {
    const router = Object.freeze({ name, machine: this.virtual.router(name) });
    this.#routers.add(router);
    return router;
  }

  /** Gives a name its addresses, for `Runtime.resolve`. */
  name(hostname: string, addresses: readonly string[]): void {
    this.virtual.names.set(hostname.toLowerCase(), addresses);
  }

  /** Changes what lies between two neighbours, now and in the middle of a story. Options that are not named stay. */
  link(a: Host | Nat | Router, b: Host | Nat | Router, options: LinkOptions, direction: 'both' | 'forward' = 'both'): void {
    this.virtual.link(a.machine, b.machine, options, direction);
  }

  /** What the link from one neighbour to another did. */
  linkStats(from: Host | Nat | Router, to: Host | Nat | Router): LinkStats {
    return this.virtual.links.between(from.machine, to.machine).stats;
  }

  /** Everything between two neighbours is lost for some time. */
  outage(a: Host | Nat | Router, b: Host | Nat | Router, when: { readonly fromMs: Instant; readonly forMs: number }): void {
    this.at(when.fromMs, () => this.link(a, b, { down: true }));
    this.at(when.fromMs + when.forMs, () => this.link(a, b, { down: false }));
  }

  /** Does something at a time of the story. */
  at(atMs: Instant, act: () => void): void {
    this.virtual.at(atMs, act);
  }

  /** Goes on until a time, or until something holds; see `VirtualWorld.run`. */
  run(until: Until, limitMs?: number): Promise<boolean> {
    return this.virtual.run(until, limitMs);
  }

  /** Goes on for some time. */
  async runFor(durationMs: number): Promise<void> {
    await this.virtual.run(this.now + durationMs);
  }

  /** The same as {@link World.run}, without letting promises go on. */
  runSync(until: Until, limitMs?: number): boolean {
    return this.virtual.runSync(until, limitMs);
  }

  /** Goes on until a promise settles, and hands out its value. */
  until<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.virtual.until(promise, limitMs);
  }

  #freshAddress(box: Nat | Router | undefined): string {
    const behind = box === undefined || this.#routers.has(box) ? undefined : (box as Nat);
    const count = behind === undefined ? ++this.#outside : (this.#inside.get(behind) ?? 0) + 1;
    if (count > LAST_OF_SUBNET) throw new RangeError('the subnet is full: name the addresses');
    if (behind === undefined) return `198.51.100.${count}`;
    this.#inside.set(behind, count);
    return `10.0.0.${count}`;
  }
}

/** A new world. */
export function createWorld(options: WorldOptions = {}): World {
  return new World(options);
}
