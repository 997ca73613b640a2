import type { Instant, Protocol } from '../core/index.ts';
import { Chances, Link, type LinkOptions, Trace, VirtualClock } from '../runtime/virtual/index.ts';
import type { Wire } from './wire.ts';

/** What a {@link Pair} asks of a machine: reading and writing the same kind of unit, whatever is above. */
export type Drivable<Unit, Out, Event> = Pick<
  Protocol<Unit, Out, never, Unit, never, Event>,
  'handleRead' | 'pollRead' | 'pollWrite' | 'pollEvent' | 'handleTimeout' | 'pollTimeout'
>;

/** What {@link Pair} is made of. */
export interface PairOptions<Unit, Out, Event, A extends Drivable<Unit, Out, Event>, B extends Drivable<Unit, Out, Event>> {
  readonly a: A;
  readonly b: B;
  readonly wire: Wire<Unit>;
  /** Decides the chances of the links. Default 1. */
  readonly seed?: number;
  /** The links of both directions. Default: 1 ms, nothing lost. */
  readonly link?: LinkOptions;
  /** The link from b to a where it differs. */
  readonly linkBack?: LinkOptions;
  /** Bytes of headers that the links count. Default 0, so that an MTU is the size of a unit. */
  readonly headerBytes?: number;
  /** Sees each unit before it gets on the link; false loses it. For tests that lose a certain one. */
  readonly filter?: (from: 'a' | 'b', unit: Unit, index: number) => boolean;
  /** Where time begins, in milliseconds. Default 0. */
  readonly startMs?: Instant;
}

/** One end of a {@link Pair}: the machine and what came out of it. */
export class PairEnd<Unit, Out, Event, Machine extends Drivable<Unit, Out, Event>> {
  readonly name: 'a' | 'b';
  readonly machine: Machine;
  /** Its events so far, oldest first. */
  readonly events: Event[] = [];
  /** What it delivered so far. */
  readonly reads: Out[] = [];
  /** Whether {@link PairEnd.reads} is filled. Set it to false to leave everything unread. Default true. */
  isReading = true;
  /** The link that leads away from here. */
  readonly link: Link;
  /** How many units it wrote. */
  written = 0;
  /** Called for every event, at the time when it came. */
  onEvent: ((event: Event, now: Instant) => void) | undefined;
  /** Called for everything delivered, instead of keeping it in {@link PairEnd.reads}. */
  onRead: ((out: Out, now: Instant) => void) | undefined;

  constructor(name: 'a' | 'b', machine: Machine, link: Link) {
    this.name = name;
    this.machine = machine;
    this.link = link;
  }

  /** Takes events and deliveries out of the machine. Returns whether there were any. */
  drain(now: Instant): boolean {
    let isAny = false;
    for (let event = this.machine.pollEvent(); event !== undefined; event = this.machine.pollEvent()) {
      isAny = true;
      if (this.onEvent === undefined) this.events.push(event);
      else this.onEvent(event, now);
    }
    if (!this.isReading) return isAny;
    for (let out = this.machine.pollRead(); out !== undefined; out = this.machine.pollRead()) {
      isAny = true;
      if (this.onRead === undefined) this.reads.push(out);
      else this.onRead(out, now);
    }
    return isAny;
  }
}

/** A machine that asks for the same instant so often would stop time. */
const MOST_TURNS_PER_INSTANT = 10_000;
const DEFAULT_LIMIT_MS = 600_000;

/**
 * Two machines and the links between them, in virtual time and without a promise.
 *
 * @example
 * const pair = new Pair({ a: client, b: server, wire: BYTES_WIRE, seed: 7, link: { delayMs: 50, loss: 0.2 } });
 * client.start(pair.now);
 * assert.ok(pair.drive(() => client.state === 'connected' && server.state === 'connected', 30_000));
 */
export class Pair<Unit, Out, Event, A extends Drivable<Unit, Out, Event>, B extends Drivable<Unit, Out, Event>> {
  readonly a: PairEnd<Unit, Out, Event, A>;
  readonly b: PairEnd<Unit, Out, Event, B>;
  readonly trace: Trace = new Trace();
  readonly #clock: VirtualClock = new VirtualClock();
  readonly #wire: Wire<Unit>;
  readonly #headerBytes: number;
  readonly #filter: ((from: 'a' | 'b', unit: Unit, index: number) => boolean) | undefined;
  #turnsOfInstant = 0;

