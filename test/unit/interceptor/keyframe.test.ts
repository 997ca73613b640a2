import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { InterceptorChain, type InterceptorEvent, type InterceptorFactory, intervalKeyframes, IntervalKeyframes, keyframes, Keyframes } from '../../../src/interceptor/index.ts';
import { decodeRtcp, type RtcpPacket } from '../../../src/rtcp/index.ts';
import { ChainPair, chainEnvironment, incoming, localStream, remoteStream, VIDEO_CODECS } from '../../support/interceptor.ts';

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
