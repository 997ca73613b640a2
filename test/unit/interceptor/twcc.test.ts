import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counters } from '../../../src/core/index.ts';
import { CcfbReceiver, ccfbReceiver, CongestionFeedbackReader, REPORT_PACKETS } from '../../../src/interceptor/ccfb/index.ts';
import { type BandwidthEstimator, congestionControl } from '../../../src/interceptor/gcc/index.ts';
import { beltPacket, type InterceptorContext, type RemoteStream } from '../../../src/interceptor/index.ts';
import { ARRIVALS } from '../../../src/interceptor/twcc/constants.ts';
import {
  Arrivals,
  Fate,
  FeedbackInterval,
  HISTORY_PACKETS,
  PACKET_OVERHEAD_BYTES,
  PacketResults,
  SentHistory,
  TransportFeedbackReader,
  twccReceiver,
  TwccReceiver,
} from '../../../src/interceptor/twcc/index.ts';
import { arrivalTimes, type CongestionFeedback, decodeRtcp, encodeRtcp, metricReceived, OFFSET_OVERFLOW, OFFSET_UNKNOWN, type RtcpPacket, type TransportFeedback } from '../../../src/rtcp/index.ts';
import {
  absoluteSendTime,
  absoluteSendTimeExtension,
  decodeRtp,
  encodeRtp,
  ExtensionMap,
  ExtensionUri,
  extensionElement,
  readExtension,
  transportSequence2Extension,
  transportSequenceExtension,
} from '../../../src/rtp/index.ts';
import { streamInfo } from '../../support/congestion.ts';
import { ChainPair, chainEnvironment, Ext, outgoing } from '../../support/interceptor.ts';

function context(): InterceptorContext {
  return { environment: chainEnvironment(1), rtcpSsrc: 0xfeed, cname: 'me', counters: new Counters() };
}

/** A packet from the wire with a transport-wide number. */
function numbered(stream: RemoteStream, sequence: number, at: number) {
  const bytes = encodeRtp({ payloadType: 96, sequenceNumber: sequence & 0xffff, timestamp: 0, ssrc: stream.ssrc, extensions: [extensionElement(transportSequenceExtension, 1, sequence & 0xffff)], payload: new Uint8Array(1000) });
  return beltPacket(bytes, decodeRtp(bytes), stream, 'media', at);
}

const REMOTE: RemoteStream = { ...streamInfo('video', 7), direction: 'remote' };

function receiverOf(stream: RemoteStream = REMOTE): TwccReceiver {
  const receiver = new TwccReceiver(context());
  receiver.bindRemote(stream);
  return receiver;
}

/** All feedback that is ready, over the wire. */
function feedbackOf(receiver: { pollRtcp(): RtcpPacket | undefined }): TransportFeedback[] {
  const all: TransportFeedback[] = [];
  for (let packet = receiver.pollRtcp(); packet !== undefined; packet = receiver.pollRtcp()) {
    const [decoded] = decodeRtcp(encodeRtcp([packet]));
    assert.equal(decoded?.type, 'transport-feedback');
    all.push(decoded as TransportFeedback);
  }
  return all;
}

/** An estimator that keeps what it hears. */
class Spy implements BandwidthEstimator {
  readonly sent: number[] = [];
  readonly results: { sentAt: number; received: boolean; receivedAt: number; sizeBytes: number; probe: number }[] = [];
  readonly remb: number[] = [];
  targetBps = 1_000_000;
  pacingBps = 2_500_000;
  packetSent(sizeBytes: number): void {
    this.sent.push(sizeBytes);
  }
  handleFeedback(results: PacketResults): void {
    this.results.push(...listOf(results));
  }
  handleReceiverEstimate(bps: number): void {
    this.remb.push(bps);
  }
  handleRoundTrip(): void {}
  handlePathChange(): void {}
  pollProbe(): undefined {}
  handleTimeout(): void {}
  pollTimeout(): undefined {}
}

function listOf(results: PacketResults) {
  return Array.from({ length: results.count }, (_, i) => ({
    sentAt: results.sentAt[i]!,
    received: results.received[i] === 1,
    receivedAt: results.receivedAt[i]!,
    sizeBytes: results.sizeBytes[i]!,
    probe: results.probe[i]!,
  }));
}

