import {
  type CryptoProvider,
  type Datagram,
  type Environment,
  formatAddress,
  type Instant,
  type TransportAddress,
} from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { candidatePriority, generateIceCredentials, IceAgent, type IceConfig, type IceCredentials, type IceEvent, type LocalCandidate } from '../../src/ice/index.ts';
import { decodeStun, shortTermKey, StunAttribute, StunBuilder, StunClass, StunMethod } from '../../src/stun/index.ts';
import { seeded, seededRandom } from './fuzz.ts';

export const crypto: CryptoProvider = nodeCrypto;

export function environment(seed: number): Environment {
  return { crypto, random: seededRandom(seed), unixOffsetMs: 0 };
}

/** `192.0.2.1:5000` or `[::1]:5000` */
export function at(text: string): TransportAddress {
  const colon = text.lastIndexOf(':');
  return { address: text.slice(0, colon).replace(/[[\]]/g, ''), port: Number(text.slice(colon + 1)) };
}

export function hostCandidate(text: string, options: Partial<LocalCandidate> = {}): LocalCandidate {
  const { address, port } = at(text);
  return {
    foundation: `h${address.replace(/[^0-9a-z]/g, '')}`,
    component: 1,
    protocol: 'udp',
    priority: candidatePriority('host', options.priority ?? 65535),
    address,
    port,
    type: 'host',
    base: { address, port },
    ...(options.priority === undefined ? options : { ...options, priority: candidatePriority('host', options.priority) }),
  };
}

/** A NAT with endpoint-independent mapping; with `filter`, only addresses that were sent to may answer. */
export class Nat {
  readonly #publicAddress: string;
  readonly #filter: boolean;
  readonly #out = new Map<string, number>();
  readonly #in = new Map<number, TransportAddress>();
  readonly #allowed = new Set<string>();
  #port = 40_000;

  constructor(publicAddress: string, filter = false) {
    this.#publicAddress = publicAddress;
    this.#filter = filter;
  }

