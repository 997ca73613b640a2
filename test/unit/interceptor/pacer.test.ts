import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counters, RtcError } from '../../../src/core/index.ts';
import { type InterceptorContext, type LocalStream, nackResponder, type OutgoingPacket, pacer, rtxReceiver } from '../../../src/interceptor/index.ts';
import { MAX_QUEUE_PACKETS, Pacer, type PacerConfig, paddingKind } from '../../../src/interceptor/pacer/index.ts';
import { PACKET_OVERHEAD_BYTES } from '../../../src/interceptor/twcc/index.ts';
import { decodeRtp, extensionValue, readExtension, repairedRidExtension, transportSequenceExtension } from '../../../src/rtp/index.ts';
import { ChainPair, chainEnvironment, Ext, localStream, outgoing, Pt, VIDEO_CODECS } from '../../support/interceptor.ts';

const PLAIN = VIDEO_CODECS.slice(0, 1).map((codec) => ({ ...codec, feedback: ['transport-cc'] }));

/** A pacer alone, with everything that left it and when. */
class Bench {
  readonly context: InterceptorContext = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'me', counters: new Counters() };
  readonly pacer: Pacer;
  readonly left: { packet: OutgoingPacket; at: number }[] = [];
  now = 0;

  constructor(config?: PacerConfig) {
    this.pacer = new Pacer(this.context, config);
  }

  stream(options: Parameters<typeof localStream>[0]): LocalStream {
    const stream = localStream(options);
    this.pacer.bindLocal(stream);
    return stream;
  }

  rate(pacingBps: number): void {
    this.pacer.handleEvent({ type: 'target-rate', targetBps: pacingBps, pacingBps }, this.now);
  }

  write(stream: LocalStream, sequenceNumber: number, options: { bytes?: number; role?: OutgoingPacket['role']; ssrc?: number; marker?: boolean; payloadType?: number } = {}): void {
    const { bytes = 1000, role = 'media', ...rest } = options;
    const packet = outgoing(stream, { sequenceNumber, payload: new Uint8Array(bytes), ...rest }, this.now);
    packet.role = role;
    const direct = this.pacer.writeRtp(packet, this.now);
    if (direct !== undefined) this.left.push({ packet: direct, at: this.now });
    this.drain();
  }

  drain(): void {
    for (let packet = this.pacer.pollWriteRtp(); packet !== undefined; packet = this.pacer.pollWriteRtp()) this.left.push({ packet, at: this.now });
  }

  run(ms: number): void {
    const end = this.now + ms;
    for (let deadline = this.pacer.pollTimeout(); deadline !== undefined && deadline.at <= end; deadline = this.pacer.pollTimeout()) {
      this.now = Math.max(this.now, deadline.at);
      this.pacer.handleTimeout(this.now);
      this.drain();
    }
    this.now = end;
  }

  sequences(ssrc: number): number[] {
    return this.left.filter(({ packet }) => packet.header.ssrc === ssrc).map(({ packet }) => packet.header.sequenceNumber);
  }
}

test('everything passes at once until a rate is told', () => {
  const bench = new Bench();
  const stream = bench.stream({ ssrc: 1 });
  for (let i = 0; i < 100; i++) bench.write(stream, i);
  assert.equal(bench.left.length, 100);
  assert.equal(bench.pacer.pollTimeout(), undefined);
});

test('a burst leaves at the pacing rate, in order, and not a byte faster than bursts of 5 ms (property)', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 20, max: 1400 }), { minLength: 2, maxLength: 60 }), fc.integer({ min: 300_000, max: 20_000_000 }), (sizes, rate) => {
      const bench = new Bench({ maxQueueMs: 60_000 });
      const stream = bench.stream({ ssrc: 1 });
      bench.rate(rate);
      sizes.forEach((bytes, i) => bench.write(stream, i, { bytes }));
      bench.run(30_000);
      assert.deepEqual(bench.sequences(1), sizes.map((_, i) => i));
      let sent = 0;
      for (const { packet, at } of bench.left) {
        const allowed = (rate * at) / 8000 + 2 * Math.max(1500, (rate * 5) / 8000);
        assert.ok(sent <= allowed, `${sent} bytes at ${at}`);
        sent += packet.bytes.length + PACKET_OVERHEAD_BYTES;
      }
      const duration = bench.left.at(-1)!.at;
      // Half a burst is waited for at a time.
      assert.ok(duration <= (sent * 8000) / rate + 5, `took ${duration} ms`);
    }),
    { numRuns: 60 },
  );
});

