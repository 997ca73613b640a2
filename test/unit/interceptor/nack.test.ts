import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeUtf8, fromHex, RtcError, toHex } from '../../../src/core/index.ts';
import {
  fecSender,
  type Interceptor,
  InterceptorChain,
  type InterceptorFactory,
  nackGenerator,
  NackGenerator,
  nackRepeater,
  nackResponder,
  NackResponder,
  type OutgoingPacket,
  pacer,
  reports,
  rtxReceiver,
} from '../../../src/interceptor/index.ts';
import { Gaps } from '../../../src/interceptor/nack/gaps.ts';
import { PacketHistory } from '../../../src/interceptor/packet-history.ts';
import { decodeRtcp, type RtcpPacket } from '../../../src/rtcp/index.ts';
import { codecRole, decodeRtp, extensionElements, extensionValue, type RtpCodec } from '../../../src/rtp/index.ts';
import { seeded } from '../../support/fuzz.ts';
import { ChainPair, chainEnvironment, Ext, incoming, incomingBytes, localStream, outgoing, payloadOf, Pt, RED_CODECS, remoteStream, VIDEO_CODECS } from '../../support/interceptor.ts';
import { sessionPair } from '../../support/srtp.ts';

const POLICY = { reorderMs: 10, maxTries: 10, giveUpMs: 2000 };
const REPAIR: readonly InterceptorFactory[] = [reports(), rtxReceiver(), nackGenerator(), nackResponder(), nackRepeater()];

function chainOf(...factories: InterceptorFactory[]): InterceptorChain {
  return new InterceptorChain(factories, { environment: chainEnvironment(1), rtcpSsrc: 0xabcd, cname: 'me' }, 0);
}

function writesOf(chain: InterceptorChain): { rtp: OutgoingPacket[]; rtcp: RtcpPacket[] } {
  const rtp: OutgoingPacket[] = [];
  const rtcp: RtcpPacket[] = [];
  for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) {
    if ('rtcp' in out) rtcp.push(...decodeRtcp(out.rtcp));
    else rtp.push(out);
  }
  return { rtp, rtcp };
}

const nack = (mediaSsrc: number, ...lost: number[]): RtcpPacket => ({ type: 'nack', senderSsrc: 1, mediaSsrc, lost });
const nacksOf = (packets: RtcpPacket[]): number[] => packets.flatMap((packet) => (packet.type === 'nack' ? packet.lost : []));

/** Numbers that reach the application of `b` when `count` packets go over a lossy link, with what each bore. */
function transfer(pair: ChainPair, count: number, options: Parameters<ChainPair['stream']>[0] = {}, intervalMs = 5): Map<number, Uint8Array> {
  const stream = pair.stream({ ssrc: 0x1000, ...options });
  let sequenceNumber = 65_000;
  pair.every(intervalMs, pair.now + count * intervalMs, () => pair.send(stream, { sequenceNumber, payload: payloadOf(sequenceNumber++, 200) }));
  pair.run(count * intervalMs + 2000);
  return new Map(pair.b.received.map((packet) => [packet.header.sequenceNumber, packet.bytes.subarray(packet.header.payloadStart, packet.header.payloadEnd)]));
}

function assertComplete(received: ReadonlyMap<number, Uint8Array>, count: number): void {
  assert.equal(received.size, count);
  for (let i = 65_000; i < 65_000 + count; i++) assert.deepEqual(received.get(i & 0xffff), payloadOf(i, 200), `packet ${i}`);
}

test('with 5 % loss each way every packet arrives whole, once and as it was, by RTX (RFC 4588)', () => {
  const pair = new ChainPair(REPAIR, { link: { delayMs: 40, loss: 0.05 } });
  assertComplete(transfer(pair, 900), 900);
  assert.equal(pair.b.received.length, 900);
  for (const { role, header } of pair.b.received) assert.ok(role === 'media' && header.ssrc === 0x1000 && header.payloadType === Pt.vp8);
  const resent = pair.a.sentRtp.filter((bytes) => decodeRtp(bytes).ssrc === 0x1001).length;
  assert.ok(resent >= 30 && resent < 80, `${resent} retransmissions for about 45 losses`);
});