  constructor(options: PairOptions<Unit, Out, Event, A, B>) {
    const { seed = 1, link = { delayMs: 1 } } = options;
    this.a = new PairEnd('a', options.a, new Link(link, new Chances(seed, 'a to b')));
    this.b = new PairEnd('b', options.b, new Link({ ...link, ...options.linkBack }, new Chances(seed, 'b to a')));
    this.#wire = options.wire;
    this.#headerBytes = options.headerBytes ?? 0;
    this.#filter = options.filter;
    this.#clock.advanceTo(options.startMs ?? 0);
  }

  /** The time, in milliseconds. */
  get now(): Instant {
    return this.#clock.now;
  }

  /** How many units are on their way. */
  get inFlight(): number {
    return this.#clock.pending;
  }

  /** Changes both links; options that are not named stay. */
  link(options: LinkOptions): void {
    this.a.link.change(options);
    this.b.link.change(options);
  }

  /** Does something at a time. */
  at(at: Instant, act: () => void): void {
    this.#clock.at(at, act);
  }

  /**
   * Goes on until a time, or until something holds. Returns false when the condition did not come true: nothing is left
   * to happen, or `limitMs` passed.
   */
  drive(until: Instant | (() => boolean), limitMs: number = DEFAULT_LIMIT_MS): boolean {
    const last = typeof until === 'number' ? until : this.now + limitMs;
    for (;;) {
      this.#settle();
      if (typeof until === 'function' && until()) return true;
      const at = this.#nextAt();
      if (at > last || at === Infinity) break;
      this.#goTo(at);
    }
    if (typeof until === 'function') return false;
    this.#clock.advanceTo(until);
    return true;
  }

  /** Takes everything out of both machines until neither has more to say in this instant. */
  #settle(): void {
    for (let isAny = true; isAny; ) {
      isAny = this.a.drain(this.now);
      isAny = this.b.drain(this.now) || isAny;
      isAny = this.#send(this.a, this.b) || isAny;
      isAny = this.#send(this.b, this.a) || isAny;
    }
  }

  #send(from: PairEnd<Unit, Out, Event, A | B>, to: PairEnd<Unit, Out, Event, A | B>): boolean {
    let isAny = false;
    for (let unit = from.machine.pollWrite(); unit !== undefined; unit = from.machine.pollWrite()) {
      isAny = true;
      const index = from.written++;
      if (this.#filter?.(from.name, unit, index) === false) continue;
      const sent = unit;
      // Whoever reads owns the bytes and may write to them; whoever wrote may keep his for another time.
      const bytes = new Uint8Array(this.#wire.bytes(unit));
      this.trace.add(this.now, END[from.name], END[to.name], bytes);
      from.link.transmit(bytes, this.#headerBytes, this.now, (copy, at) => {
        this.#clock.at(at, () => to.machine.handleRead(this.#wire.arrive(sent, copy), this.now));
      });
    }
    return isAny;
  }

  #nextAt(): Instant {
    const timers = Math.min(this.a.machine.pollTimeout()?.at ?? Infinity, this.b.machine.pollTimeout()?.at ?? Infinity);
    return Math.max(this.now, Math.min(timers, this.#clock.nextAt ?? Infinity));
  }

  /** Lets time pass, then what arrives, then the timers: the order of an event loop. */
  #goTo(at: Instant): void {
    this.#turnsOfInstant = at === this.now ? this.#turnsOfInstant + 1 : 0;
    if (this.#turnsOfInstant > MOST_TURNS_PER_INSTANT) throw new Error(`time stands still at ${at}: ${this.#blame()}`);
    this.#clock.advanceTo(at);
    for (const { machine } of [this.a, this.b]) {
      const deadline = machine.pollTimeout();
      if (deadline !== undefined && deadline.at <= at) machine.handleTimeout(at);
    }
  }

  #blame(): string {
    return [this.a, this.b].map(({ name, machine }) => `${name} waits for ${machine.pollTimeout()?.reason ?? 'nothing'}`).join(', ');
  }
}

const END = Object.freeze({ a: Object.freeze({ address: 'a', port: 0 }), b: Object.freeze({ address: 'b', port: 0 }) });
