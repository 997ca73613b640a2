import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactNtp, RtcError, unixMsFromNtp } from '../../../src/core/index.ts';
import {
  InterceptorChain,
  type InterceptorEvent,
  type InterceptorFactory,
  IntervalKeyframes,
  intervalKeyframes,
  Keyframes,
  keyframes,
  reports,
  Reports,
} from '../../../src/interceptor/index.ts';
import { reportInterval } from '../../../src/interceptor/report/interval.ts';
import { Reception } from '../../../src/interceptor/report/reception.ts';
import { decodeRtcp, type ReportBlock, type RtcpPacket, sdesText } from '../../../src/rtcp/index.ts';
import { seededRandom } from '../../support/fuzz.ts';
import {
  chainEnvironment,
  ChainPair,
  type ChainSide,
  incoming,
  localStream,
  outgoing,
  Pt,
  remoteStream,
  UNIX_OFFSET_MS,
  VIDEO_CODECS,
} from '../../support/interceptor.ts';

const sentBy = (side: ChainSide): RtcpPacket[] => side.sentRtcp.flatMap((bytes) => decodeRtcp(bytes));
const ofType = <T extends RtcpPacket['type']>(packets: RtcpPacket[], type: T): Extract<RtcpPacket, { type: T }>[] =>
  packets.filter((packet): packet is Extract<RtcpPacket, { type: T }> => packet.type === type);

function blocksOf(side: ChainSide, ssrc: number): ReportBlock[] {
  return [...ofType(sentBy(side), 'rr'), ...ofType(sentBy(side), 'sr')].flatMap(({ reports: blocks }) => blocks).filter((block) => block.ssrc === ssrc);
}

test('a sender report says where the RTP clock stands at its NTP time, and counts packets and octets (RFC 3550 6.4.1)', () => {
  const pair = new ChainPair([reports()]);
  const stream = pair.stream({ ssrc: 0x77 });
  let sequenceNumber = 0;
  // One frame of two packets every 40 ms, with a clock that begins near its wrap.
  pair.every(40, 4000, (now) => {
    for (let i = 0; i < 2; i++) pair.send(stream, { sequenceNumber: sequenceNumber++, timestamp: 0xffff_0000 + now * 90, payload: new Uint8Array(50) });
  });
  pair.run(4000);
  const [first, ...more] = ofType(sentBy(pair.a), 'sr');
  assert.ok(first !== undefined && more.length >= 2);
  for (const report of [first, ...more]) {
    const ms = unixMsFromNtp(report.ntp) - UNIX_OFFSET_MS;
    const expected = (0xffff_0000 + ms * 90) >>> 0;
    assert.ok(Math.abs((report.rtpTimestamp - expected) | 0) <= 2, `${report.rtpTimestamp} is not ${expected}`);
    const packets = 2 * (Math.floor(ms / 40) + 1);
    assert.equal(report.packetCount, packets);
    assert.equal(report.octetCount, 50 * packets);
    assert.equal(report.ssrc, 0x77);
  }
});

test('the clock of a report counts from when the last packet was written, not from when it left', () => {
  const pair = new ChainPair([reports()]);
  const stream = pair.stream();
  const packet = outgoing(stream, { sequenceNumber: 1, timestamp: 90_000 }, 500);
  pair.run(1000);
  pair.a.chain.writeRtp(packet, 1000);
  pair.run(2000);
  const [report] = ofType(sentBy(pair.a), 'sr');
  assert.ok(report !== undefined);
  const sinceCapture = unixMsFromNtp(report.ntp) - UNIX_OFFSET_MS - 500;
  assert.ok(Math.abs(report.rtpTimestamp - 90_000 - sinceCapture * 90) <= 2);
});

