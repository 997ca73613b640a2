import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counters, DecodeError, RtcError, toHex } from '../../../src/core/index.ts';
import {
  arrivalTimes,
  congestionMetric,
  decodeRtcp,
  encodeRtcp,
  feedbackFromArrivals,
  isRtcp,
  MAX_FEEDBACK_STATUSES,
  metricEcn,
  metricOffset,
  OFFSET_OVERFLOW,
  OFFSET_UNKNOWN,
  peekSenderSsrc,
  readRtcp,
  sdesText,
  type RtcpPacket,
} from '../../../src/rtcp/index.ts';
import { PACKETS, REPORT } from '../../support/rtcp.ts';
import { hex } from '../../support/vectors.ts';

test('every kind of packet comes back as it was, alone and in a compound', () => {
  for (const packet of PACKETS) {
    const bytes = encodeRtcp([packet]);
    assert.ok(isRtcp(bytes), packet.type);
    assert.equal(bytes.length % 4, 0, packet.type);
    assert.deepEqual(decodeRtcp(bytes), [packet], packet.type);
  }
  assert.deepEqual(decodeRtcp(encodeRtcp(PACKETS), { reducedSize: false }), PACKETS);
});

test('A-JS-07 numbers at the ends of their ranges keep value and sign', () => {
  const u32 = fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff);
  const plain = { noNullPrototype: true } as const;
  const report = fc.record(
    {
      ssrc: u32,
      fractionLost: fc.constantFrom(0, 127, 128, 255),
      cumulativeLost: fc.constantFrom(-0x80_0000, -1, 0, 1, 0x7f_ffff),
      highestSequence: u32,
      jitter: u32,
      lastSenderReport: u32,
      delaySinceLastSenderReport: u32,
    },
    plain,
  );
  const packet = fc.record(
    {
      type: fc.constant('sr' as const),
      ssrc: u32,
      ntp: fc.record({ seconds: u32, fraction: u32 }, plain),
      rtpTimestamp: u32,
      packetCount: u32,
      octetCount: u32,
      reports: fc.array(report, { maxLength: 31 }),
    },
    plain,
  );
  fc.assert(
    fc.property(packet, (sr) => {
      const bytes = encodeRtcp([sr]);
      assert.deepEqual(decodeRtcp(bytes), [sr]);
      assert.equal(peekSenderSsrc(bytes), sr.ssrc);
    }),
    { numRuns: 300, seed: 7 },
  );
});

test('A-JS-05 padding of descriptions, reasons and feedback is zero', () => {
  const packets: RtcpPacket[] = [];
  for (let n = 0; n < 4; n++) {
    packets.push({ type: 'sdes', chunks: [{ ssrc: 0, items: [{ type: 1, value: new Uint8Array(n) }] }] });
    packets.push({ type: 'bye', ssrcs: [0], reason: 'x'.repeat(n) });
  }
  for (const packet of packets) {
    Buffer.allocUnsafe(64).fill(0xaa); // whatever the pool held must not show
    const bytes = encodeRtcp([packet], { headroomBytes: 16, tailroomBytes: 16 });
    assert.equal(bytes.byteOffset, 16);
    assert.equal(bytes.buffer.byteLength, bytes.length + 32);
    const all = new Uint8Array(bytes.buffer);
    assert.ok(all.subarray(0, 16).every((byte) => byte === 0) && all.subarray(16 + bytes.length).every((byte) => byte === 0));
  }
  assert.equal(toHex(encodeRtcp([{ type: 'bye', ssrcs: [1], reason: 'ab' }])), '81cb0002' + '00000001' + '02616200');
  assert.equal(toHex(encodeRtcp([{ type: 'sdes', chunks: [{ ssrc: 1, items: [{ type: 1, value: hex('6162') }] }] }])), '81ca0003' + '00000001' + '01026162' + '00000000');
  const feedback = encodeRtcp([{ type: 'transport-feedback', senderSsrc: 0, mediaSsrc: 0, baseSequence: 0, referenceTime: 0, feedbackCount: 0, statuses: Uint8Array.of(1), deltas: Int16Array.of(5) }]);
  assert.equal(toHex(feedback.subarray(-4)), '20010500');
});

test('a NACK packs runs of 17, over the wrap (RFC 4585 6.2.1)', () => {
  const lost = Array.from({ length: 18 }, (_, i) => (65_530 + i) & 0xffff);
  const bytes = encodeRtcp([{ type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost }]);
  assert.equal(toHex(bytes.subarray(12)), 'fffaffff' + '000b0000');
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(numbers, (sequences) => {
      const packet = decodeRtcp(encodeRtcp([{ type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: sequences }]))[0];
      assert.ok(packet?.type === 'nack');
      assert.deepEqual(packet.lost.toSorted((a, b) => a - b), sequences.toSorted((a, b) => a - b));
    }),
    { numRuns: 200, seed: 4585 },
  );
});