test('packets get numbers over all streams and their send time in place, and feedback tells when each came', () => {
  const spy = new Spy();
  const pair = new ChainPair({ a: [congestionControl({ estimator: () => spy })], b: [twccReceiver()] }, { link: { delayMs: 30 } });
  const [one, two] = [pair.stream({ ssrc: 10 }), pair.stream({ ssrc: 20 })];
  const extensions = [
    { id: Ext.transportSequence, value: new Uint8Array(2) },
    { id: Ext.absoluteSendTime, value: new Uint8Array(3) },
  ];
  for (let i = 0; i < 10; i++) pair.at(i * 7, () => pair.send(i % 2 === 0 ? one : two, { sequenceNumber: i, extensions }));
  pair.run(400);
  const stamps = pair.a.sentRtp.map((bytes) => {
    const header = decodeRtp(bytes);
    return [readExtension(transportSequenceExtension, bytes, header, Ext.transportSequence), readExtension(absoluteSendTimeExtension, bytes, header, Ext.absoluteSendTime)];
  });
  assert.deepEqual(stamps, Array.from({ length: 10 }, (_, i) => [i, absoluteSendTime(i * 7)]));
  assert.equal(spy.results.length, 10);
  spy.results.forEach(({ sentAt, received, receivedAt, sizeBytes }, i) => {
    assert.ok(received);
    assert.equal(sentAt, i * 7);
    assert.ok(Math.abs(receivedAt - spy.results[0]!.receivedAt - i * 7) <= 0.25, 'to the tick');
    assert.equal(sizeBytes, pair.a.sentRtp[i]!.length + PACKET_OVERHEAD_BYTES);
  });
  assert.deepEqual(spy.sent, spy.results.map(({ sizeBytes }) => sizeBytes));
});

test('a packet without the element passes as it is and takes no number', () => {
  const spy = new Spy();
  const pair = new ChainPair({ a: [congestionControl({ estimator: () => spy })], b: [] });
  const stream = pair.stream({ ssrc: 10 });
  pair.send(stream, { sequenceNumber: 1 });
  pair.send(stream, { sequenceNumber: 2, extensions: [{ id: Ext.transportSequence, value: new Uint8Array(2) }] });
  pair.run(10);
  const [, second] = pair.a.sentRtp;
  assert.equal(readExtension(transportSequenceExtension, second!, decodeRtp(second!), Ext.transportSequence), 0);
  assert.equal(spy.sent.length, 1);
});

test('a probe is told of with its packets', () => {
  const spy = new Spy();
  const pair = new ChainPair({ a: [congestionControl({ estimator: () => spy })], b: [twccReceiver()] });
  const stream = pair.stream({ ssrc: 10 });
  const extensions = [{ id: Ext.transportSequence, value: new Uint8Array(2) }];
  for (const probe of [0, 7, 65_535]) {
    const packet = outgoing(stream, { sequenceNumber: 1, extensions });
    if (probe > 0) packet.probe = probe;
    pair.a.chain.writeRtp(packet, 0);
  }
  pair.run(300);
  assert.deepEqual(spy.results.map(({ probe }) => probe), [0, 7, 65_535]);
});

test('the history is a ring that grows for young packets and forgets old ones', () => {
  const history = new SentHistory();
  for (let i = 0; i < 600; i++) history.record(100 + (i % 50), i & 3, i);
  assert.equal(history.oldest, 0, 'it grew');
  assert.deepEqual([history.sentAt(599), history.sizeBytes(599), history.probe(599), history.fate(599)], [599, 149, 3, Fate.pending]);
  for (let i = 600; i < 3000; i++) history.record(1, 0, i * 100);
  assert.ok(history.oldest >= 600 - 1024 + 2400 - 600, `old packets were forgotten: ${history.oldest}`);
  assert.equal(history.fate(history.oldest - 1), Fate.none);
  const busy = new SentHistory();
  for (let i = 0; i < 20_000; i++) busy.record(1, 0, 1);
  assert.equal(busy.next - busy.oldest, HISTORY_PACKETS, 'bounded however young they are');
});