test('a peer without RTX gets the packets themselves again, byte for byte and below all that changes them', () => {
  const codecs = VIDEO_CODECS.filter((codec) => codecRole(codec) === 'media');
  const stamp: InterceptorFactory = {
    name: 'stamp',
    slot: 100,
    create: (): Interceptor => ({
      name: 'stamp',
      writeRtp: (packet) => {
        packet.bytes[packet.header.payloadStart] = 0xaa;
        return packet;
      },
    }),
  };
  const pair = new ChainPair({ a: [...REPAIR, stamp], b: REPAIR }, { link: { delayMs: 40, loss: 0.05 } });
  const received = transfer(pair, 700, { codecs, rtxSsrc: undefined });
  assert.equal(received.size, 700);
  const copies = new Map<number, Uint8Array>();
  let repeated = 0;
  for (const bytes of pair.a.sentRtp) {
    const { sequenceNumber, ssrc } = decodeRtp(bytes);
    assert.equal(ssrc, 0x1000);
    const before = copies.get(sequenceNumber);
    if (before !== undefined) {
      repeated++;
      assert.deepEqual(bytes, before);
    }
    copies.set(sequenceNumber, bytes);
  }
  assert.ok(repeated > 20);
  assert.equal(pair.a.told('repeated').length, repeated);
});

test('under SRTP a repetition is sealed to the same bytes as the packet before, and opens (RFC 3711 9.1)', () => {
  const { a, b } = sessionPair();
  const codecs = VIDEO_CODECS.filter((codec) => codecRole(codec) === 'media');
  const chain = chainOf(nackRepeater());
  const stream = localStream({ ssrc: 50, codecs, rtxSsrc: undefined });
  chain.bindLocal(stream, 0);
  const seal = ({ role, header, bytes }: OutgoingPacket): string => toHex(role === 'rtx' && header.ssrc === stream.ssrc ? a.repeatRtp(bytes) : a.protectRtp(bytes));
  chain.writeRtp(outgoing(stream, { sequenceNumber: 7, payload: payloadOf(7, 50), paddingBytes: 4 }), 0);
  const [first = ''] = writesOf(chain).rtp.map(seal);
  chain.handleRtcp([nack(50, 7)], 100);
  const again = writesOf(chain).rtp.map(seal);
  assert.deepEqual(again, [first]);
  assert.ok(b.unprotectRtp(fromHex(first)) !== undefined);
});

test('what is lost again is asked for again after a round trip, and a packet is given up in the end with a request for a keyframe', () => {
  const pair = new ChainPair(REPAIR, { link: { delayMs: 50 } });
  // The packet 10 never comes, neither by itself nor by RTX.
  pair.a.link = { delayMs: 50, drop: (bytes) => decodeRtp(bytes).payloadType === Pt.vp8Rtx || ((bytes[1] as number) === Pt.vp8 && bytes[3] === 10) };
  const stream = pair.stream();
  let sequenceNumber = 0;
  pair.every(20, 4000, () => pair.send(stream, { sequenceNumber: sequenceNumber++ }));
  pair.run(4000);
  const asked = pair.b.sentRtcp.filter((bytes) => nacksOf(decodeRtcp(bytes)).includes(10)).length;
  assert.ok(asked >= 6 && asked <= 10, `${asked} requests`);
  assert.equal(pair.b.chain.counters.get('interceptor.nack.abandoned'), 1);
  assert.deepEqual(pair.b.told('request-keyframe').map(({ ssrc }) => ssrc), [stream.ssrc]);
  assert.equal(pair.b.chain.pollTimeout()?.reason === 'interceptor.nack', false, 'nothing is waited for any more');
});

test('where FEC has numbers among the media, none that is given up asks for a keyframe: it may have been FEC', () => {
  for (const [codecs, keyframes] of [[VIDEO_CODECS, 1], [[...VIDEO_CODECS, ...RED_CODECS], 0]] as const) {
    const chain = chainOf(nackGenerator({ giveUpMs: 100 }));
    const stream = remoteStream({ codecs });
    chain.bindRemote(stream, 0);
    for (const sequenceNumber of [1, 3]) chain.handleRtp(incoming(stream, { sequenceNumber }), 0);
    chain.handleTimeout(200);
    assert.equal(chain.counters.get('interceptor.nack.abandoned'), 1);
    let events = 0;
    while (chain.pollEvent() !== undefined) events++;
    assert.equal(events, keyframes);
  }
});