test('a REMB is rounded down, and the largest one is a finite number', () => {
  const remb = (bitrateBps: number): number => {
    const packet = decodeRtcp(encodeRtcp([{ type: 'remb', senderSsrc: 1, mediaSsrc: 0, bitrateBps, ssrcs: [1] }]))[0];
    assert.ok(packet?.type === 'remb');
    return packet.bitrateBps;
  };
  assert.equal(remb(0), 0);
  assert.equal(remb(262_143), 262_143);
  assert.equal(remb(262_145), 262_144);
  assert.equal(remb(1e9), 999_997_440);
  assert.equal(remb((2 ** 18 - 1) * 2 ** 63), (2 ** 18 - 1) * 2 ** 63);
  for (const wrong of [NaN, -1, Infinity, 2 ** 82]) assert.throws(() => remb(wrong), RtcError, `${wrong}`);
});

test('an item that is not UTF-8 is readable, a reason that is not is left out', () => {
  const [sdes] = decodeRtcp(hex('81ca0003' + '00000001' + '0102ff41' + '00000000'));
  assert.ok(sdes?.type === 'sdes');
  assert.equal(sdesText(sdes, 1), '\ufffdA');
  assert.equal(sdesText(sdes, 2), undefined);
  assert.equal(sdesText(sdes, 1, 2), undefined);
  assert.deepEqual(decodeRtcp(hex('81cb0002' + '00000001' + '02ff4100')), [{ type: 'bye', ssrcs: [1] }]);
});

test('a compound begins with a report unless reduced size is allowed (RFC 3550 6.1, RFC 5506)', () => {
  const pli = encodeRtcp([{ type: 'pli', senderSsrc: 1, mediaSsrc: 2 }]);
  assert.equal(decodeRtcp(pli).length, 1);
  assert.throws(() => decodeRtcp(pli, { reducedSize: false }), DecodeError);
  assert.equal(decodeRtcp(encodeRtcp([{ type: 'rr', ssrc: 1, reports: [] }, { type: 'pli', senderSsrc: 1, mediaSsrc: 2 }]), { reducedSize: false }).length, 2);
});

test('padding is taken off, in any packet of a compound (RFC 3550 6.4.1)', () => {
  const padded = 'a1ce0003' + '00000001' + '00000002' + '00000004';
  const pli = { type: 'pli', senderSsrc: 1, mediaSsrc: 2 };
  assert.deepEqual(decodeRtcp(hex(padded + padded)), [pli, pli]);
  for (const count of ['00', '01', '03', '05', '10', 'ff']) assert.throws(() => decodeRtcp(hex(padded.slice(0, -2) + count)), DecodeError, count);
  assert.throws(() => decodeRtcp(hex('a0cb0000')), DecodeError, 'padding of nothing');
});

test('readRtcp leaves malformed packets out and counts them, and the whole datagram when it does not add up', () => {
  const counters = new Counters();
  const good = { type: 'pli', senderSsrc: 1, mediaSsrc: 2 } as const;
  const short = '81ce0001' + '00000001';
  assert.deepEqual(readRtcp(Uint8Array.from([...hex(short), ...encodeRtcp([good])]), counters), [good]);
  assert.equal(counters.get('rtcp.pli'), 1);
  assert.deepEqual(readRtcp(Uint8Array.from([...encodeRtcp([good]), ...hex('81ce')]), counters), []);
  assert.equal(counters.get('rtcp.header'), 1);
  assert.throws(() => decodeRtcp(hex(short)), DecodeError);
});

