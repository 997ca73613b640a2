import { type Deadline, earlier, type Instant } from '../../core/index.ts';
import type { PacketResults } from '../twcc/index.ts';
import { AcknowledgedRate } from './acknowledged-rate.ts';
import { RateControl, type RateInput } from './aimd.ts';
import { ApplicationLimit } from './alr.ts';
import { type EstimatorConfig, type ResolvedEstimatorConfig, resolveEstimatorConfig } from './config.ts';
import {
  EVEN_PACING_FACTOR,
  FEEDBACK_TIMEOUT_MS,
  FULL_QUEUE_INTERVAL_MS,
  FULL_QUEUE_LOSS,
  FULL_QUEUE_MS,
  IDLE_MS,
  MUTE_PEER_MS,
  PACING_MAX_LOSS,
} from './constants.ts';
import { DelayTrend } from './delay.ts';
import type { BandwidthEstimator, ProbePlan } from './estimator.ts';
import { LossEstimator } from './loss.ts';
import type { PathUsage } from './overuse.ts';
import { ProbeController } from './probe-controller.ts';
import { type ProbeResult, ProbeResults } from './probe-result.ts';
import { QueueDelay } from './queue-delay.ts';
import { SentRate } from './sent-rate.ts';

/** Of a new measurement of the round trip, in the smoothed one (RFC 6298 2). */
const ROUND_TRIP_SMOOTHING = 1 / 8;
const LEAST_ROUND_TRIP_MS = 1;

/** What the estimator thinks, for statistics and tables. */
export interface EstimatorState {
  readonly delayBps: number;
  readonly lossBps: number;
  readonly receiverBps: number;
  readonly acknowledgedBps: number | undefined;
  readonly capacityBps: number | undefined;
  readonly inherentLoss: number;
  readonly usage: PathUsage;
  readonly isApplicationLimited: boolean;
  readonly roundTripMs: number | undefined;
}

/**
 * Congestion control by delay and loss (draft-ietf-rmcat-gcc-02), with probes. The target is the least of the rate by
 * the delay, the rate by the loss and what the peer allows.
 */
export class GoogleCongestionControl implements BandwidthEstimator {
  readonly #config: ResolvedEstimatorConfig;
  #delay: DelayTrend = new DelayTrend();
  #queue: QueueDelay = new QueueDelay();
  #fullAt: Instant = -Infinity;
  #rate: RateControl;
  #loss: LossEstimator;
  #acknowledged: AcknowledgedRate = new AcknowledgedRate();
  #limit: ApplicationLimit = new ApplicationLimit();
  #probes: ProbeController;
  readonly #probeResults: ProbeResults = new ProbeResults();
  readonly #sent: SentRate = new SentRate();
  #receiverBps = Infinity;
  #roundTripMs: number | undefined;
  #usage: PathUsage = 'normal';
  #firstSentAt: Instant = -Infinity;
  #lastSentAt: Instant = -Infinity;
  #feedbackAt: Instant = -Infinity;
  /** When the peer's silence counts next. */
  #silenceAt: Instant = Infinity;
  #isMute = false;
  /** Nothing is sent: nothing to probe for. */
  #isIdle = false;
  #targetBps: number;

  constructor(config: EstimatorConfig = {}) {
    this.#config = resolveEstimatorConfig(config);
    const { startBitrateBps, minBitrateBps, maxBitrateBps } = this.#config;
    this.#rate = new RateControl(startBitrateBps, minBitrateBps, maxBitrateBps);
    this.#loss = new LossEstimator(startBitrateBps, minBitrateBps);
    this.#probes = new ProbeController(maxBitrateBps);
    this.#targetBps = startBitrateBps;
    this.#limit.setTarget(startBitrateBps);
  }

  get targetBps(): number {
    return this.#targetBps;
  }