test('packets that only swap places are not asked for', () => {
  const pair = new ChainPair(REPAIR, { link: { delayMs: 20, jitterMs: 8 } });
  const received = transfer(pair, 500, {}, 3);
  assert.equal(received.size, 500);
  assert.equal(nacksOf(pair.b.sentRtcp.flatMap((bytes) => decodeRtcp(bytes))).length, 0);
});

test('a retransmission has SSRC and numbers of its own, the original number, no padding and the repaired RID (RFC 4588 4, RFC 8852)', () => {
  const chain = chainOf(nackResponder());
  const stream = localStream({ ssrc: 50, rid: 'hi' });
  chain.bindLocal(stream, 0);
  const extensions = [
    { id: Ext.mid, value: encodeUtf8('0') },
    { id: Ext.rid, value: encodeUtf8('hi') },
    { id: Ext.transportSequence, value: Uint8Array.of(1, 2) },
  ];
  chain.writeRtp(outgoing(stream, { sequenceNumber: 7, timestamp: 1234, marker: true, payload: Uint8Array.of(9, 8, 7), extensions, paddingBytes: 5 }), 0);
  chain.writeRtp(outgoing(stream, { sequenceNumber: 8, payload: Uint8Array.of(6) }), 0);
  writesOf(chain);
  chain.handleRtcp([nack(50, 7, 8)], 100);
  const { rtp } = writesOf(chain);
  const [one, two] = rtp as [OutgoingPacket, OutgoingPacket];
  const { header, bytes } = one;
  assert.deepEqual(decodeRtp(bytes), header);
  assert.equal(one.role, 'rtx');
  assert.equal(header.ssrc, 51);
  assert.equal(header.payloadType, Pt.vp8Rtx);
  assert.equal(header.timestamp, 1234);
  assert.equal(header.marker, true);
  assert.equal(header.hasPadding, false);
  assert.deepEqual(bytes.subarray(header.payloadStart, header.payloadEnd), Uint8Array.of(0, 7, 9, 8, 7));
  assert.deepEqual(extensionElements(bytes, header).map(({ id }) => id), [Ext.mid, Ext.repairedRid, Ext.transportSequence]);
  assert.deepEqual(extensionValue(bytes, header, Ext.repairedRid), encodeUtf8('hi'));
  assert.equal(two.header.sequenceNumber, (header.sequenceNumber + 1) & 0xffff);
  assert.ok(bytes.buffer.byteLength - bytes.byteOffset - bytes.length >= 24);

  // And back, at the other end.
  const receiver = chainOf(rtxReceiver());
  const remote = remoteStream({ ssrc: 50, rid: 'hi' });
  receiver.bindRemote(remote, 0);
  receiver.handleRtp(incomingBytes(remote, bytes.slice()), 0);
  const restored = receiver.pollRtp();
  assert.ok(restored !== undefined);
  assert.deepEqual(decodeRtp(restored.bytes), restored.header);
  assert.equal(restored.role, 'media');
  assert.equal(restored.header.sequenceNumber, 7);
  assert.equal(restored.header.ssrc, 50);
  assert.equal(restored.header.payloadType, Pt.vp8);
  assert.deepEqual(restored.bytes.subarray(restored.header.payloadStart, restored.header.payloadEnd), Uint8Array.of(9, 8, 7));
  assert.deepEqual(extensionValue(restored.bytes, restored.header, Ext.rid), encodeUtf8('hi'));
});

test('RTX of a RED payload type comes back as RED, for FEC to look at', () => {
  const codecs = [...VIDEO_CODECS, ...RED_CODECS];
  const chain = chainOf(rtxReceiver());
  const remote = remoteStream({ codecs });
  chain.bindRemote(remote, 0);
  chain.handleRtp(incoming(remote, { sequenceNumber: 1, ssrc: 0x1001, payloadType: Pt.redRtx, payload: Uint8Array.of(0, 5, Pt.vp8, 1) }), 0);
  const packet = chain.pollRtp();
  assert.equal(packet?.role, 'red');
  assert.equal(packet?.header.payloadType, Pt.red);
});