test('what has no form is the caller\'s error', () => {
  const refused: RtcpPacket[] = [
    { type: 'rr', ssrc: 1, reports: new Array(32).fill(REPORT) },
    { type: 'rr', ssrc: 1, reports: [{ ...REPORT, fractionLost: 256 }] },
    { type: 'rr', ssrc: 1, reports: [{ ...REPORT, cumulativeLost: 0x80_0000 }] },
    { type: 'rr', ssrc: 1, reports: [], extension: new Uint8Array(3) },
    { type: 'sdes', chunks: [{ ssrc: 1, items: [{ type: 0, value: new Uint8Array(0) }] }] },
    { type: 'sdes', chunks: [{ ssrc: 1, items: [{ type: 1, value: new Uint8Array(256) }] }] },
    { type: 'sdes', chunks: new Array(32).fill({ ssrc: 1, items: [] }) },
    { type: 'bye', ssrcs: new Array(32).fill(1) },
    { type: 'bye', ssrcs: [], reason: 'x'.repeat(256) },
    { type: 'app', subtype: 32, ssrc: 1, name: 'test', data: new Uint8Array(0) },
    { type: 'app', subtype: 0, ssrc: 1, name: 'tést', data: new Uint8Array(0) },
    { type: 'app', subtype: 0, ssrc: 1, name: 'tes', data: new Uint8Array(0) },
    { type: 'app', subtype: 0, ssrc: 1, name: 'test', data: new Uint8Array(2) },
    { type: 'xr', ssrc: 1, blocks: [{ type: 'other', blockType: 1, specific: 0, data: new Uint8Array(2) }] },
    { type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: [] },
    { type: 'fir', senderSsrc: 1, mediaSsrc: 2, entries: [] },
    { type: 'remb', senderSsrc: 1, mediaSsrc: 0, bitrateBps: 1, ssrcs: new Array(256).fill(1) },
    { type: 'other', packetType: 191, count: 0, body: new Uint8Array(0) },
    { type: 'other', packetType: 192, count: 32, body: new Uint8Array(0) },
    { type: 'other', packetType: 192, count: 0, body: new Uint8Array(1) },
    { type: 'other', packetType: 192, count: 0, body: new Uint8Array(4 * 0x1_0000) },
  ];
  for (const packet of refused) assert.throws(() => encodeRtcp([packet]), { name: 'RtcError', code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(packet).slice(0, 80));
});

const RECORD = { senderSsrc: 1, mediaSsrc: 2, feedbackCount: 3, baseSequence: 65_534 };

test('feedback made of arrivals tells them to the quarter of a millisecond, whatever it is split into', () => {
  // Steps up to ±10 s, most of them small, some packets lost.
  const step = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 200 }) }, { weight: 1, arbitrary: fc.integer({ min: -40_000, max: 40_000 }) });
  const packets = fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(packets, fc.integer({ min: 64, max: 1200 }), (steps, maxBytes) => {
      let ticks = 4_000_000;
      const arrivalsMs = Float64Array.from(steps, ([delta, lost]) => ((ticks += delta), lost ? NaN : ticks / 4));
      for (let at = 0; at < arrivalsMs.length; ) {
        const part = arrivalsMs.subarray(at);
        const { feedback, covered } = feedbackFromArrivals({ ...RECORD, arrivalsMs: part, maxBytes });
        assert.ok(covered > 0);
        if (feedback) {
          const bytes = encodeRtcp([feedback]);
          assert.ok(bytes.length <= maxBytes, `${bytes.length} of ${maxBytes}`);
          const decoded = decodeRtcp(bytes)[0];
          assert.ok(decoded?.type === 'transport-feedback');
          assert.deepEqual(decoded, feedback);
          assert.deepEqual(arrivalTimes(decoded), part.slice(0, covered));
        } else assert.ok(part.subarray(0, covered).every(Number.isNaN));
        at += covered;
      }
    }),
    { numRuns: 300, seed: 15 },
  );
});

test('feedback is compact: a run is one chunk, mixed small deltas are 14 to a chunk', () => {
  const size = (arrivals: number[]): number => {
    const { feedback } = feedbackFromArrivals({ ...RECORD, arrivalsMs: arrivals });
    assert.ok(feedback);
    return encodeRtcp([feedback]).length - 20;
  };
  const every = Array.from({ length: 100 }, (_, i) => 64_000 + i);
  assert.equal(size(every), 2 + 100 + 2, 'one run, 100 deltas, padding');
  const lossy = every.map((ms, i) => (i % 3 === 0 && i > 0 ? NaN : ms));
  const arrived = lossy.filter((ms) => !Number.isNaN(ms)).length;
  assert.equal(size(lossy), (2 * Math.ceil(100 / 14) + arrived + 3) & ~3);
});

test('feedback wraps its reference time and its base sequence, and says nothing of nothing', () => {
  const wrap = 0x100_0000 * 64;
  const { feedback } = feedbackFromArrivals({ ...RECORD, arrivalsMs: [wrap + 70, wrap + 60] });
  assert.equal(feedback?.referenceTime, 1);
  assert.deepEqual([...(feedback?.deltas ?? [])], [24, -40]);
  assert.deepEqual([...arrivalTimes(feedback as NonNullable<typeof feedback>, 0x100_0001)], [wrap + 70, wrap + 60]);
  assert.deepEqual(feedbackFromArrivals({ ...RECORD, arrivalsMs: [NaN, NaN] }), { feedback: undefined, covered: 2 });
  assert.deepEqual(feedbackFromArrivals({ ...RECORD, arrivalsMs: [] }), { feedback: undefined, covered: 0 });
  assert.equal(feedbackFromArrivals({ ...RECORD, arrivalsMs: new Float64Array(10_000).fill(5), maxBytes: 65_000 }).covered, MAX_FEEDBACK_STATUSES);
  assert.throws(() => feedbackFromArrivals({ ...RECORD, arrivalsMs: [5], maxBytes: 20 }), RtcError);
});

test('arrival offsets of RFC 8888 3.1: unknown, clamped, in 1/1024 s', () => {
  assert.equal(metricOffset(congestionMetric(0, 0)), 0);
  assert.equal(metricOffset(congestionMetric(3, 1000)), 1024);
  assert.equal(metricEcn(congestionMetric(3, 1000)), 3);
  assert.equal(metricOffset(congestionMetric(0, 7999)), OFFSET_OVERFLOW);
  assert.equal(metricOffset(congestionMetric(0, 1e9)), OFFSET_OVERFLOW);
  assert.equal(metricOffset(congestionMetric(0, -1)), OFFSET_UNKNOWN);
  assert.equal(metricOffset(congestionMetric(0, NaN)), OFFSET_UNKNOWN);
  assert.throws(() => congestionMetric(4, 0), RtcError);
});