test('the history does not grow for packets of which everything was told', () => {
  const kept = (fate: number): number => {
    const history = new SentHistory();
    for (let i = 0; i < 6000; i++) {
      history.record(1200, 0, i);
      if (i >= 100) history.setFate(i - 100, fate);
    }
    return history.next - history.oldest;
  };
  assert.equal(kept(Fate.received), 512);
  const lost = kept(Fate.lost);
  assert.ok(lost >= 1000 && lost <= 2048, `a packet that was told to be lost may still come: ${lost}`);
  assert.ok(kept(Fate.untold) >= 5000);
});

test('what is recorded, lost and late is told as it was, whatever the order (property)', () => {
  const deliveries = fc.array(fc.record({ lost: fc.boolean(), late: fc.integer({ min: 0, max: 30 }) }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(deliveries, fc.integer({ min: 0, max: 0xffff }), (packets, first) => {
      const receiver = receiverOf();
      const came = packets.map(({ lost, late }, i) => ({ i, at: 1000 + i * 3 + late, lost })).filter(({ lost }) => !lost);
      came.sort((a, b) => a.at - b.at || a.i - b.i);
      const told = new Map<number, number>();
      const read = (now: number): void => {
        receiver.handleTimeout(now);
        for (const feedback of feedbackOf(receiver)) {
          const times = arrivalTimes(feedback);
          times.forEach((time, k) => Number.isNaN(time) || told.set((feedback.baseSequence + k) & 0xffff, time));
        }
      };
      for (const { i, at } of came) {
        read(at);
        receiver.readRtp(numbered(REMOTE, first + i, at), at);
      }
      read(5000);
      assert.equal(told.size, came.length);
      for (const { i, at } of came) assert.ok(Math.abs(told.get((first + i) & 0xffff)! - at) <= 0.125, `packet ${i}`);
    }),
    { numRuns: 60 },
  );
});

test('feedback goes every 50 to 250 ms, by 5 % of the rate, and stops when nothing comes', () => {
  const interval = new FeedbackInterval();
  assert.ok(interval.next(0) > 50 && interval.next(0) < 250, 'in between while nothing is known');
  interval.setTarget(30_000);
  assert.equal(interval.next(1), 250);
  interval.setTarget(200_000);
  assert.ok(Math.abs(interval.next(2) - (92 * 8000) / (0.05 * 200_000)) < 1e-9);
  interval.setTarget(5_000_000);
  assert.equal(interval.next(3), 50);

  const receiver = receiverOf();
  assert.equal(receiver.pollTimeout(), undefined);
  receiver.readRtp(numbered(REMOTE, 1, 0), 0);
  const first = receiver.pollTimeout()!.at;
  receiver.handleTimeout(first);
  assert.equal(feedbackOf(receiver).length, 1);
  receiver.handleTimeout(receiver.pollTimeout()!.at);
  assert.equal(feedbackOf(receiver).length, 0);
  assert.equal(receiver.pollTimeout(), undefined, 'no timer while nothing comes');
  receiver.readRtp(numbered(REMOTE, 2, 900), 900);
  assert.ok(receiver.pollTimeout()!.at > 900);
});

test('a packet that comes late is told of again, with those around it, and a copy is ignored', () => {
  const receiver = receiverOf();
  for (const sequence of [1, 2, 4]) receiver.readRtp(numbered(REMOTE, sequence, sequence), sequence);
  receiver.handleTimeout(300);
  const [first] = feedbackOf(receiver);
  assert.deepEqual([first!.baseSequence, first!.statuses.length, first!.statuses[2]], [1, 4, 0]);
  receiver.readRtp(numbered(REMOTE, 3, 301), 301);
  receiver.readRtp(numbered(REMOTE, 4, 302), 302);
  receiver.handleTimeout(600);
  const [second] = feedbackOf(receiver);
  assert.deepEqual([second!.baseSequence, second!.statuses.length], [3, 2]);
  assert.deepEqual([...arrivalTimes(second!)], [301, 4]);
  assert.equal(receiver.stats.packetsIgnored, 1);
});

test('what comes later than half a second is not told of: it would take all behind it along', () => {
  const receiver = receiverOf();
  for (let i = 0; i < 100; i++) if (i % 10 !== 5) receiver.readRtp(numbered(REMOTE, i, i * 10), i * 10);
  receiver.handleTimeout(1000);
  assert.equal(feedbackOf(receiver).length, 1);
  receiver.readRtp(numbered(REMOTE, 5, 1010), 1010);
  receiver.handleTimeout(1300);
  assert.equal(feedbackOf(receiver).length, 0);
  receiver.readRtp(numbered(REMOTE, 85, 1310), 1310);
  receiver.handleTimeout(1600);
  const [late] = feedbackOf(receiver);
  assert.deepEqual([late!.baseSequence, late!.statuses.length], [85, 15]);
});

test('the second version of the extension: feedback when it is asked for, and only then', () => {
  const extensions = new ExtensionMap();
  extensions.set(3, ExtensionUri.transportSequence2);
  const stream: RemoteStream = { ...REMOTE, extensions };
  const receiver = receiverOf(stream);
  const send = (sequenceNumber: number, count?: number): void => {
    const value = count === undefined ? { sequenceNumber } : { sequenceNumber, feedback: { withTimestamps: true, count } };
    const bytes = encodeRtp({ payloadType: 96, sequenceNumber, timestamp: 0, ssrc: 7, extensions: [extensionElement(transportSequence2Extension, 3, value)], payload: new Uint8Array(4) });
    receiver.readRtp(beltPacket(bytes, decodeRtp(bytes), stream, 'media', sequenceNumber), sequenceNumber);
  };
  for (let i = 10; i < 20; i++) send(i);
  assert.equal(receiver.pollTimeout(), undefined);
  send(20, 0);
  assert.equal(feedbackOf(receiver).length, 0, 'a count of 0 asks for nothing');
  send(21, 5);
  const [feedback] = feedbackOf(receiver);
  assert.deepEqual([feedback!.baseSequence, feedback!.statuses.length], [17, 5]);
  assert.deepEqual([...arrivalTimes(feedback!)], [17, 18, 19, 20, 21]);
});

test('arrivals: a jump ahead starts the ring anew, numbers wrap, and what is too old is not recorded', () => {
  const arrivals = new Arrivals();
  assert.ok(arrivals.record(65_535, 1) && arrivals.record(0, 2));
  assert.equal(arrivals.end - arrivals.untold, 2);
  assert.ok(arrivals.record(20_000, 3));
  assert.ok(arrivals.end - arrivals.untold <= 8192);
  assert.equal(arrivals.record(1, 4), false);
  const times = arrivals.copy(arrivals.end - 3, arrivals.end, new Float64Array(8));
  assert.deepEqual([...times], [NaN, NaN, 3]);
});

test('arrivals in a ring that grows are those in one that is long from the beginning (property)', () => {
  // Steps ahead and back, and now and then feedback on all that came.
  const steps = fc.array(fc.record({ step: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: -600, max: 900 })), repeat: fc.integer({ min: 1, max: 300 }), told: fc.boolean() }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), steps, (first, moves) => {
      const arrivals = new Arrivals();
      const came = new Map<number, number>();
      let [number, highest, lowest, closed, now] = [0x1_0000 + first, 0, Infinity, -Infinity, 0];
      for (const { step, repeat, told } of moves) {
        for (let i = 0; i < repeat; i++) {
          number = i === 0 ? number + step : number + 1;
          now += 1;
          // What the ring must do, whatever its length is at the time.
          const isTaken = lowest === Infinity || (number >= closed && !came.has(number) && highest - number < ARRIVALS && number - highest < 0x8000);
          const taken = arrivals.record(number & 0xffff, now);
          assert.equal(taken, isTaken, `number ${number - first} of ${highest - first}`);
          if (!taken) continue;
          came.set(number, now);
          highest = Math.max(highest, number);
          lowest = Math.min(lowest, number);
        }
        const [from, end] = [arrivals.untold, arrivals.end];
        const times = arrivals.copy(from, end, new Float64Array(ARRIVALS));
        assert.deepEqual([...times], Array.from({ length: end - from }, (_, i) => came.get(highest + 1 - (end - from) + i) ?? NaN));
        if (!told) continue;
        arrivals.told(end, now);
        for (closed = Math.max(closed, lowest, highest + 1 - ARRIVALS); closed <= highest && !((came.get(closed) ?? -Infinity) >= now - 500); ) closed++;
        number = highest;
      }
    }),
    { numRuns: 300, seed: 11 },
  );
});

