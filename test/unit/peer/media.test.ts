import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeVp8Descriptor } from '../../../src/codec/index.ts';
import { RtcError, toHex } from '../../../src/core/index.ts';
import { defaultInterceptors, type Interceptor, type InterceptorFactory, OUTGOING_TAILROOM_BYTES, type OutgoingPacket, Slot, StreamStatistics } from '../../../src/interceptor/index.ts';
import { OUTGOING_HEADROOM_BYTES, PacketMemory } from '../../../src/peer/index.ts';
import { MediaTransport } from '../../../src/peer/media/machine.ts';
import { encodeRtp, ExtensionUri, findExtension, RtpPacket } from '../../../src/rtp/index.ts';
import { SrtpProfile, SrtpSession } from '../../../src/srtp/index.ts';
import { seededRandom } from '../../support/fuzz.ts';
import { Ext, Pt } from '../../support/interceptor.ts';
import { agreement, mediaEnvironment, MediaPair } from '../../support/media-pair.ts';

const encoding = (ssrc: number, rid?: string) => ({ rid, active: true, ssrc, rtxSsrc: ssrc + 1000, fecSsrc: ssrc + 2000 });
const payload = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function read(transport: MediaTransport): { text: string; transceiver: number; rid: string | undefined; ssrc: number; sequenceNumber: number; timestamp: number; payloadType: number }[] {
  const packets = [];
  for (let packet = transport.pollRead(); packet !== undefined; packet = transport.pollRead()) {
    const { header, stream, bytes } = packet;
    const { ssrc, sequenceNumber, timestamp, payloadType } = header;
    packets.push({ text: text(new RtpPacket(bytes, header).payload), transceiver: stream.transceiver, rid: stream.rid, ssrc, sequenceNumber, timestamp, payloadType });
  }
  return packets;
}

function dropsOf(transport: MediaTransport): Record<string, number> {
  return Object.fromEntries(transport.counters.snapshot());
}

/** One section, sent by a and received by b. */
function oneWay(init: Parameters<typeof agreement>[0] = { mid: '0' }, receiving: Partial<Parameters<typeof agreement>[0]> = {}): MediaPair {
  const pair = new MediaPair();
  pair.setKeys();
  pair.a.update([agreement({ direction: 'sendonly', sendEncodings: [encoding(100)], ...init })], 0);
  pair.b.update([agreement({ transceiver: 7, direction: 'recvonly', ...init, sendEncodings: [], ...receiving })], 0);
  return pair;
}

test('a packet crosses with SSRC, sequence number, MID and the codec that the peer likes best', () => {
  const pair = oneWay();
  assert.equal(pair.a.write(1, 0, { payload: payload('one'), timestamp: 3000, marker: true }, 1), true);
  assert.equal(pair.a.write(1, 0, { payload: payload('two'), timestamp: 6000 }, 2), true);
  pair.carry('a', 3);
  const [one, two] = read(pair.b);
  assert.deepEqual({ ...one, sequenceNumber: 0 }, { text: 'one', transceiver: 7, rid: undefined, ssrc: 100, sequenceNumber: 0, timestamp: 3000, payloadType: Pt.vp8 });
  assert.equal(two?.text, 'two');
  assert.equal(two?.sequenceNumber, ((one?.sequenceNumber as number) + 1) & 0xffff);
  assert.deepEqual(pair.b.pollEvent(), { type: 'encoding-started', transceiver: 7, rid: undefined, ssrc: 100 });
  assert.equal(pair.b.pollEvent(), undefined);
});

