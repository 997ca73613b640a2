import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeRed, type RedBlock } from '../../../src/codec/index.ts';
import { DecodeError, fromHex, RtcError, toHex } from '../../../src/core/index.ts';
import { type FecFields, maskHas, setMaskBit } from '../../../src/interceptor/fec/fields.ts';
import { decodeFlexfec, encodeFlexfec } from '../../../src/interceptor/fec/flexfec.ts';
import { Share } from '../../../src/interceptor/fec/share.ts';
import { decodeUlpfec, encodeUlpfec } from '../../../src/interceptor/fec/ulpfec.ts';
import {
  fecReceiver,
  fecSender,
  FecSender,
  InterceptorChain,
  type InterceptorFactory,
  nackGenerator,
  nackResponder,
  redundantAudio,
  RedundantAudio,
  reports,
  rtxReceiver,
} from '../../../src/interceptor/index.ts';
import { decodeRtcp, type RtcpPacket } from '../../../src/rtcp/index.ts';
import { decodeRtp, extensionValue, type RtpCodec } from '../../../src/rtp/index.ts';
import { prefixes, seeded, survives } from '../../support/fuzz.ts';
import {
  AUDIO_CODECS,
  AUDIO_RED_CODEC,
  chainEnvironment,
  ChainPair,
  Ext,
  FLEXFEC_CODEC,
  incoming,
  localStream,
  outgoing,
  payloadOf,
  Pt,
  RED_CODECS,
  remoteStream,
  type StreamOptions,
  VIDEO_CODECS,
} from '../../support/interceptor.ts';

const FLEX: StreamOptions = { ssrc: 0x300, fecSsrc: 0x302, codecs: [...VIDEO_CODECS, FLEXFEC_CODEC] };
const ULP: StreamOptions = { ssrc: 0x300, codecs: [...VIDEO_CODECS, ...RED_CODECS] };

/** The sort of fields that a mask of these bits and some parity have. */
function fieldsOf(ssrc: number, base: number, bits: readonly number[], payload: Uint8Array): FecFields {
  const mask = new Uint8Array(14);
  for (const bit of bits) setMaskBit(mask, bit);
  return { ssrc, base, mask, first: 0x12, second: 0xe0, length: 77, timestamp: 0x89ab_cdef, payload };
}

function bitsOf({ mask }: FecFields): number[] {
  return Array.from({ length: 112 }, (_, i) => i).filter((i) => maskHas(mask, i));
}

/** Sends frames of a few packets over a link that loses single packets; returns what reached the application by number, and the pair. */
function call(options: StreamOptions, share: number, lose: (index: number) => boolean, frames = 80): { pair: ChainPair; payloads: Map<number, string>; sent: string[]; timestamps: Map<string, number>; numbers: number[] } {
  const pair = new ChainPair([fecSender({ minShare: share, maxShare: share }), fecReceiver()]);
  pair.a.link = { delayMs: 20, drop: (_, index) => lose(index) };
  const stream = pair.stream(options);
  const next = seeded(9);
  const sent: string[] = [];
  const timestamps = new Map<string, number>();
  let sequenceNumber = 65_400;
  pair.every(20, frames * 20, (now) => {
    const count = 1 + Math.floor(next() * 6);
    for (let i = 0; i < count; i++) {
      const payload = payloadOf(sequenceNumber, 20 + Math.floor(next() * 900));
      sent.push(toHex(payload));
      timestamps.set(toHex(payload), 0xfffe_0000 + now * 90);
      const extensions = [{ id: Ext.absoluteSendTime, value: Uint8Array.of(1, 2, 3) }, { id: Ext.transportSequence, value: new Uint8Array(2) }];
      pair.send(stream, { sequenceNumber: sequenceNumber++, timestamp: 0xfffe_0000 + now * 90, marker: i === count - 1, payload, extensions: i % 2 === 0 ? extensions : [], paddingBytes: i === 2 ? 7 : 0 });
    }
  });
  pair.run(frames * 20 + 200);
  // FEC in RED leaves padding behind, in its place.
  const numbers = pair.b.received.map(({ header }) => header.sequenceNumber);
  const media = pair.b.received.filter(({ role }) => role === 'media');
  pair.b.received.length = 0;
  pair.b.received.push(...media);
  const payloads = new Map(media.map(({ header, bytes }) => [header.sequenceNumber, toHex(bytes.subarray(header.payloadStart, header.payloadEnd))]));
  return { pair, payloads, sent, timestamps, numbers };
}