function feedback(init: Partial<TransportFeedback> & { statuses: Uint8Array }): TransportFeedback {
  return { type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2, baseSequence: 0, referenceTime: 10, feedbackCount: 0, deltas: new Int16Array(init.statuses.length), ...init };
}

test('feedback about packets that were not sent, or twice, is not believed', () => {
  const history = new SentHistory();
  const reader = new TransportFeedbackReader(history);
  const results = new PacketResults();
  assert.equal(reader.read(feedback({ statuses: Uint8Array.of(1) }), results), false, 'nothing was sent');
  for (let i = 0; i < 3; i++) history.record(100, 0, i);
  assert.equal(reader.read(feedback({ baseSequence: 3, statuses: Uint8Array.of(1) }), results), false);
  assert.equal(reader.read(feedback({ baseSequence: 40_000, statuses: Uint8Array.of(1) }), results), false);
  assert.ok(reader.read(feedback({ baseSequence: 1, feedbackCount: 1, statuses: Uint8Array.of(1, 0, 1, 1) }), results));
  assert.deepEqual(listOf(results).map(({ received }) => received), [true, false]);
  reader.read(feedback({ baseSequence: 1, feedbackCount: 2, statuses: Uint8Array.of(1, 1) }), results);
  assert.deepEqual(listOf(results).map(({ sentAt, received }) => [sentAt, received]), [[2, true]], 'late, not lost; the other was told');
  reader.read(feedback({ baseSequence: 1, feedbackCount: 3, statuses: Uint8Array.of(0, 0) }), results);
  assert.equal(results.count, 0, 'what came does not get lost');
});

