import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { MAX_RTCP_BYTES, MAX_UNREAD_EVENTS, MAX_UNREAD_PACKETS, MAX_UNREAD_RTCP, MAX_UNSENT_PACKETS } from '../../../src/interceptor/constants.ts';
import {
  defaultInterceptors,
  type DumpRecord,
  type IncomingPacket,
  type Interceptor,
  InterceptorChain,
  type InterceptorEvent,
  type InterceptorFactory,
  InterceptorRegistry,
  type OutgoingPacket,
  PacketDump,
  Slot,
  statistics,
  StreamStatistics,
} from '../../../src/interceptor/index.ts';
import { decodeRtcp, type RtcpPacket } from '../../../src/rtcp/index.ts';
import { decodeRtp, setMarker } from '../../../src/rtp/index.ts';
import {
  chainEnvironment,
  ChainPair,
  Ext,
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

function factory(name: string, slot: number, make: (log: string[]) => Partial<Interceptor> = () => ({}), log: string[] = [], exclusive = false): InterceptorFactory {
  return { name, slot, exclusive, create: () => ({ name, ...make(log) }) };
}

function chainOf(...factories: InterceptorFactory[]): InterceptorChain {
  return new InterceptorChain(factories, { environment: chainEnvironment(1), rtcpSsrc: 0xabcd, cname: 'me' }, 0);
}

/** An interceptor that says when it is passed. */
function witness(name: string, slot: number, log: string[]): InterceptorFactory {
  return factory(
    name,
    slot,
    () => ({
      readRtp: (packet: IncomingPacket) => (log.push(`read ${name}`), packet),
      writeRtp: (packet: OutgoingPacket) => (log.push(`write ${name}`), packet),
      readRtcp: ({ type }: RtcpPacket) => void log.push(`read ${type} ${name}`),
      writeRtcp: ({ type }: RtcpPacket) => void log.push(`write ${type} ${name}`),
    }),
    log,
  );
}

function rtcpOf(chain: InterceptorChain): RtcpPacket[][] {
  const datagrams: RtcpPacket[][] = [];
  for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) if ('rtcp' in out) datagrams.push(decodeRtcp(out.rtcp, { reducedSize: true }));
  return datagrams;
}

const PLI: RtcpPacket = { type: 'pli', senderSsrc: 1, mediaSsrc: 2 };

test('slots decide the order, not registration: from the wire upwards to read, downwards to write', () => {
  const log: string[] = [];
  const chain = chainOf(witness('far', Slot.application, log), witness('near', Slot.dump, log), witness('middle', Slot.nack, log), witness('middle 2', Slot.nack, log));
  const [local, remote] = [localStream(), remoteStream()];
  chain.handleRtp(incoming(remote, { sequenceNumber: 1 }), 0);
  assert.deepEqual(log.splice(0), ['read near', 'read middle', 'read middle 2', 'read far']);
  chain.writeRtp(outgoing(local, { sequenceNumber: 1 }), 0);
  assert.deepEqual(log.splice(0), ['write far', 'write middle 2', 'write middle', 'write near']);
  chain.writeRtcp([PLI], 0);
  assert.deepEqual(log.splice(0), ['write pli far', 'write pli middle 2', 'write pli middle', 'write pli near']);
  chain.handleRtcp([PLI], 0);
  assert.deepEqual(log.splice(0), ['read pli near', 'read pli middle', 'read pli middle 2', 'read pli far']);
  assert.deepEqual(chain.stats().interceptors, ['near', 'middle', 'middle 2', 'far']);
  assert.equal(chain.pollRtp()?.header.sequenceNumber, 1);
  assert.deepEqual(chain.pollRtcp(), [PLI]);
  assert.equal(chain.pollRtcp(), undefined);
});