test('a receiver report tells loss, highest number, jitter and when the last sender report came (RFC 3550 6.4.1)', () => {
  const pair = new ChainPair([reports()], { link: { delayMs: 30 } });
  // Every fourth packet of the stream is lost.
  pair.a.link = { delayMs: 30, drop: (bytes) => (bytes[1] as number) === Pt.vp8 && (bytes[3] as number) % 4 === 3 };
  const stream = pair.stream({ ssrc: 5 });
  let sequenceNumber = 65_500;
  pair.every(20, 5000, (now) => pair.send(stream, { sequenceNumber: sequenceNumber++, timestamp: now * 90 }));
  pair.run(5000);
  const blocks = blocksOf(pair.b, 5);
  assert.ok(blocks.length >= 3);
  const last = blocks.at(-1) as ReportBlock;
  assert.ok(Math.abs(last.fractionLost - 64) <= 8, `a quarter is 64, not ${last.fractionLost}`);
  const seen = last.highestSequence - 65_500 + 1;
  assert.ok(last.highestSequence > 65_536, 'the wrap counts');
  assert.ok(Math.abs(last.cumulativeLost - seen / 4) <= 1);
  assert.equal(last.jitter, 0);
  const sent = ofType(sentBy(pair.a), 'sr').map(({ ntp }) => compactNtp(ntp));
  assert.ok(sent.includes(last.lastSenderReport));
  assert.ok(last.delaySinceLastSenderReport < 2 * 65_536);
});

test('jitter grows with the variance of the delay and shrinks again (RFC 3550 A.8)', () => {
  const reception = new Reception();
  for (let i = 0; i < 200; i++) reception.count(i, i * 1800, i * 20 + (i % 2) * 10, 90_000);
  assert.ok(Math.abs(reception.jitter - 900) < 20, `10 ms are 900 ticks, not ${reception.jitter}`);
  assert.ok(Math.abs(reception.jitterSeconds - 0.01) < 0.001);
  for (let i = 200; i < 400; i++) reception.count(i, i * 1800, i * 20, 90_000);
  assert.ok(reception.jitter < 5);
});

test('A-RTCP-06 jitter stays finite and small when timestamps are forged', () => {
  const reception = new Reception();
  for (let i = 0; i < 100; i++) reception.count(i, (i * 0x7fff_ffff) >>> 0, i * 20, 90_000);
  assert.equal(reception.jitter, 0);
});

test('reception: duplicates, late packets, wraps and a stream that begins anew (RFC 3550 A.1, A.3)', () => {
  const reception = new Reception();
  for (const sequence of [65_534, 65_535, 0, 0, 2, 1]) reception.count(sequence, 0, 0, 90_000);
  assert.equal(reception.highestSequence, 65_536 + 2);
  assert.equal(reception.expected, 5);
  assert.equal(reception.lost, -1);
  assert.deepEqual(reception.interval(), { fractionLost: 0, cumulativeLost: -1 });
  reception.count(12, 0, 0, 90_000);
  // Ten were expected since, one came: 9/10 of 256.
  assert.deepEqual(reception.interval(), { fractionLost: 230, cumulativeLost: 8 });
  // A jump counts only when the next number confirms it.
  reception.count(30_000, 0, 0, 90_000);
  assert.equal(reception.highestSequence, 65_536 + 12);
  reception.count(30_001, 0, 0, 90_000);
  assert.equal(reception.highestSequence, 30_001);
  assert.equal(reception.lost, 0);
});

test('the round trip is measured from reports by the sender, and from DLRR by an end that only receives (RFC 3611 4.5)', () => {
  const pair = new ChainPair([reports()], { link: { delayMs: 60 } });
  const stream = pair.stream();
  let sequenceNumber = 0;
  pair.every(50, 6000, (now) => pair.send(stream, { sequenceNumber: sequenceNumber++, timestamp: now * 90 }));
  pair.run(6000);
  for (const side of [pair.a, pair.b]) {
    const trips = side.told('round-trip').map(({ roundTripMs }) => roundTripMs);
    assert.ok(trips.length >= 2, `${trips.length} round trips`);
    for (const trip of trips) assert.ok(Math.abs(trip - 120) < 1, `${trip} ms`);
  }
  assert.equal(ofType(sentBy(pair.a), 'xr').every(({ blocks }) => blocks.every(({ type }) => type === 'dlrr')), true);
  assert.ok(ofType(sentBy(pair.b), 'xr').length > 0);
});