test('when feedback gets lost, the bytes that it told of are known, and reference times wrap', () => {
  const history = new SentHistory();
  const reader = new TransportFeedbackReader(history);
  const results = new PacketResults();
  for (let i = 0; i < 30; i++) history.record(100 + i, 0, i);
  reader.read(feedback({ statuses: new Uint8Array(10).fill(1), referenceTime: 0xff_ffff, feedbackCount: 255 }), results);
  const before = results.receivedAt[9]!;
  reader.read(feedback({ baseSequence: 20, statuses: new Uint8Array(10).fill(1), referenceTime: 0, feedbackCount: 1 }), results);
  assert.equal(results.count, 10);
  assert.equal(results.untoldBytes, Array.from({ length: 10 }, (_, i) => 110 + i).reduce((a, b) => a + b));
  assert.equal(results.receivedAt[0]! - before, 64, 'the clock went on over the wrap');
});

test('A-RTCP-02 transport-wide feedback of 8192 statuses, in whatever order of time, costs a bounded time and memory', () => {
  const history = new SentHistory();
  const reader = new TransportFeedbackReader(history);
  const results = new PacketResults();
  for (let i = 0; i < 70_000; i++) history.record(1200, 0, i / 100);
  assert.ok(history.next - history.oldest <= 10_000);
  const deltas = Int16Array.from({ length: 8192 }, (_, i) => (i % 2 === 0 ? 32_767 : -32_768));
  const statuses = new Uint8Array(8192).fill(2);
  let seen = 0;
  let leastMicroseconds = Infinity;
  for (let i = 0; i < 200; i++) {
    const started = process.hrtime.bigint();
    reader.read(feedback({ baseSequence: (history.next - 8192) & 0xffff, statuses, deltas, feedbackCount: i * 3, referenceTime: i * 0x7f_ffff }), results);
    // The quickest of all, as others run on this machine too.
    leastMicroseconds = Math.min(leastMicroseconds, Number(process.hrtime.bigint() - started) / 1000);
    seen += results.count;
  }
  assert.equal(seen, 8192, 'each packet is told of once');
  assert.ok(leastMicroseconds < 200, `${leastMicroseconds.toFixed(0)} µs each`);
  assert.ok(results.sentAt.length <= 8192);
});

test('A-RTCP-02 a receiver under random numbers makes bounded feedback', () => {
  const receiver = receiverOf();
  let sequence = 1;
  let packets = 0;
  for (let i = 0; i < 3000; i++) {
    sequence = (sequence * 48_271) % 0x7fff_ffff;
    receiver.readRtp(numbered(REMOTE, sequence, i), i);
    receiver.handleTimeout(i);
    for (const one of feedbackOf(receiver)) {
      assert.ok(one.statuses.length <= 8192);
      packets++;
    }
  }
  assert.ok(packets > 0 && packets <= 8 * (3000 / 50), `${packets} packets`);
});

