import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { decodeRtcp, type RtcpPacket } from '../../../src/rtcp/index.ts';
import { setMarker } from '../../../src/rtp/index.ts';
import {
  type IncomingPacket,
  type Interceptor,
  InterceptorChain,
  type InterceptorFactory,
  InterceptorRegistry,
  type OutgoingPacket,
  Slot,
} from '../../../src/interceptor/index.ts';
import { MAX_RTCP_BYTES, MAX_UNREAD_PACKETS } from '../../../src/interceptor/constants.ts';
import { chainEnvironment, incoming, localStream, outgoing, Pt, remoteStream } from '../../support/interceptor.ts';

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
  chain.handleEvent({ type: 'path-changed', maxPacketBytes: 1200 }, 1);
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

test('packets that nobody polls are bounded: the oldest go and are counted', () => {
  const chain = chainOf();
  const stream = remoteStream();
  const packet = incoming(stream, { sequenceNumber: 1 });
  for (let i = 0; i < MAX_UNREAD_PACKETS + 3; i++) chain.handleRtp(packet, 0);
  assert.equal(chain.counters.get('interceptor.unread'), 3);
});

test('repair that no interceptor used does not reach the application; neither does padding', () => {
  const chain = chainOf();
  const stream = remoteStream();
  chain.handleRtp(incoming(stream, { sequenceNumber: 1, payloadType: Pt.vp8Rtx, ssrc: 0x1001 }), 0);
  chain.handleRtp(incoming(stream, { sequenceNumber: 2, payload: new Uint8Array(0), paddingBytes: 10 }), 0);
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
