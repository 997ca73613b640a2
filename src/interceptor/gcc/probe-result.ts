import type { Instant } from '../../core/index.ts';
import {
  PROBE_ARRIVAL_LEVEL,
  PROBE_CLUSTERS,
  PROBE_LEAST_SEND_LEVEL,
  PROBE_LONGEST_MS,
  PROBE_MAX_BUNCH,
  PROBE_MAX_RATIO,
  PROBE_SATURATED_LEVEL,
  PROBE_UTILIZATION,
} from './constants.ts';
import type { ProbePlan } from './estimator.ts';

/** What came of a cluster so far. */
interface Cluster {
  readonly id: number;
  readonly rateBps: number;
  readonly leastBytes: number;
  readonly leastPackets: number;
  packets: number;
  bytes: number;
  firstSentAt: Instant;
  lastSentAt: Instant;
  firstSentBytes: number;
  firstReceivedAt: number;
  firstReceivedBytes: number;
  lastReceivedAt: number;
}

/** What a cluster showed. */
export interface ProbeResult {
  /** What the path carried, in bit/s. */
  readonly bps: number;
  /** What was tried. */
  readonly probedBps: number;
  /** It arrived slower than it left: the path carries no more. */
  readonly isSaturated: boolean;
}

/** Measures clusters of probe packets: how fast they left and how fast they arrived. */
export class ProbeResults {
  readonly #clusters: Cluster[] = [];

  /** A cluster will be sent. */
  expect(plan: ProbePlan): void {
    if (this.#clusters.length >= PROBE_CLUSTERS) this.#clusters.splice(0, 1);
    this.#clusters.push({
      id: plan.id,
      rateBps: plan.rateBps,
      leastBytes: plan.bytes * PROBE_ARRIVAL_LEVEL,
      leastPackets: plan.packets * PROBE_ARRIVAL_LEVEL,
      packets: 0,
      bytes: 0,
      firstSentAt: Infinity,
      lastSentAt: -Infinity,
      firstSentBytes: 0,
      firstReceivedAt: Infinity,
      firstReceivedBytes: 0,
      lastReceivedAt: -Infinity,
    });
  }

  /** A packet of a cluster arrived. */
  add(id: number, sizeBytes: number, sentAt: Instant, receivedAt: number): void {
    const cluster = this.#clusters.find((one) => one.id === id);
    if (cluster === undefined) return;
    cluster.packets++;
    cluster.bytes += sizeBytes;
    if (sentAt < cluster.firstSentAt) {
      cluster.firstSentAt = sentAt;
      cluster.firstSentBytes = 0;
    }
    if (sentAt === cluster.firstSentAt) cluster.firstSentBytes += sizeBytes;
    if (sentAt > cluster.lastSentAt) cluster.lastSentAt = sentAt;
    if (receivedAt < cluster.firstReceivedAt) {
      cluster.firstReceivedAt = receivedAt;
      cluster.firstReceivedBytes = 0;
    }
    if (receivedAt === cluster.firstReceivedAt) cluster.firstReceivedBytes += sizeBytes;
    if (receivedAt > cluster.lastReceivedAt) cluster.lastReceivedAt = receivedAt;
  }

  /** The best of the clusters of which enough arrived; they are not told of again. */
  take(): ProbeResult | undefined {
    let best: ProbeResult | undefined;
    for (let i = this.#clusters.length - 1; i >= 0; i--) {
      const cluster = this.#clusters[i] as Cluster;
      if (!isComplete(cluster)) continue;
      this.#clusters.splice(i, 1);
      const result = resultOf(cluster);
      if (result !== undefined && result.bps > (best?.bps ?? 0)) best = result;
    }
    return best;
  }

  reset(): void {
    this.#clusters.length = 0;
  }
}

function isComplete(cluster: Cluster): boolean {
  return cluster.packets >= cluster.leastPackets && cluster.bytes >= cluster.leastBytes;
}

/** `undefined` when the cluster says nothing. */
function resultOf(cluster: Cluster): ProbeResult | undefined {
  const sendMs = cluster.lastSentAt - cluster.firstSentAt;
  const receiveMs = cluster.lastReceivedAt - cluster.firstReceivedAt;
  if (!(sendMs > 0 && sendMs <= PROBE_LONGEST_MS && receiveMs > 0 && receiveMs <= PROBE_LONGEST_MS)) return undefined;
  // What came at once, because some hop held it back, says nothing of how fast it might have come.
  if (Math.max(cluster.firstSentBytes, cluster.firstReceivedBytes) > PROBE_MAX_BUNCH * cluster.bytes) return undefined;
  // The first packet is outside of both times: the pacer waits for each packet as long as it takes at the probe's rate, as a link does.
  const sendBps = ((cluster.bytes - cluster.firstSentBytes) * 8000) / sendMs;
  const receiveBps = ((cluster.bytes - cluster.firstReceivedBytes) * 8000) / receiveMs;
  // A process that was held up did not send what was asked for.
  if (receiveBps > PROBE_MAX_RATIO * sendBps || sendBps < PROBE_LEAST_SEND_LEVEL * cluster.rateBps) return undefined;
  const isSaturated = receiveBps < PROBE_SATURATED_LEVEL * sendBps;
  return { bps: isSaturated ? PROBE_UTILIZATION * receiveBps : Math.min(sendBps, receiveBps), probedBps: cluster.rateBps, isSaturated };
}