test('without rcvr-rtt in both descriptions no extended report is sent, asked for or not (RFC 3611 5.2)', () => {
  for (const [asks, answers] of [[false, true], [true, false]] as const) {
    const environment = chainEnvironment(1);
    const chains = [9, 8].map((rtcpSsrc) => new InterceptorChain([reports()], { environment, rtcpSsrc, cname: 'x' }, 0)) as [InterceptorChain, InterceptorChain];
    const [sender, receiver] = chains;
    const [local, remote] = [localStream({ ssrc: 7, receiverRoundTrip: answers }), remoteStream({ ssrc: 7, receiverRoundTrip: asks })];
    sender.bindLocal(local, 0);
    receiver.bindRemote(remote, 0);
    const said: RtcpPacket[] = [];
    for (let now = 0; now < 10_000; now += 100) {
      sender.writeRtp(outgoing(local, { sequenceNumber: now / 100 }), now);
      receiver.handleRtp(incoming(remote, { sequenceNumber: now / 100 }), now);
      for (const [i, chain] of chains.entries()) {
        chain.handleTimeout(now);
        const packets = rtcpOf(chain);
        said.push(...packets);
        if (packets.length > 0) chains[1 - i]?.handleRtcp(packets, now);
      }
    }
    assert.equal(ofType(said, 'rr').length > 3 && ofType(said, 'sr').length > 3, true);
    assert.deepEqual(ofType(said, 'xr').flatMap(({ blocks }) => blocks.map(({ type }) => type)).filter((type) => type === (asks ? 'dlrr' : 'rrtr')), []);
    assert.equal(eventsOf(receiver).length, 0, 'no round trip that nobody measured');
    assert.equal(sender.counters.get('interceptor.report.reference-time') > 0, asks);
  }
});

test('reports are a second apart in the mean, never in step, and the first comes sooner (RFC 3550 6.2, 6.3.1)', () => {
  const random = seededRandom(3);
  const waits = Array.from({ length: 400 }, () => reportInterval(100, 50_000, 1000, false, random));
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  assert.ok(mean > 750 && mean < 900, `${mean}: e − 3/2 shorter than a second`);
  assert.ok(Math.min(...waits) >= 500 / 1.2183 && Math.max(...waits) <= 1500 / 1.2182);
  assert.ok(new Set(waits).size > 390);
  assert.ok(reportInterval(100, 50_000, 1000, true, random) <= 750 / 1.2182);
  // Large reports keep within the bandwidth: 2 × 5000 × 8 bits at 50 kbit/s are 1.6 s.
  assert.ok(reportInterval(5000, 50_000, 1000, false, random) >= 800 / 1.2183);
  assert.throws(() => new Reports({ environment: chainEnvironment(1), rtcpSsrc: 1, cname: '', counters: new ChainPair([]).a.chain.counters }, { minIntervalMs: 0 }), RtcError);
});

test('who neither sends nor hears has no timer and says nothing, and falls silent again', () => {
  const pair = new ChainPair([reports()]);
  const stream = pair.stream();
  pair.run(10_000);
  assert.equal(pair.a.chain.pollTimeout(), undefined);
  assert.equal(pair.a.sentRtcp.length, 0);
  pair.send(stream, { sequenceNumber: 1 });
  pair.run(20_000);
  assert.equal(ofType(sentBy(pair.a), 'sr').length, 2);
  assert.equal(blocksOf(pair.b, stream.ssrc).length, 2);
  assert.equal(pair.a.chain.pollTimeout(), undefined);
  assert.equal(pair.b.chain.pollTimeout(), undefined);
});

