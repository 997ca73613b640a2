import { Counters, type Deadline, earlier, type Environment, type Instant, Queue } from '../core/index.ts';
import { encodeRtcp, type RtcpPacket } from '../rtcp/index.ts';
import { composeRtcp } from './compound.ts';
import { MAX_STEPS_PER_PUMP, MAX_UNREAD_EVENTS, MAX_UNREAD_PACKETS, MAX_UNREAD_RTCP, MAX_UNSENT_PACKETS } from './constants.ts';
import type { InterceptorEvent } from './events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from './interceptor.ts';
import { orderBySlot } from './order.ts';
import type { IncomingPacket, OutgoingPacket } from './packet.ts';
import type { InterceptorChainStats } from './stats.ts';
import type { LocalStream, RemoteStream, StreamInfo } from './stream.ts';

/** What a chain is made with. */
export interface InterceptorChainConfig {
  readonly environment: Environment;
  /** The SSRC that RTCP of this end bears when it speaks for no stream of its own. */
  readonly rtcpSsrc: number;
  /** The canonical name of this end (RFC 7022). */
  readonly cname: string;
}

/** A compound RTCP packet to send, with room for SRTCP behind it in its buffer. */
export interface OutgoingRtcp {
  readonly rtcp: Uint8Array;
}

type Having<Method extends keyof Interceptor> = Interceptor & Required<Pick<Interceptor, Method>>;

/** What is polled of interceptors, or done by the time. */
const POLLED = ['pollReadRtp', 'pollWriteRtp', 'pollRtcp', 'pollEvent', 'handleTimeout', 'pollTimeout'] as const satisfies readonly (keyof Interceptor)[];

/** An interceptor that brings forth packets of its own, and where in the walk they go on. */
interface Source<Method extends keyof Interceptor> {
  readonly interceptor: Having<Method>;
  readonly next: number;
}

/**
 * The belt that every RTP and RTCP packet of a connection passes: interceptors in a row, ordered by their distance from the wire.
 * What comes from the wire passes from the nearest to the farthest, what goes to it the other way. Sans-I/O as every machine is:
 * packets and time go in, packets, events and deadlines are polled.
 *
 * @example
 * const chain = new InterceptorChain(new InterceptorRegistry().registerDefaults().factories, { environment, rtcpSsrc, cname }, now);
 * chain.bindLocal(stream, now);
 * chain.writeRtp(packet, now);
 * for (let out = chain.pollWrite(); out; out = chain.pollWrite()) send('rtcp' in out ? srtp.protectRtcp(out.rtcp) : srtp.protectRtp(out.bytes));
 */
export class InterceptorChain {
  readonly counters: Counters = new Counters();
  readonly #config: InterceptorChainConfig;
  readonly #all: readonly Interceptor[];
  // What the belt walks, precomputed: interceptors without a method cost nothing.
  readonly #readers: readonly Having<'readRtp'>[];
  readonly #readSources: readonly Source<'pollReadRtp'>[];
  readonly #writers: readonly Having<'writeRtp'>[];
  /** By writer: whether payloads are as they were behind it. */
  readonly #keepPayloads: readonly boolean[];
  readonly #writeSources: readonly Source<'pollWriteRtp'>[];
  readonly #rtcpReaders: readonly Having<'readRtcp'>[];
  readonly #rtcpWriters: readonly Having<'writeRtcp'>[];
  readonly #rtcpSources: readonly Source<'pollRtcp'>[];
  readonly #eventReaders: readonly Having<'handleEvent'>[];
  readonly #eventSources: readonly Having<'pollEvent'>[];
  readonly #timed: readonly Having<'handleTimeout'>[];
  readonly #timers: readonly Having<'pollTimeout'>[];

