import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactNtp, DecodeError, unixMsFromNtp } from '../../../src/core/index.ts';
import { writeU16 } from '../../../src/core/bytes.ts';
import { arrivalTimes, decodeRtcp, DEFAULT_RTCP_LIMITS, encodeRtcp, type RtcpPacket } from '../../../src/rtcp/index.ts';
import { prefixes, survives } from '../../support/fuzz.ts';
import { PACKETS, samplePackets } from '../../support/rtcp.ts';
import { hex } from '../../support/vectors.ts';

const refused = (text: string, what: string): void => assert.throws(() => decodeRtcp(hex(text)), DecodeError, what);

/** A packet with a body of these words. */
function raw(count: number, type: number, body: string): string {
  return (0x80 | count).toString(16) + type.toString(16) + (body.length / 8).toString(16).padStart(4, '0') + body;
}

test('A-RTCP-01 A-JS-01 every prefix of every packet is decoded or refused, and never decoded to its own end in part', () => {
  for (const packet of samplePackets()) {
    for (const prefix of prefixes(packet)) {
      if (survives(decodeRtcp, prefix) === 'refused') continue;
      // Only whole packets of a compound can be left.
      const whole = decodeRtcp(packet);
      const part = decodeRtcp(prefix);
      assert.deepEqual(part, whole.slice(0, part.length));
    }
  }
});

test('A-RTCP-01 a packet longer than its datagram, and bytes behind the last packet, refuse the whole compound', () => {
  const bytes = encodeRtcp(PACKETS);
  assert.throws(() => decodeRtcp(bytes.subarray(0, bytes.length - 1)), DecodeError);
  assert.throws(() => decodeRtcp(Uint8Array.from([...bytes, 0])), DecodeError);
  assert.throws(() => decodeRtcp(Uint8Array.from([...bytes, 0, 0, 0, 0])), DecodeError);
  const longer = bytes.slice();
  writeU16(longer, 2, 0xffff);
  assert.throws(() => decodeRtcp(longer), DecodeError);
  assert.throws(() => decodeRtcp(new Uint8Array(0)), DecodeError);
});

test('A-RTCP-01 a length of zero words is no room for anything', () => {
  for (const [count, type] of [[0, 200], [1, 200], [0, 201], [1, 201], [1, 202], [1, 203], [0, 204], [1, 205], [11, 205], [15, 205], [1, 206], [4, 206], [0, 207]] as const) {
    refused(raw(count, type, ''), `${type}/${count}`);
  }
  // A description or farewell of no source is empty and whole, and so is what we do not know.
  assert.deepEqual(decodeRtcp(hex(raw(0, 203, '') + raw(0, 202, ''))), [{ type: 'bye', ssrcs: [] }, { type: 'sdes', chunks: [] }]);
});

test('A-RTCP-01 lengths inside packets that lie are refused', () => {
  refused(raw(2, 201, '00000001' + '00'.repeat(24)), 'two reports announced, one there');
  refused(raw(31, 203, '00000001'), '31 sources announced');
  refused(raw(1, 203, '00000001' + '04616263'), 'reason past the end');
  refused(raw(1, 202, '00000001' + '01026162'), 'no end of items');
  refused(raw(1, 202, '00000001' + '01016101'), 'an item without a length');
  refused(raw(2, 202, '00000001' + '01016100'), 'two chunks announced');
  refused(raw(0, 207, '00000001' + '0400ffff' + '0000000000000000'), 'XR block of 65535 words');
  refused(raw(0, 207, '00000001' + '04000001' + '00000000'), 'reference time of 4 bytes');
  refused(raw(0, 207, '00000001' + '05000002' + '0000000000000000'), 'delay of 8 bytes');
  refused(raw(1, 205, '0000000100000002'), 'NACK of nothing');
  refused(raw(4, 206, '0000000100000002' + '00000001'), 'half a FIR entry');
  refused(raw(1, 206, '0000000100000002' + '00000001'), 'PLI with a parameter');
  refused(raw(15, 206, '0000000100000000' + '52454d42' + '00000000' + '00000001'), 'REMB with a source too many');
  refused(raw(0, 204, '00000001' + 'ff616263'), 'name that is not ASCII');
  for (const type of [191, 224, 72]) refused(`80${type.toString(16).padStart(2, '0')}000000000001`.slice(0, 8), `packet type ${type}`);
});

/** Transport-wide feedback with these chunks and deltas. */
function feedback(count: number, rest: string): string {
  return raw(15, 205, `00000001000000020000${count.toString(16).padStart(4, '0')}00000000${rest}`.padEnd(Math.ceil((32 + rest.length) / 8) * 8, '0'));
}

test('A-RTCP-02 transport-wide feedback: counts, runs, deltas and symbols that lie', () => {
  refused(feedback(0, '2001' + '00'), 'no status');
  refused(feedback(65_535, '3fff'.repeat(9) + '00'.repeat(100)), '65535 statuses');
  refused(feedback(8193, '1fff0002'), '8193 statuses');
  refused(feedback(8192, '1fff'), 'chunks past the end');
  refused(feedback(100, '2064' + '01'.repeat(50)), 'deltas past the end');
  refused(feedback(4, '4004' + '7fff8000'), 'large deltas past the end');
  refused(feedback(10, '00000000000000000000'), 'runs of nothing, for ever');
  const [deltas] = decodeRtcp(hex(feedback(4, '4004' + '8000' + '7fff' + '7fff' + '8000')));
  assert.ok(deltas?.type === 'transport-feedback');
  assert.deepEqual([...deltas.deltas], [-32_768, 32_767, 32_767, -32_768]);
  assert.ok(arrivalTimes(deltas).every(Number.isFinite));
  const [unknown] = decodeRtcp(hex(feedback(8191, '7fff')));
  assert.ok(unknown?.type === 'transport-feedback');
  assert.ok(unknown.statuses.every((status) => status === 3) && arrivalTimes(unknown).every(Number.isNaN));
});