test('every compound with reports names its sources with the CNAME (RFC 3550 6.1)', () => {
  const pair = new ChainPair([reports()]);
  const streams = [pair.stream({ ssrc: 1 }), pair.stream({ ssrc: 11 })];
  for (const stream of streams) pair.send(stream, { sequenceNumber: 1 });
  pair.run(900);
  const [bytes] = pair.a.sentRtcp;
  const packets = decodeRtcp(bytes as Uint8Array, { reducedSize: false });
  assert.deepEqual(packets.map(({ type }) => type), ['sr', 'sr', 'sdes']);
  const sdes = packets[2] as Extract<RtcpPacket, { type: 'sdes' }>;
  assert.equal(sdesText(sdes, 1), 'cname-1');
  assert.equal(sdesText(sdes, 11), 'cname-1');
});

test('more than 31 sources are told of in several packets', () => {
  const pair = new ChainPair([reports()]);
  const streams = Array.from({ length: 40 }, (_, i) => pair.stream({ ssrc: 1000 + 10 * i }));
  for (const stream of streams) pair.send(stream, { sequenceNumber: 1 });
  pair.run(1200);
  const told = new Set(ofType(sentBy(pair.b), 'rr').flatMap(({ reports: blocks }) => blocks.map(({ ssrc }) => ssrc)));
  assert.equal(told.size, 40);
});

test('a stream that ends says goodbye with the SSRC of its retransmissions, and so do all when the chain closes (RFC 3550 6.6)', () => {
  const pair = new ChainPair([reports()]);
  const [one, two, silent] = [pair.stream({ ssrc: 1 }), pair.stream({ ssrc: 11 }), pair.stream({ ssrc: 21 })];
  pair.send(one, { sequenceNumber: 1 });
  pair.a.chain.writeRtp(outgoing(one, { sequenceNumber: 1, ssrc: 2, payloadType: Pt.vp8Rtx }), 0);
  pair.send(two, { sequenceNumber: 1 });
  pair.run(100);
  pair.a.chain.unbindLocal(one, pair.now);
  pair.a.chain.unbindLocal(silent, pair.now);
  pair.run(100);
  assert.deepEqual(ofType(sentBy(pair.a), 'bye').map(({ ssrcs }) => ssrcs), [[1, 2]]);
  assert.deepEqual(pair.b.told('bye').map(({ ssrc }) => ssrc), [1, 2]);
  pair.a.chain.close(pair.now);
  pair.run(100);
  assert.deepEqual(ofType(sentBy(pair.a), 'bye').map(({ ssrcs }) => ssrcs), [[1, 2], [11]]);
});

test('A-RTCP-06 a farewell of a stranger, and times from 1900, 2036 or the future, change nothing', () => {
  const chain = new InterceptorChain([reports()], { environment: chainEnvironment(1), rtcpSsrc: 9, cname: 'x' }, 0);
  const stream = localStream({ ssrc: 7 });
  chain.bindLocal(stream, 0);
  chain.writeRtp(outgoing(stream, { sequenceNumber: 1 }), 0);
  const block = { ssrc: 7, fractionLost: 255, cumulativeLost: -0x80_0000, highestSequence: 0xffff_ffff, jitter: 0xffff_ffff, lastSenderReport: 0xdead_beef, delaySinceLastSenderReport: 0xffff_ffff };
  chain.handleRtcp([{ type: 'bye', ssrcs: [7, 8] }, { type: 'rr', ssrc: 1, reports: [block, { ...block, lastSenderReport: 1 }] }], 10);
  for (const ntp of [{ seconds: 0, fraction: 0 }, { seconds: 0xffff_ffff, fraction: 0xffff_ffff }]) {
    chain.handleRtcp([{ type: 'sr', ssrc: 8, ntp, rtpTimestamp: 0, packetCount: 0, octetCount: 0, reports: [block] }], 20);
  }
  for (let event = chain.pollEvent(); event !== undefined; event = chain.pollEvent()) {
    assert.ok(event.type === 'round-trip' && event.roundTripMs >= 0 && event.roundTripMs <= 60_000);
  }
  assert.equal(chain.counters.get('interceptor.report.bye'), 2);
  assert.ok(chain.counters.get('interceptor.report.round-trip') >= 2);
});

