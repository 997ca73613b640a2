import { type CryptoProvider, type Instant, RtcError } from '../../core/index.ts';
import { nodeCrypto } from '../../crypto/node.ts';
import { PHASE_ARRIVAL, VirtualClock } from './clock.ts';
import { VirtualHost, type VirtualHostOptions } from './host.ts';
import type { LinkOptions } from './link.ts';
import { type NatOptions, VirtualNat } from './nat.ts';
import { Links, type NetworkNode, VirtualNetwork } from './network.ts';
import { VirtualRouter } from './router.ts';
import { Chances } from './seed.ts';
import { Trace } from './trace.ts';

/** What a world begins with. */
export interface VirtualWorldOptions {
  /** Decides every chance in it. Default 1. */
  readonly seed?: number;
  /** What links are like until somebody says otherwise. Default: they lose nothing and take no time. */
  readonly link?: LinkOptions;
  /** The cryptography of its runtimes. Default `node:crypto`, whose signatures differ from run to run; the pure provider gives equal traces. */
  readonly crypto?: CryptoProvider;
  /** The wall clock at the beginning, in milliseconds since the Unix epoch. Default: 2026-01-01. */
  readonly unixStartMs?: number;
}

/** When to stop: at a time of the world, or as soon as something holds. */
export type Until = Instant | (() => boolean);

const DEFAULT_UNIX_START_MS: number = Date.UTC(2026, 0, 1);
/** A condition that does not come true within this is not going to, in milliseconds of the world. */
const DEFAULT_LIMIT_MS = 600_000;
/** With nothing left to happen, promises that hang on the real world get so many turns of the real loop. */
const PATIENCE_TURNS = 200;
const LOCAL_DELAY_MS = 0.001;

/**
 * A network with its own time. Nothing in it looks at the machine that it runs on: the same seed and the same program
 * give the same packets at the same times.
 *
 * @example
 * const world = createVirtualWorld({ seed: 7, link: { delayMs: 20, loss: 0.1 } });
 * const host = world.host('a', { addresses: ['192.0.2.1'] });
 * const socket = await world.until(virtualRuntime(host).bindUdp({ local: { address: '192.0.2.1', port: 0 }, handler }));
 * await world.run(1000);
 */
export class VirtualWorld {
  readonly clock: VirtualClock = new VirtualClock();
  readonly trace: Trace = new Trace();
  readonly crypto: CryptoProvider;
  readonly seed: number;
  /** Add it to the time of the world to get milliseconds since the Unix epoch. Change it to make the wall clock jump. */
  unixOffsetMs: number;
  /** The addresses of names, in lower case. */
  readonly names: Map<string, readonly string[]> = new Map();
  /** The links between its nodes. */
  readonly links: Links;
  /** The network that hosts are on when nothing else is said. */
  readonly internet: VirtualNetwork = new VirtualNetwork(this, 'internet');
  #isRunning = false;

  constructor(options: VirtualWorldOptions = {}) {
    this.seed = options.seed ?? 1;
    this.crypto = options.crypto ?? nodeCrypto;
    this.unixOffsetMs = options.unixStartMs ?? DEFAULT_UNIX_START_MS;
    this.links = new Links(this, options.link ?? {});
  }

  /** The time of the world, in milliseconds. */
  get now(): Instant {
    return this.clock.now;
  }

  /** A stream of chances that depends on the world's seed and this name only. */
  chances(name: string): Chances {
    return new Chances(this.seed, name);
  }

  /** Adds a host. */
  host(name: string, options: VirtualHostOptions): VirtualHost {
    return new VirtualHost(this, name, options);
  }

  /** Adds a network that only a box can lead out of. */
  network(name: string): VirtualNetwork {
    return new VirtualNetwork(this, name);
  }

  /** Puts a box between a new inner network and an outer one (default: the internet). */
  nat(name: string, outerAddress: string, options: NatOptions & { readonly outer?: VirtualNetwork } = {}): VirtualNat {
    return new VirtualNat(this, name, this.network(`behind ${name}`), options.outer ?? this.internet, outerAddress, options);
  }

  /** Puts a router between a new inner network and an outer one (default: the internet). Addresses stay as they are. */
  router(name: string, outer: VirtualNetwork = this.internet): VirtualRouter {
    return new VirtualRouter(name, this.network(`behind ${name}`), outer);
  }

  /** Changes the link between two nodes in both directions, or in the first one only. Options that are not named stay. */
  link(a: NetworkNode, b: NetworkNode, options: LinkOptions, direction: 'both' | 'forward' = 'both'): void {
    this.links.between(a, b).change(options);
    if (direction === 'both') this.links.between(b, a).change(options);
  }

  /** Calls at a time of the world. */
  at(at: Instant, call: () => void): void {
    this.clock.at(at, call);
  }

  /** @internal */
  deliverLocally(arrive: () => void): void {
    this.clock.at(this.clock.now + LOCAL_DELAY_MS, arrive, PHASE_ARRIVAL);
  }

  /**
   * Lets the world go on until a time or until a condition holds; between any two events, everything that waits for a
   * promise runs. Returns false when the condition did not come true: nothing is left to happen, or `limitMs` passed.
   * What an event throws comes out here.
   */
  async run(until: Until, limitMs: number = DEFAULT_LIMIT_MS): Promise<boolean> {
    if (this.#isRunning) throw new RtcError('ERR_INVALID_STATE', 'the world is running already');
    this.#isRunning = true;
    const last = typeof until === 'number' ? until : this.now + limitMs;
    try {
      await turnOfLoop();
      while (this.#goOn(until, last)) {
        this.clock.step();
        await turnOfLoop();
      }
    } finally {
      this.#isRunning = false;
    }
    return this.#arrive(until);
  }

  /** The same without promises: for protocol machines that nobody awaits. Much faster. */
  runSync(until: Until, limitMs: number = DEFAULT_LIMIT_MS): boolean {
    const last = typeof until === 'number' ? until : this.now + limitMs;
    while (this.#goOn(until, last)) this.clock.step();
    return this.#arrive(until);
  }

  /** Lets the world go on until a promise settles, and hands out what it settled to. Rejects with `ERR_TIMEOUT` when it never does. */
  async until<T>(promise: Promise<T>, limitMs: number = DEFAULT_LIMIT_MS): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    const deadline = this.now + limitMs;
    await this.run(() => isSettled, limitMs);
    for (let turns = 0; !isSettled && this.now < deadline && turns < PATIENCE_TURNS; turns++) {
      await turnOfLoop();
      if (this.clock.pending > 0) await this.run(() => isSettled, deadline - this.now);
    }
    if (!isSettled) throw new RtcError('ERR_TIMEOUT', `still waiting at ${this.now} ms of the world, with ${this.clock.pending} events to come`);
    return promise;
  }

  #goOn(until: Until, last: Instant): boolean {
    const next = this.clock.nextAt;
    return next !== undefined && next <= last && (typeof until === 'number' || !until());
  }

  #arrive(until: Until): boolean {
    if (typeof until === 'function') return until();
    this.clock.advanceTo(until);
    return true;
  }
}

/** One turn of the real event loop: all promises that can go on have gone on when it is over. */
function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A new world. */
export function createVirtualWorld(options: VirtualWorldOptions = {}): VirtualWorld {
  return new VirtualWorld(options);
}
