import { createHmac } from 'node:crypto';
import type { CryptoProvider, Environment } from '../../src/core/index.ts';
import {
  checksumOf,
  ChunkType,
  decodeInit,
  decodePacket,
  encodeChunk,
  SctpAssociation,
  type SctpConfig,
  type SctpEvent,
  type SctpMessage,
  type SignalledInits,
} from '../../src/sctp/index.ts';
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

/** @param firstTsn - what the association draws as its first TSN, to put a wrap where a test wants it */
export function sctpEnvironment(seed: number, firstTsn?: number): Environment {
  const seededSource = seededRandom(seed);
  let draws = 0;
  const random = (into: Uint8Array): void => {
    seededSource(into);
    // The first four bytes drawn are the tag, the next four the TSN.
    if (firstTsn !== undefined && ++draws === 2) new DataView(into.buffer, into.byteOffset).setUint32(0, firstTsn);
  };
  return { crypto: hmacOnly, random, unixOffsetMs: 0 };
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

  constructor(options: { seed?: number; a?: SctpConfig; b?: SctpConfig; link?: LinkOptions; firstTsn?: number; signalled?: { readonly a?: SignalledInits; readonly b?: SignalledInits } } = {}) {
    const seed = options.seed ?? 1;
    this.#random = seeded(seed);
    this.a = new Side(new SctpAssociation(options.a ?? {}, sctpEnvironment(seed * 2 + 1, options.firstTsn), options.signalled?.a));
    this.b = new Side(new SctpAssociation(options.b ?? {}, sctpEnvironment(seed * 2 + 2, options.firstTsn), options.signalled?.b));
    this.a.link = this.b.link = options.link ?? {};
  }

  /** Connects a to b and lets everything settle. */
  static connected(options: ConstructorParameters<typeof SctpWorld>[0] = {}): SctpWorld {
    const world = new SctpWorld(options);
    world.a.association.connect(0);
    world.run(60_000, () => world.a.association.state === 'established' && world.b.association.state === 'established');
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

/** Joins chunks into a packet with a good checksum. */
export function packetOf(tag: number, chunks: readonly Uint8Array[], options: { checksum?: boolean; source?: number; destination?: number } = {}): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 12);
  const packet = new Uint8Array(length);
  const view = new DataView(packet.buffer);
  view.setUint16(0, options.source ?? 5000);
  view.setUint16(2, options.destination ?? 5000);
  view.setUint32(4, tag);
  let at = 12;
  for (const chunk of chunks) {
    packet.set(chunk, at);
    at += chunk.length;
  }
  if (options.checksum !== false) view.setUint32(8, checksumOf(packet), true);
  return packet;
}

export interface DataOptions {
  readonly flags?: number;
  readonly streamId?: number;
  readonly ssn?: number;
  readonly ppid?: number;
  readonly bytes?: Uint8Array;
}

export function dataChunk(tsn: number, { flags = 3, streamId = 0, ssn = 0, ppid = 53, bytes = Uint8Array.of(1) }: DataOptions = {}): Uint8Array {
  const value = new Uint8Array(12 + bytes.length);
  const view = new DataView(value.buffer);
  view.setUint32(0, tsn);
  view.setUint16(4, streamId);
  view.setUint16(6, ssn);
  view.setUint32(8, ppid);
  value.set(bytes, 12);
  return encodeChunk(ChunkType.DATA, flags, value);
}

export function sackChunk(cumulativeTsn: number, options: { window?: number; gaps?: readonly (readonly [number, number])[]; duplicates?: readonly number[] } = {}): Uint8Array {
  const { window = 5_242_880, gaps = [], duplicates = [] } = options;
  const value = new Uint8Array(12 + 4 * gaps.length + 4 * duplicates.length);
  const view = new DataView(value.buffer);
  view.setUint32(0, cumulativeTsn);
  view.setUint32(4, window);
  view.setUint16(8, gaps.length);
  view.setUint16(10, duplicates.length);
  gaps.forEach(([from, to], i) => {
    view.setUint16(12 + 4 * i, from);
    view.setUint16(14 + 4 * i, to);
  });
  duplicates.forEach((tsn, i) => view.setUint32(12 + 4 * gaps.length + 4 * i, tsn));
  return encodeChunk(ChunkType.SACK, 0, value);
}