  readonly #locals: LocalStream[] = [];
  readonly #remotes: RemoteStream[] = [];
  readonly #unread: Queue<IncomingPacket> = new Queue();
  readonly #unreadRtcp: Queue<readonly RtcpPacket[]> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();
  readonly #unsent: Queue<OutgoingPacket | OutgoingRtcp> = new Queue();
  /** RTCP that becomes compound packets when the next one is polled. */
  readonly #rtcp: Queue<RtcpPacket> = new Queue();
  /** Whether something happened since RTCP and events of the interceptors were collected, as that they were made. */
  #stale = true;
  /** Whether all interceptors say when an RTP packet is such a thing. */
  readonly #areAwake: boolean;
  /** Whether, besides, those that do something by the time say when. */
  readonly #tellDeadlines: boolean;
  /** The earliest deadline, once it was asked for, until something happens. */
  #next: Deadline | undefined;
  #isNextKnown = false;
  #reducedSize = false;
  #now: Instant;
  #closed = false;

  /**
   * Throws `ERR_INVALID_ARGUMENT` when two want a slot that one of them must have alone.
   *
   * @param factories - in any order; those of one slot stand in the order given
   */
  constructor(factories: readonly InterceptorFactory[], config: InterceptorChainConfig, now: Instant) {
    const { environment, rtcpSsrc, cname } = config;
    const context: InterceptorContext = { environment, rtcpSsrc, cname, counters: this.counters, wake: () => this.#touch() };
    const all = orderBySlot(factories).map((factory) => factory.create(context, now));
    const reversed = [...all].reverse();
    this.#config = config;
    this.#now = now;
    this.#all = all;
    this.#areAwake = all.every((interceptor) => interceptor.wakes === true || !POLLED.some((method) => interceptor[method] !== undefined));
    this.#readers = having(all, 'readRtp');
    this.#readSources = sources(all, 'pollReadRtp', 'readRtp');
    this.#writers = having(reversed, 'writeRtp');
    this.#keepPayloads = this.#writers.map(({ keepsPayload }) => keepsPayload === true);
    this.#writeSources = sources(reversed, 'pollWriteRtp', 'writeRtp');
    this.#rtcpReaders = having(all, 'readRtcp');
    this.#rtcpWriters = having(reversed, 'writeRtcp');
    this.#rtcpSources = sources(reversed, 'pollRtcp', 'writeRtcp');
    this.#eventReaders = having(all, 'handleEvent');
    this.#eventSources = having(all, 'pollEvent');
    this.#timed = having(all, 'handleTimeout');
    this.#timers = having(all, 'pollTimeout');
    this.#tellDeadlines = this.#areAwake && this.#timed.every(({ pollTimeout }) => pollTimeout !== undefined);
  }

  /** The interceptor of a class, for what it alone can tell, as statistics; the nearest to the wire when there are several. */
  find<T extends Interceptor>(type: abstract new (...args: never[]) => T): T | undefined {
    return this.#all.find((interceptor): interceptor is T => interceptor instanceof type);
  }

  stats(): InterceptorChainStats {
    return {
      interceptors: this.#all.map(({ name }) => name),
      localStreams: this.#locals.length,
      remoteStreams: this.#remotes.length,
      dropped: this.counters.snapshot(),
    };
  }

  /** Tells of a stream that is about to be sent. One that is bound already stays as it is. */
  bindLocal(stream: LocalStream, now: Instant): void {
    if (this.#closed || this.#locals.includes(stream)) return;
    this.#enter(now);
    this.#locals.push(stream);
    for (const interceptor of this.#all) interceptor.bindLocal?.(stream, now);
    this.#onStreams();
  }

  /** What was agreed upon about a bound stream changed. One that is not bound is left alone. */
  updateLocal(stream: LocalStream, now: Instant): void {
    if (this.#closed || !this.#locals.includes(stream)) return;
    this.#enter(now);
    for (const interceptor of this.#all) interceptor.updateLocal?.(stream, now);
    this.#onStreams();
  }

  /** A stream that is not sent any more, or for a while. */
  unbindLocal(stream: LocalStream, now: Instant): void {
    if (this.#closed || !remove(this.#locals, stream)) return;
    this.#enter(now);
    for (const interceptor of this.#all) interceptor.unbindLocal?.(stream, now);
    this.#onStreams();
  }

  /** Tells of a stream that is about to be received. */
  bindRemote(stream: RemoteStream, now: Instant): void {
    if (this.#closed || this.#remotes.includes(stream)) return;
    this.#enter(now);
    this.#remotes.push(stream);
    for (const interceptor of this.#all) interceptor.bindRemote?.(stream, now);
    this.#onStreams();
  }

  /** What was agreed upon about a bound stream changed. One that is not bound is left alone. */
  updateRemote(stream: RemoteStream, now: Instant): void {
    if (this.#closed || !this.#remotes.includes(stream)) return;
    this.#enter(now);
    for (const interceptor of this.#all) interceptor.updateRemote?.(stream, now);
    this.#onStreams();
  }

  /** A stream that is not received any more. */
  unbindRemote(stream: RemoteStream, now: Instant): void {
    if (this.#closed || !remove(this.#remotes, stream)) return;
    this.#enter(now);
    for (const interceptor of this.#all) interceptor.unbindRemote?.(stream, now);
    this.#onStreams();
  }

  /** Takes an RTP packet from the wire, decrypted and given to its stream. */
  handleRtp(packet: IncomingPacket, now: Instant): void {
    if (this.#closed) return;
    this.#pass(now);
    this.#read(packet, 0, now);
    if (this.#stale) this.#drainReads(now);
  }

  /** The next packet for the application. */
  pollRtp(): IncomingPacket | undefined {
    return this.#unread.shift();
  }

  /** Takes the packets of an RTCP datagram from the wire, decrypted. They go to the application as well. */
  handleRtcp(packets: readonly RtcpPacket[], now: Instant): void {
    if (this.#closed || packets.length === 0) return;
    this.#enter(now);
    for (const packet of packets) for (const reader of this.#rtcpReaders) reader.readRtcp(packet, now);
    if (this.#unreadRtcp.length === MAX_UNREAD_RTCP) this.#dropOldest(this.#unreadRtcp, 'interceptor.unread-rtcp');
    this.#unreadRtcp.push(packets);
  }

  /** The next RTCP datagram's packets for the application. */
  pollRtcp(): readonly RtcpPacket[] | undefined {
    return this.#unreadRtcp.shift();
  }

  /**
   * Takes a packet of the application. Its bytes belong to the chain from here on. Returns whether it is polled next, or behind those that wait to be
   * polled: false when an interceptor holds it, or did something else with it.
   */
  writeRtp(packet: OutgoingPacket, now: Instant): boolean {
    if (this.#closed) return false;
    this.#pass(now);
    const isOnItsWay = this.#write(packet, 0, now);
    if (this.#stale) this.#drainWrites(now);
    return isOnItsWay;
  }

  /** Whether packets for the wire wait to be polled that interceptors have let pass. */
  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  /** Takes RTCP of the application. Throws `ERR_INVALID_ARGUMENT` for what has no form on the wire. */
  writeRtcp(packets: readonly RtcpPacket[], now: Instant): void {
    if (this.#closed) return;
    encodeRtcp(packets);
    this.#enter(now);
    for (const packet of packets) this.#writeRtcp(packet, 0, now);
  }

  /** The next packet for the wire. */
  pollWrite(): OutgoingPacket | OutgoingRtcp | undefined {
    const packet = this.#unsent.shift();
    if (packet !== undefined) return packet;
    if (this.#stale) this.#pump();
    if (this.#rtcp.length > 0) this.#compose();
    return this.#unsent.shift();
  }

  /** What the connection tells the interceptors. */
  handleEvent(event: InterceptorEvent, now: Instant): void {
    if (this.#closed) return;
    this.#enter(now);
    for (const reader of this.#eventReaders) reader.handleEvent(event, now);
  }

  /** What interceptors tell the connection. */
  pollEvent(): InterceptorEvent | undefined {
    if (this.#stale) this.#pump();
    return this.#events.shift();
  }

  /** Whether something is to be done by the time. */
  isDue(now: Instant): boolean {
    // To ask for the deadlines costs less than to tell all of them the time, and the answer is needed anyway.
    if (this.#tellDeadlines) this.pollTimeout();
    return !this.#closed && !(this.#isNextKnown && (this.#next === undefined || now < this.#next.at));
  }

  handleTimeout(now: Instant): void {
    if (!this.isDue(now)) return;
    this.#enter(now);
    for (const interceptor of this.#timed) interceptor.handleTimeout(now);
    this.#drainReads(now);
    this.#drainWrites(now);
  }

  pollTimeout(): Deadline | undefined {
    if (this.#closed) return undefined;
    if (this.#isNextKnown) return this.#next;
    if (this.#stale) this.#pump();
    // Interceptors that never come to an end must not keep the others from their turn, and go on at once afterwards.
    let next: Deadline | undefined = this.#stale ? { at: this.#now, reason: 'interceptor.unfinished' } : undefined;
    for (const timer of this.#timers) next = earlier(next, timer.pollTimeout());
    this.#next = next;
    this.#isNextKnown = !this.#stale;
    return next;
  }

  /** Says goodbye for all local streams and ends. What is to be sent can still be polled. */
  close(now: Instant): void {
    if (this.#closed) return;
    for (const stream of [...this.#locals]) this.unbindLocal(stream, now);
    this.#enter(now);
    this.#pump();
    this.#compose();
    this.#closed = true;
    this.#stale = false;
    for (const interceptor of this.#all) interceptor.close?.();
    this.#unread.clear();
  }

  #enter(now: Instant): void {
    this.#now = now;
    this.#touch();
  }

  /** An RTP packet enters. */
  #pass(now: Instant): void {
    this.#now = now;
    if (!this.#areAwake) this.#touch();
  }

  #touch(): void {
    this.#stale = true;
    this.#isNextKnown = false;
  }

  #onStreams(): void {
    const reduced = (stream: StreamInfo): boolean => stream.reducedSizeRtcp;
    this.#reducedSize = this.#locals.length + this.#remotes.length > 0 && this.#locals.every(reduced) && this.#remotes.every(reduced);
  }

  /** Walks a packet from a place in the row to the application. */
  #read(packet: IncomingPacket, from: number, now: Instant): void {
    const readers = this.#readers;
    let walking: IncomingPacket | undefined = packet;
    for (let i = from; i < readers.length; i++) {
      walking = (readers[i] as Having<'readRtp'>).readRtp(walking, now);
      if (walking === undefined) return;
    }
    if (walking.role === 'rtx' || walking.role === 'fec') return this.counters.add('interceptor.unused-repair');
    // Padding among the media fills its number's place for whoever puts packets in order; on another SSRC it means nothing.
    if (walking.role === 'padding' && walking.header.ssrc !== walking.stream.ssrc) return;
    if (this.#unread.length === MAX_UNREAD_PACKETS) this.#dropOldest(this.#unread, 'interceptor.unread');
    this.#unread.push(walking);
  }

  /**
   * Walks on what interceptors hold ready, the farthest first: what one of them has for an earlier packet must go before what
   * a nearer one sends after it.
   */
  #drainReads(now: Instant, from: number = 0): void {
    const list = this.#readSources;
    for (let i = list.length - 1; i >= from; i--) {
      const { interceptor, next } = list[i] as Source<'pollReadRtp'>;
      for (let packet = interceptor.pollReadRtp(); packet !== undefined; packet = interceptor.pollReadRtp()) {
        this.#read(packet, next, now);
        if (i + 1 < list.length) this.#drainReads(now, i + 1);
      }
    }
  }

  /** Walks a packet from a place in the row to the wire. Returns whether it came there as it was. */
  #write(packet: OutgoingPacket, from: number, now: Instant): boolean {
    const writers = this.#writers;
    let walking: OutgoingPacket | undefined = packet;
    for (let i = from; i < writers.length; i++) {
      walking = (writers[i] as Having<'writeRtp'>).writeRtp(walking, now);
      if (walking === undefined) return false;
      if (walking.sharedPayload !== undefined && this.#keepPayloads[i] !== true) walking.sharedPayload = undefined;
    }
    if (this.#unsent.length >= MAX_UNSENT_PACKETS) {
      this.counters.add('interceptor.unsent');
      return false;
    }
    this.#unsent.push(walking);
    return walking === packet;
  }

  /** The same towards the wire. */
  #drainWrites(now: Instant, from: number = 0): void {
    const list = this.#writeSources;
    for (let i = list.length - 1; i >= from; i--) {
      const { interceptor, next } = list[i] as Source<'pollWriteRtp'>;
      for (let packet = interceptor.pollWriteRtp(); packet !== undefined; packet = interceptor.pollWriteRtp()) {
        if (packet.sharedPayload !== undefined && interceptor.keepsPayload !== true) packet.sharedPayload = undefined;
        this.#write(packet, next, now);
        if (i + 1 < list.length) this.#drainWrites(now, i + 1);
      }
    }
  }

  #writeRtcp(packet: RtcpPacket, from: number, now: Instant): void {
    const writers = this.#rtcpWriters;
    for (let i = from; i < writers.length; i++) (writers[i] as Having<'writeRtcp'>).writeRtcp(packet, now);
    this.#rtcp.push(packet);
  }

  /** Collects what the interceptors have to say, until they have nothing more. */
  #pump(): void {
    const now = this.#now;
    let steps = 0;
    let before: number;
    do {
      before = steps;
      for (const source of this.#eventSources) {
        for (let event = source.pollEvent(); event !== undefined; event = steps < MAX_STEPS_PER_PUMP ? source.pollEvent() : undefined) {
          steps++;
          this.#tell(event, source, now);
        }
      }
      for (const { interceptor, next } of this.#rtcpSources) {
        for (let packet = interceptor.pollRtcp(); packet !== undefined; packet = steps < MAX_STEPS_PER_PUMP ? interceptor.pollRtcp() : undefined) {
          steps++;
          this.#writeRtcp(packet, next, now);
        }
      }
      this.#drainReads(now);
      this.#drainWrites(now);
    } while (steps > before && steps < MAX_STEPS_PER_PUMP);
    this.#stale = steps >= MAX_STEPS_PER_PUMP;
  }

  /** Hands an interceptor's event to all others and to the connection. */
  #tell(event: InterceptorEvent, source: Interceptor, now: Instant): void {
    for (const reader of this.#eventReaders) if (reader !== source) reader.handleEvent(event, now);
    if (this.#events.length === MAX_UNREAD_EVENTS) this.#dropOldest(this.#events, 'interceptor.unread-event');
    this.#events.push(event);
  }

  #compose(): void {
    const { rtcpSsrc, cname } = this.#config;
    const packets: RtcpPacket[] = [];
    for (let packet = this.#rtcp.shift(); packet !== undefined; packet = this.#rtcp.shift()) packets.push(packet);
    for (const rtcp of composeRtcp(packets, { rtcpSsrc, cname, reducedSize: this.#reducedSize, counters: this.counters })) this.#unsent.push({ rtcp });
  }

  #dropOldest(queue: Queue<unknown>, counter: string): void {
    queue.shift();
    this.counters.add(counter);
  }
}

function having<Method extends keyof Interceptor>(interceptors: readonly Interceptor[], method: Method): Having<Method>[] {
  return interceptors.filter((interceptor): interceptor is Having<Method> => interceptor[method] !== undefined);
}

/** Those with a method to poll, and how many of the walkers stand up to and including their place. */
function sources<Method extends keyof Interceptor>(interceptors: readonly Interceptor[], method: Method, walk: keyof Interceptor): Source<Method>[] {
  return having(interceptors, method).map((interceptor) => {
    const upTo = interceptors.slice(0, interceptors.indexOf(interceptor) + 1);
    return { interceptor, next: having(upTo, walk).length };
  });
}

function remove<T>(list: T[], entry: T): boolean {
  const at = list.indexOf(entry);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}
