import type { Instant } from '../../core/index.ts';
import {
  PROBE_ARRIVAL_LEVEL,
  PROBE_CLUSTERS,
  PROBE_LONGEST_MS,
  PROBE_MAX_RATIO,
  PROBE_SATURATED_LEVEL,
  PROBE_UTILIZATION,
} from './constants.ts';
import type { ProbePlan } from './estimator.ts';

/** What came of a cluster so far. */
interface Cluster {
  readonly id: number;
  readonly leastBytes: number;
  readonly leastPackets: number;
  packets: number;
  bytes: number;
  firstSentAt: Instant;
  lastSentAt: Instant;
  lastSentBytes: number;
  firstReceivedAt: number;
  firstReceivedBytes: number;
  lastReceivedAt: number;
}

/** Measures clusters of probe packets: how fast they left and how fast they arrived. */
export class ProbeResults {
  readonly #clusters: Cluster[] = [];

  /** A cluster will be sent. */
  expect(plan: ProbePlan): void {
    if (this.#clusters.length >= PROBE_CLUSTERS) this.#clusters.splice(0, 1);
    this.#clusters.push({
      id: plan.id,
      leastBytes: plan.bytes * PROBE_ARRIVAL_LEVEL,
      leastPackets: plan.packets * PROBE_ARRIVAL_LEVEL,
      packets: 0,
      bytes: 0,
      firstSentAt: Infinity,
      lastSentAt: -Infinity,
      lastSentBytes: 0,
      firstReceivedAt: Infinity,
      firstReceivedBytes: 0,
      lastReceivedAt: -Infinity,
    });
  }

  /** A packet of a cluster arrived; the rate that the path carried, in bit/s, once enough of them did. */
  add(id: number, sizeBytes: number, sentAt: Instant, receivedAt: number): number | undefined {
    const cluster = this.#clusters.find((one) => one.id === id);
    if (cluster === undefined) return undefined;
    cluster.packets++;
    cluster.bytes += sizeBytes;
    if (sentAt < cluster.firstSentAt) cluster.firstSentAt = sentAt;
    if (sentAt > cluster.lastSentAt) {
      cluster.lastSentAt = sentAt;
      cluster.lastSentBytes = 0;
    }
    if (sentAt === cluster.lastSentAt) cluster.lastSentBytes += sizeBytes;
    if (receivedAt < cluster.firstReceivedAt) {
      cluster.firstReceivedAt = receivedAt;
      cluster.firstReceivedBytes = 0;
    }
    if (receivedAt === cluster.firstReceivedAt) cluster.firstReceivedBytes += sizeBytes;
    if (receivedAt > cluster.lastReceivedAt) cluster.lastReceivedAt = receivedAt;
    return rateOf(cluster);
  }

  reset(): void {
    this.#clusters.length = 0;
  }
}

function rateOf(cluster: Cluster): number | undefined {
  if (cluster.packets < cluster.leastPackets || cluster.bytes < cluster.leastBytes) return undefined;
  const sendMs = cluster.lastSentAt - cluster.firstSentAt;
  const receiveMs = cluster.lastReceivedAt - cluster.firstReceivedAt;
  if (!(sendMs > 0 && sendMs <= PROBE_LONGEST_MS && receiveMs > 0 && receiveMs <= PROBE_LONGEST_MS)) return undefined;
  // N packets have N − 1 gaps between them: the last one sent and the first one received are outside of the times.
  const sendBps = ((cluster.bytes - cluster.lastSentBytes) * 8000) / sendMs;
  const receiveBps = ((cluster.bytes - cluster.firstReceivedBytes) * 8000) / receiveMs;
  if (receiveBps > PROBE_MAX_RATIO * sendBps) return undefined;
  const isSaturated = receiveBps < PROBE_SATURATED_LEVEL * sendBps;
  return isSaturated ? PROBE_UTILIZATION * receiveBps : Math.min(sendBps, receiveBps);
}
