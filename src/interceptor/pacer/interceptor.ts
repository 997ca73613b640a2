import { type Deadline, type Instant, Queue } from '../../core/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { OutgoingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { LocalStream } from '../stream.ts';
import { PACKET_OVERHEAD_BYTES } from '../twcc/index.ts';
import { Clusters } from './cluster.ts';
import { type PacerConfig, type ResolvedPacerConfig, resolvePacerConfig } from './config.ts';
import { BURST_MS, CLUSTER_START_LEVEL, LEAST_BURST_BYTES, LEAST_RATE_BPS, MAX_DEBT_MS, MAX_QUEUE_BYTES, MAX_QUEUE_PACKETS } from './constants.ts';
import { StreamPadding } from './padding.ts';
import { PacerQueue } from './queue.ts';

/** What the pacer did, and what waits now. */
export interface PacerStats {
  readonly packetsQueued: number;
  readonly bytesQueued: number;
  readonly packetsPaced: number;
  /** How long packets waited, added up, in ms. */
  readonly totalDelayMs: number;
  readonly packetsDropped: number;
  readonly paddingPackets: number;
  readonly paddingBytes: number;
  readonly probes: number;
}

/**
 * Sends evenly: audio at once, then retransmissions, then what is fresh, at the rate that congestion control tells, and probes at
 * the rate that they ask for. Lets everything pass until the first rate is told.
 */
export class Pacer implements Interceptor {
  readonly name: string = 'pacer';
  readonly keepsPayload = true;
  readonly #context: InterceptorContext;
  readonly #config: ResolvedPacerConfig;
  readonly #queue: PacerQueue = new PacerQueue();
  readonly #ready: Queue<OutgoingPacket> = new Queue();
  readonly #clusters: Clusters = new Clusters();
  readonly #padding: Map<LocalStream, StreamPadding> = new Map();
  /** By stream, how long its packets waited, in ms. */
  readonly #delays: WeakMap<LocalStream, number> = new WeakMap();
  /** Also of streams that pause: their numbers go on (RFC 3711 9.1). */
  readonly #known: WeakMap<LocalStream, StreamPadding> = new WeakMap();
  /** The next packet of a probe, which is not due yet. */
  #held: OutgoingPacket | undefined;
  #rateBps = Infinity;
  /** Bytes that may leave now; below zero when the last packet was larger than what was left. */
  #credit = 0;
  #creditAt: Instant = -1;
  #wakeAt: Instant = Infinity;
  #paced = 0;
  #delayMs = 0;
  #dropped = 0;
  #paddingPackets = 0;
  #paddingBytes = 0;
  #probes = 0;

  constructor(context: InterceptorContext, config: PacerConfig = {}) {
    this.#context = context;
    this.#config = resolvePacerConfig(config);
  }

  get stats(): PacerStats {
    return {
      packetsQueued: this.#queue.packets,
      bytesQueued: this.#queue.bytes,
      packetsPaced: this.#paced,
      totalDelayMs: this.#delayMs,
      packetsDropped: this.#dropped,
      paddingPackets: this.#paddingPackets,
      paddingBytes: this.#paddingBytes,
      probes: this.#probes,
    };
  }

  /** How long packets of a stream waited here, added up, in ms: `totalPacketSendDelay` of outbound-rtp. */
  totalDelayMs(stream: LocalStream): number {
    return this.#delays.get(stream) ?? 0;
  }

  bindLocal(stream: LocalStream): void {
    this.#queue.add(stream);
    const padding = this.#known.get(stream) ?? new StreamPadding(stream, this.#context.environment.random);
    padding.update();
    this.#known.set(stream, padding);
    this.#padding.set(stream, padding);
  }

  updateLocal(stream: LocalStream): void {
    this.#padding.get(stream)?.update();
  }

  unbindLocal(stream: LocalStream): void {
    this.#dropped += this.#queue.remove(stream);
    this.#padding.delete(stream);
  }