test('A-MED-04 RTX of RTX, of the unknown, on the SSRC of the media, or shorter than a number is dropped; empty RTX is padding', () => {
  const nested: RtpCodec = { kind: 'video', payloadType: 120, name: 'rtx', clockRateHz: 90_000, parameters: new Map([['apt', String(Pt.vp8Rtx)]]), feedback: [] };
  const orphan: RtpCodec = { ...nested, payloadType: 121, parameters: new Map([['apt', '77']]) };
  const bare: RtpCodec = { ...nested, payloadType: 122, parameters: new Map() };
  const chain = chainOf(rtxReceiver());
  const remote = remoteStream({ codecs: [...VIDEO_CODECS, nested, orphan, bare] });
  chain.bindRemote(remote, 0);
  const payload = Uint8Array.of(0, 1, 2, 3);
  const feed = (payloadType: number, bytes: Uint8Array, ssrc = 0x1001): void => chain.handleRtp(incoming(remote, { sequenceNumber: 1, ssrc, payloadType, payload: bytes, paddingBytes: 3 }), 0);
  feed(120, payload);
  assert.equal(chain.counters.get('interceptor.rtx.nested'), 1);
  for (const payloadType of [121, 122]) feed(payloadType, payload);
  feed(Pt.vp8Rtx, payload, 0x1000);
  assert.equal(chain.counters.get('interceptor.rtx.unknown'), 3);
  feed(Pt.vp8Rtx, Uint8Array.of(1));
  assert.equal(chain.counters.get('interceptor.rtx.short'), 1);
  feed(Pt.vp8Rtx, new Uint8Array(0));
  assert.equal(chain.pollRtp(), undefined);
  feed(Pt.vp8Rtx, payload);
  assert.equal(chain.pollRtp()?.header.sequenceNumber, 1);
});

test('A-RTCP-03 NACKs for all 65,536 numbers, a thousand a second, cannot multiply what is sent', () => {
  const chain = chainOf(nackResponder());
  const stream = localStream({ ssrc: 50 });
  chain.bindLocal(stream, 0);
  const all = nack(50, ...Array.from({ length: 0x1_0000 }, (_, i) => i));
  const first = nack(50, ...Array.from({ length: 200 }, (_, i) => i));
  let media = 0;
  let resent = 0;
  const count = new Map<number, { times: number; at: number }>();
  for (let now = 0; now < 2000; now++) {
    if (now % 10 === 0) {
      const packet = outgoing(stream, { sequenceNumber: now / 10, payload: new Uint8Array(1100) }, now);
      media += packet.bytes.length;
      chain.writeRtp(packet, now);
    }
    if (now % 20 === 0) chain.handleRtcp([all], now);
    chain.handleRtcp([first], now);
    while (chain.pollRtcp() !== undefined);
    for (const { role, bytes, header } of writesOf(chain).rtp) {
      if (role !== 'rtx') continue;
      resent += bytes.length;
      const original = ((bytes[header.payloadStart] as number) << 8) | (bytes[header.payloadStart + 1] as number);
      const before = count.get(original);
      assert.ok(before === undefined || now - before.at >= 50, 'half a round trip apart');
      count.set(original, { times: (before?.times ?? 0) + 1, at: now });
    }
  }
  assert.ok(resent <= 65_536 + 0.11 * media, `${resent} bytes for ${media}`);
  assert.ok(resent > 50_000, 'the burst is there for those who need it');
  for (const { times } of count.values()) assert.ok(times <= 10);
  for (const reason of ['unknown', 'too-soon', 'rate']) assert.ok(chain.counters.get(`interceptor.nack.${reason}`) > 0, reason);
});

test('A-RTCP-03 one packet is sent again ten times at most, and what is old, unknown or of another stream never', () => {
  const chain = chainOf(nackResponder());
  const stream = localStream({ ssrc: 50 });
  chain.bindLocal(stream, 0);
  chain.writeRtp(outgoing(stream, { sequenceNumber: 1 }), 0);
  writesOf(chain);
  for (let now = 60; now <= 1900; now += 60) chain.handleRtcp([nack(50, 1)], now);
  assert.equal(writesOf(chain).rtp.length, 10);
  assert.ok(chain.counters.get('interceptor.nack.too-often') > 0);
  chain.writeRtp(outgoing(stream, { sequenceNumber: 2 }), 2000);
  writesOf(chain);
  chain.handleRtcp([nack(51, 2), nack(50, 3)], 2100);
  assert.equal(writesOf(chain).rtp.length, 0);
  chain.handleRtcp([nack(50, 2)], 4001);
  assert.equal(writesOf(chain).rtp.length, 0, 'older than two seconds');
  assert.equal(chain.counters.get('interceptor.nack.unknown'), 2);
});