test('A-RTCP-02 the largest feedback costs well under 200 µs to decode', () => {
  const bytes = hex(feedback(8192, '3fff' + '2001' + '01'.repeat(8192)));
  const report = encodeRtcp([{ type: 'congestion-feedback', senderSsrc: 1, reports: [{ ssrc: 1, beginSequence: 65_000, metrics: new Uint16Array(8192).fill(0x8001) }], timestamp: 1 }]);
  for (const packet of [bytes, report]) {
    for (let i = 0; i < 200; i++) decodeRtcp(packet);
    const start = performance.now();
    for (let i = 0; i < 200; i++) decodeRtcp(packet);
    const each = ((performance.now() - start) / 200) * 1000;
    assert.ok(each < 2000, `${each.toFixed(0)} µs`); // ten times the limit, for busy machines
  }
});

test('A-RTCP-02 RFC 8888: statuses and reports that lie, base sequences that wrap', () => {
  refused(raw(11, 205, '00000001'), 'no timestamp');
  refused(raw(11, 205, '00000001' + '00000002' + '00000000'), 'half a report');
  refused(raw(11, 205, '00000001' + '00000002' + '0000ffff' + '80008000' + '00000000'), '65535 metrics');
  refused(raw(11, 205, '00000001' + '00000002' + '00000003' + '80008000' + '00000000'), 'three metrics in one word');
  const [wrap] = decodeRtcp(hex(raw(11, 205, '00000001' + '00000002' + 'ffff0001' + '80000000' + '00000005')));
  assert.deepEqual(wrap, { type: 'congestion-feedback', senderSsrc: 1, reports: [{ ssrc: 2, beginSequence: 0xffff, metrics: Uint16Array.of(0x8000) }], timestamp: 5 });
});

test('A-RTCP-06 what a forged report says is a finite number, whatever it says', () => {
  for (const fill of [0x00, 0x7f, 0x80, 0xff]) {
    const body = fill.toString(16).padStart(2, '0').repeat(24 + 31 * 24);
    const [sr] = decodeRtcp(hex(raw(31, 200, body)));
    assert.ok(sr?.type === 'sr' && sr.reports.length === 31);
    const numbers = [unixMsFromNtp(sr.ntp), compactNtp(sr.ntp), sr.rtpTimestamp, ...sr.reports.flatMap((report) => Object.values(report) as number[])];
    assert.ok(numbers.every(Number.isFinite));
  }
  const [remb] = decodeRtcp(hex(raw(15, 206, '0000000100000000' + '52454d42' + '00ffffff')));
  assert.ok(remb?.type === 'remb');
  assert.equal(remb.bitrateBps, (2 ** 18 - 1) * 2 ** 63);
});

/** For every limit a packet that has `n` of what it limits. */
const LIMITED: readonly (readonly [name: keyof typeof DEFAULT_RTCP_LIMITS, make: (n: number) => readonly RtcpPacket[]])[] = [
  ['maxCompoundPackets', (n) => new Array(n).fill({ type: 'bye', ssrcs: [] })],
  ['maxSdesItems', (n) => [{ type: 'sdes', chunks: [{ ssrc: 1, items: new Array(n).fill({ type: 1, value: new Uint8Array(1) }) }] }]],
  ['maxXrBlocks', (n) => [{ type: 'xr', ssrc: 1, blocks: new Array(n).fill({ type: 'other', blockType: 9, specific: 0, data: new Uint8Array(0) }) }]],
  ['maxDlrrReports', (n) => [{ type: 'xr', ssrc: 1, blocks: [{ type: 'dlrr', reports: new Array(n).fill({ ssrc: 1, lastReceiverReport: 2, delaySinceLastReceiverReport: 3 }) }] }]],
  ['maxNackEntries', (n) => [{ type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: Array.from({ length: n }, (_, i) => 20 * i) }]],
  ['maxFirEntries', (n) => [{ type: 'fir', senderSsrc: 1, mediaSsrc: 0, entries: new Array(n).fill({ ssrc: 1, sequence: 2 }) }]],
  ['maxFeedbackStatuses', (n) => [{ type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2, baseSequence: 0, referenceTime: 0, feedbackCount: 0, statuses: new Uint8Array(n), deltas: new Int16Array(n) }]],
  ['maxFeedbackStatuses', (n) => [{ type: 'congestion-feedback', senderSsrc: 1, reports: [{ ssrc: 1, beginSequence: 0, metrics: new Uint16Array(n) }], timestamp: 0 }]],
  ['maxFeedbackStatuses', (n) => [{ type: 'congestion-feedback', senderSsrc: 1, reports: new Array(n).fill({ ssrc: 1, beginSequence: 0, metrics: new Uint16Array(0) }), timestamp: 0 }]],
];

for (const [name, make] of LIMITED) {
  test(`A-RTCP-01 A-RTCP-02 ${name}: at the limit and one below is decoded, one above is refused (${make(1)[0]?.type})`, () => {
    for (const limits of [DEFAULT_RTCP_LIMITS, { ...DEFAULT_RTCP_LIMITS, [name]: 3 }]) {
      const limit = limits[name];
      assert.equal(decodeRtcp(encodeRtcp(make(limit - 1)), { limits }).length, name === 'maxCompoundPackets' ? limit - 1 : 1);
      assert.deepEqual(decodeRtcp(encodeRtcp(make(limit)), { limits }), make(limit));
      assert.throws(() => decodeRtcp(encodeRtcp(make(limit + 1)), { limits }), DecodeError);
    }
  });
}