  writeRtp(packet: OutgoingPacket, now: Instant): OutgoingPacket | undefined {
    if (packet.stream.kind === 'audio' && !this.#config.paceAudio) return this.#release(packet, now);
    if (this.#rateBps === Infinity) return this.#release(packet, now);
    this.#refill(now);
    const isIdle = this.#queue.packets === 0 && this.#credit > 0 && this.#clusters.current(now) === undefined;
    // What is ready left before: a stream's packets keep their order.
    if (isIdle && this.#ready.length === 0) return this.#release(packet, now);
    if (this.#queue.packets >= MAX_QUEUE_PACKETS || this.#queue.bytes + packet.bytes.length > MAX_QUEUE_BYTES) {
      this.#dropped++;
      this.#context.counters.add('interceptor.pacer.overflow');
      return undefined;
    }
    packet.at = now;
    this.#queue.push(packet);
    this.#process(now);
    return undefined;
  }

  pollWriteRtp(): OutgoingPacket | undefined {
    return this.#ready.shift();
  }

  handleEvent(event: InterceptorEvent, now: Instant): void {
    if (event.type === 'target-rate') {
      this.#refill(now);
      this.#rateBps = Math.max(event.pacingBps, LEAST_RATE_BPS);
      this.#process(now);
    } else if (event.type === 'probe') {
      if (this.#clusters.add(event, now)) this.#process(now);
    } else if (event.type === 'path-changed') {
      this.#clusters.clear();
      this.#process(now);
    }
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#wakeAt) this.#process(now);
  }

  pollTimeout(): Deadline | undefined {
    return this.#wakeAt === Infinity ? undefined : { at: this.#wakeAt, reason: 'pacer' };
  }

  close(): void {
    for (const stream of this.#padding.keys()) this.#queue.remove(stream);
    this.#ready.clear();
    this.#clusters.clear();
    this.#held = undefined;
    this.#wakeAt = Infinity;
  }

  /** Lets go of all that is due. */
  #process(now: Instant): void {
    this.#wakeAt = Infinity;
    this.#refill(now);
    while (this.#clusters.current(now) !== undefined && this.#mayProbe(now)) {
      this.#wakeAt = this.#sendProbe(now);
      if (this.#wakeAt > now) return;
    }
    this.#wakeAt = Infinity;
    this.#letGo(now);
    while (this.#credit > 0 && this.#queue.packets > 0) this.#ready.push(this.#release(this.#take(now), now));
    if (this.#queue.packets === 0) return;
    const rate = this.#effectiveRate(now);
    // Half a burst at a time: fewer timers.
    this.#wakeAt = now + ((this.#burst(rate) / 2 - this.#credit) * 8000) / rate;
  }

  /** The packet of a probe that is no more. */
  #letGo(now: Instant): void {
    const packet = this.#held;
    this.#held = undefined;
    if (packet !== undefined && this.#padding.has(packet.stream)) this.#ready.push(this.#release(packet, now));
  }

  #take(now: Instant): OutgoingPacket {
    const packet = this.#queue.shift() as OutgoingPacket;
    const delayMs = now - packet.at;
    this.#paced++;
    this.#delayMs += delayMs;
    if (delayMs > 0) this.#delays.set(packet.stream, this.totalDelayMs(packet.stream) + delayMs);
    return packet;
  }

  /** A packet leaves: takes its credit and gets its number, which padding has. */
  #release(packet: OutgoingPacket, now: Instant): OutgoingPacket {
    this.#charge(packet);
    if (packet.role !== 'padding') this.#padding.get(packet.stream)?.leaves(packet, now);
    return packet;
  }

  /** Takes credit for a packet. Debt is bounded: a probe may go faster than the pace, and media shall not pay for it long. */
  #charge(packet: OutgoingPacket): void {
    const mostDebt = (this.#rateBps * MAX_DEBT_MS) / 8000;
    this.#credit = Math.max(this.#credit - packet.bytes.length - PACKET_OVERHEAD_BYTES, -Math.max(mostDebt, LEAST_BURST_BYTES));
  }

  #refill(now: Instant): void {
    const elapsed = this.#creditAt < 0 ? 0 : now - this.#creditAt;
    this.#creditAt = now;
    if (this.#rateBps === Infinity) {
      this.#credit = LEAST_BURST_BYTES;
      return;
    }
    const rate = this.#effectiveRate(now);
    this.#credit = Math.min(this.#burst(rate), this.#credit + (rate * elapsed) / 8000);
  }

  #burst(rateBps: number): number {
    return Math.max(LEAST_BURST_BYTES, (rateBps * BURST_MS) / 8000);
  }

  /** The pacing rate, or what it takes so that nothing waits too long. */
  #effectiveRate(now: Instant): number {
    const oldestAt = this.#queue.oldestAt();
    if (oldestAt === undefined) return this.#rateBps;
    const leftMs = Math.max(1, this.#config.maxQueueMs - (now - oldestAt));
    const wireBytes = this.#queue.bytes + this.#queue.packets * PACKET_OVERHEAD_BYTES;
    return Math.max(this.#rateBps, (wireBytes * 8000) / leftMs);
  }

  /** Whether the probe at hand goes on, or can begin: with padding at any time, without when there is enough to send. */
  #mayProbe(now: Instant): boolean {
    if (this.#clusters.isRunning) return true;
    const probe = this.#clusters.current(now);
    if (probe === undefined) return false;
    const enough = Math.max(probe.bytes * CLUSTER_START_LEVEL, 1);
    if (this.#queue.bytes < enough && this.#padder() === undefined) return false;
    this.#clusters.start(now);
    this.#probes++;
    return true;
  }

  /** Sends the next packet of the running probe, unless it is not due yet: then returns when it is. */
  #sendProbe(now: Instant): Instant {
    this.#held ??= this.#queue.packets > 0 ? this.#take(now) : this.#pad(now);
    const packet = this.#held;
    if (packet === undefined) {
      this.#clusters.end();
      return now;
    }
    const sizeBytes = packet.bytes.length + PACKET_OVERHEAD_BYTES;
    const dueAt = this.#clusters.dueAt(sizeBytes);
    if (dueAt > now) return dueAt;
    this.#clusters.late(now - dueAt);
    packet.probe = this.#clusters.current(now)?.id ?? 0;
    this.#held = undefined;
    this.#ready.push(this.#release(packet, now));
    this.#clusters.sent(sizeBytes);
    return now;
  }

  #pad(now: Instant): OutgoingPacket | undefined {
    const packet = this.#padder()?.make(now);
    if (packet === undefined) return undefined;
    this.#paddingPackets++;
    this.#paddingBytes += packet.bytes.length;
    return packet;
  }

  /** The stream that sent last of those that can be padded now. */
  #padder(): StreamPadding | undefined {
    let best: StreamPadding | undefined;
    if (!this.#config.padding) return best;
    for (const padding of this.#padding.values()) {
      if (padding.isPossible && (best === undefined || padding.sentAt > best.sentAt)) best = padding;
    }
    return best;
  }
}

/** Sends evenly; the only one in its slot. See {@link Pacer}. */
export function pacer(config: PacerConfig = {}): InterceptorFactory {
  resolvePacerConfig(config);
  return { name: 'pacer', slot: Slot.pacer, exclusive: true, create: (context) => new Pacer(context, config) };
}
