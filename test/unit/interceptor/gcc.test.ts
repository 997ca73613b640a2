import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RtcError } from '../../../src/core/index.ts';
import {
  AcknowledgedRate,
  ApplicationLimit,
  congestionControl,
  DelayTrend,
  GoogleCongestionControl,
  InterArrival,
  LinkCapacity,
  LossEstimator,
  MAX_PROBES,
  OveruseDetector,
  PROBE_WINDOW_MS,
  ProbeController,
  type ProbePlan,
  type ProbeResult,
  ProbeResults,
  QueueDelay,
  RateControl,
  resolveEstimatorConfig,
  SentRate,
  Trendline,
} from '../../../src/interceptor/gcc/index.ts';
import { PacketResults } from '../../../src/interceptor/twcc/index.ts';
import { seeded } from '../../support/fuzz.ts';
import { ChainPair, Ext } from '../../support/interceptor.ts';

const near = (actual: number | undefined, expected: number, tolerance: number, what = ''): void => {
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${what} ${actual}, expected ${expected} ± ${tolerance}`);
};

/** Packets that left and came as given; NaN for those that did not come. */
function resultsOf(packets: readonly { sentAt: number; receivedAt: number; bytes?: number; probe?: number }[]): PacketResults {
  const results = new PacketResults();
  for (const { sentAt, receivedAt, bytes = 1200, probe = 0 } of packets) results.add(sentAt, !Number.isNaN(receivedAt), receivedAt, bytes, probe);
  return results;
}

test('groups: packets of 5 ms are one, and their deltas are those of the last packets (draft-ietf-rmcat-gcc-02 5.2)', () => {
  const groups = new InterArrival();
  const deltas: number[][] = [];
  for (const [sent, received] of [[0, 100], [2, 102], [4, 105], [20, 121], [23, 125], [40, 150], [60, 170]] as const) {
    if (groups.add(sent, received, received)) deltas.push([groups.sendDeltaMs, groups.receiveDeltaMs]);
  }
  assert.deepEqual(deltas, [[19, 20], [17, 25]]);
});

test('groups: what a hop held back and let go at once is one group, whenever it was sent (5.2)', () => {
  const groups = new InterArrival();
  let compared = 0;
  for (const [sent, received] of [[0, 100], [20, 120], [40, 300], [60, 301], [80, 302], [100, 303], [400, 420], [430, 450]] as const) {
    if (groups.add(sent, received, received)) compared++;
  }
  assert.equal(compared, 3);
});

test('groups: old packets are left out, and a jump of the clock starts anew', () => {
  const groups = new InterArrival();
  assert.equal(groups.add(0, 100, 100), false);
  groups.add(20, 120, 120);
  assert.equal(groups.add(10, 125, 125), false, 'sent before its group');
  assert.equal(groups.add(40, 140, 140), true);
  assert.equal(groups.add(60, 140 + 10_000, 160), true, 'the group before the jump is whole');
  assert.equal(groups.add(80, 140 + 10_020, 180), false);
  assert.equal(groups.add(100, 140 + 10_040, 200), false);
  assert.equal(groups.add(120, 140 + 10_060, 220), true);
});

test('the trendline is the slope of least squares over the last 20 groups (property, against a plain reference)', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 20, maxLength: 60 }), (deltas) => {
      const trend = new Trendline();
      const points: [number, number][] = [];
      let accumulated = 0;
      let smoothed = 0;
      deltas.forEach((delta, i) => {
        trend.add(delta, 1000 + i * 33);
        accumulated += delta;
        smoothed = 0.9 * smoothed + 0.1 * accumulated;
        points.push([i * 33, smoothed]);
      });
      const last = points.slice(-20);
      const mean = (k: 0 | 1): number => last.reduce((sum, point) => sum + point[k], 0) / last.length;
      const [meanX, meanY] = [mean(0), mean(1)];
      const slope = last.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / last.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
      near(trend.slope, slope, 1e-9);
    }),
    { numRuns: 50 },
  );
});

test('the detector: a slope above the threshold for more than 10 ms, and still rising, is overuse; the threshold follows (5.4)', () => {
  const detector = new OveruseDetector();
  assert.equal(detector.update(0.1, 20, 8, 0), 'normal', 'too short');
  assert.equal(detector.update(0.2, 20, 8, 8), 'overuse');
  assert.equal(detector.update(0, 0, 8, 16), 'normal');
  assert.equal(detector.update(0.2, 20, 8, 17), 'normal');
  assert.equal(detector.update(0.1, 20, 8, 18), 'normal', 'a slope that falls is a queue that drains soon');
  assert.equal(detector.update(-0.2, -20, 8, 24), 'underuse');
  const before = detector.thresholdMs;
  for (let i = 0; i < 50; i++) detector.update(0, before + 10, 8, 100 + i * 30);
  assert.ok(detector.thresholdMs > before + 5, 'it rises with the slope');
  const risen = detector.thresholdMs;
  detector.update(0, risen + 100, 8, 5000);
  assert.equal(detector.thresholdMs, risen, 'but not with a spike');
  for (let i = 0; i < 2000; i++) detector.update(0, 0, 8, 6000 + i * 30);
  assert.equal(detector.thresholdMs, 6);
});

test('delay that grows is overuse, delay that shrinks is underuse, and steady delay is neither, whatever it is', () => {
  const usageOf = (delay: (at: number) => number): string => {
    const trend = new DelayTrend();
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      trend.add(i * 20, 5000 + i * 20 + delay(i * 20), i * 20);
      seen.add(trend.usage);
    }
    return [...seen].filter((usage) => usage !== 'normal').join();
  };
  assert.equal(usageOf(() => 300), '');
  assert.equal(usageOf((at) => at / 5), 'overuse');
  assert.equal(usageOf((at) => 400 - at / 5), 'underuse');
});

test('the rate grows by 8 % a second far from the capacity, not beyond 1.5 times what arrives, and not while the application limits it (5.5)', () => {
  const blind = new RateControl(1_000_000, 30_000, 100_000_000);
  const rate = new RateControl(1_000_000, 30_000, 100_000_000);
  rate.probed(1_000_000, 0);
  const input = { usage: 'normal', acknowledgedBps: 1_000_000, sentBps: Infinity, isApplicationLimited: false } as const;
  for (let now = 0; now <= 1000; now += 100) rate.update(input, now);
  near(rate.rateBps, 1_080_000, 5000);
  for (let now = 0; now <= 900; now += 100) blind.update(input, now);
  near(blind.rateBps, 1_310_000, 30_000, 'faster while nothing is known of the path');
  for (let now = 1100; now <= 20_000; now += 100) rate.update(input, now);
  near(rate.rateBps, 1_510_000, 1);
  const limited = new RateControl(1_000_000, 30_000, 100_000_000);
  for (let now = 0; now <= 5000; now += 100) limited.update({ ...input, isApplicationLimited: true }, now);
  assert.equal(limited.rateBps, 1_000_000);
});

test('overuse takes the rate to a part of what arrives, once in a round trip, and growth near the capacity is slow (5.5)', () => {
  const rate = new RateControl(3_000_000, 30_000, 100_000_000);
  rate.setRoundTrip(100);
  const overuse = { usage: 'overuse', acknowledgedBps: 2_000_000, sentBps: Infinity, isApplicationLimited: false } as const;
  assert.equal(rate.update(overuse, 1000), true);
  near(rate.rateBps, 1_760_000, 1);
  assert.equal(rate.update({ ...overuse, acknowledgedBps: 1_500_000 }, 1050), false, 'the same queue');
  assert.equal(rate.update({ ...overuse, acknowledgedBps: 800_000 }, 1060), true, 'unless it is much worse');
  near(rate.rateBps, 704_000, 1);
  const normal = { usage: 'normal', acknowledgedBps: 800_000, sentBps: Infinity, isApplicationLimited: false } as const;
  for (let now = 1100; now <= 2200; now += 100) rate.update(normal, now);
  const growth = rate.rateBps - 704_000;
  assert.ok(growth > 20_000 && growth < 60_000, `a packet in each response time, not ${growth}`);
  rate.update({ usage: 'underuse', acknowledgedBps: 800_000, sentBps: Infinity, isApplicationLimited: false }, 2300);
  const held = rate.rateBps;
  rate.update(normal, 2400);
  assert.equal(rate.rateBps, held, 'it waits until the queue is empty');
});

test('the rate stays within its bounds, and without any measure overuse halves it', () => {
  const rate = new RateControl(100_000, 50_000, 200_000);
  for (let now = 1000; now < 10_000; now += 1000) rate.update({ usage: 'overuse', acknowledgedBps: undefined, sentBps: Infinity, isApplicationLimited: false }, now);
  assert.equal(rate.rateBps, 50_000);
  rate.probed(10_000_000, 20_000);
  assert.equal(rate.rateBps, 200_000);
});

test('the capacity of a link is known after overuse, with bounds around it, and forgotten when asked to', () => {
  const capacity = new LinkCapacity();
  assert.deepEqual([capacity.bps, capacity.upperBps, capacity.lowerBps], [undefined, Infinity, 0]);
  for (let i = 0; i < 20; i++) capacity.overused(3_000_000 + (i % 2) * 20_000);
  near(capacity.bps, 3_010_000, 15_000);
  assert.ok(capacity.lowerBps > 2_500_000 && capacity.lowerBps < 3_000_000 && capacity.upperBps > 3_020_000 && capacity.upperBps < 3_500_000);
  capacity.reset();
  assert.equal(capacity.bps, undefined);
});

test('the rate of what arrives follows a change, and a pause or a jump of the clock says nothing', () => {
  const rate = new AcknowledgedRate();
  let at = 0;
  const feed = (bps: number, ms: number, limited = false): void => {
    const gap = (1200 * 8000) / bps;
    for (const end = at + ms; at < end; at += gap) rate.add(1200, at, limited);
  };
  feed(1_000_000, 400);
  assert.equal(rate.bps, undefined, 'not before 500 ms');
  feed(1_000_000, 1000);
  near(rate.bps, 1_000_000, 60_000);
  feed(3_000_000, 1500);
  near(rate.bps, 3_000_000, 300_000);
  feed(500_000, 1500);
  near(rate.bps, 500_000, 150_000);
  at += 60_000;
  feed(500_000, 1000);
  near(rate.bps, 500_000, 150_000, 'after a pause');
  at -= 50_000;
  feed(500_000, 1000);
  near(rate.bps, 500_000, 150_000, 'after the clock went back');
  const before = rate.bps!;
  rate.addUntold(5000);
  feed(500_000, 400);
  assert.ok(rate.bps! > before, 'what got lost in feedback counts');
});

test('the application limits the rate when most of its budget stays unused, and no more when it is used', () => {
  const limit = new ApplicationLimit();
  limit.setTarget(1_000_000);
  let now = 0;
  const send = (bps: number, ms: number): void => {
    for (const end = now + ms; now < end; now += 10) limit.sent(bps / 800, now);
  };
  send(1_000_000, 1000);
  assert.equal(limit.isLimited, false);
  send(50_000, 2000);
  assert.equal(limit.isLimited, true);
  send(1_000_000, 3000);
  assert.equal(limit.isLimited, false);
});

const plan = (id: number, rateBps: number, packets = 5): ProbePlan => ({ id, rateBps, bytes: 1200 * packets, packets });

test('a probe that the path carries shows its rate, one that it does not shows the path\'s, and too few packets show nothing', () => {
  const probe = (spread: number, lost = 0): ReturnType<ProbeResults['take']> => {
    const results = new ProbeResults();
    results.expect(plan(3, 2_400_000, 10));
    for (let i = 0; i < 10 - lost; i++) results.add(3, 1200, i * 4, 1000 + i * 4 * spread);
    return results.take();
  };
  near(probe(1)?.bps, 2_400_000, 1);
  assert.equal(probe(1)?.probedBps, 2_400_000);
  near(probe(2)?.bps, 0.95 * 1_200_000, 1);
  near(probe(1, 3)?.bps, 2_400_000, 1, '30 % lost');
  assert.equal(probe(1, 4), undefined);
  assert.equal(probe(0.4), undefined, 'it cannot arrive twice as fast as it left');
  assert.equal(probe(0), undefined);
  const slow = new ProbeResults();
  slow.expect(plan(3, 2_400_000, 5));
  for (let i = 0; i < 5; i++) slow.add(3, 1200, i * 30, 1000 + i * 30);
  assert.equal(slow.take(), undefined, 'it did not leave as fast as it should');
  const results = new ProbeResults();
  results.add(9, 1200, 0, 0);
  assert.equal(results.take(), undefined, 'a cluster that nobody asked for');
});

test('a result is told once', () => {
  const results = new ProbeResults();
  results.expect(plan(3, 2_400_000));
  for (let i = 0; i < 5; i++) results.add(3, 1200, i * 4, 1000 + i * 4);
  assert.ok(results.take());
  results.add(3, 1200, 20, 1020);
  assert.equal(results.take(), undefined);
});

const found = (bps: number, probedBps: number): ProbeResult => ({ bps, probedBps, isSaturated: bps < probedBps });

function plansOf(probes: ProbeController): number[] {
  const rates: number[] = [];
  for (let one = probes.poll(); one !== undefined; one = probes.poll()) rates.push(one.rateBps);
  return rates;
}

test('probes: three and six times at the start, then twice what was found while that is found', () => {
  const probes = new ProbeController(100_000_000);
  probes.start(300_000, 0);
  assert.deepEqual(plansOf(probes), [900_000, 1_800_000]);
  probes.setResult(found(900_000, 900_000), 100);
  assert.deepEqual(plansOf(probes), [], 'one that is on its way already looks further');
  probes.setResult(found(1_800_000, 1_800_000), 120);
  assert.deepEqual(plansOf(probes), [3_600_000]);
  probes.setResult(found(2_850_000, 3_600_000), 300);
  assert.deepEqual(plansOf(probes), [5_700_000]);
  probes.setResult(found(2_850_000, 5_700_000), 400);
  assert.deepEqual(plansOf(probes), [], 'the path carries no more');
});

test('probes: while the application limits the rate every 5 s, after a large fall, and every 10 s when nothing is overused', () => {
  const probes = new ProbeController(100_000_000);
  const run = (from: number, until: number): [number, number][] => {
    const seen: [number, number][] = [];
    for (let deadline = probes.pollTimeout(); deadline !== undefined && deadline.at <= until; deadline = probes.pollTimeout()) {
      probes.handleTimeout(Math.max(deadline.at, from));
      for (const rate of plansOf(probes)) seen.push([deadline.at, rate]);
    }
    return seen;
  };
  probes.start(1_000_000, 0);
  plansOf(probes);
  probes.setResult(found(6_000_000, 6_000_000), 50);
  probes.setResult(found(6_000_000, 12_000_000), 150);
  plansOf(probes);
  run(150, 10_500);
  probes.setEstimate(1_000_000, 20_000);
  probes.overused(19_999);
  probes.setLimited(true, 20_000);
  assert.deepEqual(run(20_000, 31_000).map(([at]) => at), [25_000, 30_000]);
  probes.setLimited(false, 31_000);
  probes.setEstimate(1_000_000, 31_000);
  probes.overused(32_000);
  const [first] = run(32_000, 45_000).filter(([at]) => at > 31_500);
  assert.deepEqual(first, [42_000, 2_000_000]);
  probes.setEstimate(3_000_000, 60_000);
  probes.setEstimate(1_500_000, 60_100);
  probes.recovered(60_300);
  assert.deepEqual(plansOf(probes), [2_550_000], 'a little less than before the fall');
});

test('A-RTCP-05 probes are at most twice the estimate and 5 clusters in 10 s, whatever results are claimed', () => {
  const random = seeded(5);
  const probes = new ProbeController(1_000_000_000);
  const asked: number[] = [];
  let estimate = 300_000;
  probes.start(estimate, 0);
  asked.push(...plansOf(probes).map(() => 0));
  for (let now = 10; now < 120_000; now += 10) {
    if (random() < 0.3) estimate = 30_000 + random() * 10_000_000;
    probes.setEstimate(estimate, now);
    if (random() < 0.3) {
      const bps = random() * estimate;
      estimate = Math.max(estimate, bps);
      probes.setResult(found(bps, bps * random()), now);
    }
    if (random() < 0.1) probes.setLimited(random() < 0.5, now);
    if (random() < 0.1) probes.recovered(now);
    probes.handleTimeout(now);
    for (const rate of plansOf(probes)) {
      assert.ok(rate <= 2 * estimate + 1e-6, `${rate} with ${estimate}`);
      asked.push(now);
    }
  }
  assert.ok(asked.length > 20);
  for (let i = MAX_PROBES; i < asked.length; i++) assert.ok(asked[i]! - asked[i - MAX_PROBES]! >= PROBE_WINDOW_MS);
});

/** Sends at a rate over a path of a capacity that also loses at random, and lets the loss estimator see it. */
function lossAt(estimator: LossEstimator, options: { sendBps: (estimate: number) => number; capacityBps: number; randomLoss: number; seconds: number; delayBps?: number }): void {
  const { capacityBps, randomLoss, seconds, delayBps = 5_000_000 } = options;
  const random = seeded(3);
  for (let now = 0; now < seconds * 1000; now += 100) {
    const send = options.sendBps(estimator.rateBps);
    const count = Math.max(1, Math.round(send / 8 / 1200 / 10));
    const excess = Math.max(0, 1 - capacityBps / send);
    const packets = Array.from({ length: count }, (_, i) => {
      const lost = random() < excess || random() < randomLoss;
      return { sentAt: now + (i * 100) / count, receivedAt: lost ? NaN : now + 50 };
    });
    estimator.update(resultsOf(packets), delayBps, Math.min(send, capacityBps));
  }
}

test('random loss does not push the rate by loss down, and is recognised', () => {
  const estimator = new LossEstimator(2_000_000, 30_000);
  lossAt(estimator, { sendBps: () => 2_000_000, capacityBps: Infinity, randomLoss: 0.1, seconds: 20 });
  assert.ok(estimator.rateBps > 1_500_000, `${estimator.rateBps}`);
  near(estimator.averageLoss, 0.1, 0.04);
});

test('loss that follows the rate pushes it down to the capacity', () => {
  const estimator = new LossEstimator(2_000_000, 30_000);
  lossAt(estimator, { sendBps: (estimate) => Math.min(estimate, 2_000_000), capacityBps: 1_000_000, randomLoss: 0, seconds: 30, delayBps: 2_000_000 });
  assert.ok(estimator.rateBps > 700_000 && estimator.rateBps < 1_300_000, `${estimator.rateBps}`);
});

test('without loss the rate by loss follows the one by delay, never above it', () => {
  const estimator = new LossEstimator(500_000, 30_000);
  lossAt(estimator, { sendBps: () => 500_000, capacityBps: Infinity, randomLoss: 0, seconds: 10, delayBps: 800_000 });
  near(estimator.rateBps, 800_000, 1);
  estimator.update(resultsOf([{ sentAt: 20_000, receivedAt: 20_010 }]), 600_000, 500_000);
  assert.equal(estimator.rateBps, 600_000);
});

test('what was sent lately bounds what can have arrived', () => {
  const sent = new SentRate();
  assert.equal(sent.highestBps(0), Infinity);
  for (let now = 0; now < 2000; now += 10) sent.add(1250, now);
  near(sent.highestBps(2000), 1_000_000, 1);
  sent.add(1, 60_000);
  assert.equal(sent.highestBps(60_000), 16, 'old windows are forgotten');
});

/** Sends at a constant rate and hands back feedback of any kind, every 100 ms. */
function drive(control: GoogleCongestionControl, bps: number, fromMs: number, untilMs: number, claim: (sentAt: number, i: number) => number, shift = 0): number {
  let most = 0;
  const gap = (1200 * 8000) / bps;
  let sentAt = fromMs;
  for (let now = fromMs + 100; now <= untilMs; now += 100) {
    const packets = [];
    for (; sentAt < now; sentAt += gap) {
      control.packetSent(1200, sentAt);
      packets.push({ sentAt, receivedAt: claim(sentAt, packets.length) });
    }
    while (control.pollProbe() !== undefined);
    control.handleTimeout(now);
    control.handleFeedback(resultsOf(packets), now + shift);
    most = Math.max(most, control.targetBps);
  }
  return most;
}

test('A-RTCP-05 feedback that claims that all came at once, or at any time, never lifts the estimate beyond 1.5 times what is sent', () => {
  const random = seeded(9);
  const claims: readonly ((sentAt: number, i: number) => number)[] = [
    () => 0,
    (_, i) => i * 1e-3,
    (sentAt) => sentAt / 1000,
    () => random() * 1e6 - 5e5,
    (sentAt) => (random() < 0.5 ? NaN : sentAt),
    (sentAt) => -sentAt,
    () => Number.MAX_VALUE,
  ];
  for (const claim of claims) {
    const control = new GoogleCongestionControl({ startBitrateBps: 300_000 });
    const most = drive(control, 400_000, 0, 20_000, claim);
    assert.ok(most <= 1.5 * 400_000 * 1.1 + 10_000, `${claim.toString()}: ${most}`);
    assert.ok(Number.isFinite(control.targetBps) && control.targetBps >= 30_000);
  }
});

test('A-RTCP-05 100 % loss, and REMB of 0, 2^82 or less than nothing, keep the estimate within its bounds', () => {
  const control = new GoogleCongestionControl({ maxBitrateBps: 5_000_000 });
  drive(control, 300_000, 0, 20_000, () => NaN);
  assert.ok(control.targetBps >= 30_000 && control.targetBps <= 300_000 * 1.1, `${control.targetBps}`);
  for (const bps of [0, -1, NaN, 2 ** 82, Infinity]) {
    control.handleReceiverEstimate(bps, 21_000);
    assert.ok(control.targetBps >= 30_000 && control.targetBps <= 5_000_000, `${bps}: ${control.targetBps}`);
    assert.ok(control.pacingBps >= 30_000);
  }
});

test('a peer without feedback is followed by its REMB alone, one with feedback is bounded by it', () => {
  const alone = new GoogleCongestionControl();
  alone.handleReceiverEstimate(4_000_000, 0);
  assert.equal(alone.targetBps, 4_000_000);
  const both = new GoogleCongestionControl();
  drive(both, 300_000, 0, 2000, (sentAt) => sentAt);
  both.handleReceiverEstimate(100_000, 2000);
  assert.equal(both.targetBps, 100_000);
});

test('a queue that is full, so that its delay does not grow, is overuse when it loses', () => {
  const rates = [0, 200].map((waitMs) => {
    const control = new GoogleCongestionControl({ startBitrateBps: 1_000_000 });
    // The queue was empty at first: then it is full at once, which no trend shows.
    drive(control, 1_000_000, 0, 1000, (sentAt) => sentAt);
    drive(control, 1_000_000, 1000, 8000, (sentAt, i) => (i % 12 === 5 ? NaN : sentAt + waitMs));
    return control.targetBps;
  });
  assert.ok(rates[0]! >= 1_000_000, `${rates[0]} with random loss`);
  assert.ok(rates[1]! < 0.95 * rates[0]!, `${rates[1]} with a full queue`);
  const queue = new QueueDelay();
  for (let i = 0; i < 100; i++) queue.add(i * 100, 5000 + i * 100 + (i < 50 ? 0 : 80), i * 100);
  assert.equal(queue.ms, 80);
  for (let i = 100; i < 400; i++) queue.add(i * 100, 5080 + i * 100, i * 100);
  assert.equal(queue.ms, 0, 'a way that stays longer is another way');
});

test('silence halves the rate, a peer that never says anything does not hold the application back', () => {
  const control = new GoogleCongestionControl();
  drive(control, 300_000, 0, 5000, (sentAt) => sentAt);
  const before = control.targetBps;
  control.packetSent(1200, 5001);
  for (let i = 0; i < 3; i++) control.handleTimeout(control.pollTimeout()!.at);
  assert.ok(control.targetBps <= before / 2, `${control.targetBps}`);
  const mute = new GoogleCongestionControl();
  for (let now = 0; now < 6000; now += 20) {
    mute.packetSent(1200, now);
    mute.handleTimeout(now);
  }
  assert.ok(mute.pacingBps >= 100_000_000);
  drive(mute, 300_000, 6000, 7000, (sentAt) => sentAt);
  assert.ok(mute.pacingBps < 10_000_000, 'until it says something');
});

test('a connection that sends nothing has no timers, and probes again when it does', () => {
  const control = new GoogleCongestionControl();
  assert.equal(control.pollTimeout(), undefined);
  drive(control, 300_000, 0, 20_000, (sentAt) => sentAt);
  let wakeUps = 0;
  for (let deadline = control.pollTimeout(); deadline !== undefined && deadline.at < 200_000; deadline = control.pollTimeout()) {
    control.handleTimeout(deadline.at);
    while (control.pollProbe() !== undefined);
    wakeUps++;
  }
  assert.ok(wakeUps < 6, `${wakeUps} wake-ups`);
  assert.equal(control.pollTimeout(), undefined);
  control.packetSent(1200, 300_000);
  assert.ok(control.pollTimeout() !== undefined);
  control.handleTimeout(300_001);
  assert.ok(control.pollProbe() !== undefined);
});

test('a new path starts anew', () => {
  const control = new GoogleCongestionControl({ startBitrateBps: 500_000 });
  drive(control, 2_000_000, 0, 20_000, (sentAt) => sentAt);
  assert.ok(control.targetBps > 600_000);
  while (control.pollProbe() !== undefined);
  control.handlePathChange(31_000);
  assert.equal(control.targetBps, 500_000);
  assert.equal(control.pollProbe()?.rateBps, 1_500_000);
});

test('bounds that make no sense are refused when the interceptor is made', () => {
  const refuses = (config: Parameters<typeof resolveEstimatorConfig>[0]): void =>
    assert.throws(() => resolveEstimatorConfig(config), (error) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT');
  refuses({ minBitrateBps: 0 });
  refuses({ minBitrateBps: 2, maxBitrateBps: 1 });
  refuses({ startBitrateBps: 10 });
  refuses({ maxBitrateBps: Infinity });
  refuses({ pacingFactor: 0.5 });
  assert.equal(resolveEstimatorConfig({ maxBitrateBps: 100_000 }).startBitrateBps, 100_000);
});

test('the interceptor tells the first rates when a stream is bound, later ones when they changed, and REMB is read', () => {
  const pair = new ChainPair({ a: [congestionControl({ startBitrateBps: 400_000 })], b: [] });
  const stream = pair.stream({ ssrc: 10 });
  pair.run(10);
  assert.deepEqual(pair.a.told('target-rate'), [{ type: 'target-rate', targetBps: 400_000, pacingBps: 1_000_000 }]);
  pair.send(stream, { sequenceNumber: 1, extensions: [{ id: Ext.transportSequence, value: new Uint8Array(2) }] });
  pair.run(10);
  assert.deepEqual(pair.a.told('probe').map(({ rateBps }) => rateBps), [1_200_000, 2_400_000]);
  pair.a.chain.handleRtcp([{ type: 'remb', senderSsrc: 1, mediaSsrc: 0, bitrateBps: 2 ** 82, ssrcs: [10] }], pair.now);
  pair.a.chain.handleRtcp([{ type: 'remb', senderSsrc: 1, mediaSsrc: 0, bitrateBps: 50_000, ssrcs: [10] }], pair.now);
  pair.run(10);
  const last = pair.a.told('target-rate').at(-1)!;
  assert.equal(last.pacingBps, 125_000);
  assert.ok(last.targetBps <= 50_000 && last.targetBps > 40_000, 'in bits of RTP');
});

test('a feedback of something that was never sent is counted and changes nothing', () => {
  const pair = new ChainPair({ a: [congestionControl()], b: [] });
  pair.stream({ ssrc: 10 });
  pair.run(10);
  pair.a.chain.handleRtcp([{ type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 0, baseSequence: 5, referenceTime: 0, feedbackCount: 0, statuses: Uint8Array.of(1), deltas: Int16Array.of(0) }], pair.now);
  pair.run(10);
  assert.equal(pair.a.chain.counters.get('interceptor.congestion.unknown'), 1);
  assert.equal(pair.a.told('target-rate').length, 1);
});