test('A-RTCP-03 the last 1024 packets are kept, the one before is not, and 2 s are the longest', () => {
  const chain = chainOf(nackResponder());
  const stream = localStream({ ssrc: 50 });
  chain.bindLocal(stream, 0);
  for (let sequenceNumber = 0; sequenceNumber <= 1024; sequenceNumber++) chain.writeRtp(outgoing(stream, { sequenceNumber, payload: new Uint8Array(10) }), 0);
  writesOf(chain);
  chain.handleRtcp([nack(50, 0, 1, 1024)], 2000);
  assert.equal(writesOf(chain).rtp.length, 2);
  assert.equal(chain.counters.get('interceptor.nack.unknown'), 1);
  chain.handleRtcp([nack(50, 2)], 2001);
  assert.equal(writesOf(chain).rtp.length, 0);
});

test('the round trip decides how soon a packet may go again', () => {
  const chain = chainOf(nackResponder());
  const stream = localStream({ ssrc: 50 });
  chain.bindLocal(stream, 0);
  for (let i = 0; i < 40; i++) chain.handleEvent({ type: 'round-trip', roundTripMs: 10 }, 0);
  chain.writeRtp(outgoing(stream, { sequenceNumber: 1 }), 0);
  writesOf(chain);
  for (const now of [20, 22, 26]) chain.handleRtcp([nack(50, 1)], now);
  assert.equal(writesOf(chain).rtp.length, 2);
});

test('streams and payload types without nack are neither kept nor asked for', () => {
  const codecs = VIDEO_CODECS.map((codec) => ({ ...codec, feedback: [] }));
  const pair = new ChainPair(REPAIR, { link: { delayMs: 10, loss: 0.1 } });
  const received = transfer(pair, 300, { codecs });
  assert.ok(received.size < 300);
  assert.equal(nacksOf(pair.b.sentRtcp.flatMap((bytes) => decodeRtcp(bytes))).length, 0);
});

test('packets that FEC restored are not asked for', () => {
  const chain = chainOf(nackGenerator());
  const stream = remoteStream();
  chain.bindRemote(stream, 0);
  for (const sequenceNumber of [65_535, 2]) chain.handleRtp(incoming(stream, { sequenceNumber }), 0);
  chain.handleEvent({ type: 'recovered', ssrc: stream.ssrc, sequenceNumber: 0 }, 5);
  assert.deepEqual(chain.pollTimeout(), { at: 10, reason: 'interceptor.nack' });
  chain.handleTimeout(10);
  assert.deepEqual(nacksOf(writesOf(chain).rtcp), [1]);
});

test('a stream that pauses and comes back goes on with the numbers of its retransmissions, and forgets its packets (RFC 3711 9.1)', () => {
  const chain = chainOf(nackResponder());
  const stream = localStream({ ssrc: 50 });
  const numbers: number[] = [];
  for (let round = 0; round < 3; round++) {
    const now = round * 100;
    chain.bindLocal(stream, now);
    chain.handleRtcp([nack(50, 1)], now);
    assert.equal(writesOf(chain).rtp.length, 0, 'packets of before the pause');
    chain.writeRtp(outgoing(stream, { sequenceNumber: 1 }), now);
    writesOf(chain);
    chain.handleRtcp([nack(50, 1)], now + 50);
    numbers.push(...writesOf(chain).rtp.map(({ header }) => header.sequenceNumber));
    chain.unbindLocal(stream, now + 60);
  }
  const [first = 0] = numbers;
  assert.deepEqual(numbers, [first, first + 1, first + 2]);
  assert.ok(first < 0x8000, 'in the lower half');
});

test('padding of the pacer and retransmissions share one row of numbers, over pauses as well', () => {
  const chain = chainOf(nackResponder(), pacer());
  const stream = localStream({ ssrc: 50 });
  const numbers: number[] = [];
  for (let round = 0; round < 3; round++) {
    const start = round * 1000;
    chain.bindLocal(stream, start);
    chain.handleEvent({ type: 'target-rate', targetBps: 1_000_000, pacingBps: 2_000_000 }, start);
    chain.writeRtp(outgoing(stream, { sequenceNumber: round, marker: true }, start), start);
    chain.handleEvent({ type: 'probe', id: round, rateBps: 2_000_000, bytes: 2000, packets: 4 }, start);
    for (let now = start + 10; now < start + 200; now += 10) {
      if (now === start + 150) chain.handleRtcp([nack(50, round)], now);
      chain.handleTimeout(now);
      for (const { header } of writesOf(chain).rtp) if (header.ssrc === 51) numbers.push(header.sequenceNumber);
    }
    chain.unbindLocal(stream, start + 300);
  }
  assert.ok(numbers.length >= 3 * 5, `${numbers.length} packets on the SSRC of repair`);
  assert.deepEqual(numbers, numbers.map((_, i) => (numbers[0] as number) + i));
});

