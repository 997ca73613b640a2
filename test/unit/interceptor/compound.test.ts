import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counters } from '../../../src/core/index.ts';
import { composeRtcp } from '../../../src/interceptor/compound.ts';
import { OUTGOING_TAILROOM_BYTES } from '../../../src/interceptor/packet.ts';
import { feedbackFromArrivals, type RtcpPacket } from '../../../src/rtcp/index.ts';

const PLI: RtcpPacket = { type: 'pli', senderSsrc: 1, mediaSsrc: 2 };

const feedback = fc
  .array(fc.oneof(fc.constant(NaN), fc.integer({ min: 1000, max: 1400 })), { minLength: 1, maxLength: 300 })
  .map((arrivalsMs) => feedbackFromArrivals({ senderSsrc: 1, mediaSsrc: 2, feedbackCount: 3, baseSequence: 4, arrivalsMs }).feedback)
  .filter((packet) => packet !== undefined);
const nack = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 20 }).map((lost): RtcpPacket => ({ type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost }));

const options = (reducedSize: boolean): Parameters<typeof composeRtcp>[1] => ({ rtcpSsrc: 9, cname: 'name', reducedSize, counters: new Counters() });

test('feedback that goes alone is the same as beside other feedback, with room behind it (RFC 5506)', () => {
  fc.assert(
    fc.property(fc.oneof(feedback, nack), (packet) => {
      const [alone, ...more] = composeRtcp([packet], options(true));
      const [together] = composeRtcp([packet, PLI], options(true));
      const [pli] = composeRtcp([PLI], options(true));
      assert.ok(alone !== undefined && together !== undefined && pli !== undefined);
      assert.equal(more.length, 0);
      assert.deepEqual(Uint8Array.of(...alone, ...pli), together);
      assert.ok(alone.byteOffset + alone.length + OUTGOING_TAILROOM_BYTES <= alone.buffer.byteLength);
    }),
  );
});

test('feedback goes behind a report and a name where reduced size was not negotiated, and a report always has its name (RFC 3550 6.1)', () => {
  const [datagram] = composeRtcp([PLI], options(false));
  assert.deepEqual([datagram?.[1], datagram?.[9]], [201, 202]);
  const [report] = composeRtcp([{ type: 'rr', ssrc: 9, reports: [] }], options(true));
  assert.deepEqual([report?.[1], report?.[9]], [201, 202]);
});

test('what has no form on the wire is counted when it is alone too', () => {
  const config = options(true);
  assert.deepEqual(composeRtcp([{ type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2, feedbackCount: 0, baseSequence: 0, referenceTime: 0, statuses: new Uint8Array(0), deltas: new Int16Array(0) }], config), []);
  assert.equal(config.counters.get('interceptor.rtcp.invalid'), 1);
});