test('nothing is sent or read before DTLS made keys (A-SRTP-12), nor what was not agreed upon', () => {
  const pair = new MediaPair();
  pair.a.update([agreement({ mid: '0', direction: 'sendonly', sendEncodings: [encoding(100)] })], 0);
  assert.equal(pair.a.write(1, 0, { payload: payload('x'), timestamp: 0 }, 1), false);
  pair.a.handleRead(encodeRtp({ payloadType: Pt.vp8, sequenceNumber: 1, timestamp: 0, ssrc: 9, payload: payload('plain') }), 1);
  assert.deepEqual(dropsOf(pair.a), { 'srtp.no-keys': 2 });
  pair.setKeys();
  assert.equal(pair.a.write(1, 0, { payload: payload('x'), timestamp: 0, payloadType: 77 }, 2), false);
  assert.equal(pair.a.write(1, 1, { payload: payload('x'), timestamp: 0 }, 2), false);
  assert.equal(pair.a.write(2, 0, { payload: payload('x'), timestamp: 0 }, 2), false);
  pair.a.handleRead(encodeRtp({ payloadType: Pt.vp8, sequenceNumber: 1, timestamp: 0, ssrc: 9, payload: payload('plain, and long enough for a tag') }), 2);
  assert.equal(read(pair.a).length, 0);
  assert.deepEqual(dropsOf(pair.a), { 'srtp.no-keys': 2, 'rtp.payload-type': 1, 'rtp.not-sending': 2 });
  assert.equal(pair.a.srtpStats?.dropped.get('srtp.forged'), 1);
});

test('a payload with room around it is not copied', () => {
  const pair = oneWay();
  const buffer = new Uint8Array(OUTGOING_HEADROOM_BYTES + 5 + OUTGOING_TAILROOM_BYTES);
  const place = buffer.subarray(OUTGOING_HEADROOM_BYTES, OUTGOING_HEADROOM_BYTES + 5);
  place.set(payload('place'));
  pair.a.write(1, 0, { payload: place, timestamp: 0, inPlace: true }, 1);
  assert.equal(pair.a.pollWrite()?.buffer, buffer.buffer);
});

type Step =
  | { readonly type: 'write'; readonly transceiver: number; readonly payloadType: number | undefined; readonly number: number; readonly kind: 'plain' | 'csrcs' | 'unnumbered' }
  | { readonly type: 'source' | 'tick' | 'turn' | 'poll' | 'poll some' | 'rtcp' | 'pause' | 'resume' | 'toggle' | 'stats' };

/** Holds each third packet until the next has passed. */
class Holder implements Interceptor {
  readonly name = 'holder';
  readonly #held: OutgoingPacket[] = [];
  #count = 0;