/** Words as a chunk's value. */
export function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(4 * i, value >>> 0));
  return bytes;
}

export interface Answer {
  readonly type: number;
  readonly flags: number;
  readonly value: Uint8Array;
}

/** An established association and whoever plays its peer, with the peer's tags and numbers. */
export class Attacker {
  readonly victim: SctpAssociation;
  now: number;
  /** The tag that the victim expects, and the one that it sends. */
  readonly tag: number;
  readonly ownTag: number;
  /** The victim's first TSN, and ours. */
  readonly victimTsn: number;
  readonly tsn: number;

  constructor(options: { victim?: SctpConfig; peer?: SctpConfig; seed?: number } = {}) {
    // Attackers speak DATA unless they say otherwise.
    const world = new SctpWorld({ seed: options.seed ?? 5, a: { interleaving: false, ...options.peer }, b: options.victim ?? {} });
    world.record = true;
    world.a.association.connect(0);
    world.settle();
    const init = decodeInit(world.a.sent[0]!, 16, world.a.sent[0]!.length);
    const initAck = decodeInit(world.b.sent[0]!, 16, world.b.sent[0]!.length);
    this.victim = world.b.association;
    this.tag = initAck.initiateTag;
    this.ownTag = init.initiateTag;
    this.victimTsn = initAck.initialTsn;
    this.tsn = init.initialTsn;
    this.now = world.now + 1;
  }

  /** A packet with the right tag; returns what the victim answers. */
  send(...chunks: readonly Uint8Array[]): Answer[] {
    return this.sendRaw(packetOf(this.tag, chunks));
  }

  sendRaw(packet: Uint8Array): Answer[] {
    this.victim.handleRead(packet, this.now);
    return this.answers();
  }

  answers(): Answer[] {
    const answers: Answer[] = [];
    for (let p = this.victim.pollWrite(); p !== undefined; p = this.victim.pollWrite()) {
      for (const { type, flags, start, end } of decodePacket(p).chunks) answers.push({ type, flags, value: p.slice(start, end) });
    }
    return answers;
  }

  /** Lets time pass; returns what the victim sends when its timers fire. */
  wait(ms: number): Answer[] {
    const end = this.now + ms;
    const answers: Answer[] = [];
    for (let next = this.victim.pollTimeout(); next !== undefined && next.at <= end; next = this.victim.pollTimeout()) {
      this.now = Math.max(this.now, next.at);
      this.victim.handleTimeout(this.now);
      answers.push(...this.answers());
    }
    this.now = end;
    return answers;
  }

  messages(): SctpMessage[] {
    const messages: SctpMessage[] = [];
    for (let m = this.victim.pollRead(); m !== undefined; m = this.victim.pollRead()) messages.push(m);
    return messages;
  }

  events(): SctpEvent[] {
    const events: SctpEvent[] = [];
    for (let e = this.victim.pollEvent(); e !== undefined; e = this.victim.pollEvent()) events.push(e);
    return events;
  }
}

export interface IDataOptions {
  readonly flags?: number;
  readonly streamId?: number;
  readonly mid?: number;
  /** The payload protocol where the message begins, else the number of the fragment. */
  readonly ppidOrFsn?: number;
  readonly bytes?: Uint8Array;
}

/** An I-DATA chunk (RFC 8260 2.1). */
export function iDataChunk(tsn: number, { flags = 3, streamId = 0, mid = 0, ppidOrFsn = 53, bytes = Uint8Array.of(1) }: IDataOptions = {}): Uint8Array {
  const value = new Uint8Array(16 + bytes.length);
  const view = new DataView(value.buffer);
  view.setUint32(0, tsn);
  view.setUint16(4, streamId);
  view.setUint32(8, mid);
  view.setUint32(12, ppidOrFsn);
  value.set(bytes, 16);
  return encodeChunk(ChunkType.I_DATA, flags, value);
}