test('an exclusive slot that is taken twice is an error when the chain is built, and so is a slot that is no number', () => {
  const refused = (...factories: InterceptorFactory[]): void =>
    assert.throws(() => chainOf(...factories), (error) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT');
  const pacer = factory('pacer', Slot.pacer, undefined, [], true);
  refused(pacer, factory('mine', Slot.pacer, undefined, [], true));
  refused(factory('mine', Slot.pacer), pacer);
  refused(factory('mine', Number.NaN));
  const registry = new InterceptorRegistry().register(pacer).register(factory('mine', Slot.pacer));
  assert.throws(() => registry.factories, RtcError);
  assert.deepEqual(registry.unregister('pacer').factories.map(({ name }) => name), ['mine']);
  chainOf(pacer, factory('mine', Slot.pacer + 1));
});

test('a held packet goes on from its interceptor’s place, in both directions', () => {
  const log: string[] = [];
  const held: { in: IncomingPacket[]; out: OutgoingPacket[] } = { in: [], out: [] };
  let open = false;
  const gate = factory('gate', Slot.pacer, () => ({
    readRtp: (packet: IncomingPacket) => void held.in.push(packet),
    pollReadRtp: () => (open ? held.in.shift() : undefined),
    writeRtp: (packet: OutgoingPacket) => void held.out.push(packet),
    pollWriteRtp: () => (open ? held.out.shift() : undefined),
    handleTimeout: () => void (open = true),
    pollTimeout: () => (open ? undefined : { at: 5, reason: 'gate' }),
  }));
  const chain = chainOf(witness('near', Slot.dump, log), gate, witness('far', Slot.nack, log));
  chain.handleRtp(incoming(remoteStream(), { sequenceNumber: 1 }), 0);
  chain.writeRtp(outgoing(localStream(), { sequenceNumber: 2 }), 0);
  assert.deepEqual(log.splice(0), ['read near', 'write far']);
  assert.equal(chain.pollRtp(), undefined);
  assert.equal(chain.pollWrite(), undefined);
  assert.deepEqual(chain.pollTimeout(), { at: 5, reason: 'gate' });
  chain.handleTimeout(5);
  assert.deepEqual(log, ['read far', 'write near']);
  assert.equal(chain.pollRtp()?.header.sequenceNumber, 1);
  const out = chain.pollWrite();
  assert.ok(out !== undefined && 'bytes' in out && out.header.sequenceNumber === 2);
  assert.equal(chain.pollTimeout(), undefined);
});

test('what an interceptor holds for one packet goes before what a nearer one sends behind it', () => {
  // The far one splits each packet in two; the near one sends each packet twice, the second time from its queue.
  const copyOf = <Packet extends IncomingPacket | OutgoingPacket>(packet: Packet, by: number): Packet => ({ ...packet, header: { ...packet.header, sequenceNumber: packet.header.sequenceNumber + by } });
  const doubler = (name: string, slot: number, by: number): InterceptorFactory => {
    const [reads, writes]: [IncomingPacket[], OutgoingPacket[]] = [[], []];
    return factory(name, slot, () => ({
      readRtp: (packet: IncomingPacket) => (reads.push(copyOf(packet, by)), packet),
      pollReadRtp: () => reads.shift(),
      writeRtp: (packet: OutgoingPacket) => (writes.push(copyOf(packet, by)), packet),
      pollWriteRtp: () => writes.shift(),
    }));
  };
  const sequenceOf = (packet: { header: { sequenceNumber: number } } | undefined): number => packet?.header.sequenceNumber ?? -1;
  const reading = chainOf(doubler('near', 1, 10), doubler('far', 2, 1));
  reading.handleRtp(incoming(remoteStream(), { sequenceNumber: 100 }), 0);
  assert.deepEqual([0, 0, 0, 0].map(() => sequenceOf(reading.pollRtp())), [100, 101, 110, 111]);
  const writing = chainOf(doubler('near', 1, 1), doubler('far', 2, 10));
  writing.writeRtp(outgoing(localStream(), { sequenceNumber: 100 }), 0);
  assert.deepEqual([0, 0, 0, 0].map(() => sequenceOf(writing.pollWrite() as OutgoingPacket | undefined)), [100, 101, 110, 111]);
});

test('what an interceptor tells reaches all others once and the connection, and what the connection tells reaches all', () => {
  const log: string[] = [];
  const events = [{ type: 'round-trip', roundTripMs: 10 } as const];
  const teller = factory('teller', 1, () => ({ pollEvent: () => events.shift(), handleEvent: ({ type }) => void log.push(`teller ${type}`) }));
  const hearer = (name: string): InterceptorFactory => factory(name, 2, () => ({ handleEvent: ({ type }) => void log.push(`${name} ${type}`) }));
  const chain = chainOf(hearer('x'), teller, hearer('y'));
  chain.handleTimeout(0);
  assert.deepEqual(chain.pollEvent(), { type: 'round-trip', roundTripMs: 10 });
  assert.equal(chain.pollEvent(), undefined);
  assert.deepEqual(log.splice(0), ['x round-trip', 'y round-trip']);
  chain.handleEvent({ type: 'path-changed' }, 1);
  assert.deepEqual(log, ['teller path-changed', 'x path-changed', 'y path-changed']);
  assert.equal(chain.pollEvent(), undefined);
});

test('two interceptors that answer each other without end do not hang the chain', () => {
  const echo = (name: string): InterceptorFactory =>
    factory(name, 1, () => {
      let pending = 1;
      return { handleEvent: () => void pending++, pollEvent: () => (pending > 0 ? (pending--, { type: 'bye', ssrc: 1 }) : undefined) };
    });
  const chain = chainOf(echo('a'), echo('b'));
  chain.handleTimeout(7);
  assert.equal(chain.pollEvent()?.type, 'bye');
  assert.deepEqual(chain.pollTimeout(), { at: 7, reason: 'interceptor.unfinished' });
});

test('RTCP: without reduced size a compound begins with a report and the name of its source (RFC 3550 6.1)', () => {
  const chain = chainOf();
  chain.writeRtcp([PLI], 0);
  assert.deepEqual(rtcpOf(chain).map((packets) => packets.map(({ type }) => type)), [['rr', 'sdes', 'pli']]);
  chain.bindLocal(localStream({ reducedSizeRtcp: true }), 0);
  chain.writeRtcp([PLI], 0);
  assert.deepEqual(rtcpOf(chain), [[PLI]]);
  // One stream that did not negotiate it decides for all, since all share the transport (RFC 5506 3.3).
  chain.bindRemote(remoteStream({ reducedSizeRtcp: false }), 0);
  chain.writeRtcp([PLI], 0);
  const [packets = []] = rtcpOf(chain);
  assert.deepEqual(packets[0], { type: 'rr', ssrc: 0xabcd, reports: [] });
  assert.deepEqual(packets[1], { type: 'sdes', chunks: [{ ssrc: 0xabcd, items: [{ type: 1, value: Uint8Array.from([0x6d, 0x65]) }] }] });
});

test('RTCP: reports come first, names of all who report next, farewells last, whatever order they were written in', () => {
  const chain = chainOf();
  const rr = (ssrc: number): RtcpPacket => ({ type: 'rr', ssrc, reports: [] });
  chain.writeRtcp([{ type: 'bye', ssrcs: [1] }, PLI, rr(1), { type: 'sr', ssrc: 2, ntp: { seconds: 1, fraction: 2 }, rtpTimestamp: 3, packetCount: 4, octetCount: 5, reports: [] }], 0);
  const [packets = []] = rtcpOf(chain);
  assert.deepEqual(packets.map(({ type }) => type), ['sr', 'rr', 'sdes', 'pli', 'bye']);
  const sdes = packets[2];
  assert.deepEqual(sdes?.type === 'sdes' && sdes.chunks.map(({ ssrc }) => ssrc), [2, 1]);
});

test('RTCP: no datagram is larger than 1200 bytes, each is whole, and nothing is lost', () => {
  for (const reducedSizeRtcp of [true, false]) {
    const chain = chainOf();
    chain.bindLocal(localStream({ reducedSizeRtcp }), 0);
    const block = { ssrc: 9, fractionLost: 0, cumulativeLost: 0, highestSequence: 0, jitter: 0, lastSenderReport: 0, delaySinceLastSenderReport: 0 };
    const rr = (ssrc: number): RtcpPacket => ({ type: 'rr', ssrc, reports: Array.from({ length: 31 }, () => block) });
    const nack = (mediaSsrc: number): RtcpPacket => ({ type: 'nack', senderSsrc: 1, mediaSsrc, lost: Array.from({ length: 100 }, (_, i) => i * 20) });
    chain.writeRtcp([nack(1), rr(1), nack(2), rr(2), nack(3)], 0);
    const types: string[] = [];
    let datagrams = 0;
    for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) {
      assert.ok('rtcp' in out && out.rtcp.length <= MAX_RTCP_BYTES);
      assert.ok(out.rtcp.buffer.byteLength >= out.rtcp.byteOffset + out.rtcp.length + 20, 'room for SRTCP');
      const packets = decodeRtcp(out.rtcp, { reducedSize: reducedSizeRtcp });
      types.push(...packets.map(({ type }) => type));
      datagrams++;
    }
    assert.equal(types.filter((type) => type === 'nack').length, 3);
    assert.equal(types.filter((type) => type === 'rr').length, reducedSizeRtcp ? 2 : 2 + (datagrams - 2));
    assert.ok(datagrams >= 2);
  }
});