test('what is agreed upon later counts from then on, both ways', () => {
  const chain = chainOf(rtxReceiver(), nackGenerator(), nackResponder(), nackRepeater());
  const bare = VIDEO_CODECS.filter((codec) => codecRole(codec) === 'media').map((codec) => ({ ...codec, feedback: [] }));
  const codecs = new Map(bare.map((codec) => [codec.payloadType, codec as RtpCodec]));
  const local = { ...localStream({ ssrc: 50 }), codecs };
  const remote = { ...remoteStream({ ssrc: 60 }), codecs };
  chain.bindLocal(local, 0);
  chain.bindRemote(remote, 0);
  const exchange = (now: number, first: number): { resent: number; asked: number; restored: number } => {
    for (const sequenceNumber of [first, first + 2]) chain.handleRtp(incoming(remote, { sequenceNumber }), now);
    chain.handleRtp(incoming(remote, { sequenceNumber: 9, ssrc: 61, payloadType: Pt.vp8Rtx, payload: Uint8Array.of(0, first - 1, 3) }), now);
    let restored = -2;
    while (chain.pollRtp() !== undefined) restored++;
    chain.writeRtp(outgoing(local, { sequenceNumber: first }), now);
    chain.handleTimeout(now + 10);
    chain.handleRtcp([nack(50, first)], now + 20);
    const { rtp, rtcp } = writesOf(chain);
    return { resent: rtp.filter(({ role }) => role === 'rtx').length, asked: nacksOf(rtcp).length, restored };
  };
  assert.deepEqual(exchange(0, 1), { resent: 0, asked: 0, restored: 1 }, 'an unknown payload type passes as it is');
  for (const codec of VIDEO_CODECS) codecs.set(codec.payloadType, codec);
  chain.updateLocal(local, 50);
  chain.updateRemote(remote, 50);
  assert.deepEqual(exchange(100, 11), { resent: 1, asked: 1, restored: 1 });
  for (const codec of bare) codecs.set(codec.payloadType, codec);
  chain.updateLocal(local, 150);
  chain.updateRemote(remote, 150);
  assert.deepEqual(exchange(200, 21), { resent: 0, asked: 0, restored: 1 });
});

test('a jump beyond the window is no gap: nothing is asked for but a keyframe', () => {
  const chain = chainOf(nackGenerator());
  const stream = remoteStream();
  chain.bindRemote(stream, 0);
  for (const sequenceNumber of [10, 12, 3000]) chain.handleRtp(incoming(stream, { sequenceNumber }), 0);
  assert.deepEqual(chain.pollEvent(), { type: 'request-keyframe', ssrc: stream.ssrc });
  chain.handleTimeout(10);
  assert.equal(writesOf(chain).rtcp.length, 0);
  for (const sequenceNumber of [3002]) chain.handleRtp(incoming(stream, { sequenceNumber }), 20);
  chain.handleTimeout(30);
  assert.deepEqual(nacksOf(writesOf(chain).rtcp), [3001]);
});

test('a long gap makes a few packets of bounded size, not a storm', () => {
  const chain = chainOf(nackGenerator());
  const stream = remoteStream();
  chain.bindRemote(stream, 0);
  for (const sequenceNumber of [1, 1000]) chain.handleRtp(incoming(stream, { sequenceNumber }), 0);
  let bytes = 0;
  for (let now = 10; now <= 3000; now += 5) {
    chain.handleTimeout(now);
    for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) if ('rtcp' in out) bytes += out.rtcp.length;
  }
  // 59 entries of 4 bytes each time, ten times at most.
  assert.ok(bytes > 240 && bytes < 4000, `${bytes} bytes`);
  assert.equal(chain.pollTimeout(), undefined);
});