test('audio leaves at once, retransmissions before fresh packets', () => {
  const bench = new Bench();
  const [audio, video] = [bench.stream({ ssrc: 1, kind: 'audio' }), bench.stream({ ssrc: 10 })];
  bench.rate(500_000);
  for (let i = 0; i < 8; i++) bench.write(video, i);
  bench.write(video, 700, { role: 'rtx', ssrc: 11, payloadType: Pt.vp8Rtx });
  bench.write(audio, 5, { bytes: 80 });
  assert.equal(bench.left.at(-1)!.packet.header.ssrc, 1);
  bench.run(2000);
  const order = bench.left.map(({ packet }) => packet.header.ssrc);
  assert.ok(order.indexOf(11) < order.lastIndexOf(10) - 3, order.join());
  assert.deepEqual(bench.sequences(10), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(bench.pacer.stats.packetsQueued, 0);
});

test('audio waits in turn when it is asked to', () => {
  const bench = new Bench({ paceAudio: true });
  const audio = bench.stream({ ssrc: 1, kind: 'audio' });
  bench.rate(100_000);
  for (let i = 0; i < 5; i++) bench.write(audio, i, { bytes: 1000 });
  assert.ok(bench.left.length < 5);
  bench.run(1000);
  assert.deepEqual(bench.sequences(1), [0, 1, 2, 3, 4]);
});

test('streams share by bytes, and one that was idle does not catch up', () => {
  const bench = new Bench({ maxQueueMs: 60_000 });
  const [one, two] = [bench.stream({ ssrc: 10 }), bench.stream({ ssrc: 20 })];
  bench.rate(1_000_000);
  for (let i = 0; i < 100; i++) bench.write(one, i, { bytes: 1000 });
  bench.run(300);
  const before = bench.left.length;
  assert.ok(before > 20);
  for (let i = 0; i < 200; i++) bench.write(two, i, { bytes: 500 });
  bench.run(200);
  const bytesOf = (ssrc: number): number => bench.left.slice(before).reduce((sum, { packet }) => sum + (packet.header.ssrc === ssrc ? packet.bytes.length : 0), 0);
  assert.ok(Math.abs(bytesOf(10) - bytesOf(20)) < 2000, `${bytesOf(10)} and ${bytesOf(20)}`);
});

test('what waits too long makes the pace faster, so that nothing waits longer than is configured', () => {
  const bench = new Bench({ maxQueueMs: 200 });
  const stream = bench.stream({ ssrc: 1 });
  bench.rate(100_000);
  for (let i = 0; i < 100; i++) bench.write(stream, i);
  bench.run(200);
  assert.equal(bench.left.length, 100);
  const stats = bench.pacer.stats;
  assert.ok(stats.totalDelayMs > 0 && stats.totalDelayMs / stats.packetsPaced < 200);
  assert.equal(bench.pacer.totalDelayMs(stream), stats.totalDelayMs);
});

test('the queue is bounded, what does not fit is dropped and counted', () => {
  const bench = new Bench();
  const stream = bench.stream({ ssrc: 1 });
  bench.rate(10_000);
  for (let i = 0; i < MAX_QUEUE_PACKETS + 50; i++) bench.write(stream, i, { bytes: 10 });
  assert.equal(bench.pacer.stats.packetsQueued, MAX_QUEUE_PACKETS);
  const dropped = bench.context.counters.get('interceptor.pacer.overflow');
  assert.ok(dropped > 0 && dropped === bench.pacer.stats.packetsDropped);
  bench.pacer.unbindLocal(stream);
  assert.deepEqual([bench.pacer.stats.packetsQueued, bench.pacer.stats.bytesQueued], [0, 0]);
});

const probe = (rateBps: number, bytes: number, id = 1) => ({ type: 'probe', id, rateBps, bytes, packets: 5 }) as const;

test('a probe is padded by retransmission packets without payload, evenly, at its rate', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10, rid: 'h' });
  bench.rate(750_000);
  bench.write(video, 1, { marker: true });
  bench.run(50);
  bench.pacer.handleEvent(probe(2_000_000, 3750, 9), bench.now);
  bench.drain();
  bench.run(100);
  const padding = bench.left.filter(({ packet }) => packet.role === 'padding');
  assert.ok(padding.length >= 11);
  for (const [i, { packet, at }] of padding.entries()) {
    const { header, bytes } = packet;
    assert.deepEqual([header.ssrc, header.payloadType, packet.probe, header.payloadEnd - header.payloadStart], [11, Pt.vp8Rtx, 9, 0]);
    assert.equal(header.sequenceNumber, (padding[0]!.packet.header.sequenceNumber + i) & 0xffff);
    assert.equal(decodeRtp(bytes).timestamp, 3000, 'the time of the last packet of media');
    assert.equal(readExtension(transportSequenceExtension, bytes, header, Ext.transportSequence), 0, 'to be stamped');
    assert.equal(readExtension(repairedRidExtension, bytes, header, Ext.repairedRid), 'h');
    assert.ok(extensionValue(bytes, header, Ext.mid) !== undefined);
    assert.ok(bytes.byteOffset + bytes.length + 24 <= bytes.buffer.byteLength, 'room for the tag');
    const expected = padding[0]!.at + (i * (bytes.length + PACKET_OVERHEAD_BYTES) * 8000) / 2_000_000;
    assert.ok(Math.abs(at - expected) < 1e-6, `packet ${i} at ${at}`);
  }
  assert.equal(bench.pacer.stats.paddingPackets, padding.length);
});