  writeRtp(packet: OutgoingPacket): OutgoingPacket | undefined {
    if (++this.#count % 3 !== 0) return packet;
    this.#held.push(packet);
    return undefined;
  }

  pollWriteRtp(): OutgoingPacket | undefined {
    return this.#count % 3 === 0 ? undefined : this.#held.shift();
  }
}
const holder: InterceptorFactory = { name: 'holder', slot: Slot.pacer, create: () => new Holder() };

/** What a transport says and sends when packets are written as shared ones, or not; with a memory they are built there, and are not what they were once they have left. */
function story(steps: readonly Step[], isShared: boolean, memory?: PacketMemory, interceptors: readonly InterceptorFactory[] = defaultInterceptors()): string[] {
  const transport = new MediaTransport(interceptors, { ...mediaEnvironment, random: seededRandom(7) });
  if (memory !== undefined) transport.usePacketMemory(memory);
  const agreed = (direction: 'sendonly' | 'inactive') => [1, 2].map((transceiver) => agreement({ mid: String(transceiver), transceiver, direction, sendEncodings: [encoding(100 * transceiver)] }));
  const key = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
  transport.setKeys({ profile: SrtpProfile.aeadAes128Gcm, localKey: key(16, 1), localSalt: key(12, 2), remoteKey: key(16, 3), remoteSalt: key(12, 4) });
  transport.update(agreed('sendonly'), 0);
  const told: string[] = [];
  let now = 0;
  const poll = (most = Infinity): void => {
    for (let left = most; left > 0; left--) {
      const datagram = transport.pollWrite();
      if (datagram === undefined) break;
      told.push(toHex(datagram));
      if (memory !== undefined) datagram.fill(0xee);
    }
    if (transport.holdsPackets) memory?.leave();
    else memory?.reuse();
    memory?.carve(32_000, 0)?.fill(0xdd); // another connection's
    memory?.reuse();
  };
  const write = ({ transceiver, payloadType, number, kind }: Step & { readonly type: 'write' }): void => {
    const extra = { csrcs: kind === 'csrcs' ? [1, 2] : undefined, sequenceNumber: kind === 'unnumbered' ? undefined : number };
    const numbered = Uint8Array.of(0x90, 0xe0, 0x80, number & 0xff, number & 0xff, 0, ...payload(`packet ${number}`)); // VP8
    told.push(String(transport.write(transceiver, 0, { payload: numbered, timestamp: number * 90, payloadType, isShared, ...extra }, now)));
  };
  const act: Record<Exclude<Step['type'], 'write'>, () => unknown> = {
    source: () => transport.beginSource(1, 0),
    // A driver asks for the next deadline before time passes, but not between what is written and the end of its turn.
    tick: () => void (transport.pollTimeout(), transport.handleTimeout((now += 400))),
    turn: () => void (transport.handleTimeout((now += 0.01)), poll()),
    poll: () => poll(),
    'poll some': () => poll(5),
    rtcp: () => transport.writeRtcp([{ type: 'pli', senderSsrc: 1, mediaSsrc: 2 }], now),
    pause: () => transport.update(agreed('inactive'), now),
    resume: () => transport.update(agreed('sendonly'), now),
    toggle: () => void (transport.sendersOf(2)[0]!.isActive = !transport.sendersOf(2)[0]!.isActive),
    stats: () => told.push(JSON.stringify(transport.chain?.find(StreamStatistics)?.local(100)?.outbound), JSON.stringify(transport.pollTimeout())),
  };
  for (const step of steps) {
    if (step.type === 'write') write(step);
    else act[step.type]();
  }
  transport.close(now);
  poll();
  return told;
}

test('packets that are shared with other connections come out as if each had been built when it was written', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant('write' as const), transceiver: fc.constantFrom(1, 1, 1, 2, 3), payloadType: fc.constantFrom(undefined, Pt.vp8, Pt.vp8, 77), number: fc.integer({ min: 0, max: 400 }), kind: fc.constantFrom('plain' as const, 'plain' as const, 'csrcs' as const, 'unnumbered' as const) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('source' as const, 'tick' as const, 'turn' as const, 'turn' as const, 'poll' as const, 'poll some' as const, 'rtcp' as const, 'pause' as const, 'resume' as const, 'toggle' as const, 'stats' as const) }) },
  );
  const run = (steps: readonly Step[]): string[] => {
    const told = story(steps, true);
    assert.deepEqual(told, story(steps, false));
    assert.deepEqual(told, story(steps, true, new PacketMemory()), 'in memory that is used again');
    const held = [...defaultInterceptors(), holder];
    assert.deepEqual(story(steps, true, new PacketMemory(), held), story(steps, false, undefined, held), 'in memory that is used again, where packets are held');
    return told;
  };
  fc.assert(fc.property(fc.array(step, { minLength: 10, maxLength: 50 }), (steps) => void run(steps)), { numRuns: 100 });
  const many = run(Array.from({ length: 700 }, (_, number) => ({ type: 'write', transceiver: 1, payloadType: Pt.vp8, number, kind: 'plain' })));
  assert.ok(many.length > 1400, 'more than wait');
  const pair = oneWay();
  const tooMany = { payload: payload('x'), timestamp: 0, csrcs: new Array<number>(16).fill(1), isShared: true };
  assert.throws(() => pair.a.write(1, 0, tooMany, 1), RtcError, 'what cannot be built is told at once');
});

