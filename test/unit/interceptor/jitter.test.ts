import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counters, RtcError } from '../../../src/core/index.ts';
import { type InterceptorContext, jitterBuffer, nackGenerator, nackResponder, type RemoteStream, rtxReceiver } from '../../../src/interceptor/index.ts';
import { DelayHistogram, JitterBuffers, type JitterBufferConfig, MAX_DELAY_MS, MAX_HELD_PACKETS, resolveJitterBufferConfig } from '../../../src/interceptor/jitter/index.ts';
import { seeded } from '../../support/fuzz.ts';
import { ChainPair, chainEnvironment, incoming, type PacketOptions, remoteStream } from '../../support/interceptor.ts';

/** The buffers alone, with everything that went on and when. */
class Bench {
  readonly context: InterceptorContext = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'me', counters: new Counters() };
  readonly buffers: JitterBuffers;
  readonly out: { sequence: number; at: number }[] = [];
  readonly discarded: number[] = [];
  readonly stream: RemoteStream;
  now = 0;

  constructor(config: JitterBufferConfig = {}, kind: 'audio' | 'video' = 'video') {
    this.buffers = new JitterBuffers(this.context, config);
    this.stream = remoteStream({ ssrc: 10, kind });
    this.buffers.bindRemote(this.stream);
  }

  arrive(sequenceNumber: number, options: Omit<PacketOptions, 'sequenceNumber'> = {}): void {
    const packet = this.buffers.readRtp(incoming(this.stream, { sequenceNumber, payload: new Uint8Array(10), ...options }, this.now), this.now);
    if (packet !== undefined) this.out.push({ sequence: packet.header.sequenceNumber, at: this.now });
    this.drain();
  }

  drain(): void {
    for (let packet = this.buffers.pollReadRtp(); packet !== undefined; packet = this.buffers.pollReadRtp()) this.out.push({ sequence: packet.header.sequenceNumber, at: this.now });
    for (let event = this.buffers.pollEvent(); event !== undefined; event = this.buffers.pollEvent()) if (event.type === 'discarded') this.discarded.push(event.packets);
  }

  run(until: number): void {
    for (let deadline = this.buffers.pollTimeout(); deadline !== undefined && deadline.at <= until; deadline = this.buffers.pollTimeout()) {
      this.now = Math.max(this.now, deadline.at);
      this.buffers.handleTimeout(this.now);
      this.drain();
    }
    this.now = Math.max(this.now, until);
  }

  get sequences(): number[] {
    return this.out.map(({ sequence }) => sequence);
  }

  get stats() {
    return this.buffers.stats(this.stream)!;
  }
}

test('packets in order go on at once, wraps included, and nothing waits', () => {
  const bench = new Bench();
  for (let i = 65_530; i < 65_550; i++) bench.arrive(i);
  assert.deepEqual(bench.sequences, Array.from({ length: 20 }, (_, i) => (65_530 + i) & 0xffff));
  assert.equal(bench.buffers.pollTimeout(), undefined);
  assert.equal(bench.stats.packetsHeld, 0);
});

test('what overtook others waits for them, and is not let through before', () => {
  const bench = new Bench();
  bench.arrive(1);
  bench.arrive(3);
  bench.arrive(4);
  assert.deepEqual(bench.sequences, [1]);
  bench.run(30);
  bench.arrive(2);
  assert.deepEqual(bench.out.map(({ sequence, at }) => [sequence, at]), [[1, 0], [2, 30], [3, 30], [4, 30]]);
});

test('a gap is given up after a wait, what comes later is discarded and counted once, and a copy is not', () => {
  const bench = new Bench();
  bench.arrive(1);
  bench.arrive(3);
  const { at } = bench.buffers.pollTimeout()!;
  assert.equal(at, 150, 'until it is known how long others take');
  bench.run(at);
  assert.deepEqual(bench.sequences, [1, 3]);
  assert.equal(bench.stats.packetsMissing, 1);
  bench.arrive(2);
  bench.arrive(3);
  assert.deepEqual([bench.stats.packetsDiscarded, bench.stats.packetsDuplicated, bench.discarded.length], [1, 1, 1]);
  assert.equal(bench.context.counters.get('interceptor.jitter.late'), 1);
});