for (const [name, options] of [['FlexFEC', FLEX], ['ULPFEC in RED', ULP]] as const) {
  test(`${name}: a packet lost now and then is restored whole, without asking, and once`, () => {
    const { pair, payloads, sent, timestamps } = call(options, 0.34, (index) => index > 20 && index % 9 === 5);
    const got = new Set(payloads.values());
    // The last group may lack its FEC.
    assert.equal(sent.slice(0, -10).every((payload) => got.has(payload)), true);
    assert.equal(pair.b.received.length, payloads.size);
    assert.ok(pair.b.told('recovered').length > 20);
    for (const { header, bytes, role } of pair.b.received) {
      assert.equal(role, 'media');
      assert.equal(header.payloadType, Pt.vp8);
      assert.equal(header.ssrc, 0x300);
      assert.deepEqual(decodeRtp(bytes), header);
    }
    // What is restored has all of the header; what changes on the way out is zero.
    const numbers = new Set(pair.b.told('recovered').map(({ sequenceNumber }) => sequenceNumber));
    const restored = pair.b.received.filter(({ header }) => numbers.has(header.sequenceNumber));
    assert.ok(restored.some(({ header }) => header.marker) && restored.some(({ header }) => header.hasPadding));
    for (const { bytes, header } of restored) {
      const time = extensionValue(bytes, header, Ext.absoluteSendTime);
      assert.ok(time === undefined || toHex(time) === '000000');
      assert.equal(header.timestamp, (timestamps.get(toHex(bytes.subarray(header.payloadStart, header.payloadEnd))) ?? -1) >>> 0);
    }
  });

  test(`${name}: a burst is restored when it falls into different lanes`, () => {
    const { sent, payloads } = call(options, 0.5, (index) => index > 40 && index % 40 < 2);
    const got = new Set(payloads.values());
    assert.ok(sent.filter((payload) => !got.has(payload)).length <= 6, `${sent.filter((payload) => !got.has(payload)).length} of ${sent.length} lost`);
  });

  test(`${name}: no FEC without loss, more with more, less again later`, () => {
    const pair = new ChainPair([reports(), fecSender(), fecReceiver()]);
    const stream = pair.stream(options);
    let sequenceNumber = 0;
    pair.every(10, 20_000, (now) => pair.send(stream, { sequenceNumber, timestamp: now * 90, marker: sequenceNumber++ % 4 === 3, payload: new Uint8Array(200) }));
    const fecIn = (ms: number): number => {
      const before = pair.a.sentRtp.length;
      pair.run(ms);
      return pair.a.sentRtp.slice(before).filter((bytes) => {
        const { payloadType, payloadStart } = decodeRtp(bytes);
        return payloadType === Pt.flexfec || (payloadType === Pt.red && bytes[payloadStart] === Pt.ulpfec);
      }).length;
    };
    assert.equal(fecIn(2000), 0);
    pair.a.link = { delayMs: 20, loss: 0.1 };
    fecIn(3000);
    const under = fecIn(3000);
    assert.ok(under > 30 && under < 140, `${under} for 300 packets with 10 % loss`);
    pair.a.link = { delayMs: 20 };
    fecIn(9000);
    assert.ok(fecIn(3000) < under / 2);
  });
}

test('ULPFEC in RED: media and FEC have one row of numbers without gaps, in the order in which they leave (RFC 5109 14.2)', () => {
  const { pair, numbers } = call(ULP, 0.3, () => false, 40);
  const row = pair.a.sentRtp.map((bytes) => decodeRtp(bytes).sequenceNumber);
  row.forEach((number, i) => assert.equal(number, (65_400 + i) & 0xffff));
  assert.deepEqual(numbers, row, 'the receiver has a packet for each, so that nobody waits');
  for (const bytes of pair.a.sentRtp) assert.equal(decodeRtp(bytes).payloadType, Pt.red);
});