test('A-RTCP-07 reports and reference times of a thousand strangers leave no state but a few', () => {
  const chain = new InterceptorChain([reports()], { environment: chainEnvironment(1), rtcpSsrc: 9, cname: 'x' }, 0);
  const stream = localStream({ ssrc: 7 });
  chain.bindLocal(stream, 0);
  for (let ssrc = 0; ssrc < 1000; ssrc++) {
    const blocks = Array.from({ length: 31 }, (_, i) => ({ ssrc: 10_000 + ssrc * 31 + i, fractionLost: 0, cumulativeLost: 0, highestSequence: 0, jitter: 0, lastSenderReport: 0, delaySinceLastSenderReport: 0 }));
    chain.handleRtcp([{ type: 'rr', ssrc, reports: blocks }, { type: 'xr', ssrc, blocks: [{ type: 'rrtr', ntp: { seconds: 1, fraction: 1 } }] }], 1);
    chain.pollRtcp();
  }
  chain.writeRtp(outgoing(stream, { sequenceNumber: 1 }), 1);
  chain.handleTimeout(2000);
  const packets: RtcpPacket[] = [];
  for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) if ('rtcp' in out) packets.push(...decodeRtcp(out.rtcp));
  const [xr] = ofType(packets, 'xr');
  const [dlrr] = xr?.blocks ?? [];
  assert.ok(dlrr?.type === 'dlrr' && dlrr.reports.length === 32);
});

function chainOf(...factories: InterceptorFactory[]): InterceptorChain {
  return new InterceptorChain(factories, { environment: chainEnvironment(1), rtcpSsrc: 0xabcd, cname: 'me' }, 0);
}

function eventsOf(chain: InterceptorChain): InterceptorEvent[] {
  const events: InterceptorEvent[] = [];
  for (let event = chain.pollEvent(); event !== undefined; event = chain.pollEvent()) events.push(event);
  return events;
}

function rtcpOf(chain: InterceptorChain): RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) if ('rtcp' in out) packets.push(...decodeRtcp(out.rtcp));
  return packets;
}

const pli = (mediaSsrc: number): RtcpPacket => ({ type: 'pli', senderSsrc: 1, mediaSsrc });
const fir = (sequence: number, ...ssrcs: number[]): RtcpPacket => ({ type: 'fir', senderSsrc: 1, mediaSsrc: 0, entries: ssrcs.map((ssrc) => ({ ssrc, sequence })) });
const WITHOUT_PLI = VIDEO_CODECS.map((codec) => ({ ...codec, feedback: codec.feedback.filter((kind) => kind !== 'nack pli') }));

test('PLI and FIR of the peer are keyframes wanted of the stream that they name (RFC 4585 6.3.1, RFC 5104 4.3.1)', () => {
  const chain = chainOf(keyframes());
  for (const ssrc of [10, 20, 30]) chain.bindLocal(localStream({ ssrc }), 0);
  chain.handleRtcp([pli(10), fir(7, 20, 30), pli(99)], 0);
  assert.deepEqual(eventsOf(chain), [10, 20, 30].map((ssrc) => ({ type: 'keyframe-wanted', ssrc })));
  assert.equal(chain.counters.get('interceptor.keyframe.unknown'), 1);
});

test('A-RTCP-04 ten thousand requests a second surface once in 300 ms, and the last one is not forgotten', () => {
  const chain = chainOf(keyframes());
  chain.bindLocal(localStream({ ssrc: 10 }), 0);
  const at: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    const now = i / 10;
    chain.handleRtcp([i % 2 === 0 ? pli(10) : fir(i & 0xff, 10)], now);
    while (chain.pollRtcp() !== undefined);
    if ((chain.pollTimeout()?.at ?? Infinity) <= now) chain.handleTimeout(now);
    at.push(...eventsOf(chain).map(() => now));
  }
  assert.deepEqual(at, [0, 300, 600, 900]);
  assert.deepEqual(chain.pollTimeout(), { at: 1200, reason: 'interceptor.keyframe' });
  chain.handleTimeout(1200);
  assert.equal(eventsOf(chain).length, 1);
  assert.equal(chain.pollTimeout(), undefined);
});