test('RTCP that has no form is refused to the application and counted when it is an interceptor’s', () => {
  const wrong: RtcpPacket = { type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: [] };
  const packets: RtcpPacket[] = [wrong, PLI];
  const chain = chainOf(factory('wrong', 1, () => ({ pollRtcp: () => packets.shift() })));
  chain.bindLocal(localStream(), 0);
  assert.throws(() => chain.writeRtcp([wrong], 0), RtcError);
  assert.deepEqual(rtcpOf(chain), [[PLI]]);
  assert.equal(chain.counters.get('interceptor.rtcp.invalid'), 1);
});

test('RTCP of an interceptor is seen by those nearer to the wire and by no other', () => {
  const log: string[] = [];
  const packets: RtcpPacket[] = [PLI];
  const chain = chainOf(witness('near', 1, log), factory('speaker', 2, () => ({ pollRtcp: () => packets.shift() })), witness('far', 3, log));
  chain.handleTimeout(0);
  assert.equal(rtcpOf(chain).length, 1);
  assert.deepEqual(log, ['write pli near']);
});

test('packets, RTCP and events that nobody polls are bounded: the oldest go and are counted; of packets to send the newest', () => {
  const events: InterceptorEvent[] = [];
  const chain = chainOf(factory('teller', 1, () => ({ pollEvent: () => events.shift() })));
  const stream = remoteStream();
  for (let i = 0; i < MAX_UNREAD_PACKETS + 3; i++) chain.handleRtp(incoming(stream, { sequenceNumber: i & 0xffff, payload: new Uint8Array(1) }), 0);
  assert.equal(chain.counters.get('interceptor.unread'), 3);
  assert.equal(chain.pollRtp()?.header.sequenceNumber, 3);
  for (let i = 0; i < MAX_UNREAD_RTCP + 1; i++) chain.handleRtcp([{ type: 'pli', senderSsrc: 1, mediaSsrc: i }], 0);
  assert.equal(chain.counters.get('interceptor.unread-rtcp'), 1);
  assert.deepEqual(chain.pollRtcp(), [{ type: 'pli', senderSsrc: 1, mediaSsrc: 1 }]);
  for (let i = 0; i < MAX_UNREAD_EVENTS + 2; i++) events.push({ type: 'bye', ssrc: i });
  assert.deepEqual(chain.pollEvent(), { type: 'bye', ssrc: 2 });
  assert.equal(chain.counters.get('interceptor.unread-event'), 2);
  const packet = outgoing(localStream(), { sequenceNumber: 1 });
  for (let i = 0; i < MAX_UNSENT_PACKETS + 4; i++) chain.writeRtp(packet, 0);
  assert.equal(chain.counters.get('interceptor.unsent'), 4);
});