test('the wait follows how long late packets took, up and down, and the round trip before any came', () => {
  const bench = new Bench();
  bench.buffers.handleEvent({ type: 'round-trip', roundTripMs: 400 });
  let sequence = 0;
  const gapOf = (lateMs: number): number => {
    bench.arrive(sequence);
    bench.arrive(sequence + 2);
    const wait = (bench.buffers.pollTimeout()?.at ?? NaN) - bench.now;
    bench.run(bench.now + lateMs);
    bench.arrive(sequence + 1);
    sequence += 3;
    bench.run(bench.now + 20);
    return wait;
  };
  assert.equal(gapOf(10), 600);
  for (let i = 0; i < 30; i++) gapOf(20);
  const short = gapOf(20);
  assert.ok(short <= 50, `${short} ms for packets that are 20 ms late`);
  for (let i = 0; i < 100; i++) gapOf(120);
  const long = gapOf(120);
  assert.ok(long >= 120 && long <= 150, `${long} ms for packets that are 120 ms late`);
  assert.ok(bench.stats.packetsDiscarded < 30, 'it learns from those that were too late');
});

test('a sender that counts anew is followed after two packets (RFC 3550 A.1)', () => {
  const bench = new Bench();
  for (let i = 30_000; i < 30_010; i++) bench.arrive(i);
  for (let i = 1000; i < 1010; i++) bench.arrive(i);
  assert.deepEqual(bench.sequences.slice(10), [1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009]);
  for (let i = 20_000; i < 20_003; i++) bench.arrive(i);
  bench.run(5000);
  assert.deepEqual(bench.sequences.slice(-3), [20_000, 20_001, 20_002], 'a jump ahead too');
});

test('order, once each, never late by more than the longest delay, whatever the network does (property)', () => {
  const packets = fc.array(fc.record({ lost: fc.boolean(), delay: fc.integer({ min: 0, max: 400 }), twice: fc.boolean() }), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(packets, fc.constantFrom('prompt' as const, 'steady' as const), (list, mode) => {
      const bench = new Bench({ mode, maxDelayMs: 300 });
      const arrivals = list.flatMap(({ lost, delay, twice }, i) => (lost && i > 0 ? [] : [{ i, at: i * 10 + delay }, ...(twice ? [{ i, at: i * 10 + delay + 5 }] : [])]));
      arrivals.sort((a, b) => a.at - b.at || a.i - b.i);
      const first = new Map<number, number>();
      for (const { i, at } of arrivals) {
        bench.run(at);
        if (!first.has(i)) first.set(i, at);
        bench.arrive(1000 + i, { timestamp: i * 900 });
      }
      bench.run(100_000);
      assert.equal(bench.stats.packetsHeld, 0);
      bench.out.forEach(({ sequence, at }, k) => {
        if (k > 0) assert.ok(sequence > bench.out[k - 1]!.sequence, 'in order and once');
        assert.ok(at - first.get(sequence - 1000)! <= 300 + 1e-6, `held for ${at - first.get(sequence - 1000)!}`);
      });
      const { packetsDiscarded, packetsDuplicated } = bench.stats;
      assert.equal(bench.out.length + packetsDiscarded + packetsDuplicated, arrivals.length, 'each packet went one way');
    }),
    { numRuns: 150 },
  );
});

test('a steady stream goes on at the pace of its timestamps, with a delay that fits the jitter', () => {
  const random = seeded(4);
  const bench = new Bench({ mode: 'steady' });
  const arrivals = Array.from({ length: 400 }, (_, i) => ({ i, at: 1000 + i * 20 + random() * 60 })).sort((a, b) => a.at - b.at);
  for (const { i, at } of arrivals) {
    bench.run(at);
    bench.arrive(i, { timestamp: i * 1800, marker: true });
  }
  bench.run(60_000);
  const settled = bench.out.filter(({ sequence }) => sequence >= 200);
  assert.ok(settled.length >= 190, `${settled.length} packets went on`);
  const delays = settled.map(({ sequence, at }) => at - (1000 + sequence * 20));
  const spread = Math.max(...delays) - Math.min(...delays);
  assert.ok(spread < 20, `spread over ${spread} ms, of 60`);
  assert.ok(Math.max(...delays) < 100, `${Math.max(...delays)} ms`);
});

test('a steady stream waits at least as long as it is told to, and a clock that jumps does not stop it', () => {
  const bench = new Bench({ mode: 'steady', minDelayMs: 100, maxDelayMs: 500 });
  for (let i = 0; i < 50; i++) {
    bench.run(i * 20);
    bench.arrive(i, { timestamp: i * 1800 + (i > 25 ? 0x4000_0000 : 0) });
  }
  bench.run(10_000);
  assert.equal(bench.out.length, 50);
  assert.equal(bench.out[0]!.at, 100);
  for (const { sequence, at } of bench.out) assert.ok(at - sequence * 20 <= 500 + 1e-6);
});