test('FlexFEC has an SSRC and numbers of its own, and bears what tells whose it is', () => {
  const { pair } = call({ ...FLEX, rid: 'q' }, 0.3, () => false, 40);
  const fec = pair.a.sentRtp.map((bytes) => ({ bytes, header: decodeRtp(bytes) })).filter(({ header }) => header.ssrc === 0x302);
  assert.ok(fec.length > 20);
  fec.forEach(({ header, bytes }, i) => {
    assert.equal(header.sequenceNumber, ((fec[0]?.header.sequenceNumber ?? 0) + i) & 0xffff);
    assert.equal(header.payloadType, Pt.flexfec);
    assert.equal(toHex(extensionValue(bytes, header, Ext.mid) ?? new Uint8Array(0)), '30');
    assert.equal(toHex(extensionValue(bytes, header, Ext.repairedRid) ?? new Uint8Array(0)), '71');
    assert.equal(extensionValue(bytes, header, Ext.transportSequence)?.length, 2);
  });
});

test('FEC and NACK live together: what FEC restores is hardly asked for, and the rest comes by RTX', () => {
  const interceptors: InterceptorFactory[] = [reports(), rtxReceiver(), nackGenerator({ reorderMs: 60 }), nackResponder(), fecSender({ minShare: 0.25, maxShare: 0.25 }), fecReceiver()];
  for (const options of [FLEX, ULP]) {
    const pair = new ChainPair(interceptors, { link: { delayMs: 20, loss: 0.06 } });
    const stream = pair.stream(options);
    const sent: string[] = [];
    pair.every(10, 4000, (now) => {
      const payload = payloadOf(sent.length, 80 + (sent.length % 50));
      pair.send(stream, { sequenceNumber: sent.length, timestamp: now * 90, marker: sent.length % 4 === 3, payload });
      sent.push(toHex(payload));
    });
    pair.run(6000);
    const got = pair.b.received.filter(({ role }) => role === 'media').map(({ header, bytes }) => toHex(bytes.subarray(header.payloadStart, header.payloadEnd)));
    assert.equal(got.length, sent.length, 'each once');
    assert.deepEqual([...got].sort(), [...sent].sort());
    const asked = pair.b.sentRtcp.flatMap((bytes) => decodeRtcp(bytes)).flatMap((packet: RtcpPacket) => (packet.type === 'nack' ? packet.lost : []));
    const recovered = pair.b.told('recovered').length;
    assert.ok(recovered > 10 && new Set(asked).size < 30, `${recovered} restored, ${new Set(asked).size} asked for`);
  }
});

test('the formats are those of RFC 5109 7.3 and FlexFEC draft-03 4.2, by hand', () => {
  const payload = Uint8Array.of(0xaa, 0xbb);
  // L = 0: bits 0 and 15. L = 1: bit 47.
  assert.equal(toHex(encodeUlpfec(fieldsOf(-1, 0x1234, [0, 15], payload))), '12e01234' + '89abcdef' + '004d' + '0002' + '8001' + 'aabb');
  assert.equal(toHex(encodeUlpfec(fieldsOf(-1, 0x1234, [0, 47], payload))), '52e01234' + '89abcdef' + '004d' + '0002' + '800000000001' + 'aabb');
  // k at the head of each part: 15, 31 and 63 bits.
  const start = '12e0004d' + '89abcdef' + '01000000' + '00000300' + '1234';
  assert.equal(toHex(encodeFlexfec(fieldsOf(0x300, 0x1234, [0, 14], payload))), start + 'c001' + 'aabb');
  assert.equal(toHex(encodeFlexfec(fieldsOf(0x300, 0x1234, [0, 15, 45], payload))), start + '4000' + 'c0000001' + 'aabb');
  assert.equal(toHex(encodeFlexfec(fieldsOf(0x300, 0x1234, [14, 45, 46, 108], payload))), start + '0001' + '00000001' + 'c000000000000001' + 'aabb');
});

test('parity is that of RFC 5109 8.1: of flags, marker and type, timestamp, size behind the fixed header, and all that lies there', () => {
  const pair = new ChainPair([fecSender({ minShare: 0.5, maxShare: 0.5 })]);
  const stream = pair.stream(ULP);
  const send = (sequenceNumber: number, timestamp: number, payload: string, marker: boolean, paddingBytes: number): void =>
    pair.send(stream, { sequenceNumber, timestamp, payload: fromHex(payload), marker, paddingBytes });
  send(9, 0x0000_ffff, '0102030405', false, 0);
  send(10, 0x00ff_00f0, '1020', true, 1);
  const fec = pair.a.sentRtp[2] as Uint8Array;
  const { payloadStart, sequenceNumber, timestamp } = decodeRtp(fec);
  assert.equal(sequenceNumber, 11);
  assert.equal(timestamp, 0x00ff_00f0);
  // 80 ^ a0 without version; 60 ^ e0; base 9; timestamps; 5 ^ 3; protection of 5 bytes; bits 0 and 1; 0102030405 ^ 102001.
  assert.equal(toHex(fec.subarray(payloadStart)), '64' + '2080' + '0009' + '00ffff0f' + '0006' + '0005' + 'c000' + '1122020405');
});

