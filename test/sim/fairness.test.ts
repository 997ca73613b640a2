import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, type LinkOptions, type RenoFlow, type Router, startReno, type World } from '../../src/sim/index.ts';
import { bdpBytes, Bulk, connectHosts, ETHERNET, jain, megabits, PACKET_BYTES } from '../support/bulk.ts';

/** The fairness that is asked for, of Jain's index. */
const BAR = 0.9;
const CONVERGENCE_MS = 10_000;
const MEASURED_MS = 60_000;
/** A little jitter, because flows whose packets come in step with a full queue get nothing or all of it (phase effects). */
const ACCESS: LinkOptions = { ...ETHERNET, delayMs: 0.5, jitterMs: 1 };

interface Share {
  readonly name: string;
  readonly bytes: () => number;
}

/** A link that many hosts share, with a queue that drops what does not fit. */
class Bottleneck {
  readonly world: World;
  readonly west: Router;
  readonly east: Router;
  readonly shares: Share[] = [];
  #hosts = 0;

  constructor(rateBps: number, rttMs: number, seed = 1) {
    this.world = createWorld({ seed, link: ACCESS });
    this.west = this.world.router('west');
    this.east = this.world.router('east');
    this.world.link(this.west, this.east, { delayMs: rttMs / 2 - 2, rateBps, queueBytes: bdpBytes(rateBps, rttMs) });
  }

  async add(): Promise<void> {
    const [from, to] = this.#pair();
    const { channel, incoming } = await connectHosts(this.world, from, to);
    const bulk = new Bulk(channel, incoming);
    this.shares.push({ name: 'ours', bytes: () => bulk.bytes });
  }

  async addReno(): Promise<RenoFlow> {
    const [from, to] = this.#pair();
    const flow = await startReno(this.world, { from, to, mtuBytes: PACKET_BYTES });
    this.shares.push({ name: 'TCP', bytes: () => flow.deliveredBytes });
    return flow;
  }

  #pair() {
    const number = ++this.#hosts;
    return [this.world.host(`from ${number}`, { behind: this.west }), this.world.host(`to ${number}`, { behind: this.east })] as const;
  }

  /** What each flow got once they had time to converge, in bits per second. */
  measure(): readonly { readonly name: string; readonly rate: number }[] {
    this.world.runSync(this.world.now + CONVERGENCE_MS);
    const before = this.shares.map(({ bytes }) => bytes());
    this.world.runSync(this.world.now + MEASURED_MS);
    return this.shares.map(({ name, bytes }, i) => ({ name, rate: ((bytes() - before[i]!) * 8000) / MEASURED_MS }));
  }
}

function check(t: { diagnostic(message: string): void }, bottleneck: Bottleneck, rateBps: number): void {
  const shares = bottleneck.measure();
  const rates = shares.map(({ rate }) => rate);
  const index = jain(rates);
  t.diagnostic(`Jain ${index.toFixed(3)} (bar ${BAR}): ${shares.map(({ name, rate }) => `${name} ${megabits(rate)}`).join(', ')}`);
  assert.ok(index >= BAR, `Jain ${index}`);
  const total = rates.reduce((sum, rate) => sum + rate, 0);
  assert.ok(total >= 0.88 * rateBps, `together they left the link idle: ${megabits(total)}`);
}

for (const [rateBps, rttMs, isLong] of [[4e6, 40, false], [20e6, 40, true], [10e6, 100, true]] as const) {
  const link = `${rateBps / 1e6} Mbit/s, RTT ${rttMs} ms`;
  const skip = isLong && process.env['SIM_LONG'] !== '1' && 'takes long: set SIM_LONG=1';
  for (const count of [2, 4]) {
    test(`${count} transfers over one link of ${link} share it fairly, though they begin one after the other`, { skip }, async (t) => {
      const bottleneck = new Bottleneck(rateBps, rttMs);
      for (let i = 0; i < count; i++) {
        await bottleneck.add();
        bottleneck.world.runSync(bottleneck.world.now + 1000);
      }
      check(t, bottleneck, rateBps);
    });
  }
  test(`a transfer beside a TCP over one link of ${link}: each gets its share, whoever began`, { skip }, async (t) => {
    for (const isTcpFirst of [true, false]) {
      const bottleneck = new Bottleneck(rateBps, rttMs);
      if (isTcpFirst) await bottleneck.addReno();
      else await bottleneck.add();
      bottleneck.world.runSync(bottleneck.world.now + 3000);
      if (isTcpFirst) await bottleneck.add();
      else await bottleneck.addReno();
      check(t, bottleneck, rateBps);
    }
  });
  test(`two TCPs over one link of ${link} share it fairly: what the others are measured by`, { skip }, async (t) => {
    const bottleneck = new Bottleneck(rateBps, rttMs);
    await bottleneck.addReno();
    bottleneck.world.runSync(bottleneck.world.now + 3000);
    await bottleneck.addReno();
    check(t, bottleneck, rateBps);
  });
}