test('packets that leave one after the other lie in one memory, until an interceptor holds one', () => {
  const buffersOf = (interceptors: readonly InterceptorFactory[]): number => {
    const memory = new PacketMemory();
    const pair = new MediaPair(interceptors);
    pair.setKeys();
    pair.a.usePacketMemory(memory);
    pair.a.update([agreement({ mid: '0', direction: 'sendonly', sendEncodings: [encoding(100)] })], 0);
    const buffers = new Set<ArrayBufferLike>();
    pair.a.pollTimeout();
    for (let turn = 0; turn < 100; turn++) {
      for (let i = 0; i < 20; i++) pair.a.write(1, 0, { payload: new Uint8Array(1000), timestamp: 0, isShared: true }, turn);
      pair.a.handleTimeout(turn);
      for (let datagram = pair.a.pollWrite(); datagram !== undefined; datagram = pair.a.pollWrite()) if (datagram.length > 1000) buffers.add(datagram.buffer);
      memory.reuse();
      pair.a.pollTimeout();
    }
    return buffers.size;
  };
  assert.equal(buffersOf(defaultInterceptors()), 1);
  assert.ok(buffersOf([holder]) > 20);
});

test('RFC 9143 9.2: the MID decides between sections that share payload types', () => {
  const pair = new MediaPair();
  pair.setKeys();
  const both = (transceivers: [number, number], sending: boolean) =>
    ['0', '1'].map((mid, i) =>
      agreement({ mid, transceiver: transceivers[i] as number, direction: sending ? 'sendonly' : 'recvonly', sendEncodings: sending ? [encoding(100 + i)] : [] }),
    );
  pair.a.update(both([1, 2], true), 0);
  pair.b.update(both([8, 9], false), 0);
  pair.a.write(2, 0, { payload: payload('second'), timestamp: 0 }, 1);
  pair.a.write(1, 0, { payload: payload('first'), timestamp: 0 }, 1);
  pair.carry('a', 2);
  assert.deepEqual(
    read(pair.b).map(({ text: what, transceiver }) => [what, transceiver]),
    [
      ['second', 9],
      ['first', 8],
    ],
  );
});

/** Seals a packet as the peer of `b` would, with any header. */
function foreign(packet: Partial<Parameters<typeof encodeRtp>[0]>, session = foreignSession()): Uint8Array {
  const init = { payloadType: Pt.vp8, sequenceNumber: 1, timestamp: 0, ssrc: 500, payload: payload('foreign'), ...packet };
  return session.protectRtp(encodeRtp(init, { tailroomBytes: SrtpSession.TAILROOM }));
}

function foreignSession(): SrtpSession {
  const of = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
  const keys = { profile: SrtpProfile.aeadAes128Gcm, localKey: of(16, 1), localSalt: of(12, 2), remoteKey: of(16, 3), remoteSalt: of(12, 4) };
  return new SrtpSession(keys, mediaEnvironment);
}

test('without a MID, a declared SSRC decides, and else a payload type that one section alone has', () => {
  const pair = new MediaPair();
  pair.setKeys();
  pair.b.update(
    [
      agreement({ mid: '0', transceiver: 8, direction: 'recvonly', sources: [{ ssrc: 500, rtxSsrc: 501, fecSsrc: undefined, cname: undefined }] }),
      agreement({ mid: '1', transceiver: 9, direction: 'recvonly' }),
      agreement({ mid: '2', transceiver: 10, kind: 'audio', direction: 'recvonly' }),
    ],
    0,
  );
  pair.b.handleRead(foreign({ ssrc: 500 }), 1);
  pair.b.handleRead(foreign({ ssrc: 600 }), 1); // either video section
  pair.b.handleRead(foreign({ ssrc: 700, payloadType: Pt.opus }), 1);
  pair.b.handleRead(foreign({ ssrc: 800, payloadType: 50 }), 1);
  assert.deepEqual(
    read(pair.b).map(({ ssrc, transceiver }) => [ssrc, transceiver]),
    [
      [500, 8],
      [700, 10],
    ],
  );
  assert.deepEqual(dropsOf(pair.b), { 'rtp.no-section': 2 });
});