test('repair that no interceptor used does not reach the application; padding does where it has a number among the media', () => {
  const chain = chainOf();
  const stream = remoteStream();
  chain.handleRtp(incoming(stream, { sequenceNumber: 1, payloadType: Pt.vp8Rtx, ssrc: 0x1001 }), 0);
  assert.equal(chain.pollRtp(), undefined);
  for (const ssrc of [0x1000, 0x1001]) chain.handleRtp(incoming(stream, { sequenceNumber: 2, ssrc, payload: new Uint8Array(0), paddingBytes: 10 }), 0);
  assert.equal(chain.pollRtp()?.header.ssrc, 0x1000);
  assert.equal(chain.pollRtp(), undefined);
  assert.equal(chain.counters.get('interceptor.unused-repair'), 1);
});

test('bind and unbind happen once per stream, to all interceptors; after close nothing happens', () => {
  const log: string[] = [];
  const binder = factory('binder', 1, () => ({
    bindLocal: ({ ssrc }) => void log.push(`bind ${ssrc}`),
    unbindLocal: ({ ssrc }) => void log.push(`unbind ${ssrc}`),
    bindRemote: ({ ssrc }) => void log.push(`bind remote ${ssrc}`),
    unbindRemote: ({ ssrc }) => void log.push(`unbind remote ${ssrc}`),
    close: () => void log.push('close'),
  }));
  const chain = chainOf(binder);
  const [local, remote] = [localStream({ ssrc: 1 }), remoteStream({ ssrc: 2 })];
  chain.bindLocal(local, 0);
  chain.bindLocal(local, 0);
  chain.bindRemote(remote, 0);
  chain.unbindRemote(remote, 0);
  chain.unbindRemote(remote, 0);
  assert.equal(chain.stats().localStreams, 1);
  chain.close(1);
  chain.close(1);
  chain.bindLocal(localStream({ ssrc: 3 }), 2);
  chain.writeRtp(outgoing(local, { sequenceNumber: 1 }), 2);
  chain.handleRtp(incoming(remote, { sequenceNumber: 1 }), 2);
  chain.writeRtcp([PLI], 2);
  assert.equal(chain.pollWrite(), undefined);
  assert.equal(chain.pollRtp(), undefined);
  assert.equal(chain.pollTimeout(), undefined);
  assert.deepEqual(log, ['bind 1', 'bind remote 2', 'unbind remote 2', 'unbind 1', 'close']);
});

