import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultInterceptors, InterceptorChain, InterceptorRegistry, statistics, StreamStatistics } from '../../../src/interceptor/index.ts';
import { decodeRtp } from '../../../src/rtp/index.ts';
import type { RtcpPacket } from '../../../src/rtcp/index.ts';
import {
  ChainPair,
  chainEnvironment,
  FLEXFEC_CODEC,
  incoming,
  localStream,
  outgoing,
  Pt,
  RED_CODECS,
  remoteStream,
  UNIX_OFFSET_MS,
  VIDEO_CODECS,
} from '../../support/interceptor.ts';

function chainOf(): { chain: InterceptorChain; stats: StreamStatistics } {
  const chain = new InterceptorChain([statistics()], { environment: chainEnvironment(1), rtcpSsrc: 0xabcd, cname: 'me' }, 0);
  return { chain, stats: chain.find(StreamStatistics) as StreamStatistics };
}

test('both ends of a lossy call agree with what went over the link', () => {
  const pair = new ChainPair(new InterceptorRegistry().registerDefaults().factories, { link: { delayMs: 35, loss: 0.04 } });
  const stream = pair.stream({ ssrc: 0x500 });
  let sequenceNumber = 0;
  pair.every(10, 8000, (now) => pair.send(stream, { sequenceNumber, timestamp: now * 90 - (sequenceNumber++ % 2) * 900, payload: new Uint8Array(300), marker: true }));
  pair.at(1000, (now) => pair.b.chain.handleEvent({ type: 'request-keyframe', ssrc: 0x500 }, now));
  pair.run(10_000);
  const { outbound, remoteInbound } = pair.a.chain.find(StreamStatistics)?.local(0x500) ?? {};
  const { inbound, remoteOutbound } = pair.b.chain.find(StreamStatistics)?.remote(0x500) ?? {};
  assert.ok(outbound && remoteInbound && inbound && remoteOutbound);
  const resent = pair.a.sentRtp.filter((bytes) => decodeRtp(bytes).ssrc === 0x501);
  assert.equal(outbound.packetsSent, pair.a.sentRtp.length);
  assert.equal(outbound.retransmittedPacketsSent, resent.length);
  assert.equal(outbound.retransmittedBytesSent, resent.length * 302);
  assert.equal(outbound.bytesSent, 800 * 300 + resent.length * 302);
  assert.equal(outbound.headerBytesSent, pair.a.sentRtp.length * 12);
  assert.equal(outbound.framesSent, 400);
  assert.equal(outbound.payloadType, Pt.vp8);
  assert.ok(outbound.nackCount > 5 && outbound.nackCount <= inbound.nackCount, 'some of the requests were lost');
  assert.ok(inbound.pliCount >= 1 && outbound.pliCount <= inbound.pliCount);
  // All media came in the end, lost ones by RTX.
  assert.equal(pair.b.received.length, 800);
  assert.ok(inbound.packetsLost > 10 && inbound.packetsLost < 60);
  assert.ok(inbound.retransmittedPacketsReceived !== undefined && inbound.retransmittedPacketsReceived >= inbound.packetsLost);
  assert.equal(inbound.packetsReceived, 800 - inbound.packetsLost + inbound.retransmittedPacketsReceived);
  assert.ok(Math.abs(remoteInbound.packetsLost - inbound.packetsLost) <= 5);
  assert.ok(remoteInbound.fractionLost >= 0 && remoteInbound.fractionLost < 0.2);
  for (const trips of [remoteInbound, remoteOutbound]) {
    assert.ok(trips.roundTripTimeMeasurements > 2);
    assert.ok(Math.abs((trips.roundTripTime ?? 0) - 0.07) < 0.001);
    assert.ok(Math.abs(trips.totalRoundTripTime - 0.07 * trips.roundTripTimeMeasurements) < 0.01);
  }
  assert.ok(remoteOutbound.reportsSent > 3);
  assert.ok(Math.abs(remoteOutbound.remoteTimestamp - UNIX_OFFSET_MS - remoteOutbound.at + 35) < 1, 'the sender’s clock when it sent');
  assert.ok(Math.abs(remoteOutbound.rtpTimestamp - (remoteOutbound.at - 35) * 90) < 2000);
  assert.equal(remoteOutbound.packetsSent <= 800, true);
});

test('what is not known is absent: no reports, no RTX, no FEC', () => {
  const { chain, stats } = chainOf();
  chain.bindLocal(localStream({ ssrc: 1, kind: 'audio' }), 0);
  chain.bindRemote(remoteStream({ ssrc: 2, kind: 'audio' }), 0);
  const { outbound, remoteInbound } = stats.local(1) ?? {};
  const { inbound, remoteOutbound } = stats.remote(2) ?? {};
  assert.ok(outbound && inbound);
  assert.equal(remoteInbound, undefined);
  assert.equal(remoteOutbound, undefined);
  assert.equal(outbound.framesSent, undefined);
  assert.equal(outbound.payloadType, undefined);
  for (const value of [inbound.retransmittedPacketsReceived, inbound.fecPacketsReceived, inbound.lastPacketReceivedAt]) assert.equal(value, undefined);
  assert.equal(stats.local(2), undefined);
  assert.equal(stats.remote(1), undefined);
});