test('delays are counted over frames of video: from the first packet of a frame until its last went on', () => {
  const bench = new Bench();
  bench.arrive(1, { timestamp: 0 });
  bench.arrive(3, { timestamp: 0, marker: true });
  bench.run(40);
  bench.arrive(2, { timestamp: 0 });
  bench.arrive(4, { timestamp: 3000, marker: true });
  bench.arrive(5, { timestamp: 6000 });
  bench.arrive(6, { timestamp: 9000, marker: true });
  assert.equal(bench.stats.jitterBufferEmittedCount, 4, 'a frame without its end counts when the next begins');
  assert.ok(Math.abs(bench.stats.jitterBufferDelay - 0.04) < 1e-9, `${bench.stats.jitterBufferDelay} s`);
});

test('padding goes on in its place, and is no frame', () => {
  const bench = new Bench();
  bench.arrive(1, { timestamp: 0, marker: true });
  bench.arrive(3, { timestamp: 3000, marker: true });
  bench.arrive(2, { timestamp: 0, payload: new Uint8Array(0), paddingBytes: 50 });
  assert.deepEqual(bench.sequences, [1, 2, 3]);
  assert.equal(bench.stats.jitterBufferEmittedCount, 2);
});

test('delays are counted over samples of audio', () => {
  const bench = new Bench({}, 'audio');
  bench.arrive(1, { timestamp: 0 });
  bench.arrive(2, { timestamp: 480 });
  bench.arrive(4, { timestamp: 1440 });
  bench.run(10);
  bench.arrive(3, { timestamp: 960 });
  assert.equal(bench.stats.jitterBufferEmittedCount, 960 + 3 * 480);
  assert.ok(Math.abs(bench.stats.jitterBufferDelay - 480 * 0.01) < 1e-9);
});

test('in a chain, retransmissions are waited for, so that the application sees all packets in order', () => {
  const pair = new ChainPair({ a: [nackResponder()], b: [nackGenerator(), rtxReceiver(), jitterBuffer()] }, { link: { delayMs: 20, loss: 0.05 }, seed: 3 });
  const stream = pair.stream({ ssrc: 10 });
  let sequenceNumber = 0;
  pair.every(10, 5000, () => pair.send(stream, { sequenceNumber: sequenceNumber++ }));
  pair.run(7000);
  const numbers = pair.b.received.map(({ header }) => header.sequenceNumber);
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  assert.ok(numbers.length >= 498, `${numbers.length} of 500`);
});

test('A-MED-02 random numbers and gaps that are never filled: bounded packets, time and work', () => {
  const random = seeded(11);
  for (const jump of [3, 4000, 65_536]) {
    const bench = new Bench();
    let sequence = 0;
    let most = 0;
    for (let i = 0; i < 10_000; i++) {
      sequence = (sequence + 1 + Math.floor(random() * jump)) & 0xffff;
      bench.now = i / 10;
      bench.buffers.handleTimeout(bench.now);
      bench.arrive(sequence);
      most = Math.max(most, bench.stats.packetsHeld);
      assert.ok((bench.buffers.pollTimeout()?.at ?? 0) <= bench.now + MAX_DELAY_MS);
    }
    assert.ok(most <= MAX_HELD_PACKETS, `${most} packets`);
    bench.run(bench.now + MAX_DELAY_MS);
    assert.equal(bench.stats.packetsHeld, 0);
  }
});

test('A-MED-02 without time passing no more than 2048 packets are held', () => {
  const bench = new Bench({ maxDelayMs: 10_000, minDelayMs: 10_000 });
  bench.arrive(0);
  for (let i = 2; i < 5000; i++) {
    bench.arrive(i);
    assert.ok(bench.stats.packetsHeld <= MAX_HELD_PACKETS);
  }
  assert.equal(bench.sequences[0], 0);
  assert.ok(bench.out.length >= 4998 - MAX_HELD_PACKETS);
});

test('the histogram tells quantiles, forgets what is old, and stays finite', () => {
  const histogram = new DelayHistogram(2000);
  for (let i = 0; i < 4; i++) histogram.add(10);
  assert.equal(histogram.quantile(0.5), undefined);
  for (let i = 0; i < 996; i++) histogram.add(i % 100);
  assert.ok(Math.abs(histogram.quantile(0.5)! - 50) <= 10);
  assert.ok(Math.abs(histogram.quantile(0.95)! - 95) <= 5);
  for (let i = 0; i < 10_000; i++) histogram.add(500);
  assert.equal(histogram.quantile(0.01), 505);
  histogram.add(1e9);
  histogram.add(-1);
  assert.ok(histogram.quantile(0.9999)! <= 2005);
});

test('a configuration that makes no sense is refused', () => {
  for (const config of [{ minDelayMs: -1 }, { minDelayMs: 10, maxDelayMs: 5 }, { maxDelayMs: 1e6 }, { maxPackets: 1000 }, { quantile: 1 }]) {
    assert.throws(() => resolveJitterBufferConfig(config), (error) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT');
  }
});