test('an interceptor may change bytes and header together, and find() gives it back by its class', () => {
  class Marker implements Interceptor {
    readonly name = 'marker';
    marked = 0;
    writeRtp(packet: OutgoingPacket): OutgoingPacket {
      packet.header.marker = true;
      setMarker(packet.bytes, true);
      this.marked++;
      return packet;
    }
  }
  const chain = chainOf({ name: 'marker', slot: Slot.application, create: () => new Marker() });
  chain.writeRtp(outgoing(localStream(), { sequenceNumber: 1 }), 0);
  const out = chain.pollWrite();
  assert.ok(out !== undefined && 'bytes' in out && (out.bytes[1] as number) >= 0x80);
  assert.equal(chain.find(Marker)?.marked, 1);
});

function withStatistics(): { chain: InterceptorChain; stats: StreamStatistics } {
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
  const { chain, stats } = withStatistics();
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
  const { chain, stats } = withStatistics();
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
  const { chain, stats } = withStatistics();
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
  const { chain, stats } = withStatistics();
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

function recordsOf(dump: PacketDump): DumpRecord[] {
  const records: DumpRecord[] = [];
  for (let record = dump.poll(); record !== undefined; record = dump.poll()) records.push(record);
  return records;
}

function dumpedCall(dump: PacketDump, packets = 3): ChainPair {
  const pair = new ChainPair(new InterceptorRegistry().registerDefaults().register(dump).factories, { link: { delayMs: 30 } });
  const stream = pair.stream({ ssrc: 0x40 });
  for (let i = 0; i < packets; i++) pair.send(stream, { sequenceNumber: i * 2, extensions: [{ id: Ext.mid, value: Uint8Array.of(0x30) }], payload: new Uint8Array(500) });
  pair.run(2000);
  return pair;
}

test('a dump has what both ends sent and received, by connection, direction and time', () => {
  const dump = new PacketDump();
  const pair = dumpedCall(dump);
  const records = recordsOf(dump);
  const rtp = records.filter(({ kind }) => kind === 'rtp');
  assert.deepEqual(rtp.map(({ connection, direction, at }) => `${connection} ${direction} ${at}`), [0, 0, 0].map(() => '0 out 0').concat([0, 0, 0].map(() => '1 in 30')));
  for (const { data, originalBytes, unixMs, at } of rtp) {
    assert.equal(data.length, 20, 'headers with the extension, no payload');
    assert.equal(originalBytes, 520);
    assert.equal(decodeRtp(data).ssrc, 0x40);
    assert.equal(unixMs, UNIX_OFFSET_MS + at);
  }
  const rtcp = records.filter(({ kind, connection, direction }) => kind === 'rtcp' && connection === 1 && direction === 'out');
  const types = rtcp.flatMap(({ data }) => decodeRtcp(data).map(({ type }) => type));
  assert.deepEqual(types, pair.b.sentRtcp.flatMap((bytes) => decodeRtcp(bytes)).map(({ type }) => type).filter((type) => type !== 'sdes'));
  assert.ok(types.includes('nack') && types.includes('rr'));
});

test('what is recorded can be chosen, how much of a packet too', () => {
  const dump = new PacketDump({ rtpBytes: 100, rtp: ({ header }, direction) => direction === 'in' && header.sequenceNumber === 2, rtcp: () => false });
  dumpedCall(dump);
  const records = recordsOf(dump);
  assert.deepEqual(records.map(({ direction, data }) => [direction, data.length]), [['in', 100]]);
});

test('records that nobody polls are bounded', () => {
  const dump = new PacketDump({ maxRecords: 5 });
  dumpedCall(dump, 20);
  assert.equal(recordsOf(dump).length, 5);
  assert.ok(dump.leftOut >= 35);
  assert.throws(() => new PacketDump({ maxRecords: 0 }), RtcError);
  assert.throws(() => new PacketDump({ rtpBytes: -2 }), RtcError);
});

test('a chain whose interceptors say when they have something looks at none of them for other packets and turns, and tells them the time when it has come', () => {
  const log: string[] = [];
  let wake: (() => void) | undefined;
  let at = Infinity;
  const told: InterceptorEvent[] = [];
  const polled = (): Partial<Interceptor> => ({
    wakes: true,
    readRtp: (packet) => packet,
    pollEvent: () => (log.push('event'), told.shift()),
    handleTimeout: () => void log.push('timeout'),
    pollTimeout: () => (log.push('deadline'), at === Infinity ? undefined : { at, reason: 'test' }),
  });
  const [watched, plain] = [
    { name: 'watched', slot: Slot.application, create: ((context) => ((wake = context.wake), { name: 'watched', ...polled() })) satisfies InterceptorFactory['create'] },
    factory('plain', Slot.application, () => ({ pollEvent: () => undefined })),
  ];
  const turn = (chain: InterceptorChain, now: number): string[] => {
    log.length = 0;
    chain.handleRtp(incoming(remoteStream(), { sequenceNumber: now }), now);
    chain.handleTimeout(now);
    chain.pollWrite();
    const event = chain.pollEvent();
    chain.pollTimeout();
    return event === undefined ? [...log] : [...log, event.type];
  };
  const chain = chainOf(watched);
  assert.deepEqual(turn(chain, 1), ['event', 'deadline']);
  assert.deepEqual(turn(chain, 2), []);
  // It has something, and a deadline.
  told.push({ type: 'keyframe-wanted', ssrc: 1 });
  at = 5;
  wake?.();
  assert.deepEqual(turn(chain, 3), ['event', 'event', 'event', 'deadline', 'keyframe-wanted']);
  assert.deepEqual(turn(chain, 4), []);
  assert.deepEqual(turn(chain, 5), ['timeout', 'event', 'deadline']);
  // What is no RTP packet needs no word of it.
  chain.handleRtcp([PLI], 6);
  at = Infinity;
  assert.deepEqual(turn(chain, 6), ['event', 'deadline']);
  // One that says nothing has to be asked, and the others with it.
  const mixed = chainOf(watched, plain);
  turn(mixed, 1);
  assert.deepEqual(turn(mixed, 2), ['timeout', 'event', 'deadline']);
  // One that does something by the time and does not say when is told the time whenever something happened.
  const times: number[] = [];
  const untold = chainOf(factory('untold', Slot.application, () => ({ wakes: true, handleTimeout: (now) => void times.push(now) })));
  untold.handleRtcp([PLI], 1);
  untold.handleTimeout(2);
  assert.deepEqual(times, [2]);
});

test('the default interceptors say whenever they have something: a chain that looks at all of them every time sends and tells the same', () => {
  const stamped = [{ id: Ext.transportSequence, value: new Uint8Array(2) }, { id: Ext.absoluteSendTime, value: new Uint8Array(3) }];
  /** Polled at all times, as it does not say. */
  const restless = factory('restless', Slot.application, () => ({ pollEvent: () => undefined }));
  const link = { delayMs: 15, jitterMs: 12, loss: 0.06, duplicate: 0.02 };
  const outcome = (options: Parameters<ChainPair['stream']>[0], factories: readonly InterceptorFactory[]): unknown => {
    const pair = new ChainPair(factories, { link });
    const stream = pair.stream(options);
    let sequenceNumber = 0;
    pair.every(7, 4000, (now) => {
      // Pauses in between, so that deadlines end and begin again.
      if (now % 1000 <= 500) pair.send(stream, { sequenceNumber: sequenceNumber++, payload: new Uint8Array(400), extensions: stamped });
    });
    pair.run(6000);
    const [a, b] = [pair.a, pair.b].map(({ sentRtp, sentRtcp, events, received }) => ({ sentRtp, sentRtcp, events, numbers: received.map(({ header }) => header.sequenceNumber) }));
    assert.ok((a?.sentRtp.length ?? 0) > 250 && (a?.sentRtcp.length ?? 0) + (a?.events.length ?? 0) + (b?.sentRtcp.length ?? 0) > 2, 'there is something to compare');
    return { a, b };
  };
  const all = defaultInterceptors();
  for (const factories of [all, ...['reports', 'nack-generator', 'congestion-control'].map((name) => all.filter((one) => one.name === name))]) {
    for (const options of [{}, { kind: 'audio' }] as const) {
      if (options.kind === 'audio' && factories[0]?.name === 'nack-generator') continue; // nobody asks for audio
      assert.deepEqual(outcome(options, factories), outcome(options, [...factories, restless]));
    }
  }
});

test('congestion control feedback is counted in both directions (RFC 8888 3.1, webrtc-stats RTCTransportStats)', () => {
  const { chain, stats } = withStatistics();
  const feedback: RtcpPacket = { type: 'congestion-feedback', senderSsrc: 1, reports: [], timestamp: 5 };
  assert.deepEqual(stats.congestionFeedback, { sent: 0, received: 0 });
  chain.handleRtcp([feedback, PLI], 0);
  chain.handleRtcp([feedback], 1);
  chain.writeRtcp([feedback], 2);
  while (chain.pollWrite() !== undefined);
  assert.deepEqual(stats.congestionFeedback, { sent: 1, received: 2 });
});
