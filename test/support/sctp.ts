import { createHmac } from 'node:crypto';
import type { CryptoProvider, Environment } from '../../src/core/index.ts';
import { SctpAssociation, type SctpConfig, type SctpEvent, type SctpMessage } from '../../src/sctp/index.ts';
import { seeded, seededRandom } from './fuzz.ts';

/** All that an association asks of cryptography. */
const hmacOnly = {
  createHmac: (_name: string, key: Uint8Array) => ({
    sign: (...pieces: readonly Uint8Array[]) => {
      const hmac = createHmac('sha256', key);
      for (const piece of pieces) hmac.update(piece);
      return new Uint8Array(hmac.digest());
    },
  }),
} as unknown as CryptoProvider;

export function sctpEnvironment(seed: number): Environment {
  return { crypto: hmacOnly, random: seededRandom(seed), unixOffsetMs: 0 };
}

/** A link in one direction. Probabilities are 0 to 1, times in ms. */
export interface LinkOptions {
  readonly delayMs?: number;
  /** Each packet waits up to this much longer, so that later ones overtake it. */
  readonly jitterMs?: number;
  readonly loss?: number;
  readonly duplicate?: number;
  /** Flips a random bit. */
  readonly corrupt?: number;
  /** Serialises packets, with a queue of `queueBytes` in front. */
  readonly rateBps?: number;
  readonly queueBytes?: number;
}

interface Flight {
  readonly at: number;
  readonly order: number;
  readonly to: Side;
  readonly bytes: Uint8Array;
}

/** One end with everything that it reported. */
export class Side {
  readonly association: SctpAssociation;
  readonly events: SctpEvent[] = [];
  readonly messages: SctpMessage[] = [];
  /** Set to false to leave messages unread. */
  reads = true;
  /** Packets that it sent, copied, when recording is on. */
  readonly sent: Uint8Array[] = [];
  link: LinkOptions = {};
  busyUntil = 0;
  sentPackets = 0;
  /** Called at the end of each turn, as the application would be. */
  onTurn: ((now: number) => void) | undefined;

  constructor(association: SctpAssociation) {
    this.association = association;
  }

  event<T extends SctpEvent['type']>(type: T): Extract<SctpEvent, { type: T }> | undefined {
    return this.events.find((event): event is Extract<SctpEvent, { type: T }> => event.type === type);
  }
}

/** Two associations in virtual time with a link each way. */
export class SctpWorld {
  now = 0;
  readonly a: Side;
  readonly b: Side;
  record = false;
  /** Return false to lose a packet. */
  filter: ((from: Side, bytes: Uint8Array) => boolean) | undefined;
  readonly #random: () => number;
  readonly #heap: Flight[] = [];
  #order = 0;

  constructor(options: { seed?: number; a?: SctpConfig; b?: SctpConfig; link?: LinkOptions } = {}) {
    const seed = options.seed ?? 1;
    this.#random = seeded(seed);
    this.a = new Side(new SctpAssociation(options.a ?? {}, sctpEnvironment(seed * 2 + 1)));
    this.b = new Side(new SctpAssociation(options.b ?? {}, sctpEnvironment(seed * 2 + 2)));
    this.a.link = this.b.link = options.link ?? {};
  }

  /** Connects a to b and lets everything settle. */
  static connected(options: ConstructorParameters<typeof SctpWorld>[0] = {}): SctpWorld {
    const world = new SctpWorld(options);
    world.a.association.connect(0);
    world.run(1000, () => world.a.association.state === 'established' && world.b.association.state === 'established');
    if (world.a.association.state !== 'established') throw new Error('the associations did not connect');
    world.settle();
    return world;
  }

  /** Everything that is due now, on both sides, until nothing moves. */
  settle(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const side of [this.a, this.b]) if (this.#flush(side)) moved = true;
      while (this.#heap.length > 0 && (this.#heap[0] as Flight).at <= this.now) {
        const flight = this.#pop();
        flight.to.association.handleRead(flight.bytes, this.now);
        moved = true;
      }
    }
  }

  /** Lets time pass until `done`, or until `ms` are over. Returns whether it was done. */
  run(ms: number, done?: () => boolean): boolean {
    const end = this.now + ms;
    for (;;) {
      this.settle();
      if (done?.() === true) return true;
      const next = this.#next();
      if (next > end) {
        this.now = end;
        return done?.() ?? true;
      }
      this.now = Math.max(this.now, next);
      for (const side of [this.a, this.b]) side.association.handleTimeout(this.now);
    }
  }

  #next(): number {
    let next = this.#heap[0]?.at ?? Infinity;
    for (const side of [this.a, this.b]) next = Math.min(next, side.association.pollTimeout()?.at ?? Infinity);
    return next;
  }

  #flush(side: Side): boolean {
    let moved = false;
    const { association } = side;
    if (side.reads) for (let m = association.pollRead(); m !== undefined; m = association.pollRead()) side.messages.push(m);
    for (let e = association.pollEvent(); e !== undefined; e = association.pollEvent()) side.events.push(e);
    side.onTurn?.(this.now);
    for (let p = association.pollWrite(); p !== undefined; p = association.pollWrite()) {
      this.#send(side, p);
      moved = true;
    }
    return moved;
  }

  #send(from: Side, bytes: Uint8Array): void {
    from.sentPackets++;
    if (this.record) from.sent.push(bytes.slice());
    if (this.filter?.(from, bytes) === false) return;
    const { delayMs = 0, jitterMs = 0, loss = 0, duplicate = 0, corrupt = 0, rateBps = Infinity, queueBytes = Infinity } = from.link;
    if (loss > 0 && this.#random() < loss) return;
    let leaves = this.now;
    if (rateBps !== Infinity) {
      leaves = Math.max(this.now, from.busyUntil);
      if (((leaves - this.now) * rateBps) / 8000 > queueBytes) return;
      leaves += ((bytes.length + 28) * 8000) / rateBps;
      from.busyUntil = leaves;
    }
    const copies = duplicate > 0 && this.#random() < duplicate ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const copy = bytes.slice();
      if (corrupt > 0 && this.#random() < corrupt) {
        const bit = Math.floor(this.#random() * copy.length * 8);
        copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      }
      const at = leaves + delayMs + (jitterMs > 0 ? this.#random() * jitterMs : 0);
      this.#push({ at, order: this.#order++, to: from === this.a ? this.b : this.a, bytes: copy });
    }
  }

  #push(flight: Flight): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(flight);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(flight, heap[parent] as Flight)) break;
      heap[i] = heap[parent] as Flight;
      i = parent;
    }
    heap[i] = flight;
  }

  #pop(): Flight {
    const heap = this.#heap;
    const top = heap[0] as Flight;
    const last = heap.pop() as Flight;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Flight, heap[child] as Flight)) child++;
      if (!before(heap[child] as Flight, last)) break;
      heap[i] = heap[child] as Flight;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(x: Flight, y: Flight): boolean {
  return x.at < y.at || (x.at === y.at && x.order < y.order);
}

/** `length` bytes that depend on a seed, so that a mix-up shows. */
export function payload(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed + 1) * 0x9e37_79b1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