  /** Without limit to a peer that never gives feedback: nothing is known, so the application's own rate is the best guess. */
  get pacingBps(): number {
    const { pacingFactor, maxBitrateBps } = this.#config;
    if (this.#isMute) return maxBitrateBps * pacingFactor;
    // Bursts overflow the queues of some paths; those that lose get an even flow.
    return this.#targetBps * (this.#loss.averageLoss > PACING_MAX_LOSS ? Math.min(pacingFactor, EVEN_PACING_FACTOR) : pacingFactor);
  }

  get state(): EstimatorState {
    return {
      delayBps: this.#rate.rateBps,
      lossBps: this.#loss.rateBps,
      receiverBps: this.#receiverBps,
      acknowledgedBps: this.#acknowledged.bps,
      capacityBps: this.#rate.capacityBps,
      inherentLoss: this.#loss.inherentLoss,
      usage: this.#usage,
      isApplicationLimited: this.#limit.isLimited,
      roundTripMs: this.#roundTripMs,
    };
  }

  packetSent(sizeBytes: number, now: Instant): boolean {
    // The first, the first after feedback and the first after a pause.
    const isNews = this.#lastSentAt <= this.#feedbackAt || this.#isIdle;
    if (this.#firstSentAt < 0) {
      this.#firstSentAt = now;
      this.#probes.start(this.#config.startBitrateBps, now);
      this.#silenceAt = now + MUTE_PEER_MS;
    }
    this.#lastSentAt = now;
    this.#isIdle = false;
    this.#sent.add(sizeBytes, now);
    const wasLimited = this.#limit.isLimited;
    this.#limit.sent(sizeBytes, now);
    if (wasLimited && !this.#limit.isLimited) this.#acknowledged.expectChange();
    return isNews;
  }

  handleFeedback(results: PacketResults, now: Instant): void {
    const wasSilent = this.#feedbackAt >= 0 && now - this.#feedbackAt >= FEEDBACK_TIMEOUT_MS;
    this.#feedbackAt = now;
    this.#isMute = false;
    this.#silenceAt = now + FEEDBACK_TIMEOUT_MS;
    this.#read(results, now);
    const probe = this.#probeResults.take();
    // The peer cannot have got more than was sent, whatever it says.
    const sentBps = this.#sent.highestBps(now);
    const acknowledgedBps = this.#acknowledged.bps === undefined ? undefined : Math.min(this.#acknowledged.bps, sentBps);
    this.#updateRate(probe, { usage: this.#pathUsage(now), acknowledgedBps, sentBps, isApplicationLimited: this.#limit.isLimited }, now);
    // What was sent into an outage got lost whatever the rate was.
    if (!wasSilent) this.#loss.update(results, this.#rate.rateBps, acknowledgedBps);
    const usage = this.#delay.usage;
    const isRecovered = wasSilent || (this.#usage !== 'normal' && usage === 'normal');
    this.#usage = usage;
    if (usage === 'overuse') this.#probes.overused(now);
    this.#setTarget(now);
    this.#probes.setLimited(this.#limit.isLimited, now);
    if (isRecovered) this.#probes.recovered(now);
  }

  handleReceiverEstimate(bitrateBps: number, now: Instant): void {
    this.#receiverBps = bitrateBps;
    this.#setTarget(now);
  }

  handleRoundTrip(roundTripMs: number): void {
    if (!(roundTripMs >= 0)) return;
    const smoothed = this.#roundTripMs;
    this.#roundTripMs = Math.max(LEAST_ROUND_TRIP_MS, smoothed === undefined ? roundTripMs : smoothed + ROUND_TRIP_SMOOTHING * (roundTripMs - smoothed));
    this.#rate.setRoundTrip(this.#roundTripMs);
  }

  handlePathChange(now: Instant): void {
    const { startBitrateBps, minBitrateBps, maxBitrateBps } = this.#config;
    this.#delay = new DelayTrend();
    this.#queue = new QueueDelay();
    this.#rate = new RateControl(startBitrateBps, minBitrateBps, maxBitrateBps);
    this.#loss = new LossEstimator(startBitrateBps, minBitrateBps);
    this.#acknowledged = new AcknowledgedRate();
    this.#limit = new ApplicationLimit();
    this.#probeResults.reset();
    this.#receiverBps = Infinity;
    this.#roundTripMs = undefined;
    this.#usage = 'normal';
    this.#targetBps = startBitrateBps;
    this.#limit.setTarget(startBitrateBps);
    if (this.#firstSentAt >= 0) this.#probes.start(startBitrateBps, now);
  }

  pollProbe(): ProbePlan | undefined {
    const plan = this.#probes.poll();
    if (plan !== undefined) this.#probeResults.expect(plan);
    return plan;
  }

  handleTimeout(now: Instant): void {
    this.#isIdle = now - this.#lastSentAt >= IDLE_MS;
    if (!this.#isIdle) this.#probes.handleTimeout(now);
    if (now < this.#silenceAt) return;
    this.#silenceAt = now + FEEDBACK_TIMEOUT_MS;
    if (this.#feedbackAt < 0) this.#isMute = true;
    else if (this.#lastSentAt > this.#feedbackAt) {
      this.#rate.setRate(this.#rate.rateBps / 2, now);
      this.#setTarget(now);
    }
  }

  pollTimeout(): Deadline | undefined {
    const needsWatch = !this.#isMute && this.#lastSentAt > this.#feedbackAt;
    const silence = needsWatch ? { at: this.#silenceAt, reason: 'gcc-silence' } : undefined;
    return this.#isIdle ? silence : earlier(silence, this.#probes.pollTimeout());
  }

  /** Hands the results to all that measure. */
  #read(results: PacketResults, now: Instant): void {
    const { count, received, receivedAt, sentAt, sizeBytes, probe } = results;
    const isLimited = this.#limit.isLimited;
    // What nothing will be told of is taken to have come as the others did.
    this.#acknowledged.addUntold(results.untoldBytes);
    let newestSentAt = -1;
    for (let i = 0; i < count; i++) {
      if (received[i] === 0) continue;
      const sent = sentAt[i] as number;
      const arrived = receivedAt[i] as number;
      if (sent > newestSentAt) newestSentAt = sent;
      if (Number.isNaN(arrived)) continue;
      const size = sizeBytes[i] as number;
      this.#acknowledged.add(size, arrived, isLimited);
      this.#delay.add(sent, arrived, now);
      this.#queue.add(sent, arrived, now);
      if (probe[i] !== 0) this.#probeResults.add(probe[i] as number, size, sent, arrived);
    }
    if (newestSentAt >= 0) this.handleRoundTrip(now - newestSentAt);
  }

  /** What the delay says; a queue that is full and therefore does not grow is overuse too. */
  #pathUsage(now: Instant): PathUsage {
    const { usage } = this.#delay;
    if (usage === 'overuse' || this.#queue.ms < FULL_QUEUE_MS || this.#loss.averageLoss < FULL_QUEUE_LOSS) return usage;
    if (now - this.#fullAt < FULL_QUEUE_INTERVAL_MS) return usage;
    this.#fullAt = now;
    return 'overuse';
  }

  #updateRate(probe: ProbeResult | undefined, input: RateInput, now: Instant): void {
    if (probe !== undefined && input.usage !== 'overuse' && probe.bps > this.#rate.rateBps) {
      this.#rate.probed(probe.bps, now);
      this.#loss.setRate(Math.max(this.#loss.rateBps, probe.bps));
      this.#acknowledged.expectChange();
    } else if (this.#rate.update(input, now)) this.#acknowledged.expectChange();
    if (probe !== undefined) this.#probes.setResult(probe, now);
  }

  #setTarget(now: Instant): void {
    const { minBitrateBps, maxBitrateBps } = this.#config;
    const hasOwnEstimate = this.#feedbackAt >= 0 || this.#receiverBps === Infinity;
    // A peer that sends its own estimate and no feedback knows more than we do.
    const least = hasOwnEstimate ? Math.min(this.#rate.rateBps, this.#loss.rateBps, this.#receiverBps) : this.#receiverBps;
    // A comparison with NaN is false, so that a peer cannot make it one.
    this.#targetBps = least > minBitrateBps ? Math.min(least, maxBitrateBps) : minBitrateBps;
    this.#limit.setTarget(this.#targetBps);
    this.#probes.setEstimate(this.#targetBps, now);
  }
}