test('gaps agree with a plain set of what came, for any order of arrivals', () => {
  const arrivals = fc.array(fc.integer({ min: -40, max: 60 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65_535 }), arrivals, (first, steps) => {
      const gaps = new Gaps(POLICY);
      gaps.arrive(first, 0);
      const came = new Set([0]);
      let highest = 0;
      for (const step of steps) {
        const number = Math.max(highest + step, -40);
        const arrival = gaps.arrive((first + number) & 0xffff, 0);
        // Behind the window nothing is known: not the case here.
        assert.equal(arrival === 'duplicate', came.has(number));
        came.add(number);
        highest = Math.max(highest, number);
        if (highest > 900) break;
      }
      const expected: number[] = [];
      for (let number = 1; number < highest; number++) if (!came.has(number)) expected.push((first + number) & 0xffff);
      const lost: number[] = [];
      gaps.ask(lost, 50, 10);
      assert.deepEqual(lost, expected);
      assert.equal(gaps.missing, expected.length);
    }),
    { numRuns: 100 },
  );
});

test('a history agrees with a map of copies, keeps within its bytes, and forgets by age', () => {
  const limits = { maxPackets: 64, maxBytes: 40_000, maxAgeMs: 1000 };
  const next = seeded(5);
  const history = new PacketHistory(limits);
  const kept: { sequence: number; bytes: Uint8Array; at: number }[] = [];
  let found = 0;
  for (let i = 0; i < 1000; i++) {
    const now = i * 10;
    const bytes = Uint8Array.from({ length: 1 + Math.floor(next() * 1400) }, () => Math.floor(next() * 256));
    history.keep(i & 0xffff, bytes, bytes.length, now);
    kept.push({ sequence: i & 0xffff, bytes, at: now });
    assert.ok(history.sizeBytes <= limits.maxBytes);
    for (const { sequence, bytes: expected, at } of kept.slice(-110)) {
      const place = history.find(sequence, now);
      if (place < 0) continue;
      found++;
      assert.ok(now - at <= limits.maxAgeMs && i - sequence < limits.maxPackets);
      assert.deepEqual(history.bytesAt(place), expected);
    }
    // Without pressure of bytes nothing young is missing.
    if (i < 25) for (const { sequence } of kept) assert.ok(history.find(sequence, now) >= 0);
  }
  assert.ok(found > 1000 * 15);
  assert.equal(history.keep(1, new Uint8Array(50_000), 50_000, 0), -1);
  history.clear();
  assert.equal(history.sizeBytes, 0);
});

test('a history of shared payloads gives the bytes of one of copies, and holds on to no more of them than its limits say', () => {
  const packet = fc.record({ skip: fc.integer({ min: -20, max: 70 }), header: fc.integer({ min: 12, max: 40 }), payload: fc.integer({ min: 0, max: 1400 }), wait: fc.integer({ min: 0, max: 300 }), shares: fc.boolean() });
  const run = (packets: readonly { skip: number; header: number; payload: number; wait: number; shares: boolean }[]): number => {
    const [copies, shared] = [1e6, 30_000].map((maxBytes) => new PacketHistory({ maxPackets: 64, maxBytes, maxAgeMs: 1000 })) as [PacketHistory, PacketHistory];
    let [sequence, now, found] = [65_500, 0, 0];
    const held: Uint8Array[] = [];
    packets.forEach(({ skip, header, payload, wait, shares }, i) => {
      sequence = (sequence + skip) & 0xffff;
      now += wait;
      const bytes = payloadOf(i, header + payload);
      held.push(bytes.slice(header));
      copies.keep(sequence, bytes, bytes.length, now);
      shared.keep(sequence, bytes, bytes.length, now, shares ? held[i] : undefined);
      bytes.fill(0);
      assert.ok(shared.sharedBytes <= 30_000 && shared.sizeBytes <= 30_000);
      for (let back = 0; back < 100; back++) {
        const [expected, place] = [copies, shared].map((history) => history.find((sequence - back) & 0xffff, now)) as [number, number];
        if (place < 0) continue;
        found++;
        assert.equal(place, expected);
        assert.deepEqual(shared.bytesAt(place), copies.bytesAt(expected));
        assert.equal(shared.lengthAt(place), copies.lengthAt(expected));
      }
      assert.ok(shared.find(sequence, now) >= 0);
    });
    shared.clear();
    assert.equal(shared.sharedBytes, 0);
    return found;
  };
  fc.assert(fc.property(fc.array(packet, { maxLength: 150 }), (packets) => void run(packets)), { numRuns: 40 });
  const steady = (wait: number): number => run(Array.from({ length: 200 }, () => ({ skip: 1, header: 20, payload: 300, wait, shares: true })));
  assert.ok(steady(1) > 200 * 50, 'all 64 are there');
  assert.ok(steady(100) < 200 * 12, 'those of a second are there');
});