test('RFC 8852: each RID of a simulcast is an encoding of its own, one that was not agreed upon is none', () => {
  const encodings = [encoding(100, 'low'), encoding(200, 'high')];
  const receiveEncodings = ['low', 'high'].map((rid) => ({ rid, paused: false, payloadTypes: undefined }));
  const pair = oneWay({ mid: '0', sendEncodings: encodings }, { receiveEncodings });
  pair.a.write(1, 1, { payload: payload('big'), timestamp: 0 }, 1);
  pair.a.write(1, 0, { payload: payload('small'), timestamp: 0 }, 1);
  pair.carry('a', 2);
  pair.b.handleRead(foreign({ extensions: [{ id: Ext.mid, value: payload('0') }, { id: Ext.rid, value: payload('none') }] }), 3);
  assert.deepEqual(
    read(pair.b).map(({ text: what, rid }) => [what, rid]),
    [
      ['big', 'high'],
      ['small', 'low'],
    ],
  );
  assert.deepEqual(dropsOf(pair.b), { 'rtp.rid': 1 });
});

test('A-SRTP-09 of streams that the peer did not declare, 256 are kept, and the one longest unused goes', () => {
  const pair = oneWay();
  const session = foreignSession();
  const mid = [{ id: Ext.mid, value: payload('0') }];
  for (let i = 0; i < 256; i++) pair.b.handleRead(foreign({ ssrc: 1000 + i, extensions: mid }, session), i);
  pair.b.handleRead(foreign({ ssrc: 1000, sequenceNumber: 2, extensions: mid }, session), 300);
  pair.b.handleRead(foreign({ ssrc: 5000, extensions: mid }, session), 301);
  assert.equal([...pair.b.router.streams].length, 256);
  assert.ok(pair.b.router.streamOf(1000));
  assert.equal(pair.b.router.streamOf(1001), undefined);
  assert.deepEqual(dropsOf(pair.b), { 'rtp.evicted': 1 });
});

test('a sender that pauses and comes back goes on with its numbers (RFC 3711 9.1)', () => {
  const pair = oneWay();
  const sending = agreement({ mid: '0', direction: 'sendonly', sendEncodings: [encoding(100)] });
  pair.a.write(1, 0, { payload: payload('before'), timestamp: 0 }, 1);
  pair.a.update([{ ...sending, direction: 'inactive', sendEncodings: [] }], 2);
  assert.equal(pair.a.write(1, 0, { payload: payload('paused'), timestamp: 0 }, 3), false);
  pair.a.update([sending], 4);
  pair.a.write(1, 0, { payload: payload('after'), timestamp: 0 }, 5);
  pair.carry('a', 6);
  const [before, after] = read(pair.b);
  assert.equal(after?.text, 'after');
  assert.equal(after?.sequenceNumber, ((before?.sequenceNumber as number) + 1) & 0xffff);
});

test('a forwarder keeps gaps, and another source goes on where the first ended', () => {
  const pair = oneWay();
  const write = (sequenceNumber: number, timestamp: number, now: number): void => void pair.a.write(1, 0, { payload: payload('x'), timestamp, sequenceNumber }, now);
  write(10, 1000, 0);
  write(12, 4000, 33);
  pair.a.sendersOf(1)[0]?.beginSource();
  write(40_000, 77, 133);
  write(40_001, 3077, 166);
  pair.carry('a', 200);
  assert.deepEqual(
    read(pair.b).map(({ sequenceNumber, timestamp }) => [sequenceNumber, timestamp]),
    [
      [10, 1000],
      [12, 4000],
      [13, 13_000], // 100 ms at 90 kHz
      [14, 16_000],
    ],
  );
});