test('FEC counts as FEC: with an SSRC of its own apart from the packets, inside RED among them; padding is header', () => {
  const { chain, stats } = chainOf();
  const stream = remoteStream({ ssrc: 0x10, fecSsrc: 0x12, codecs: [...VIDEO_CODECS, ...RED_CODECS, FLEXFEC_CODEC] });
  chain.bindRemote(stream, 0);
  const red = (blockType: number): Uint8Array => Uint8Array.of(blockType, 1, 2, 3);
  chain.handleRtp(incoming(stream, { sequenceNumber: 1, payloadType: Pt.red, payload: red(Pt.vp8) }, 5), 5);
  chain.handleRtp(incoming(stream, { sequenceNumber: 2, payloadType: Pt.red, payload: red(Pt.ulpfec), paddingBytes: 10 }, 6), 6);
  chain.handleRtp(incoming(stream, { sequenceNumber: 9, ssrc: 0x12, payloadType: Pt.flexfec, payload: new Uint8Array(40) }, 7), 7);
  chain.handleEvent({ type: 'recovered', ssrc: 0x10, sequenceNumber: 3 }, 7);
  chain.handleEvent({ type: 'discarded', ssrc: 0x10, packets: 4 }, 7);
  const inbound = stats.remote(0x10)?.inbound;
  assert.ok(inbound);
  assert.equal(inbound.packetsReceived, 2);
  assert.equal(inbound.bytesReceived, 8);
  assert.equal(inbound.headerBytesReceived, 34);
  assert.equal(inbound.fecPacketsReceived, 2);
  assert.equal(inbound.fecBytesReceived, 44);
  assert.equal(inbound.fecPacketsRecovered, 1);
  assert.equal(inbound.packetsDiscarded, 4);
  assert.equal(inbound.lastPacketReceivedAt, 7);
  assert.equal(inbound.packetsLost, 0);
});

test('requests are counted for the stream that they name, in the right direction', () => {
  const { chain, stats } = chainOf();
  for (const ssrc of [1, 11]) chain.bindLocal(localStream({ ssrc }), 0);
  for (const ssrc of [2, 12]) chain.bindRemote(remoteStream({ ssrc }), 0);
  const requests = (one: number, other: number): RtcpPacket[] => [
    { type: 'nack', senderSsrc: 9, mediaSsrc: one, lost: [1] },
    { type: 'pli', senderSsrc: 9, mediaSsrc: one },
    { type: 'pli', senderSsrc: 9, mediaSsrc: 777 },
    { type: 'fir', senderSsrc: 9, mediaSsrc: 0, entries: [{ ssrc: one, sequence: 1 }, { ssrc: other, sequence: 1 }] },
  ];
  chain.handleRtcp(requests(1, 11), 0);
  chain.writeRtcp(requests(2, 12), 0);
  const counts = (entry: { nackCount: number; pliCount: number; firCount: number } | undefined): number[] => [entry?.nackCount ?? -1, entry?.pliCount ?? -1, entry?.firCount ?? -1];
  assert.deepEqual(counts(stats.local(1)?.outbound), [1, 1, 1]);
  assert.deepEqual(counts(stats.local(11)?.outbound), [0, 0, 1]);
  assert.deepEqual(counts(stats.remote(2)?.inbound), [1, 1, 1]);
  assert.deepEqual(counts(stats.remote(12)?.inbound), [0, 0, 1]);
});

test('A-RTCP-06 whatever a report claims, numbers stay finite', () => {
  const { chain, stats } = chainOf();
  chain.bindLocal(localStream({ ssrc: 1 }), 0);
  chain.bindRemote(remoteStream({ ssrc: 2 }), 0);
  chain.writeRtp(outgoing(localStream({ ssrc: 1 }), { sequenceNumber: 1 }), 0);
  const most = 0xffff_ffff;
  const block = { ssrc: 1, fractionLost: 255, cumulativeLost: -0x80_0000, highestSequence: most, jitter: most, lastSenderReport: most, delaySinceLastSenderReport: most };
  for (const seconds of [0, 0x7fff_ffff, 0x8000_0000, most]) {
    chain.handleRtcp([{ type: 'sr', ssrc: 2, ntp: { seconds, fraction: most }, rtpTimestamp: most, packetCount: most, octetCount: most, reports: [block] }], 10);
    const values = [...Object.values(stats.local(1)?.remoteInbound ?? {}), ...Object.values(stats.remote(2)?.remoteOutbound ?? {})];
    assert.ok(values.length >= 14);
    for (const value of values) assert.ok(value === undefined || Number.isFinite(value));
  }
});

test('a registry gives the defaults in order of their slots, and takes out what is not wanted', () => {
  const registry = new InterceptorRegistry().registerDefaults();
  const names = registry.factories.map(({ name }) => name);
  assert.deepEqual([...names].sort(), defaultInterceptors().map(({ name }) => name).sort());
  assert.ok(names.indexOf('reports') < names.indexOf('nack-responder') && names.indexOf('nack-responder') < names.indexOf('keyframes'));
  assert.ok(names.indexOf('rtx-receiver') < names.indexOf('nack-generator'), 'what is asked for is what RTX did not bring');
  assert.equal(registry.has('keyframes'), true);
  assert.equal(registry.unregister('keyframes').has('keyframes'), false);
  // A factory serves any number of connections.
  const { factories } = registry;
  const config = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' };
  assert.notEqual(new InterceptorChain(factories, config, 0).find(StreamStatistics), new InterceptorChain(factories, config, 0).find(StreamStatistics));
});
