import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counters } from '../../src/core/index.ts';
import { arrivalTimes, decodeRtcp, encodeRtcp, readRtcp } from '../../src/rtcp/index.ts';
import { fuzzDecoder } from '../support/fuzz.ts';
import { samplePackets } from '../support/rtcp.ts';

test('the RTCP decoder survives prefixes, bit flips and 100,000 mutations, and what it decodes can be sent on', () => {
  let decoded = 0;
  const counters = new Counters();
  const decodeAll = (bytes: Uint8Array): void => {
    assert.ok(readRtcp(bytes, counters).length <= 128);
    const packets = decodeRtcp(bytes);
    for (const packet of packets) if (packet.type === 'transport-feedback') arrivalTimes(packet);
    const again = encodeRtcp(packets);
    if (decoded++ % 20 === 0) assert.deepEqual(encodeRtcp(decodeRtcp(again)), again);
  };
  const seen = fuzzDecoder(decodeAll, samplePackets(), 100_000, 3550);
  assert.ok(seen > 100_000);
  assert.ok(decoded > 10_000, `${decoded} decoded`);
  assert.ok(counters.get('rtcp.header') > 0 && counters.get('rtcp.transport-feedback') > 0);
});