test('another source of VP8 goes on with the numbers in its payloads, in what is sent again too; a payload that is shared stays as it is (RFC 7741 4.2)', () => {
  const pair = new MediaPair(defaultInterceptors());
  pair.setKeys();
  pair.a.update([agreement({ mid: '0', direction: 'sendonly', sendEncodings: [encoding(100)] })], 0);
  pair.b.update([agreement({ mid: '0', direction: 'recvonly' })], 0);
  const numbered = (pictureId: number, tl0PicIdx: number): Uint8Array => Uint8Array.of(0x90, 0xe0, 0x80 | (pictureId >> 8), pictureId & 0xff, tl0PicIdx, 0, 0x5a);
  const sources = [numbered(7000, 200), numbered(20, 190), numbered(21, 191)];
  const kept = sources.map((source) => source.slice());
  for (const [i, source] of sources.entries()) {
    if (i === 1) pair.a.beginSource(1, 0);
    pair.a.write(1, 0, { payload: source, timestamp: 3000 * i, sequenceNumber: 10 + i, isShared: true }, i);
  }
  const readNumbers = (): unknown[] => {
    const numbers = [];
    for (let packet = pair.b.pollRead(); packet !== undefined; packet = pair.b.pollRead()) {
      const { sequenceNumber } = packet.header;
      const { pictureId, tl0PicIdx } = decodeVp8Descriptor(new RtpPacket(packet.bytes, packet.header).payload);
      numbers.push([sequenceNumber, pictureId, tl0PicIdx]);
    }
    return numbers;
  };
  for (let datagram = pair.a.pollWrite(), i = 0; datagram !== undefined; datagram = pair.a.pollWrite(), i++) if (i !== 1) pair.b.handleRead(datagram, 3); // the second is lost
  assert.deepEqual(readNumbers(), [[10, 7000, 200], [12, 7002, 202]]);
  pair.b.writeRtcp([{ type: 'nack', senderSsrc: 1, mediaSsrc: 100, lost: [11] }], 4);
  pair.carry('b', 5);
  pair.a.handleTimeout(5);
  pair.carry('a', 6);
  assert.deepEqual(readNumbers(), [[11, 7001, 201]]);
  assert.deepEqual(sources, kept);
});

test('a duplicate that is forwarded is refused, not sealed twice (A-SRTP-05)', () => {
  const pair = oneWay();
  for (let i = 0; i < 2; i++) pair.a.write(1, 0, { payload: payload(`number ${i}`), timestamp: 0, sequenceNumber: 5 }, i);
  assert.equal(pair.carry('a', 2).length, 1);
  assert.deepEqual(dropsOf(pair.a), { 'srtp.refused': 1 });
});

test('a section that no longer receives ends its streams', () => {
  const pair = oneWay();
  pair.a.write(1, 0, { payload: payload('x'), timestamp: 0 }, 1);
  pair.carry('a', 1);
  pair.b.pollEvent();
  pair.b.update([agreement({ mid: '0', transceiver: 7, direction: 'inactive' })], 2);
  assert.deepEqual(pair.b.pollEvent(), { type: 'encoding-ended', transceiver: 7, rid: undefined, ssrc: 100 });
  pair.a.write(1, 0, { payload: payload('y'), timestamp: 0 }, 3);
  pair.carry('a', 3);
  assert.deepEqual(dropsOf(pair.b), { 'rtp.not-receiving': 1 });
});

test('extensions of the application stand beside those of the connection, whose ids they cannot take', () => {
  const pair = oneWay();
  const extensions = [
    { id: Ext.mid, value: payload('9') },
    { id: 14, value: payload('mine') },
  ];
  pair.a.write(1, 0, { payload: payload('x'), timestamp: 0, extensions, csrcs: [1, 2] }, 1);
  pair.carry('a', 1);
  const packet = pair.b.pollRead();
  assert.ok(packet);
  const rtp = new RtpPacket(packet.bytes, packet.header);
  assert.deepEqual(rtp.csrcs, [1, 2]);
  assert.equal(text(rtp.extension(14) as Uint8Array), 'mine');
  assert.equal(text(rtp.extension(Ext.mid) as Uint8Array), '0');
  assert.ok(findExtension(packet.bytes, packet.header, Ext.transportSequence) > 0, `room for ${ExtensionUri.transportSequence}`);
});