  outbound(from: TransportAddress, to: TransportAddress): TransportAddress {
    const key = formatAddress(from);
    let port = this.#out.get(key);
    if (port === undefined) {
      port = this.#port++;
      this.#out.set(key, port);
      this.#in.set(port, from);
    }
    this.#allowed.add(`${port} ${formatAddress(to)}`);
    return { address: this.#publicAddress, port };
  }

  inbound(from: TransportAddress, to: TransportAddress): TransportAddress | undefined {
    if (to.address !== this.#publicAddress) return undefined;
    if (this.#filter && !this.#allowed.has(`${to.port} ${formatAddress(from)}`)) return undefined;
    return this.#in.get(to.port);
  }
}

export interface Host {
  readonly name: string;
  readonly agent: IceAgent;
  readonly credentials: IceCredentials;
  readonly sockets: TransportAddress[];
  readonly events: (IceEvent & { at: Instant })[];
  readonly nat: Nat | undefined;
  /** How many datagrams left. */
  sent: number;
}

export interface Link {
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** 0 to 1. */
  readonly loss?: number;
  readonly duplicate?: number;
  /** Sees every datagram on its way and may change or drop it. */
  readonly tap?: (from: Host, datagram: Datagram, now: Instant) => Datagram | undefined;
}

interface Flight {
  readonly at: Instant;
  readonly datagram: Datagram;
  readonly host: Host;
}

/** Agents in virtual time, joined by one network. */
export class IceWorld {
  now: Instant = 0;
  link: Link;
  readonly hosts: Host[] = [];
  readonly #next: () => number;
  readonly #seed: number;
  #flights: Flight[] = [];
  #actions: { at: Instant; run: () => void }[] = [];

  constructor(seed = 1, link: Link = {}) {
    this.#seed = seed;
    this.#next = seeded(seed);
    this.link = link;
  }

  host(name: string, controlling: boolean, options: Partial<IceConfig> & { nat?: Nat } = {}): Host {
    const { nat, ...config } = options;
    const env = environment(this.#seed * 1000 + this.hosts.length);
    const credentials = config.credentials ?? generateIceCredentials(env.random);
    const agent = new IceAgent({ controlling, credentials, ...config }, env);
    const host: Host = { name, agent, credentials, sockets: [], events: [], nat, sent: 0 };
    this.hosts.push(host);
    return host;
  }

  bind(host: Host, candidate: LocalCandidate): void {
    host.sockets.push(candidate.base);
    host.agent.addLocalCandidate(candidate, this.now);
  }

  /** Signals all that `from` has to `to`. */
  signal(from: Host, to: Host, options: { end?: boolean; candidates?: boolean } = {}): void {
    to.agent.setRemoteCredentials(from.credentials, this.now);
    if (options.candidates !== false) for (const c of from.agent.localCandidates) to.agent.addRemoteCandidate(c, this.now);
    if (options.end !== false) to.agent.endOfRemoteCandidates(this.now);
  }

  after(delayMs: number, run: () => void): void {
    this.#actions.push({ at: this.now + delayMs, run });
  }

  /** Lets time pass until `until` holds or `limitMs` more have passed; returns whether it held. */
  run(limitMs: number, until: () => boolean = () => false): boolean {
    const end = this.now + limitMs;
    for (let steps = 0; steps < 2_000_000; steps++) {
      for (const host of this.hosts) this.#drain(host);
      if (until()) return true;
      const next = this.#nextAt();
      if (next === undefined || next > end) {
        this.now = end;
        return until();
      }
      this.now = Math.max(this.now, next);
      this.#deliver();
      for (const host of this.hosts) {
        const deadline = host.agent.pollTimeout();
        if (deadline && deadline.at <= this.now) host.agent.handleTimeout(this.now);
      }
    }
    throw new Error('the world does not come to rest');
  }

  /** Gives a datagram to an agent, as if it had come from the network. */
  inject(host: Host, datagram: Datagram): Datagram[] {
    host.agent.handleRead(datagram, this.now);
    const out: Datagram[] = [];
    for (let d = host.agent.pollWrite(); d; d = host.agent.pollWrite()) out.push(d);
    for (let e = host.agent.pollEvent(); e; e = host.agent.pollEvent()) host.events.push({ ...e, at: this.now });
    return out;
  }

  #nextAt(): Instant | undefined {
    const times = this.#flights.map((f) => f.at).concat(this.#actions.map((a) => a.at));
    for (const host of this.hosts) {
      const deadline = host.agent.pollTimeout();
      if (deadline) times.push(deadline.at);
    }
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
  }

  #deliver(): void {
    const due = this.#flights.filter((f) => f.at <= this.now).sort((a, b) => a.at - b.at);
    this.#flights = this.#flights.filter((f) => f.at > this.now);
    for (const { host, datagram } of due) host.agent.handleRead(datagram, this.now);
    const actions = this.#actions.filter((a) => a.at <= this.now);
    this.#actions = this.#actions.filter((a) => a.at > this.now);
    for (const { run } of actions) run();
  }

  #drain(host: Host): void {
    for (let e = host.agent.pollEvent(); e; e = host.agent.pollEvent()) host.events.push({ ...e, at: this.now });
    for (let d = host.agent.pollWrite(); d; d = host.agent.pollWrite()) {
      host.sent++;
      const tapped = this.link.tap ? this.link.tap(host, d, this.now) : d;
      if (tapped) this.#send(host, tapped);
    }
  }

  #send(from: Host, { bytes, local, remote }: Datagram): void {
    const copies = this.#next() < (this.link.duplicate ?? 0) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (this.#next() < (this.link.loss ?? 0)) continue;
      const at = this.now + (this.link.delayMs ?? 1) + this.#next() * (this.link.jitterMs ?? 0);
      const inside = this.hosts.find((h) => h.nat === from.nat && this.#socket(h, remote));
      const source = from.nat && !inside ? from.nat.outbound(local, remote) : local;
      for (const host of this.hosts) {
        const target = host.nat === from.nat ? remote : host.nat ? host.nat.inbound(source, remote) : remote;
        const socket = target && this.#socket(host, target);
        if (socket) this.#flights.push({ at, host, datagram: { bytes: bytes.slice(), local: socket, remote: source } });
      }
    }
  }