test('what is encoded is decoded again, for every mask', () => {
  const bits = (most: number): fc.Arbitrary<number[]> => fc.uniqueArray(fc.integer({ min: 0, max: most }), { minLength: 1, maxLength: 48 }).map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(bits(108), fc.uint8Array({ maxLength: 30 }), fc.integer({ min: 0, max: 65_535 }), (list, payload, base) => {
      const flex = decodeFlexfec(encodeFlexfec(fieldsOf(7, base, list, payload)));
      assert.deepEqual(bitsOf(flex), list);
      assert.deepEqual({ ...flex, mask: null, payload: toHex(flex.payload), first: flex.first & 0x3f }, { ...fieldsOf(7, base, list, payload), mask: null, payload: toHex(payload) });
      const short = list.filter((bit) => bit < 48);
      if (short.length === 0) return;
      const ulp = decodeUlpfec(encodeUlpfec(fieldsOf(-1, base, short, payload)));
      assert.deepEqual(bitsOf(ulp), short);
      assert.deepEqual({ ...ulp, mask: null, payload: toHex(ulp.payload), first: ulp.first & 0x3f }, { ...fieldsOf(-1, base, short, payload), mask: null, payload: toHex(payload) });
    }),
    { numRuns: 100 },
  );
});

test('A-MED-03 FEC that is cut short, has no mask or too long a one, rows and columns, or protects several streams is refused', () => {
  const flex = encodeFlexfec(fieldsOf(0x300, 1, [14, 45, 46, 108], Uint8Array.of(1, 2, 3)));
  const ulp = encodeUlpfec(fieldsOf(-1, 1, [0, 47], Uint8Array.of(1, 2, 3)));
  for (const prefix of prefixes(flex.subarray(0, 32))) assert.equal(survives(decodeFlexfec, prefix), 'refused');
  for (const prefix of prefixes(ulp)) assert.equal(survives(decodeUlpfec, prefix), 'refused');
  const changed = (payload: Uint8Array, at: number, value: number): Uint8Array => {
    const copy = payload.slice();
    copy[at] = value;
    return copy;
  };
  const refused = (decode: (payload: Uint8Array) => FecFields, payload: Uint8Array): void => assert.throws(() => decode(payload), DecodeError);
  refused(decodeFlexfec, changed(flex, 24, 0), ); // the third part says that a fourth follows
  refused(decodeFlexfec, changed(flex, 0, 0x40)); // F: a fixed mask, with L and D
  refused(decodeFlexfec, changed(flex, 0, 0x80)); // R: a retransmission
  for (const count of [0, 2, 255]) refused(decodeFlexfec, changed(flex, 8, count));
  refused(decodeFlexfec, fromHex('12e0004d89abcdef01000000000003001234' + '8000'));
  refused(decodeUlpfec, fromHex('12e0123489abcdef004d0000' + '0000'));
  refused(decodeUlpfec, changed(ulp, 0, 0xc0)); // E
  refused(decodeUlpfec, changed(ulp, 11, 4)); // protection past the end
});