test('what an interceptor makes of a shared payload is what goes again, unless it says that it leaves payloads alone', () => {
  for (const keepsPayload of [false, true]) {
    const changer: InterceptorFactory = {
      name: 'changer',
      slot: 450,
      create: (): Interceptor => ({
        name: 'changer',
        ...(keepsPayload && { keepsPayload }),
        writeRtp: (packet) => {
          packet.bytes[packet.header.payloadStart] = 0xaa;
          return packet;
        },
      }),
    };
    const chain = chainOf(changer, nackResponder());
    const stream = localStream();
    chain.bindLocal(stream, 0);
    const packet = outgoing(stream, { sequenceNumber: 5, payload: payloadOf(5, 100) });
    packet.sharedPayload = payloadOf(5, 100);
    chain.writeRtp(packet, 0);
    writesOf(chain).rtp[0]?.bytes.fill(0); // sealed in place
    chain.handleRtcp([nack(stream.ssrc, 5)], 10);
    const [again] = writesOf(chain).rtp;
    const expected = payloadOf(5, 100);
    if (!keepsPayload) expected[0] = 0xaa;
    assert.deepEqual(again?.bytes.subarray((again.header.payloadStart as number) + 2), expected);
  }
});

test('RED takes a shared payload off what it wraps: the retransmission is RED', () => {
  const chain = chainOf(fecSender({ minShare: 0.5, maxShare: 0.5 }), nackResponder());
  const stream = localStream({ codecs: [...VIDEO_CODECS, ...RED_CODECS] });
  chain.bindLocal(stream, 0);
  const packet = outgoing(stream, { sequenceNumber: 5, payload: payloadOf(5, 100) });
  packet.sharedPayload = payloadOf(5, 100);
  chain.writeRtp(packet, 0);
  const [sent] = writesOf(chain).rtp;
  assert.equal(sent?.role, 'red');
  const wrapped = sent!.bytes.slice(sent!.header.payloadStart);
  sent!.bytes.fill(0);
  chain.handleRtcp([nack(stream.ssrc, 5)], 10);
  const [again] = writesOf(chain).rtp;
  assert.deepEqual(again?.bytes.subarray((again.header.payloadStart as number) + 2), wrapped);
});

test('a quiet stream keeps little memory, a fast one no more than its limit', () => {
  const slow = new PacketHistory({ maxPackets: 1024, maxBytes: 2_097_152, maxAgeMs: 2000 });
  for (let i = 0; i < 1000; i++) slow.keep(i, new Uint8Array(100), 100, i * 20);
  assert.equal(slow.sizeBytes, 16_384);
  const fast = new PacketHistory({ maxPackets: 1024, maxBytes: 2_097_152, maxAgeMs: 2000 });
  for (let i = 0; i < 10_000; i++) fast.keep(i & 0xffff, new Uint8Array(1200), 1200, i / 2);
  assert.equal(fast.sizeBytes, 2_097_152);
  assert.ok(fast.find(9999 - 1000, 5000) >= 0);
  // Short ones, as headers of shared payloads: what lies behind 1024 packets is out of reach however young it is.
  const short = new PacketHistory({ maxPackets: 1024, maxBytes: 2_097_152, maxAgeMs: 2000 });
  for (let i = 0; i < 10_000; i++) {
    short.keep(i & 0xffff, new Uint8Array(40), 40, i / 5);
    for (const back of [0, 500, 1023]) assert.ok(i < back || short.find((i - back) & 0xffff, i / 5) >= 0, `${i} - ${back}`);
  }
  assert.equal(short.sizeBytes, 65_536);
});

test('configurations out of range are refused', () => {
  const context = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: '', counters: chainOf().counters };
  for (const config of [{ maxPackets: 1000 }, { maxPackets: 0 }, { maxResends: 0 }, { maxShare: 0 }, { maxAgeMs: -1 }]) assert.throws(() => new NackResponder(context, config), RtcError);
  for (const config of [{ maxTries: 0 }, { maxTries: 256 }, { reorderMs: -1 }, { giveUpMs: Number.NaN }]) assert.throws(() => new NackGenerator(context, config), RtcError);
});
