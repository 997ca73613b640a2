import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createPeerConnection, TrackLocalStaticSample } from '../../src/api/index.ts';
import { InterceptorRegistry, jitterBuffer, pacer } from '../../src/interceptor/index.ts';
import { createWorld } from '../../src/sim/index.ts';
import { type CallResult, runCall, type Scenario } from '../support/congestion.ts';
import { BAR_3_MEGABIT, BAR_LOSS, BAR_STEP, congestionTable, SCENARIOS } from '../support/congestion-scenarios.ts';
import { negotiateIn } from '../support/world.ts';

/** `npm run test:sim -- congestion --seeds 20`; a call takes a fifth of a second. */
const SEEDS = Math.min(Number(process.env['SIM_SEEDS'] ?? 2), 50);

const results: CallResult[] = [];
after(() => console.log(congestionTable(results)));

async function run(scenario: Scenario): Promise<CallResult> {
  const result = await runCall(scenario);
  results.push(result);
  return result;
}

async function eachSeed(scenario: Scenario, check: (result: CallResult) => void): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await run({ ...scenario, seed });
    try {
      check(result);
    } catch (error) {
      throw new Error(`${scenario.name}, seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
}

function scenario(part: string): Scenario {
  const found = SCENARIOS.find(({ name }) => name.includes(part));
  assert.ok(found, part);
  return found;
}

test('on a path of 3 Mbit/s the estimate is within 15 % in 10 s, stays there, and never overshoots beyond 1.5×', async () => {
  await eachSeed(BAR_3_MEGABIT, (result) => {
    const { rateBps } = BAR_3_MEGABIT;
    assert.ok(result.reached(0.85 * rateBps) <= 10_000, 'reached in 10 s');
    assert.ok(Math.abs(result.at(10_000) - rateBps) <= 0.15 * rateBps, `at 10 s ${result.at(10_000)}`);
    assert.ok(Math.abs(result.mean(10_000) - rateBps) <= 0.15 * rateBps, `mean ${result.mean(10_000)}`);
    assert.ok(result.lowest(10_000) >= 0.85 * rateBps, `least ${result.lowest(10_000)}`);
    assert.ok(result.highest() <= 1.5 * rateBps, `most ${result.highest()}`);
    assert.ok(result.goodput(10_000) >= 0.85 * rateBps, `arrives ${result.goodput(10_000)}`);
  });
});

test('after a step from 3 to 1 Mbit/s the estimate is below 1.1 Mbit/s in 3 s, and stays there', async () => {
  await eachSeed(BAR_STEP, (result) => {
    assert.ok(result.at(19_900) > 2_500_000, 'it was up before');
    assert.ok(result.fell(1_100_000, 20_000) <= 23_000, `fell at ${result.fell(1_100_000, 20_000)}`);
    assert.ok(result.highest(23_000) < 1_100_000 * 1.05, `most afterwards ${result.highest(23_000)}`);
    assert.ok(result.at(23_000) < 1_100_000, `at 23 s ${result.at(23_000)}`);
    assert.ok(result.mean(23_000) > 700_000, `mean afterwards ${result.mean(23_000)}`);
  });
});

test('10 % of random loss on 3 Mbit/s does not push the estimate below 50 %', async () => {
  await eachSeed(BAR_LOSS, (result) => {
    const lost = (result.sent - result.received) / result.sent;
    assert.ok(lost > 0.08, `lost ${lost}`);
    assert.ok(result.lowest(5000) >= 1_500_000, `least ${result.lowest(5000)}`);
    assert.ok(result.mean(10_000) >= 2_000_000, `mean ${result.mean(10_000)}`);
    assert.ok(result.highest() <= 4_500_000, `most ${result.highest()}`);
  });
});

test('the same seed gives the same call', async () => {
  const [one, two] = [await runCall({ ...BAR_LOSS, durationMs: 3000 }), await runCall({ ...BAR_LOSS, durationMs: 3000 })];
  assert.ok(one.samples.length > 50);
  assert.deepEqual(one.samples, two.samples);
});

test('feedback of RFC 8888 leads to the same estimate', async () => {
  const result = await run({ ...scenario('RFC 8888'), durationMs: 15_000 });
  assert.ok(result.mean(5000) > 2_550_000 && result.highest() < 4_500_000, `mean ${result.mean(5000)}`);
});

test('without a pacer, and so without probes, the path is found in 10 s as well', async () => {
  const result = await run({ ...scenario('no pacer'), durationMs: 15_000 });
  assert.ok(result.reached(2_550_000) <= 10_000, `reached at ${result.reached(2_550_000)}`);
  assert.ok(result.highest() <= 4_500_000, `most ${result.highest()}`);
});

test('an application that is limited keeps the estimate, and probes find the path when video begins', async () => {
  const result = await run({ ...scenario('audio alone'), durationMs: 20_000 });
  assert.ok(result.highest(0, 15_000) < 500_000, 'no guess while there is audio alone');
  assert.ok(result.reached(2_550_000, 15_000) < 17_000, `reached at ${result.reached(2_550_000, 15_000)}`);
});

test('beside a flow of TCP there is a fair share for both', async () => {
  const result = await run({ ...scenario('Reno'), durationMs: 40_000 });
  const share = result.goodput(20_000);
  assert.ok(share > 600_000 && share < 2_400_000, `share ${share}`);
});

test('20 % of lost feedback, and an outage of 3 s, are survived', async () => {
  const loss = await run({ ...scenario('feedback lost'), durationMs: 15_000 });
  assert.ok(loss.mean(5000) > 2_400_000, `mean ${loss.mean(5000)}`);
  const outage = await run({ ...scenario('nothing from'), durationMs: 20_000 });
  assert.ok(outage.lowest(10_000, 13_000) < 1_600_000, 'it falls while nothing is heard');
  assert.ok(outage.at(16_000) > 2_400_000, `at 16 s ${outage.at(16_000)}`);
});

test('two connections find a path of 3 Mbit/s, and what the track sends arrives whole', async () => {
  const world = createWorld({ seed: 1, link: { delayMs: 25 } });
  const [left, right] = [world.host('a'), world.host('b')];
  world.link(left, right, { rateBps: 3_000_000, queueBytes: 112_500 }, 'forward');
  const interceptors = new InterceptorRegistry().registerDefaults().register(pacer()).register(jitterBuffer());
  let receivedBytes = 0;
  const a = await world.until(createPeerConnection({ runtime: left.runtime, interceptors }));
  const b = await world.until(
    createPeerConnection({ runtime: right.runtime, interceptors, handler: { onTrack: ({ track }) => void (track.handler = { onRtp: ({ payload }) => void (receivedBytes += payload.length) }) } }),
  );
  const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
  const sender = a.addTrack(track);
  await negotiateIn(world, a, b);
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected', 10_000);
  const targetBps = (): number => sender.targetBitrateBps ?? 0;
  const frame = (): void => {
    const data = new Uint8Array(Math.max(100, Math.round(((targetBps() || 300_000) * 0.95) / 30 / 8))).fill(0x11, 0, 1);
    void track.writeSample({ data, durationMs: 1000 / 30 });
    world.virtual.clock.at(world.now + 1000 / 30, frame);
  };
  world.virtual.clock.at(world.now + 1, frame);
  await world.runFor(4000);
  const [target, before] = [targetBps(), receivedBytes];
  await world.runFor(2000);
  const receivedBps = ((receivedBytes - before) * 8) / 2;
  const entriesOf = async (pc: typeof a, type: string) => [...(await world.until(pc.getStats())).values()].filter((entry) => entry.type === type);
  const [outbound] = await entriesOf(a, 'outbound-rtp');
  const [inbound] = await entriesOf(b, 'inbound-rtp');
  const pairs = await entriesOf(a, 'candidate-pair');
  await world.until(Promise.all([a.close(), b.close()]));
  assert.ok(pairs.some((entry) => entry.type === 'candidate-pair' && entry.availableOutgoingBitrate === targetBps()), 'the selected pair tells the estimate');
  assert.ok(outbound?.type === 'outbound-rtp' && (outbound.totalPacketSendDelay ?? 0) > 0);
  assert.ok(inbound?.type === 'inbound-rtp' && (inbound.jitterBufferEmittedCount ?? 0) >= 150, 'frames that went on');
  assert.ok(target >= 2_300_000 && target <= 3_450_000, `target ${target}`);
  assert.ok(receivedBps >= 2_100_000, `received ${receivedBps}`);
});