test('A-MED-03 FEC that protects itself or others, restores repair or nonsense, or comes by the thousand does no harm', () => {
  const chain = new InterceptorChain([fecReceiver()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = remoteStream({ ...FLEX, codecs: [...VIDEO_CODECS, FLEXFEC_CODEC, ...RED_CODECS] });
  chain.bindRemote(stream, 0);
  let sequence = 0;
  const fec = (fields: FecFields, ssrc = 0x302): void => chain.handleRtp(incoming(stream, { sequenceNumber: sequence++ & 0xffff, ssrc, payloadType: Pt.flexfec, payload: encodeFlexfec(fields) }), 0);
  const polled = (): number => {
    let count = 0;
    while (chain.pollRtp() !== undefined) count++;
    return count;
  };
  for (const ssrc of [0x302, 0x301, 0]) fec(fieldsOf(ssrc, 1, [0], new Uint8Array(100)));
  fec(fieldsOf(0x300, 1, [0], new Uint8Array(100)), 0x300);
  assert.equal(chain.counters.get('interceptor.fec.foreign'), 4);
  // One bit: the FEC packet is the packet. It claims to be FEC, RED, RTX, unknown, or longer than it is, or has broken padding.
  const alone = (second: number, length: number, first = 0): void => fec({ ...fieldsOf(0x300, 50, [0], new Uint8Array(100)), first, second, length });
  for (const payloadType of [Pt.flexfec, Pt.red, Pt.vp8Rtx, 5]) alone(payloadType, 100);
  alone(Pt.vp8, 100, 0x20);
  alone(Pt.vp8, 3, 0x0f);
  assert.equal(chain.counters.get('interceptor.fec.invalid'), 6);
  alone(Pt.vp8, 101);
  assert.equal(chain.counters.get('interceptor.fec.partial'), 1);
  assert.equal(polled(), 0);
  alone(Pt.vp8, 100);
  assert.equal(polled(), 1);
  // Each restores one packet at most, and those that wait are few.
  for (let i = 0; i < 3000; i++) fec(fieldsOf(0x300, 1000 + i, [0, 3, 50, 108], new Uint8Array(10)));
  assert.equal(chain.counters.get('interceptor.fec.pending'), 3000 - 32);
  for (let i = 0; i < 400; i++) chain.handleRtp(incoming(stream, { sequenceNumber: 3900 + i }), 0);
  assert.ok(polled() <= 400 + 32);
  assert.equal(polled(), 0);
});

test('what came is never restored: not from before the first FEC packet, not when it is too old to be kept, nor behind the window', () => {
  const chain = new InterceptorChain([fecReceiver()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = remoteStream(FLEX);
  chain.bindRemote(stream, 0);
  let fecNumber = 0;
  const media = (sequenceNumber: number, now: number): void => chain.handleRtp(incoming(stream, { sequenceNumber, payload: new Uint8Array(88) }), now);
  const fec = (base: number, bits: number[], now: number): void => {
    const fields = { ...fieldsOf(0x300, base, bits, new Uint8Array(88)), first: 0, second: Pt.vp8, length: 88 };
    chain.handleRtp(incoming(stream, { sequenceNumber: fecNumber++, ssrc: 0x302, payloadType: Pt.flexfec, payload: encodeFlexfec(fields) }), now);
  };
  const delivered = (): number[] => {
    const numbers: number[] = [];
    for (let packet = chain.pollRtp(); packet !== undefined; packet = chain.pollRtp()) numbers.push(packet.header.sequenceNumber);
    return numbers;
  };
  media(65_530, 0);
  fec(65_530, [0], 0);
  assert.deepEqual(delivered(), [65_530]);
  media(65_531, 10);
  fec(65_531, [0], 2500);
  fec(65_531, [0, 1], 2500);
  assert.deepEqual(delivered(), [65_531], 'known, but not kept: the other cannot be told either');
  fec(65_533, [0], 2500);
  assert.deepEqual(delivered(), [65_533]);
  media(65_533, 2600);
  assert.deepEqual(delivered(), [], 'the late original');
  for (let i = 0; i < 600; i++) media((65_534 + i) & 0xffff, 2600);
  assert.equal(delivered().length, 600);
  fec(65_531, [0], 2600);
  fec(65_535, [0, 1], 2600);
  assert.deepEqual(delivered(), []);
});

test('RED of video with several blocks, with an unknown one, or with none is dropped', () => {
  const chain = new InterceptorChain([fecReceiver()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = remoteStream(ULP);
  chain.bindRemote(stream, 0);
  const feed = (payload: Uint8Array): string | undefined => {
    chain.handleRtp(incoming(stream, { sequenceNumber: 1, payloadType: Pt.red, payload }), 0);
    return chain.pollRtp()?.role;
  };
  for (const payload of [Uint8Array.of(0x80 | Pt.vp8, 0, 0, 1, Pt.vp8, 1), Uint8Array.of(5, 1), Uint8Array.of(Pt.red, 1), Uint8Array.of(Pt.vp8Rtx, 1)]) assert.equal(feed(payload), undefined);
  assert.equal(chain.counters.get('interceptor.fec.red'), 4);
  assert.equal(feed(Uint8Array.of(Pt.ulpfec, 1)), 'padding');
  assert.equal(chain.counters.get('interceptor.ulpfec'), 1);
  assert.equal(feed(Uint8Array.of(Pt.vp8, 1)), 'media');
});

test('numbers go on when a stream pauses, and when FEC is agreed upon no more: none is used twice (RFC 3711 9.1)', () => {
  const pair = new ChainPair([fecSender({ minShare: 0.5, maxShare: 0.5 })]);
  const codecs = new Map((ULP.codecs ?? []).map((codec) => [codec.payloadType, codec]));
  const stream = { ...pair.stream(ULP), codecs };
  const { chain } = pair.a;
  let sequenceNumber = 100;
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) pair.send(stream, { sequenceNumber: sequenceNumber++, marker: true });
  };
  chain.bindLocal(stream, 0);
  send(6);
  chain.unbindLocal(stream, 0);
  chain.bindLocal(stream, 0);
  send(6);
  codecs.delete(Pt.ulpfec);
  chain.updateLocal(stream, 0);
  send(6);
  const numbers = pair.a.sentRtp.map((bytes) => decodeRtp(bytes).sequenceNumber);
  assert.deepEqual(numbers, Array.from({ length: 24 }, (_, i) => 100 + i));
  assert.deepEqual(pair.a.sentRtp.slice(18).map((bytes) => decodeRtp(bytes).payloadType), new Array(6).fill(Pt.vp8));
});

test('without FEC negotiated nothing is wrapped, kept or restored', () => {
  const pair = new ChainPair([fecSender({ minShare: 0.5 }), fecReceiver()]);
  const stream = pair.stream({ codecs: VIDEO_CODECS });
  for (let i = 0; i < 50; i++) pair.send(stream, { sequenceNumber: i, marker: true });
  pair.run(100);
  assert.equal(pair.a.sentRtp.length, 50);
  assert.equal(pair.b.received.length, 50);
});

test('the share follows the loss within its bounds, and bounds out of range are refused', () => {
  const share = new Share({ minShare: 0.05, maxShare: 0.3, lossFactor: 2 });
  assert.equal(share.value, 0.05);
  for (let i = 0; i < 20; i++) share.onReport(26);
  assert.ok(Math.abs(share.value - 0.2) < 0.01);
  for (let i = 0; i < 20; i++) share.onReport(255);
  assert.equal(share.value, 0.3);
  share.onReport(0);
  assert.equal(share.value, 0.3, 'slowly down');
  const context = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: '', counters: new ChainPair([]).a.chain.counters };
  for (const config of [{ minShare: -0.1 }, { maxShare: 1.1 }, { minShare: 0.6 }, { lossFactor: Number.NaN }]) assert.throws(() => new FecSender(context, config), RtcError);
});

const AUDIO: StreamOptions = { kind: 'audio', ssrc: 0x900, codecs: [...AUDIO_CODECS, AUDIO_RED_CODEC] };

function audioCall(distance: number, drop: (sequence: number) => boolean): ChainPair {
  const pair = new ChainPair([redundantAudio({ distance })]);
  pair.a.link = { delayMs: 10, drop: (bytes) => drop(decodeRtp(bytes).sequenceNumber) };
  const stream = pair.stream(AUDIO);
  let sequenceNumber = 65_500;
  pair.every(20, 2000, (now) => pair.send(stream, { sequenceNumber, timestamp: now * 48, payload: payloadOf(sequenceNumber++, 60), marker: sequenceNumber === 65_501 }));
  pair.run(2200);
  return pair;
}

test('single losses are restored in order by the packet behind them (RFC 2198)', () => {
  const pair = audioCall(1, (sequence) => sequence % 3 === 2);
  const { received } = pair.b;
  assert.equal(received.length, 100);
  received.forEach(({ header, bytes, role }, i) => {
    assert.equal(header.sequenceNumber, (65_500 + i) & 0xffff);
    assert.equal(header.timestamp, i * 20 * 48);
    assert.equal(header.payloadType, Pt.opus);
    assert.equal(role, 'media');
    assert.deepEqual(decodeRtp(bytes), header);
    assert.deepEqual(bytes.subarray(header.payloadStart, header.payloadEnd), payloadOf(65_500 + i, 60));
  });
  assert.equal(received[0]?.header.marker, true);
  assert.ok(pair.b.told('recovered').length > 30);
  for (const bytes of pair.a.sentRtp) assert.equal(decodeRtp(bytes).payloadType, Pt.opusRed);
});

test('bursts as long as the distance are restored', () => {
  assert.equal(audioCall(3, (sequence) => sequence % 8 < 3).b.received.length, 100);
  const less = audioCall(2, (sequence) => sequence % 8 < 3).b.received;
  assert.ok(less.length < 100 && less.length > 80);
});

test('a redundant block belongs where its timestamp lies, whatever the sender left out between', () => {
  const chain = new InterceptorChain([redundantAudio()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = remoteStream(AUDIO);
  chain.bindRemote(stream, 0);
  const feed = (sequenceNumber: number, timestamp: number, ...offsets: number[]): [number, number][] => {
    const blocks = [...offsets, 0].map((timestampOffset) => ({ payloadType: Pt.opus, timestampOffset, data: Uint8Array.of(1, 2) }));
    chain.handleRtp(incoming(stream, { sequenceNumber, timestamp, payloadType: Pt.opusRed, payload: encodeRed(blocks) }), 0);
    const out: [number, number][] = [];
    for (let packet = chain.pollRtp(); packet !== undefined; packet = chain.pollRtp()) out.push([packet.header.sequenceNumber, packet.header.timestamp]);
    return out;
  };
  assert.deepEqual(feed(65_534, 0, 960), [[65_534, 0]], 'nothing from before the first');
  // 65535 and 0 are lost; one block, two packets back.
  assert.deepEqual(feed(1, 2880, 1920), [[65_535, 960], [1, 2880]]);
  assert.deepEqual(feed(2, 3840, 1920), [[0, 1920], [2, 3840]]);
  // A silence: 3 is lost, which lies alone between its neighbours however long that was.
  assert.deepEqual(feed(4, 12_000, 7000), [[3, 5000], [4, 12_000]]);
  // 5, 6 and 7 are lost. A timestamp that is none of theirs, one that is, and one that came.
  assert.deepEqual(feed(8, 15_840, 1000, 960, 3840), [[7, 14_880], [8, 15_840]]);
});

test('padding of the payload type of RED fills its number’s place and is no packet that came: audio and video', () => {
  const chain = new InterceptorChain([fecReceiver(), redundantAudio()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const audio = remoteStream(AUDIO);
  const video = remoteStream(ULP);
  for (const stream of [audio, video]) chain.bindRemote(stream, 0);
  const feed = (packet: ReturnType<typeof incoming>): string[] => {
    chain.handleRtp(packet, 0);
    const out: string[] = [];
    for (let next = chain.pollRtp(); next !== undefined; next = chain.pollRtp()) out.push(`${next.header.sequenceNumber} ${next.role} ${next.header.payloadType} ${next.header.timestamp}`);
    return out;
  };
  const red = (sequenceNumber: number, timestamp: number, ...offsets: number[]): string[] => {
    const payload = encodeRed([...offsets, 0].map((timestampOffset) => ({ payloadType: Pt.opus, timestampOffset, data: Uint8Array.of(7) })));
    return feed(incoming(audio, { sequenceNumber, timestamp, payloadType: Pt.opusRed, payload }));
  };
  const padding = (stream: typeof audio, sequenceNumber: number, timestamp: number): string[] =>
    feed(incoming(stream, { sequenceNumber, timestamp, payloadType: stream === audio ? Pt.opusRed : Pt.red, payload: new Uint8Array(0), paddingBytes: 200 }));
  assert.deepEqual(red(10, 0), ['10 media 111 0']);
  // 11 is lost, padding with its timestamp is not.
  assert.deepEqual(padding(audio, 12, 960), ['12 padding 111 960']);
  assert.deepEqual(padding(audio, 13, 960), ['13 padding 111 960']);
  assert.deepEqual(red(14, 1920, 960), ['11 media 111 960', '14 media 111 1920']);
  // 15 and 17 are lost, padding between them is not.
  assert.deepEqual(padding(audio, 16, 2880), ['16 padding 111 2880']);
  assert.deepEqual(red(18, 4800, 1920, 960), ['15 media 111 2880', '17 media 111 3840', '18 media 111 4800']);
  assert.deepEqual(padding(video, 1, 0), ['1 padding 98 0'], 'before any media');
  assert.deepEqual(feed(incoming(video, { sequenceNumber: 2, timestamp: 1, payloadType: Pt.red, payload: Uint8Array.of(Pt.vp8, 1) })), ['2 media 96 1']);
  assert.deepEqual(padding(video, 3, 1), ['3 padding 96 1']);
});

test('nothing is sent as RED unless a distance is set and RED negotiated; received it is always', () => {
  const chain = new InterceptorChain([redundantAudio()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = localStream(AUDIO);
  chain.bindLocal(stream, 0);
  chain.writeRtp(outgoing(stream, { sequenceNumber: 1 }), 0);
  const out = chain.pollWrite();
  assert.ok(out !== undefined && 'bytes' in out && out.header.payloadType === Pt.opus);
  const without = new ChainPair([redundantAudio({ distance: 2 })]);
  const plain = without.stream({ ...AUDIO, codecs: AUDIO_CODECS });
  without.send(plain, { sequenceNumber: 1 });
  without.run(100);
  assert.equal(without.b.received[0]?.header.payloadType, Pt.opus);
});

test('blocks that are too far back, too large or not right behind each other are left out', () => {
  const pair = new ChainPair([redundantAudio({ distance: 4 })]);
  const stream = pair.stream(AUDIO);
  const blocksOf = (): number => {
    const bytes = pair.a.sentRtp.at(-1) as Uint8Array;
    let blocks = 1;
    for (let at = decodeRtp(bytes).payloadStart; (bytes[at] as number) >= 0x80; at += 4) blocks++;
    return blocks;
  };
  const send = (sequenceNumber: number, timestamp: number, bytes: number): number => {
    pair.send(stream, { sequenceNumber, timestamp, payload: new Uint8Array(bytes) });
    return blocksOf();
  };
  assert.equal(send(1, 0, 100), 1);
  assert.equal(send(2, 960, 100), 2);
  assert.equal(send(3, 1920 + 20_000, 100), 1, 'farther back than 14 bits');
  assert.equal(send(4, 1920 + 20_960, 1030), 1, 'no room');
  assert.equal(send(5, 1920 + 21_920, 20), 1, 'the one before is larger than 10 bits');
  assert.equal(send(6, 1920 + 22_880, 20), 2);
  assert.equal(send(8, 1920 + 23_840, 20), 1, 'one is missing between');
  assert.equal(send(9, 1920 + 24_800, 20), 2);
});

test('A-MED-04 RED with blocks past the end, with a hundred blocks, or with RED, RTX or FEC in it does no harm', () => {
  const rtx: RtpCodec = { ...AUDIO_RED_CODEC, payloadType: 64, name: 'rtx', parameters: new Map([['apt', '63']]) };
  const fec: RtpCodec = { ...rtx, payloadType: 65, name: 'ulpfec', parameters: new Map() };
  const chain = new InterceptorChain([redundantAudio()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = remoteStream({ ...AUDIO, codecs: [...AUDIO_CODECS, AUDIO_RED_CODEC, rtx, fec] });
  chain.bindRemote(stream, 0);
  const feed = (sequenceNumber: number, payload: Uint8Array): number => {
    chain.handleRtp(incoming(stream, { sequenceNumber, payloadType: Pt.opusRed, payload, timestamp: 96_000 }), 0);
    let count = 0;
    for (let packet = chain.pollRtp(); packet !== undefined; packet = chain.pollRtp()) count++;
    return count;
  };
  const block = (payloadType: number, timestampOffset = 0): RedBlock => ({ payloadType, timestampOffset, data: Uint8Array.of(1, 2, 3) });
  assert.equal(feed(1, encodeRed([block(Pt.opus)])), 1);
  assert.equal(feed(3, Uint8Array.of(0x80 | Pt.opus, 0, 3, 0xff, Pt.opus, 1)), 0);
  assert.equal(feed(3, Uint8Array.from({ length: 401 }, (_, i) => (i % 4 === 0 ? 0x80 | Pt.opus : 0))), 0);
  assert.equal(chain.counters.get('interceptor.red.malformed'), 2);
  for (const inner of [64, 65, 77]) assert.equal(feed(4, encodeRed([block(inner, 960), block(inner)])), 0);
  assert.equal(chain.counters.get('interceptor.red.nested'), 3);
  assert.equal(feed(4, encodeRed([block(Pt.opusRed)])), 0);
  assert.equal(feed(4, encodeRed([block(64, 960), block(Pt.opus)])), 1);
  assert.equal(feed(4, encodeRed([block(Pt.opus)])), 0, 'it came before');
});

test('a distance out of range is refused', () => {
  const context = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: '', counters: new InterceptorChain([], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: '' }, 0).counters };
  for (const distance of [-1, 9, 0.5]) assert.throws(() => new RedundantAudio(context, { distance }), RtcError);
});
