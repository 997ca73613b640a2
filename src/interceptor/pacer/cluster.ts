import { type Instant, Queue } from '../../core/index.ts';
import type { InterceptorEvent } from '../events.ts';
import { CLUSTER_WAIT_MS, MAX_CLUSTERS, MAX_LATE_MS } from './constants.ts';

type ProbeEvent = Extract<InterceptorEvent, { type: 'probe' }>;

/** A probe that is sent, or waits to be. */
interface Cluster {
  readonly event: ProbeEvent;
  readonly askedAt: Instant;
  startedAt: Instant;
  firstBytes: number;
  bytes: number;
  packets: number;
}

/** The probes that are to be sent, one after the other, and when the next packet of the present one is due. */
export class Clusters {
  readonly #waiting: Queue<Cluster> = new Queue();
  #current: Cluster | undefined;

  /** Adds a probe; false when too many wait already. */
  add(event: ProbeEvent, now: Instant): boolean {
    if (this.#waiting.length >= MAX_CLUSTERS) return false;
    this.#waiting.push({ event, askedAt: now, startedAt: -1, firstBytes: 0, bytes: 0, packets: 0 });
    return true;
  }

  /** The probe at hand, if any; one that found nothing to send for too long is given up. */
  current(now: Instant): ProbeEvent | undefined {
    while (this.#current === undefined || (this.#current.startedAt < 0 && now - this.#current.askedAt > CLUSTER_WAIT_MS)) {
      this.#current = this.#waiting.shift();
      if (this.#current === undefined) return undefined;
    }
    return this.#current.event;
  }

  get isRunning(): boolean {
    return this.#current !== undefined && this.#current.startedAt >= 0;
  }

  start(now: Instant): void {
    if (this.#current !== undefined) this.#current.startedAt = now;
  }

  /**
   * When a packet of this size is due in the running probe: as long after the one before as a link of the probe's rate would take for
   * it, so that what arrives can be compared with what left, whatever the sizes are.
   */
  dueAt(sizeBytes: number): Instant {
    const cluster = this.#current;
    if (cluster === undefined) return Infinity;
    return cluster.packets === 0 ? cluster.startedAt : cluster.startedAt + ((cluster.bytes - cluster.firstBytes + sizeBytes) * 8000) / cluster.event.rateBps;
  }

  /** A packet leaves so much after it was due, in ms: what a late timer missed is made up for a little, not in one burst. */
  late(ms: number): void {
    if (this.#current !== undefined && ms > MAX_LATE_MS) this.#current.startedAt += ms - MAX_LATE_MS;
  }

  /** A packet of the running probe left. */
  sent(sizeBytes: number): void {
    const cluster = this.#current;
    if (cluster === undefined) return;
    if (cluster.packets === 0) cluster.firstBytes = sizeBytes;
    cluster.bytes += sizeBytes;
    cluster.packets++;
    if (cluster.bytes >= cluster.event.bytes && cluster.packets >= cluster.event.packets) this.#current = undefined;
  }

  /** There is nothing left to send. */
  end(): void {
    this.#current = undefined;
  }

  clear(): void {
    this.#waiting.clear();
    this.#current = undefined;
  }
}