const CCFB: RemoteStream = { ...streamInfo('video', 7, { ccfb: true }), direction: 'remote' };

function plain(stream: RemoteStream, sequence: number, at: number, ssrc: number = stream.ssrc) {
  const bytes = encodeRtp({ payloadType: 96, sequenceNumber: sequence & 0xffff, timestamp: 0, ssrc, payload: new Uint8Array(100) });
  return beltPacket(bytes, decodeRtp(bytes), stream, 'media', at);
}

test('RFC 8888 both ways: what came, what did not, and when, by source', () => {
  const receiver = new CcfbReceiver(context());
  const reader = new CongestionFeedbackReader();
  const results = new PacketResults();
  receiver.bindRemote(CCFB);
  for (let i = 0; i < 10; i++) {
    reader.sent(7, (65_530 + i) & 0xffff, 1000 + i, 0, i);
    reader.sent(8, i, 500, 3, i);
    if (i !== 4) receiver.readRtp(plain(CCFB, 65_530 + i, 100 + 3 * i), 100 + 3 * i);
    receiver.readRtp(plain(CCFB, i, 100 + 3 * i, 8), 100 + 3 * i);
  }
  receiver.handleTimeout(400);
  const [decoded] = decodeRtcp(encodeRtcp([receiver.pollRtcp()!]));
  assert.ok(reader.read(decoded as CongestionFeedback, results));
  const told = listOf(results);
  assert.equal(told.length, 20);
  assert.deepEqual(told.slice(0, 10).map(({ received }) => received), [true, true, true, true, false, true, true, true, true, true]);
  assert.deepEqual([told[9]!.sizeBytes, told[10]!.sizeBytes, told[10]!.probe], [1009, 500, 3]);
  assert.ok(Math.abs(told[9]!.receivedAt - told[0]!.receivedAt - 27) < 1, 'to a 1024th of a second');
  assert.equal(reader.read(decoded as CongestionFeedback, results), false, 'told twice is told once');
  assert.equal(receiver.pollTimeout()!.reason, 'ccfb-feedback');
});

test('RFC 8888: streams without `ack ccfb` are left alone, unknown sources are not believed, and reports are bounded', () => {
  const receiver = ccfbReceiver().create(context(), 0) as CcfbReceiver;
  receiver.bindRemote(REMOTE);
  receiver.readRtp(plain(REMOTE, 1, 0), 0);
  assert.equal(receiver.pollTimeout(), undefined);
  receiver.bindRemote(CCFB);
  for (let i = 0; i < 40_000; i += 20) receiver.readRtp(plain(CCFB, i, i), i);
  receiver.handleTimeout(50_000);
  let statuses = 0;
  for (let packet = receiver.pollRtcp(); packet !== undefined; packet = receiver.pollRtcp()) {
    assert.equal(packet.type, 'congestion-feedback');
    assert.ok(encodeRtcp([packet]).length <= 1100);
    for (const { metrics } of (packet as CongestionFeedback).reports) statuses += metrics.length;
    assert.ok((packet as CongestionFeedback).reports.every(({ metrics }) => metrics.some(metricReceived)));
  }
  assert.ok(statuses > 0 && statuses <= REPORT_PACKETS, `${statuses} statuses`);
  const results = new PacketResults();
  const reader = new CongestionFeedbackReader();
  for (let i = 0; i < 3; i++) reader.sent(7, i, 100, 0, i);
  const metrics = Uint16Array.of(0x8000 | OFFSET_UNKNOWN, 0x8000 | OFFSET_OVERFLOW, 0x8000);
  reader.read({ type: 'congestion-feedback', senderSsrc: 1, timestamp: 65_536 * 20, reports: [{ ssrc: 7, beginSequence: 0, metrics }] }, results);
  assert.deepEqual(listOf(results).map(({ received, receivedAt }) => [received, receivedAt]), [[true, NaN], [true, NaN], [true, 20_000]]);
  const foreign: CongestionFeedback = { type: 'congestion-feedback', senderSsrc: 1, timestamp: 0, reports: [{ ssrc: 99, beginSequence: 0, metrics: Uint16Array.of(0x8000) }] };
  assert.equal(new CongestionFeedbackReader().read(foreign, results), false);
});