test('a full intra request that is repeated with its number is the same request (RFC 5104 4.3.1.1)', () => {
  const chain = chainOf(keyframes({ minGapMs: 100 }));
  chain.bindLocal(localStream({ ssrc: 10 }), 0);
  for (const [now, sequence] of [[0, 5], [150, 5], [300, 6], [450, 5]] as const) chain.handleRtcp([fir(sequence, 10)], now);
  assert.equal(eventsOf(chain).length, 3);
});

test('a request for a keyframe becomes the feedback that was negotiated: PLI first, else FIR with a number that counts', () => {
  const chain = chainOf(keyframes());
  chain.bindRemote(remoteStream({ ssrc: 10 }), 0);
  chain.bindRemote(remoteStream({ ssrc: 20, codecs: WITHOUT_PLI }), 0);
  chain.bindRemote(remoteStream({ ssrc: 30, codecs: WITHOUT_PLI.map((codec) => ({ ...codec, feedback: [] })) }), 0);
  chain.bindRemote(remoteStream({ ssrc: 40, kind: 'audio' }), 0);
  for (const now of [0, 400]) for (const ssrc of [10, 20, 30, 40, 50]) chain.handleEvent({ type: 'request-keyframe', ssrc }, now);
  const request = (sequence: number): RtcpPacket => ({ type: 'fir', senderSsrc: 0xabcd, mediaSsrc: 0, entries: [{ ssrc: 20, sequence }] });
  const plain: RtcpPacket = { type: 'pli', senderSsrc: 0xabcd, mediaSsrc: 10 };
  assert.deepEqual(rtcpOf(chain), [plain, request(0), plain, request(1)]);
  assert.equal(chain.counters.get('interceptor.keyframe.not-negotiated'), 6);
});

test('requests go out once in 300 ms per stream, the last of them when the time is over', () => {
  const chain = chainOf(keyframes());
  for (const ssrc of [10, 20]) chain.bindRemote(remoteStream({ ssrc }), 0);
  for (let now = 0; now < 250; now++) chain.handleEvent({ type: 'request-keyframe', ssrc: 10 }, now + 0.1);
  chain.handleEvent({ type: 'request-keyframe', ssrc: 20 }, 250);
  assert.equal(rtcpOf(chain).length, 2);
  const deadline = chain.pollTimeout();
  assert.deepEqual(deadline, { at: 300.1, reason: 'interceptor.keyframe' });
  chain.handleTimeout(300.1);
  assert.deepEqual(rtcpOf(chain).map((packet) => packet.type === 'pli' && packet.mediaSsrc), [10]);
  assert.equal(chain.pollTimeout(), undefined);
});

test('a keyframe wanted at one end is the request of the other', () => {
  const pair = new ChainPair([keyframes()]);
  const stream = pair.stream();
  pair.at(50, (now) => pair.b.chain.handleEvent({ type: 'request-keyframe', ssrc: stream.ssrc }, now));
  pair.run(100);
  assert.deepEqual(pair.a.told('keyframe-wanted'), [{ type: 'keyframe-wanted', ssrc: stream.ssrc }]);
});

test('at intervals keyframes are asked for as long as packets come', () => {
  const chain = chainOf(keyframes(), intervalKeyframes({ intervalMs: 1000 }));
  const stream = remoteStream({ ssrc: 10 });
  chain.bindRemote(stream, 0);
  const at: number[] = [];
  for (let now = 0; now <= 5000; now += 50) {
    if (now < 3000) chain.handleRtp(incoming(stream, { sequenceNumber: now / 50 }), now);
    if ((chain.pollTimeout()?.at ?? Infinity) <= now) chain.handleTimeout(now);
    if (rtcpOf(chain).length > 0) at.push(now);
  }
  assert.deepEqual(at, [1000, 2050, 3100]);
  assert.equal(chain.pollTimeout(), undefined);
});

test('times that are too short are refused', () => {
  const context = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: '', counters: chainOf().counters };
  assert.throws(() => new Keyframes(context, { minGapMs: 99 }), RtcError);
  assert.throws(() => new IntervalKeyframes({ intervalMs: 100 }), RtcError);
});