test('a timer that comes late does not make a burst of a probe', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10 });
  bench.rate(10_000_000);
  bench.write(video, 1, { marker: true });
  bench.pacer.handleEvent(probe(4_000_000, 7500, 2), bench.now);
  bench.drain();
  for (const late of [20, 35, 36, 37, 38, 50, 60, 80, 100, 120]) {
    bench.now = late;
    bench.pacer.handleTimeout(bench.now);
    bench.drain();
  }
  const perInstant = new Map<number, number>();
  for (const { packet, at } of bench.left) if (packet.probe === 2) perInstant.set(at, (perInstant.get(at) ?? 0) + packet.bytes.length + PACKET_OVERHEAD_BYTES);
  assert.ok(perInstant.size >= 4, `${perInstant.size} instants`);
  for (const bytes of perInstant.values()) assert.ok(bytes <= 4_000_000 / 8000 * 3 + 700, `${bytes} bytes at once`);
});

test('retransmissions after padding go on with its numbers', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10 });
  bench.rate(10_000_000);
  bench.write(video, 1);
  bench.write(video, 65_535, { role: 'rtx', ssrc: 11, payloadType: Pt.vp8Rtx });
  bench.pacer.handleEvent(probe(10_000_000, 1000), bench.now);
  bench.run(50);
  bench.write(video, 0, { role: 'rtx', ssrc: 11, payloadType: Pt.vp8Rtx });
  bench.run(50);
  const numbers = bench.sequences(11);
  assert.ok(numbers.length >= 6);
  assert.deepEqual(numbers, numbers.map((_, i) => (65_535 + i) & 0xffff));
  for (const { packet } of bench.left) assert.equal(decodeRtp(packet.bytes).sequenceNumber, packet.header.sequenceNumber);
});

test('a stream that paused goes on with its numbers: none comes twice (RFC 3711 9.1)', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10 });
  bench.rate(10_000_000);
  bench.write(video, 1);
  bench.write(video, 50, { role: 'rtx', ssrc: 11, payloadType: Pt.vp8Rtx });
  bench.pacer.handleEvent(probe(10_000_000, 1000), bench.now);
  bench.run(50);
  bench.pacer.unbindLocal(video);
  bench.pacer.bindLocal(video);
  bench.write(video, 51, { role: 'rtx', ssrc: 11, payloadType: Pt.vp8Rtx });
  const numbers = bench.sequences(11);
  assert.ok(numbers.length >= 6);
  assert.equal(new Set(numbers).size, numbers.length);
});

test('padding follows what is agreed upon anew', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10, rtxSsrc: undefined });
  bench.rate(1_000_000);
  bench.write(video, 1, { marker: true });
  bench.pacer.handleEvent(probe(2_000_000, 1000), bench.now);
  bench.run(50);
  assert.equal(bench.pacer.stats.paddingPackets, 0);
  video.rtxSsrc = 77;
  bench.pacer.updateLocal(video);
  bench.pacer.handleEvent(probe(2_000_000, 1000, 2), bench.now);
  bench.run(50);
  assert.ok(bench.sequences(77).length >= 3);
});

