import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, toHex } from '../../../src/core/index.ts';
import {
  decodeRtcp,
  encodeRtcp,
  isRtcp,
  metricEcn,
  metricOffset,
  metricReceived,
  PacketStatus,
  sdesText,
  splitRtcp,
  type RtcpPacket,
} from '../../../src/rtcp/index.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const vectors = loadVectors('rtp-rtcp.json');

function only<T extends RtcpPacket['type']>(bytes: Uint8Array, type: T): Extract<RtcpPacket, { type: T }> {
  const packets = decodeRtcp(bytes);
  assert.equal(packets.length, 1);
  assert.equal(packets[0]?.type, type);
  return packets[0] as Extract<RtcpPacket, { type: T }>;
}

for (const vector of vectors.rtcp) {
  test(`recorded RTCP: ${vector.name}`, () => {
    const bytes = hex(vector.hex);
    assert.ok(isRtcp(bytes));
    if (vector.packets) {
      const slices = splitRtcp(bytes);
      const seen = slices.map(({ packetType, count, start, packetEnd }) => ({ pt: packetType, count, length: (packetEnd - start) / 4 }));
      assert.deepEqual(seen, vector.packets);
      const [rr, sdes, bye, pli, other] = decodeRtcp(bytes, { reducedSize: false });
      assert.ok(rr?.type === 'rr' && sdes?.type === 'sdes' && bye?.type === 'bye' && pli?.type === 'pli' && other?.type === 'other');
      const { block } = vector.rr;
      assert.equal(rr.ssrc, parseInt(vector.rr.ssrc, 16));
      assert.deepEqual(rr.reports, [
        {
          ssrc: parseInt(block.ssrc, 16),
          fractionLost: block.fractionLost,
          cumulativeLost: block.cumulativeLost,
          highestSequence: block.highestSeq,
          jitter: block.jitter,
          lastSenderReport: block.lsr,
          delaySinceLastSenderReport: block.dlsr,
        },
      ]);
      assert.equal(sdesText(sdes, rr.ssrc), vector.cname);
      assert.deepEqual(bye.ssrcs, [rr.ssrc]);
      assert.equal(pli.mediaSsrc, rr.ssrc);
    }
    if (vector.remb) {
      const remb = only(bytes, 'remb');
      assert.equal(remb.bitrateBps, vector.remb.bitrate);
      assert.deepEqual(remb.ssrcs, vector.remb.ssrcs.map((ssrc: string) => parseInt(ssrc, 16)));
    }
    if (vector.nack) assert.deepEqual(only(bytes, 'nack').lost, vector.nack.lost);
    if (vector.fir) {
      const entries = vector.fir.map(({ ssrc, seq }: { ssrc: string; seq: number }) => ({ ssrc: parseInt(ssrc, 16), sequence: seq }));
      assert.deepEqual(only(bytes, 'fir').entries, entries);
    }
    assert.equal(toHex(encodeRtcp(decodeRtcp(bytes))), vector.hex);
  });
}

for (const vector of vectors.twcc) {
  test(`recorded transport-wide feedback: ${vector.source}`, () => {
    const feedback = only(hex(vector.hex), 'transport-feedback');
    assert.equal(feedback.baseSequence, vector.base);
    assert.equal(feedback.statuses.length, vector.count);
    assert.equal(feedback.referenceTime, vector.referenceTime);
    assert.equal(feedback.feedbackCount, vector.fb);
    assert.deepEqual([...feedback.statuses], vector.statuses);
    const told = [...feedback.deltas].filter((_, i) => feedback.statuses[i] === PacketStatus.smallDelta || feedback.statuses[i] === PacketStatus.largeDelta);
    assert.deepEqual(told.map((ticks) => ticks * 250), vector.deltasUs);
    // Our own form may be another, but it says the same.
    const again = only(encodeRtcp([feedback]), 'transport-feedback');
    assert.deepEqual(again, feedback);
  });
}

test('metrics of RFC 8888 3.1', () => {
  for (const vector of vectors.ccfbMetric) {
    const metric = parseInt(vector.hex, 16);
    assert.deepEqual(
      { received: metricReceived(metric), ecn: metricEcn(metric), ato: metricOffset(metric) },
      { received: vector.received, ecn: vector.ecn, ato: vector.ato },
      vector.hex,
    );
  }
});

for (const vector of vectors.rtcpMustReject) {
  test(`A-RTCP-01 refused: ${vector.source}`, () => {
    assert.throws(() => decodeRtcp(hex(vector.hex)), DecodeError);
  });
}