  /** The socket of a host that takes datagrams for an address; a wildcard takes those for its host's candidates. */
  #socket(host: Host, to: TransportAddress): TransportAddress | undefined {
    return host.sockets.find(
      (s) =>
        s.port === to.port &&
        (s.address === to.address ||
          ((s.address === '0.0.0.0' || s.address === '::') && host.agent.localCandidates.some((c) => c.address === to.address))),
    );
  }
}

export interface ForgeOptions {
  /** Defaults to what the host expects: its fragment, a colon, the peer's. */
  readonly username?: string;
  /** Defaults to the host's password; null leaves the integrity out. */
  readonly password?: string | null;
  /** Default 100. */
  readonly priority?: number | null;
  readonly role?: 'controlling' | 'controlled';
  readonly tieBreaker?: bigint;
  readonly useCandidate?: boolean;
  readonly id?: Uint8Array;
  readonly extra?: (builder: StunBuilder) => void;
}

let forged = 0;

/** A check for `to`, as its peer (or an impostor) would write it. */
export function forgeCheck(to: Host, peerUfrag: string, options: ForgeOptions = {}): Uint8Array {
  const id = options.id ?? Uint8Array.from({ length: 12 }, (_, i) => (i < 4 ? (++forged >> (8 * i)) & 255 : 7));
  const builder = new StunBuilder(StunClass.request, StunMethod.binding, id);
  builder.text(StunAttribute.username, options.username ?? `${to.credentials.usernameFragment}:${peerUfrag}`);
  if (options.priority !== null) builder.u32(StunAttribute.priority, options.priority ?? 100);
  const role = options.role ?? (to.agent.controlling ? 'controlled' : 'controlling');
  builder.u64(role === 'controlling' ? StunAttribute.iceControlling : StunAttribute.iceControlled, options.tieBreaker ?? 1n);
  if (options.useCandidate) builder.flag(StunAttribute.useCandidate);
  options.extra?.(builder);
  if (options.password !== null) builder.integrity(shortTermKey(options.password ?? to.credentials.password, crypto));
  return builder.fingerprint().finish();
}

/** A success response to a request. */
export function forgeSuccess(request: Uint8Array, password: string | undefined, mapped: TransportAddress): Uint8Array {
  const builder = new StunBuilder(StunClass.success, StunMethod.binding, decodeStun(request).transactionId);
  builder.xorAddress(StunAttribute.xorMappedAddress, mapped);
  if (password !== undefined) builder.integrity(shortTermKey(password, crypto));
  return builder.fingerprint().finish();
}

/** An error response to a request. */
export function forgeError(request: Uint8Array, code: number, password: string | undefined): Uint8Array {
  const builder = new StunBuilder(StunClass.error, StunMethod.binding, decodeStun(request).transactionId).error(code);
  if (password !== undefined) builder.integrity(shortTermKey(password, crypto));
  return builder.fingerprint().finish();
}

/** Two agents with one host candidate each that know of each other. */
export function pairOfAgents(seed = 1, link: Link = {}, a: Partial<IceConfig> = {}, b: Partial<IceConfig> = {}): { world: IceWorld; a: Host; b: Host } {
  const world = new IceWorld(seed, link);
  const left = world.host('a', true, a);
  const right = world.host('b', false, b);
  world.bind(left, hostCandidate('192.0.2.1:5000'));
  world.bind(right, hostCandidate('192.0.2.2:6000'));
  left.agent.endOfLocalCandidates(0);
  right.agent.endOfLocalCandidates(0);
  return { world, a: left, b: right };
}

export function connected(...hosts: readonly Host[]): boolean {
  return hosts.every((h) => h.agent.state === 'connected' || h.agent.state === 'completed');
}