test('without retransmissions padding goes between frames of the stream itself, whose numbers go on behind it', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10, codecs: PLAIN, rtxSsrc: undefined });
  assert.equal(paddingKind(video), 'own');
  bench.rate(1_000_000);
  bench.write(video, 100);
  bench.pacer.handleEvent(probe(2_000_000, 2000), bench.now);
  bench.run(50);
  assert.deepEqual(bench.sequences(10), [100], 'not in the middle of a frame');
  bench.write(video, 101, { marker: true });
  bench.run(50);
  bench.write(video, 102);
  bench.run(50);
  const roles = bench.left.map(({ packet }) => packet.role);
  assert.deepEqual(roles.slice(0, 2), ['media', 'media']);
  assert.ok(roles.lastIndexOf('padding') > 2);
  const numbers = bench.sequences(10);
  assert.deepEqual(numbers, numbers.map((_, i) => 100 + i));
  assert.equal(roles.at(-1), 'media');
});

test('streams whose numbers others refer to are never padded themselves, and audio is not at all', () => {
  assert.equal(paddingKind(localStream({})), 'rtx');
  assert.equal(paddingKind(localStream({ rtxSsrc: undefined })), 'none');
  assert.equal(paddingKind(localStream({ codecs: VIDEO_CODECS.slice(0, 1), rtxSsrc: undefined })), 'none', 'NACK without RTX');
  assert.equal(paddingKind(localStream({ codecs: PLAIN, rtxSsrc: undefined, fecSsrc: 5 })), 'none');
  assert.equal(paddingKind(localStream({ kind: 'audio' })), 'none');
});

test('without padding a probe waits for something to send, is sent with media then, and is given up in the end', () => {
  const bench = new Bench({ padding: false });
  const video = bench.stream({ ssrc: 10 });
  bench.rate(1_000_000);
  bench.write(video, 0);
  bench.run(20);
  bench.pacer.handleEvent(probe(2_000_000, 3000, 4), bench.now);
  bench.run(1000);
  for (let i = 1; i < 8; i++) bench.write(video, i);
  bench.run(1000);
  assert.deepEqual(bench.sequences(10), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.ok(bench.left.filter(({ packet }) => packet.probe === 4).length >= 3);
  bench.pacer.handleEvent(probe(2_000_000, 3000, 5), bench.now);
  bench.run(6000);
  for (let i = 8; i < 16; i++) bench.write(video, i);
  bench.run(1000);
  assert.equal(bench.left.filter(({ packet }) => packet.probe === 5).length, 0);
  assert.equal(bench.left.length, 16);
});

test('a new path ends probes, and what they held back leaves', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10 });
  bench.rate(300_000);
  for (let i = 0; i < 10; i++) bench.write(video, i);
  bench.pacer.handleEvent(probe(100_000, 10_000), bench.now);
  bench.run(20);
  bench.pacer.handleEvent({ type: 'path-changed' }, bench.now);
  bench.drain();
  bench.run(3000);
  assert.deepEqual(bench.sequences(10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('in a chain a peer drops padding, and still gets what it asks for again', () => {
  const pair = new ChainPair({ a: [pacer(), nackResponder()], b: [rtxReceiver()] });
  const stream = pair.stream({ ssrc: 10 });
  pair.a.chain.handleEvent({ type: 'target-rate', targetBps: 500_000, pacingBps: 1_000_000 }, 0);
  for (let i = 0; i < 20; i++) pair.send(stream, { sequenceNumber: i });
  pair.run(500);
  pair.a.chain.handleEvent(probe(1_000_000, 3000), pair.now);
  pair.run(100);
  pair.a.chain.handleRtcp([{ type: 'nack', senderSsrc: 1, mediaSsrc: 10, lost: [7] }], pair.now);
  pair.run(200);
  assert.ok(pair.a.sentRtp.length > 25);
  assert.deepEqual(pair.b.received.map(({ header }) => header.sequenceNumber), [...Array.from({ length: 20 }, (_, i) => i), 7]);
});

test('A-RTCP-05 a pacing rate of nothing, or a probe of any size, makes finite timers', () => {
  const bench = new Bench();
  const video = bench.stream({ ssrc: 10 });
  for (const rate of [0, -5, 1e-9]) {
    bench.rate(rate);
    for (let i = 0; i < 5; i++) bench.write(video, i);
    const deadline = bench.pacer.pollTimeout();
    assert.ok(deadline !== undefined && deadline.at - bench.now <= 2000 && deadline.at >= bench.now, `${deadline?.at}`);
    bench.run(2000);
  }
  for (let id = 1; id < 50; id++) bench.pacer.handleEvent(probe(1e9, 1500, id), bench.now);
  bench.run(100);
  assert.ok(bench.pacer.stats.probes <= 6, 'no more than a handful wait');
});

test('a queue without end is refused', () => {
  assert.throws(() => pacer({ maxQueueMs: 0 }), (error) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT');
  assert.throws(() => pacer({ maxQueueMs: Infinity }), RtcError);
});
